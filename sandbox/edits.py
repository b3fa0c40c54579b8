"""A Go module that is built otherwise than its authors wrote it: `edits.yaml` next to its pins says how.

Go refuses an overlay for what is in its module cache, so a copy of the module is edited, and the pins are told to take
the module from there. An edit that no longer fits is refused: its text must be there exactly once.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

from sandbox import SandboxError

FILE: Final = "edits.yaml"


def build_flags(pins: Path, place: Path, folder_of: Callable[[str], Path]) -> list[str]:
    """Flags with which `go build` takes the edited module, made in `place`; none for pins without edits.

    `pins` is a folder under `modules/`; `folder_of` finds a module's own files.
    """
    if not (pins / FILE).exists():
        return []
    wanted: dict[str, Any] = yaml.safe_load((pins / FILE).read_text())
    copy = place / "module"
    _copy(folder_of(wanted["module"]), copy)
    for file, source in wanted.get("copies", {}).items():
        shutil.copyfile(copy / source, copy / file)
    for edit in wanted["edits"]:
        _edit(copy / edit["file"], edit["before"], edit["after"], f"{pins.name}/{FILE}")
    shutil.copyfile(pins / "go.sum", place / "go.sum")
    modfile = place / "go.mod"
    modfile.write_text(f"{(pins / 'go.mod').read_text()}\nreplace {wanted['module']} => {copy}\n")
    return [f"-modfile={modfile}"]


def _copy(module: Path, copy: Path) -> None:
    """Copy a module's files. Go keeps its own read-only; these can be written."""
    shutil.copytree(module, copy, copy_function=shutil.copyfile)
    for folder in (copy, *copy.glob("**/")):
        folder.chmod(0o755)


def _edit(file: Path, before: str, after: str, source: str) -> None:
    text = file.read_text()
    if (times := text.count(before)) != 1:
        raise SandboxError(f"{file.name} has the text that {source} replaces {times} times, not once: {before.strip()}")
    file.write_text(text.replace(before, after))
