"""What the models of pods' placement take and refuse, put to the real API server."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.control_plane import ControlPlane
from tests.placement_cases import REFUSED, TAKEN


def apply(control_plane: ControlPlane, block: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Create a pod with this block, on trial, with unknown fields refused."""
    container = {"name": "x", "image": "registry.example.com/x:1"}
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x", "namespace": "default"},
        "spec": {"containers": [container], **block},
    }
    kubectl = [str(Path(sys.executable).with_name("kubectl")), "--kubeconfig", str(control_plane.kubeconfig)]
    return subprocess.run(
        [*kubectl, "create", "--dry-run=server", "--validate=strict", "-o", "json", "-f", "-"],
        input=json.dumps(manifest),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("block", TAKEN, ids=str)
def test_what_a_stack_file_may_say_the_api_server_takes_and_keeps(
    control_plane: ControlPlane, block: dict[str, Any]
) -> None:
    outcome = apply(control_plane, block)
    assert outcome.returncode == 0, outcome.stderr
    spec = json.loads(outcome.stdout)["spec"]
    for key, value in block.items():
        kept = spec[key][: len(value)] if isinstance(value, list) else spec[key]  # two tolerations come to every pod
        assert kept == value


@pytest.mark.parametrize("block", [block for block, _ in REFUSED], ids=str)
def test_what_a_stack_file_may_not_say_the_api_server_refuses(
    control_plane: ControlPlane, block: dict[str, Any]
) -> None:
    outcome = apply(control_plane, block)
    assert outcome.returncode != 0, outcome.stdout
    assert "invalid" in outcome.stderr.lower() or "strict decoding error" in outcome.stderr, outcome.stderr
