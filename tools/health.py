"""What a Service answers on the platform's health path, asked through the API server's proxy."""

import json
from collections.abc import Iterator
from typing import Any, Final

from kubernetes.client import ApiClient
from urllib3.exceptions import HTTPError

from components.kubernetes.labels import PART_OF
from components.workloads.probes import HEALTH_PATH
from tools.observed import Manifest, Namespace, at

HEALTH: Final = "Health"
"""Kind under which an answer is observed."""

_REFUSED: Final = (401, 403)
"""A probe has no login, so these come from what is in between, such as a service mesh."""

_PATIENCE_SECONDS: Final = 3


def answers(client: ApiClient, observed: Namespace) -> Iterator[Manifest]:
    """Ask every Service of this program that has an address, by its name.

    An answer is `code`, or `unreached` with the reason: policies let only the ingress controller and Prometheus in, and
    whether they hold for the API server's own connections is up to the network plugin.
    """
    for name, service in observed.all("Service").items():
        if at(service, "metadata", "labels", PART_OF) == "noxus" and at(service, "spec", "clusterIP") != "None":
            yield {"kind": HEALTH, "metadata": {"name": name}, **_answer(client, observed.name, name)}


def _answer(client: ApiClient, namespace: str, service: str) -> dict[str, Any]:
    path = f"/api/v1/namespaces/{namespace}/services/{service}:http/proxy{HEALTH_PATH}"
    request = client.param_serialize("GET", path, header_params={"Accept": "*/*"}, auth_settings=["BearerToken"])
    try:
        answer = client.call_api(*request, _request_timeout=_PATIENCE_SECONDS)
        answer.read()
    except HTTPError as error:
        return {"unreached": str(error)}
    text = (answer.data or b"").decode(errors="replace")
    if answer.status in _REFUSED:
        return {"unreached": text}
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if isinstance(said, dict) and said.get("kind") == "Status":  # the API server itself: it did not get through
        return {"unreached": said.get("message", "")}
    return {"code": answer.status, "text": text}
