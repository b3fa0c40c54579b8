"""A protected stack on the real engine goes to the cluster it went to before, and to no other."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.control_plane import ControlPlane
from tests.e2e.dev_stack import DevStack, touched


@pytest.fixture
def stack(tmp_path: Path, environment: dict[str, str]) -> Iterator[DevStack]:
    """The dev stack, protected, with nothing but what comes up in a moment."""
    stack = DevStack(tmp_path, environment)
    yield stack
    stack.environment["KUBECONFIG"] = environment["KUBECONFIG"]
    stack.configure(_small, lambda config: config.update(protect=False))
    if stack.resources():
        assert stack.up().code == 0
        stack.destroy()


def _small(config: dict[str, Any]) -> None:
    config["cluster"] = {"context": "sandbox"}
    config["protect"] = True
    config["workers"] = {}


def _another(kubeconfig: Path, path: Path, **changes: str) -> str:
    """The kubeconfig of the sandbox with the address or authority of another cluster, its context's name the same."""
    document = yaml.safe_load(kubeconfig.read_text())
    document["clusters"][0]["cluster"].update(changes)
    path.write_text(yaml.safe_dump(document))
    return str(path)


def test_a_protected_stack_without_a_context_is_told_to_name_one(stack: DevStack) -> None:
    stack.configure(_small, lambda config: config.update(cluster={}))
    for outcome in (stack.run("preview"), stack.up()):
        assert outcome.code != 0
        assert "cluster.context: is not set, and a protected stack names its cluster" in outcome.text
        assert "Traceback" not in outcome.text
    assert set(stack.resources()) <= {"noxus-x"}


def test_my_context_points_to_another_cluster_today(
    stack: DevStack, control_plane: ControlPlane, tmp_path: Path
) -> None:
    stack.configure(_small)
    assert (first := stack.up()).code == 0, first.text
    before = stack.resources()
    authority = base64.b64encode(b"of another cluster").decode()
    another = _another(control_plane.kubeconfig, tmp_path / "another", **{"certificate-authority-data": authority})
    stack.environment["KUBECONFIG"] = another
    for outcome in (stack.run("preview"), stack.up()):
        assert outcome.code != 0
        assert "cluster.fingerprint: the cluster has sha256:" in outcome.text
        assert "name the right one in cluster.context" in outcome.text
        assert "Traceback" not in outcome.text
        assert touched(outcome) == {}, outcome.text
    assert stack.resources().keys() == before.keys()

    new = outcome.text.partition("the cluster has ")[2].partition(",")[0]
    stack.configure(_small, lambda config: config["cluster"].update(fingerprint=new))
    moved = stack.run("preview")
    assert "is deployed to" not in moved.text, "written on purpose, it is no mistake"
    stack.environment["KUBECONFIG"] = str(control_plane.kubeconfig)
    wrong = stack.run("preview")
    assert f"cluster.fingerprint: is {new}, and the cluster at {control_plane.address} has sha256:" in wrong.text

    stack.configure(_small)
    shutil.copy(control_plane.kubeconfig, tmp_path / "moved")
    stack.environment["KUBECONFIG"] = str(tmp_path / "moved")
    assert stack.up("", "--expect-no-changes").code == 0, "the same cluster by another file"


def test_a_preview_needs_no_kubeconfig_and_forgets_nothing(stack: DevStack, control_plane: ControlPlane) -> None:
    stack.configure(_small)
    assert (first := stack.up()).code == 0, first.text
    stack.environment["KUBECONFIG"] = "/dev/null"
    blind = stack.run("preview", "--json")
    assert blind.code == 0, blind.text
    steps = json.loads("{" + blind.text.partition("{")[2])["steps"]
    assert {step["op"] for step in steps} <= {"same", "read"}, [s for s in steps if s["op"] not in ("same", "read")]
    stack.environment["KUBECONFIG"] = str(control_plane.kubeconfig)
    assert stack.up("", "--expect-no-changes").code == 0
