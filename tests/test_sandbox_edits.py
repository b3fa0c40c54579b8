"""How a Go module is built otherwise than its authors wrote it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from sandbox import SandboxError, binaries, edits

MODULE = "example.com/tool"
EDIT = {"file": "cmd/main.go", "before": 'listen(":80")', "after": 'listen("127.0.0.1:80")'}
FolderOf = Callable[[str], Path]


@pytest.fixture
def folder_of(tmp_path: Path) -> FolderOf:
    """A module as Go keeps it: files and folders that only can be read."""
    module = tmp_path / "cache" / "tool"
    (module / "cmd").mkdir(parents=True)
    for name, text in {"cmd/main.go": 'listen(":80")\n', "schema.json": "{}"}.items():
        (module / name).write_text(text)
        (module / name).chmod(0o444)
    for folder in (module / "cmd", module):
        folder.chmod(0o555)
    return {MODULE: module}.__getitem__


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    folder = tmp_path / "pins"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/pins\n")
    (folder / "go.sum").write_text("sums\n")
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def write(pins: Path, **wanted: object) -> None:
    (pins / edits.FILE).write_text(yaml.safe_dump({"module": MODULE, "edits": [EDIT], **wanted}))


def test_a_module_without_edits_is_built_as_it_is(pins: Path, place: Path, folder_of: FolderOf) -> None:
    assert edits.build_flags(pins, place, folder_of) == []
    assert list(place.iterdir()) == []


def test_an_edited_copy_takes_the_modules_place_and_the_module_stays_as_it_is(
    pins: Path, place: Path, folder_of: FolderOf
) -> None:
    write(pins, copies={"cmd/schema-embed.json": "schema.json"})
    assert edits.build_flags(pins, place, folder_of) == [f"-modfile={place}/go.mod"]
    assert (place / "go.mod").read_text() == f"module example.com/pins\n\nreplace {MODULE} => {place}/module\n"
    assert (place / "go.sum").read_text() == "sums\n"
    assert (place / "module/cmd/main.go").read_text() == 'listen("127.0.0.1:80")\n'
    assert (place / "module/cmd/schema-embed.json").read_text() == "{}"
    assert (folder_of(MODULE) / "cmd/main.go").read_text() == 'listen(":80")\n'


def test_a_module_that_has_changed_is_not_built_unedited(pins: Path, place: Path, folder_of: FolderOf) -> None:
    write(pins, edits=[{**EDIT, "before": "what nobody wrote"}])
    with pytest.raises(SandboxError) as refusal:
        edits.build_flags(pins, place, folder_of)
    assert str(refusal.value) == (
        "main.go has the text that pins/edits.yaml replaces 0 times, not once: what nobody wrote"
    )


def test_another_edit_is_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = binaries.path("keda-webhooks")
    modules = tmp_path / "modules"
    (modules / "keda").mkdir(parents=True)
    for file in (binaries.MODULES / "keda").iterdir():
        (modules / "keda" / file.name).write_text(file.read_text())
    monkeypatch.setattr(binaries, "MODULES", modules)
    assert binaries.path("keda-webhooks") == before
    write(modules / "keda")
    assert binaries.path("keda-webhooks") != before
