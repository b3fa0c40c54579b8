"""`tools.report`: what it reads, what it prints, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.previews import preview_text
from tests.programs import PROJECT
from tests.test_report_classes import PLAIN, SECRETS, changed
from tools.report.__main__ import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a change: the stack file after it, before it, and the preview."""
    monkeypatch.chdir(tmp_path)
    after = changed(PLAIN, {"postgres.backupDays": 7})
    for name, raw in {"Pulumi.x.yaml": after, "before.yaml": PLAIN}.items():
        entries: dict[str, Any] = {f"{PROJECT}:{key}": value for key, value in raw.items()}
        entries |= {f"{PROJECT}:{key}": {"secure": "v1:x"} for key in SECRETS}
        (tmp_path / name).write_text(yaml.safe_dump({"config": entries}))
    (tmp_path / "preview.json").write_text(preview_text(PLAIN, after, SECRETS))
    return tmp_path


ARGUMENTS = ("--stack", "x", "--preview", "preview.json", "--before", "before.yaml")


@pytest.mark.usefixtures("folder")
def test_a_preview_that_is_made_already_is_judged_without_an_engine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ARGUMENTS) == 19
    out = capsys.readouterr().out
    assert '**Data loss needs an approval**: the label `accepts-data-loss`, or `accept: { dataLoss: "why" }`.' in out
    assert (
        "| Instance postgres | backupRetentionPeriod 30 → 7: keeps less | `postgres.backupDays` (Pulumi.x.yaml:" in out
    )
    assert main((*ARGUMENTS, "--label", "accepts-data-loss")) == 0
    capsys.readouterr()
    assert main((*ARGUMENTS, "--json")) == 19
    assert json.loads(capsys.readouterr().out)["comparedWith"] == "before.yaml"


def test_what_cannot_be_judged_is_said_and_ends_with_two(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "preview.json").write_text("Previewing update (x)")
    assert main(ARGUMENTS) == 2
    assert "is not JSON" in capsys.readouterr().err
    said = {"diagnostics": [{"severity": "error", "message": "error: postgres.mode: is another"}]}
    (folder / "preview.json").write_text(json.dumps(said))
    assert main(ARGUMENTS) == 2
    assert "the preview ends early, so there is nothing to judge:\npostgres.mode: is another" in capsys.readouterr().err
    (folder / "preview.json").unlink()
    assert main(ARGUMENTS) == 2
    (folder / "Pulumi.x.yaml").unlink()
    assert main(ARGUMENTS) == 2
    assert "Pulumi.x.yaml" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_without_an_engine_a_commit_or_a_file_must_be_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(ARGUMENTS[:4]) == 2
    assert "there is no command pulumi" in capsys.readouterr().err


def test_help_has_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "19 dataLoss: data, or what keeps it, goes" in capsys.readouterr().out
