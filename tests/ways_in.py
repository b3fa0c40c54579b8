"""Every way in that a stack file may choose, each with what it needs: rows for whoever asserts what all hold."""

from collections.abc import Mapping
from typing import Any

from tests.programs import SMALLEST

GATEWAY = {"name": "public", "namespace": "gateways", "sectionName": "https"}
EXTERNAL = {"external": True}
SECRET = {"secretName": "noxus-tls"}
ISSUER = {"clusterIssuer": "letsencrypt"}

PROXIES = ["10.129.0.0/23"]
INTERNAL = {"className": "gce-internal"}
PUBLIC_RELAYS = {"classNames": {"relays": "public"}}

WAYS: Mapping[str, tuple[str, Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]] = {
    "nginx": ("nginx", {}, ISSUER, {}),
    "nginx with its own certificate": ("nginx", {}, EXTERNAL, {}),
    "alb": ("alb", {"ingressCidrs": ["10.20.0.0/16"]}, EXTERNAL, {"className": "alb", **PUBLIC_RELAYS}),
    "gke": ("gke", {}, SECRET, {"className": "gce"}),
    "gke internal": ("gke", {"ingressCidrs": PROXIES}, SECRET, INTERNAL),
    "traefik": ("traefik", {"ingressNamespace": "traefik"}, ISSUER, {"className": "traefik"}),
    "gateway": ("gatewayApi", {"ingressNamespace": "envoy-gateway-system"}, EXTERNAL, {"gateway": GATEWAY}),
    "gateway that redirects": (
        "gatewayApi",
        {"ingressNamespace": "envoy-gateway-system"},
        EXTERNAL,
        {"gateway": {**GATEWAY, "httpSectionName": "http"}, "annotations": {"example.com/note": "ours"}},
    ),
    "gateway outside the cluster": (
        "gatewayApi",
        {"ingressCidrs": PROXIES},
        EXTERNAL,
        {"gateway": {**GATEWAY, "timeouts": False}, "waitForAddress": False},
    ),
    "other": ("other", {}, SECRET, {"annotations": {"example.com/buffering": "off"}}),
}
"""By name: the controller, what it needs of `cluster`, `primary.tls` and `primary.ingress`."""


def way_in(name: str, **ingress: Any) -> dict[str, Any]:
    """A stack that is reached that way, with further settings of its ingress."""
    controller, cluster, tls, own = WAYS[name]
    primary = {
        "namespace": "noxus",
        "relays": {"enabled": True, "command": ["noxus", "relays"]},
        "hosts": {"frontend": "app.example.com"},
        "tls": tls,
        "ingress": {"controller": controller, **own, **ingress},
    }
    return {**SMALLEST, "cluster": {"context": "test", **cluster}, "primary": primary}
