"""What end-to-end tests stand on: one real control plane for the whole run, and an environment for the real engine."""

import fcntl
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import REPOSITORY, engine
from sandbox.control_plane import ControlPlane
from sandbox.keda import Keda
from sandbox.orphans import end_orphans


@contextmanager
def folder_of_this_run() -> Iterator[Path]:
    """The first folder that no other run of the tests is using: its own control plane, found again after a crash."""
    parent = REPOSITORY / ".sandbox-test"
    parent.mkdir(mode=0o700, exist_ok=True)
    for number in itertools.count():
        with (parent / f"{number}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield parent / str(number)
            return


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """A control plane of the tests' own, stopped at the end however the tests went."""
    with folder_of_this_run() as folder:
        plane = ControlPlane(folder)
        plane.stop()  # whatever an interrupted run has left
        try:
            plane.start()
            yield plane
        finally:
            end_orphans(plane.root)
            plane.stop()


@pytest.fixture(scope="module")
def keda(control_plane: ControlPlane) -> Iterator[Keda]:
    """KEDA next to that control plane, for one file: in the others only its webhooks run, and nothing is scaled."""
    keda = Keda(control_plane)
    try:
        keda.start()
        yield keda
    finally:
        keda.stop()


@pytest.fixture
def environment(control_plane: ControlPlane, tmp_path: Path) -> dict[str, str]:
    """Environment for running the engine against that control plane, with a state of the test's own."""
    return engine_environment(control_plane, tmp_path)


def engine_environment(control_plane: ControlPlane, folder: Path) -> dict[str, str]:
    """Environment for running the engine with a state in that folder, on a cluster with KEDA's webhooks."""
    Keda(control_plane).start_webhooks()
    state = folder / "state"
    state.mkdir()
    return {
        **engine.environment(control_plane.root),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_HOME": str(control_plane.root / "pulumi-home"),
        "PULUMI_CONFIG_PASSPHRASE": "test",
    }


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the times that tests have recorded: how soon a pool follows is what people ask for."""
    passed = terminalreporter.getreports("passed")
    recorded = [(report.nodeid, name, value) for report in passed for name, value in report.user_properties]
    if recorded:
        terminalreporter.section("recorded")
    for node, name, value in recorded:
        terminalreporter.line(f"{node.rpartition('::')[2]}: {name} {value}")
