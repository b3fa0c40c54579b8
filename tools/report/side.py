"""One side of a comparison: the settings of a stack before or after a change, wherever they come from."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from config import ConfigError, StackSettings, read_stack_file
from config.document import read
from config.load import PROJECT
from tools.report.engine import Deployed
from tools.report.lines import lines


class OriginError(ValueError):
    """Settings that cannot be had from where they were asked for."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """The settings of a stack at one time."""

    source: str
    """Where they come from, for a reader."""
    settings: StackSettings
    marks: Mapping[str, str]
    """Secret keys, each with something that changes with its value: of a file, its encrypted text."""
    lines: Mapping[tuple[str, ...], int]


def of_file(path: Path, source: str | None = None) -> Side:
    """A stack file. Raises `ConfigError`."""
    settings = read_stack_file(path)
    data = path.read_bytes()
    document = read(data, PROJECT)
    encrypted = {key: json.dumps(document.values[key], sort_keys=True) for key in document.encrypted}
    return Side(source=source or path.name, settings=settings, marks=encrypted, lines=lines(data))


def at(ref: str, path: Path) -> Side:
    """A stack file as a commit has it. Raises `ConfigError`, and `OriginError` if git has no such file."""
    data = _show(ref, path.name, path.parent)
    return _elsewhere(data, path, f"{ref}:{path.name}", lambda name: _show(ref, name, path.parent))


def of_deployed(deployed: Deployed, path: Path) -> Side:
    """What was deployed last. A file of tenants that it names is the one of today.

    Raises `OriginError` if this version of the program does not take it any more.
    """
    secure = {key: {"secure": mark} for key, mark in deployed.marks.items()}
    entries = {f"{PROJECT}:{key}": value for key, value in {**deployed.values, **secure}.items()}
    data = json.dumps({"config": entries}).encode()
    try:
        side = _elsewhere(data, path, "what is deployed", lambda name: (path.parent / name).read_bytes())
    except (ConfigError, OSError) as error:
        raise OriginError(
            f"the settings that are deployed cannot be read today; name those before by --base or --before\n{error}"
        ) from None
    return replace(side, marks=deployed.marks, lines={})


def _elsewhere(data: bytes, path: Path, source: str, beside: Any) -> Side:
    """Settings from a text, read like the file that it would be."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(data)
        if name := _tenants_file(data):
            (target := copy.parent / name).parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(beside(name))
        return of_file(copy, source)


def _tenants_file(data: bytes) -> str | None:
    """The file of tenants that a stack file names, within its folder."""
    config = (yaml.safe_load(data) or {}).get("config") or {}
    routing = config.get(f"{PROJECT}:routing", config.get("routing"))
    name = routing.get("tenantsFile") if isinstance(routing, dict) else None
    inside = isinstance(name, str) and not Path(name).is_absolute() and ".." not in Path(name).parts
    return name if inside else None


def _show(ref: str, name: str, folder: Path) -> bytes:
    command = ["git", "show", f"{ref}:./{name}"]
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
    except OSError:
        raise OriginError("there is no git here; name the file as it was with --before") from None
    except subprocess.CalledProcessError as error:
        raise OriginError(f"--base {ref}: {error.stderr.decode(errors='replace').strip()}") from None
