"""Every way in put to a real API server, as strictly as it can be asked: routes by Gateway API's own definitions with
their rules, Ingresses and Services by its own.
"""

import copy
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e.kubectl import Kubectl
from tests.programs import run_program
from tests.ways_in import WAYS, way_in

KINDS = {"BackendConfig", "FrontendConfig", "HTTPRoute", "Ingress", "Service"}
DEFINITIONS = Path(__file__).with_name("load_balancer_configs.yaml")


@pytest.fixture(scope="module")
def kubectl(control_plane: ControlPlane) -> Iterator[Kubectl]:
    client = Kubectl(control_plane.kubeconfig)
    client("create", "namespace", client.namespace)
    client("apply", f"--filename={DEFINITIONS}")
    client("wait", "--for=condition=Established", f"--filename={DEFINITIONS}")
    yield client
    client("delete", f"--filename={DEFINITIONS}")
    client("delete", "namespace", client.namespace, "--wait=false")


def refusal(kubectl: Kubectl, manifest: dict[str, Any]) -> str:
    """Why the API server would not create an object, in a namespace of the test's own; nothing if it would."""
    kind, version = manifest["kind"].lower(), manifest["apiVersion"]
    body = {**manifest, "metadata": {**manifest["metadata"], "namespace": kubectl.namespace}}
    plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
    path = f"{'apis' if '/' in version else 'api'}/{version}/namespaces/{kubectl.namespace}/{plural}"
    try:
        kubectl("create", f"--raw=/{path}?dryRun=All&fieldValidation=Strict", "-f", "-", stdin=json.dumps(body))
    except subprocess.CalledProcessError as error:
        return error.stderr
    return ""


def objects(name: str) -> list[dict[str, Any]]:
    found = [manifest for _, manifest in run_program(way_in(name)).objects if manifest["kind"] in KINDS]
    return [manifest for manifest in found if manifest["metadata"]["namespace"] == "noxus"]


def one(name: str, kind: str, own: str = "noxus-backend") -> dict[str, Any]:
    (found,) = [m for m in objects(name) if m["kind"] == kind and m["metadata"]["name"] == own]
    return copy.deepcopy(found)


@pytest.mark.parametrize("name", WAYS)
def test_every_object_of_a_way_in_is_taken_by_the_api_server(name: str, kubectl: Kubectl) -> None:
    found = objects(name)
    assert {manifest["kind"] for manifest in found} & {"HTTPRoute", "Ingress"}
    assert [said for manifest in found if (said := refusal(kubectl, manifest))] == []


REFUSED: dict[str, tuple[str, str, tuple[str | int, ...], object, str]] = {
    "a time that is no duration": (
        *("gateway", "HTTPRoute", ("rules", 0, "timeouts", "request"), "1 minute"),
        r"spec\.rules\[0\]\.timeouts\.request: Invalid value",
    ),
    "a backend that may take longer than the request": (
        *("gateway", "HTTPRoute", ("rules", 0, "timeouts"), {"request": "1h", "backendRequest": "2h"}),
        "backendRequest timeout cannot be longer than request timeout",
    ),
    "a redirect that goes to a service too": (
        *("gateway", "HTTPRoute", ("rules", 0, "filters"), [{"type": "RequestRedirect", "requestRedirect": {}}]),
        "RequestRedirect filter must not be used together with backendRefs",
    ),
    "a Service without a port": (
        *("gateway", "HTTPRoute", ("rules", 0, "backendRefs"), [{"name": "noxus-backend"}]),
        "Must have port for Service reference",
    ),
    "a port by its name": (
        *("gateway", "HTTPRoute", ("rules", 0, "backendRefs"), [{"name": "noxus-backend", "port": "http"}]),
        "port.*must be of type integer",
    ),
    "a listener in capitals": (
        *("gateway", "HTTPRoute", ("parentRefs", 0, "sectionName"), "HTTPS"),
        r"spec\.parentRefs\[0\]\.sectionName: Invalid value",
    ),
    "a host in capitals": (*("gateway", "HTTPRoute", ("hostnames", 0), "APP.example.com"), "hostnames.*Invalid value"),
    "an unknown field of a route": (
        *("gateway", "HTTPRoute", ("rules", 0, "timeouts", "idle"), "1h"),
        r'unknown field "spec\.rules\[0\]\.timeouts\.idle"',
    ),
    "an unknown field of a BackendConfig": (
        *("gke", "BackendConfig", ("timeoutSeconds",), 3600),
        r'unknown field "spec\.timeoutSeconds"',
    ),
    "a number in quotes": (*("gke", "BackendConfig", ("timeoutSec",), "3600"), "must be of type integer"),
    "a redirect that is not said": (*("gke", "FrontendConfig", ("redirectToHttps",), {}), "Required value"),
    "two classes": (*("gke", "Ingress", ("ingressClassName",), "nginx"), "must match `ingressClassName`"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_api_server_would_have_said_so(case: str, kubectl: Kubectl) -> None:
    name, kind, path, value, why = REFUSED[case]
    manifest: Any = one(name, kind)
    place = manifest["spec"]
    for step in path[:-1]:
        place = place[step]
    assert refusal(kubectl, manifest) == ""
    place[path[-1]] = value
    said = refusal(kubectl, manifest)
    assert re.search(why, said), said
