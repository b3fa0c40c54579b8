"""A cluster that gives pods their user ids itself, as OpenShift's `restricted-v2` does: who brings one is refused."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e.conftest import engine_environment
from tests.e2e.dev_stack import DevStack
from tests.e2e.kubectl import Kubectl

ADMISSION = "restricted-v2"

# MustRunAsRange for users, and MustRunAs with a range for groups: a namespace's range is its own, so no id that is
# written in a stack file is within it (openshift/apiserver-library-go, pkg/securitycontextconstraints).
_NO_IDS = " && ".join(
    (
        *(
            f"(!has(object.spec.securityContext) || !has(object.spec.securityContext.{field}))"
            for field in ("runAsUser", "fsGroup", "supplementalGroups")
        ),
        *(
            f"(!has(object.spec.{kind}) || "
            f"object.spec.{kind}.all(c, !has(c.securityContext) || !has(c.securityContext.runAsUser)))"
            for kind in ("containers", "initContainers")
        ),
    )
)

POLICY: list[dict[str, Any]] = [
    {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": ADMISSION},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
                ]
            },
            "validations": [{"expression": _NO_IDS, "message": "unable to validate against restricted-v2"}],
        },
    },
    {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": ADMISSION},
        "spec": {
            "policyName": ADMISSION,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": {"matchLabels": {"app.kubernetes.io/part-of": "noxus"}}},
        },
    },
]


@pytest.fixture
def cluster(control_plane: ControlPlane) -> Iterator[Kubectl]:
    """The cluster while it admits no pod that brings its own ids."""
    cluster = Kubectl(control_plane.kubeconfig)
    for manifest in POLICY:
        cluster("apply", "--filename=-", stdin=json.dumps(manifest))
    yield cluster
    for manifest in reversed(POLICY):
        cluster("delete", manifest["kind"], ADMISSION)


def _openshift(config: dict[str, Any]) -> None:
    config["cluster"] = {**config.get("cluster", {}), "openshift": True, "dns": {"type": "openshift"}}


def test_a_stack_starts_where_the_cluster_gives_user_ids_and_not_with_ids_of_its_own(
    cluster: Kubectl, control_plane: ControlPlane, tmp_path: Path
) -> None:
    stack = DevStack(tmp_path, engine_environment(control_plane, tmp_path))
    try:
        stack.configure(_openshift)
        outcome = stack.up()
        assert outcome.code == 0, outcome.text
        assert stack.tool("verify").returncode == 0
        template = cluster.get("statefulset", "redis", "--namespace", "noxus-data")["spec"]["template"]
        template["spec"]["securityContext"]["runAsUser"] = 999
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": "noxus-data"}}
        with pytest.raises(subprocess.CalledProcessError) as refused:
            cluster("create", "--namespace=noxus-data", "--filename=-", stdin=json.dumps({**template, **pod}))
        assert "unable to validate against restricted-v2" in refused.value.stderr
    finally:
        stack.configure(_openshift)
        assert stack.destroy().code == 0
