"""What a report says of real changes: each row a change of the stack file, previewed by the real engine.

A row has every class that is found, each with the settings that cause it, and nothing else but what is harmless.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e.conftest import engine_environment
from tests.e2e.dev_stack import Change, DevStack
from tools.report.engine import Engine, answer, deployed, marks
from tools.report.preview import parse
from tools.report.report import Report, report
from tools.report.side import of_deployed, of_file

PLANTED = "planted-secret-value"

FLOW = "workers.acme.pools.flow"
CHAT = "workers.acme.pools.chat"
ALL = "workers.globex.pools.all"

Expected = Mapping[str, set[str | None]]


def base(config: dict[str, Any]) -> None:
    """The dev stack with a second worker release."""
    config["workers"]["globex"] = {
        "namespace": "noxus-globex",
        "pools": {
            "all": {
                "workerSubscribe": "all",
                "workerSubscribeTenants": "tenant-one",
                "replicaCount": 3,
                "concurrency": 2,
                "maxTaskSeconds": 300,
            }
        },
    }


def written(path: str, value: object) -> Change:
    """One setting, or one section, with another value."""

    def change(config: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            config = config.setdefault(parent, {})
        config[last] = value

    return change


def without(path: str) -> Change:
    """One setting, or one section, that is gone."""

    def change(config: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            config = config[parent]
        del config[last]

    return change


def renamed(path: str, name: str) -> Change:
    """A pool or a release under another name."""

    def change(config: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            config = config[parent]
        config[name] = config.pop(last)

    return change


def reordered(config: dict[str, Any]) -> None:
    """The same settings, backwards."""

    def backwards(value: Any) -> Any:
        return {key: backwards(value[key]) for key in reversed(value)} if isinstance(value, dict) else value

    for key in list(reversed(config)):
        config[key] = backwards(config.pop(key))


KEDA = {"type": "keda", "minReplicas": 0, "maxReplicas": 4, "targetQueryValue": 2}

ROWS: Mapping[str, tuple[tuple[Change, ...], Expected]] = {
    # harmless
    "a reordered file": ((reordered,), {}),
    "ids as a list": ((written(f"{FLOW}.workerSubscribeTenants", ["tenant-abc", "tenant-xyz"]),), {}),
    "a default written out": ((written("archive.batchIntervalSeconds", 60), written(f"{FLOW}.enabled", True)), {}),
    "a variable of the value that it has": ((written("workers.acme.env.LOG_LEVEL", "debug"),), {}),
    "a budget of disruptions": ((written(f"{FLOW}.podDisruptionBudget.maxUnavailable", 2),), {}),
    "an accepted risk": ((written("accept", {"dataLoss": "none is there"}),), {}),
    "a quota": ((written("workers.acme.quota.pods", 50),), {}),
}


@pytest.fixture(scope="module")
def stack(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevStack]:
    folder = tmp_path_factory.mktemp("report")
    stack = DevStack(folder, engine_environment(control_plane, folder))
    stack.configure(base)
    assert (up := stack.up()).code == 0, up.text
    yield stack
    stack.configure(base)
    stack.destroy()


def judged(stack: DevStack) -> Report:
    """What the command does, without starting another Python."""
    engine = Engine("x", stack.folder, stack.environment)
    running = engine.preview(), engine.history(), engine.secrets()
    preview, history, secrets = map(answer, running)
    found = parse(preview)
    assert not found.errors, found.errors
    file = stack.folder / "Pulumi.x.yaml"
    last = deployed(history)
    assert last
    return report("x", found, of_deployed(last, file), replace(of_file(file), marks=marks(secrets)))


def classes(report: Report) -> dict[str, set[str | None]]:
    found = dict[str, set[str | None]]()
    for finding in report.findings:
        if finding.kind != "harmless":
            found.setdefault(finding.kind, set()).add(finding.cause.setting if finding.cause else None)
    return found


@pytest.mark.parametrize("row", ROWS)
def test_a_change_is_in_its_classes_with_its_settings_and_in_no_other(stack: DevStack, row: str) -> None:
    changes, expected = ROWS[row]
    stack.configure(base, *changes)
    assert classes(judged(stack)) == expected
