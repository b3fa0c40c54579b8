"""What the API server itself would say: of custom resources by the schemas of their own CRDs, as strictly as it can be,
and of values whose form it knows best.
"""

import json
import subprocess
from collections import Counter
from contextlib import nullcontext
from typing import Any

import jsonschema
import pytest

from config import ConfigError
from sandbox.control_plane import ControlPlane
from tests.e2e.kubectl import Kubectl
from tests.programs import SMALLEST, STORES, external_secrets_stack, run_program, settings
from tests.test_egress import STACK
from tests.test_program import PROGRAMS

Schemas = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def schemas(control_plane: ControlPlane) -> Schemas:
    """The schema of every served version of every CRD, by apiVersion and kind."""
    found: Schemas = {}
    for crd in json.loads(Kubectl(control_plane.kubeconfig)("get", "crds", "-o", "json"))["items"]:
        for version in crd["spec"]["versions"]:
            if version["served"]:
                key = f"{crd['spec']['group']}/{version['name']}", crd["spec"]["names"]["kind"]
                found[key] = _closed(version["schema"]["openAPIV3Schema"])
    return found


def _closed(schema: Any) -> Any:
    """A schema that refuses what it does not name, unless it says that anything goes."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        closed.setdefault("additionalProperties", False)
    return closed


def _validate(manifest: dict[str, Any], schemas: Schemas) -> None:
    # The API server itself knows what metadata is; the CRDs say no more than that it is an object.
    schema = schemas[manifest["apiVersion"], manifest["kind"]]
    body = {key: value for key, value in manifest.items() if key != "metadata"}
    jsonschema.validate(body, schema, cls=jsonschema.Draft202012Validator)


def _custom(program: str, schemas: Schemas) -> list[dict[str, Any]]:
    objects = [manifest for _, manifest in run_program(*PROGRAMS[program]).objects]
    groups = {api_version.partition("/")[0] for api_version, _ in schemas}
    return [manifest for manifest in objects if manifest["apiVersion"].partition("/")[0] in groups]


@pytest.mark.parametrize("program", ["company", "dev", "everything", "prod"])
def test_every_custom_resource_is_valid_by_its_own_schema(program: str, schemas: Schemas) -> None:
    found = _custom(program, schemas)
    assert {manifest["kind"] for manifest in found} >= {"ScaledObject", "TriggerAuthentication"}
    for manifest in found:
        _validate(manifest, schemas)


@pytest.mark.parametrize("store", STORES, ids=lambda store: store["type"])
def test_every_kind_of_store_is_valid_by_its_own_schema(store: dict[str, str], schemas: Schemas) -> None:
    stack = external_secrets_stack(store)
    found = [
        m
        for _, m in run_program(stack).objects
        if "spec" in m and "k8s.io" not in m["apiVersion"] and "." in m["apiVersion"]
    ]
    assert Counter(m["kind"] for m in found) == {"SecretStore": 2, "ExternalSecret": 5, "PodMonitor": 2}
    for manifest in found:
        _validate(manifest, schemas)
        broken = {**manifest, "spec": {**manifest["spec"], "intervall": "1h"}}
        with pytest.raises(jsonschema.ValidationError):
            _validate(broken, schemas)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("triggers", 0, "metadata", "targetQueryValue"), 4),
        (("pollingIntervall",), 30),
        (("fallback", "behavior"), "neverShrink"),
        (("advanced", "horizontalPodAutoscalerConfig", "behavior", "scaledown"), {}),
    ],
)
def test_the_schema_would_have_caught_it(path: tuple[str | int, ...], value: object, schemas: Schemas) -> None:
    (scaler,) = [m for m in _custom("everything", schemas) if m["kind"] == "ScaledObject"]
    broken: Any = json.loads(json.dumps(scaler))
    place = broken["spec"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        _validate(broken, schemas)


@pytest.mark.parametrize(
    "cidr",
    [
        *("10.30.0.0/16", "10.30.0.5/32", "0.0.0.0/0", "fd00::/8", "fd00:ec2::23/128", "::/0"),
        *("10.30.0.5", "10.30.0.5/16", "10.0.0.0/255.0.0.0", "010.0.0.0/8", "10.0.0.0/08", "fd00::1", "fe80::%1/64"),
    ],
)
def test_addresses_are_taken_just_as_the_api_server_takes_them(control_plane: ControlPlane, cidr: str) -> None:
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "addresses", "namespace": "default"},
        "spec": {"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": cidr}}]}]},
    }
    kubectl = Kubectl(control_plane.kubeconfig)
    with nullcontext() if _is_taken(cidr) else pytest.raises(subprocess.CalledProcessError):
        kubectl("create", "--namespace", "default", "--dry-run=server", "-f", "-", stdin=json.dumps(policy))


@pytest.mark.parametrize("ports", [1, 65535, "1-65535", "30000-32767", "443-443", 0, 65536, "2-1", "1-65536"])
def test_ports_are_taken_just_as_the_api_server_takes_them(control_plane: ControlPlane, ports: int | str) -> None:
    first, _, last = str(ports).partition("-")
    asked = {"protocol": "UDP", "port": int(first), **({"endPort": int(last)} if last else {})}
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "ports", "namespace": "default"},
        "spec": {"podSelector": {}, "egress": [{"ports": [asked]}]},
    }
    kubectl = Kubectl(control_plane.kubeconfig)
    with nullcontext() if _is_taken("10.0.0.0/8", ports) else pytest.raises(subprocess.CalledProcessError):
        kubectl("create", "--namespace", "default", "--dry-run=server", "-f", "-", stdin=json.dumps(policy))


def test_ports_and_targets_of_every_policy_are_kept(control_plane: ControlPlane) -> None:
    kubectl = Kubectl(control_plane.kubeconfig)
    for _, manifest in run_program(STACK).objects:
        if manifest["kind"] == "NetworkPolicy" and "-to-" in manifest["metadata"]["name"]:
            metadata = {**manifest["metadata"], "namespace": "default"}
            policy = json.dumps({**manifest, "metadata": metadata})
            asked = ("--namespace", "default", "--dry-run=server", "--validate=strict", "-o", "json")
            kept = kubectl("create", *asked, "-f", "-", stdin=policy)
            made, wanted = (spec["egress"] for spec in (json.loads(kept)["spec"], manifest["spec"]))
            assert [rule["ports"] for rule in made] == [rule["ports"] for rule in wanted]
            assert [len(rule["to"]) for rule in made] == [len(rule["to"]) for rule in wanted]


def _is_taken(cidr: str, ports: int | str = 443) -> bool:
    try:
        settings({**SMALLEST, "egress": {"models": {"reason": "r", "cidr": cidr, "ports": [ports]}}})
    except ConfigError:
        return False
    return True
