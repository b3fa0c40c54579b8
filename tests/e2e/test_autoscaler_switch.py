"""A pool changes its scaler in every direction, and at no moment has fewer replicas than before."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e.dev_stack import Change, DevStack
from tests.e2e.kubectl import Kubectl, eventually
from tests.e2e.watch import Watch

POOL = ("deployment", "noxus-kb", "--namespace", "noxus")
HPA: dict[str, Any] = {"type": "hpa", "maxReplicas": 8, "targetCpuUtilization": 70}
KEDA: dict[str, Any] = {"type": "keda", "maxReplicas": 8, "query": "SELECT 1", "targetQueryValue": 1}


@pytest.fixture
def stack(tmp_path: Path, environment: dict[str, str]) -> Iterator[DevStack]:
    stack = DevStack(tmp_path, environment)
    yield stack
    stack.configure()
    stack.destroy()


def scaled_by(scaler: dict[str, Any] | None, replicas: int, seconds: int = 600) -> Change:
    """The pool with this scaler, or without one and with this number. `seconds` rolls its pods."""

    def change(config: dict[str, Any]) -> None:
        config["protect"] = False
        config["primary"]["pools"]["kb"] = {
            "workerSubscribe": "kb",
            "replicaCount": replicas,
            "maxTaskSeconds": seconds,
            "resources": {"requests": {"cpu": "100m"}},
            **({"autoscaling": scaler} if scaler else {}),
        }

    return change


def test_the_number_of_replicas_never_falls_when_the_scaler_changes(
    stack: DevStack, control_plane: ControlPlane, tmp_path: Path
) -> None:
    cluster = Kubectl(control_plane.kubeconfig)

    def live() -> int:
        return int(cluster("get", *POOL, "-o", "jsonpath={.spec.replicas}"))

    def switch(change: Change, expected: int) -> None:
        stack.configure(change)
        outcome = stack.up()
        assert outcome.code == 0, outcome.text
        assert live() == expected
        assert stack.up("", "--expect-no-changes").code == 0

    switch(scaled_by(None, 3), 3)
    watch = Watch(control_plane.kubeconfig, tmp_path / "seen", *POOL[1:])
    try:
        eventually(watch.seen)
        switch(scaled_by(HPA, 1), 3)
        cluster("scale", *POOL, "--replicas=5")  # what an autoscaler does, by the same subresource
        switch(scaled_by(HPA, 1, seconds=700), 5)
        switch(scaled_by(KEDA, 1), 5)
        switch(scaled_by(None, 6), 6)
        switch(scaled_by(KEDA, 1), 6)
        switch(scaled_by(HPA, 1), 6)
        switch(scaled_by(None, 7), 7)
        eventually(lambda: watch.seen()[-1] == 7)
    finally:
        watch.stop()
    assert watch.seen() == sorted(watch.seen()), "it fell"
    assert set(watch.seen()) == {3, 5, 6, 7}
