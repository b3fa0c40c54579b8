"""What `sandbox up` makes of a state that describes another cluster than the one that runs."""

from pathlib import Path
from typing import Any

import pytest

from sandbox import cli, engine
from sandbox.control_plane import ControlPlane


@pytest.fixture
def plane(tmp_path: Path) -> ControlPlane:
    """A sandbox with a state of the stack `dev`."""
    authority = tmp_path / "cluster" / "pki" / "ca.crt"
    authority.parent.mkdir(parents=True)
    authority.write_text("the first cluster")
    stack = tmp_path / "state/.pulumi/stacks/noxus/dev.json.zst"
    stack.parent.mkdir(parents=True)
    stack.touch()
    return ControlPlane(tmp_path)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have been run."""
    commands: list[list[str]] = []

    def record(_title: str, argv: list[str], *_args: Any, **_options: Any) -> str:
        commands.append(argv)
        return ""

    monkeypatch.setattr(cli, "run", record)
    monkeypatch.setattr(engine, "environment", lambda *_: {})
    return commands


def another_cluster(plane: ControlPlane) -> None:
    (plane.root / "cluster/pki/ca.crt").write_text("the second cluster")


def test_a_state_of_an_earlier_cluster_is_refreshed_once(plane: ControlPlane, ran: list[list[str]]) -> None:
    cli.forget_an_earlier_cluster(plane, "dev")
    assert ran == [], "the same cluster, or the first that is seen"
    another_cluster(plane)
    cli.forget_an_earlier_cluster(plane, "dev")
    cli.forget_an_earlier_cluster(plane, "dev")
    assert [command[:2] + command[-1:] for command in ran] == [["pulumi", "refresh", "dev"]]


def test_a_refresh_that_fails_is_tried_again_by_the_next_up(
    plane: ControlPlane, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.forget_an_earlier_cluster(plane, "dev")
    another_cluster(plane)

    def fail(*_args: Any, **_options: Any) -> str:
        raise cli.SandboxError("locked")

    with monkeypatch.context() as once:
        once.setattr(cli, "run", fail)
        with pytest.raises(cli.SandboxError):
            cli.forget_an_earlier_cluster(plane, "dev")
    cli.forget_an_earlier_cluster(plane, "dev")
    assert len(ran) == 1


def test_a_stack_without_a_state_has_nothing_to_forget(plane: ControlPlane, ran: list[list[str]]) -> None:
    cli.forget_an_earlier_cluster(plane, "other")
    another_cluster(plane)
    cli.forget_an_earlier_cluster(plane, "other")
    assert ran == []
