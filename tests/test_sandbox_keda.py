"""What can be said of the sandbox's KEDA without starting it."""

import signal
from pathlib import Path

import pytest

from sandbox import binaries, cli, clusters


def test_what_runs_is_of_the_release_whose_definitions_and_rights_are_applied() -> None:
    pins = [(binaries.MODULES / module / "go.sum").read_text() for module in ("keda", "crds")]
    built, applied = ([line for line in pin.splitlines() if "kedacore/keda/v2 " in line] for pin in pins)
    assert built
    assert built == applied


def test_it_is_refused_for_a_stack_that_names_its_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(clusters, "REPOSITORY", tmp_path)
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # of a process of its own
    (tmp_path / "Pulumi.prod.yaml").write_text("config: { 'noxus:cluster': { context: prod } }")
    assert cli.main(["--root", str(tmp_path / "root"), "up", "--keda", "--stack", "prod"]) == 1
    assert capsys.readouterr().err == (
        "error: up --keda: the stack prod names its cluster: context prod; "
        "KEDA is started in the sandbox's own only: leave --keda out\n"
    )
    assert not (tmp_path / "root").exists()
