"""What each ingress controller is told about a host, by annotations and as objects of its own.

Events reach people as streams that last for minutes: nothing may buffer them, and silence must not end them
(platform.md section 2, "Ingress behaviour"). What a controller takes for a whole entry point only, or a Gateway's data
plane from its own policies, is set there.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from components.workloads.probes import HEALTH_PATH
from components.workloads.workload import PORT
from config.ingress import PublicRole
from config.releases import PrimarySettings

_STATUS: Final = "jsonpath={{.status.parents[*].conditions[?(@.type=='{}')].status}}=True"
ACCEPTED: Final = json.dumps([_STATUS.format(condition) for condition in ("Accepted", "ResolvedRefs")])
"""What a Gateway says in the status of a route that it takes, as `pulumi.com/waitFor` has it."""

_DRAIN_LIMIT_SECONDS: Final = 3600
"""Longest time that an ALB or a GKE load balancer leaves open requests to a pod that is to go."""
_INTERNAL: Final = "gce-internal"  # GKE's load balancer of this class cannot redirect: it serves HTTP or HTTPS


def told(role: PublicRole, primary: PrimarySettings) -> Mapping[str, str]:
    """Annotations of the Ingress of a host."""
    settings, encrypted = primary.ingress, primary.tls is not None
    seconds, class_name = str(settings.read_timeout_seconds), settings.class_of(role)
    match settings.controller:
        case "nginx":
            prefix = "nginx.ingress.kubernetes.io"
            return {
                f"{prefix}/proxy-buffering": "off",
                f"{prefix}/proxy-read-timeout": seconds,
                f"{prefix}/proxy-send-timeout": seconds,
                f"{prefix}/proxy-body-size": f"{settings.max_body_mib}m",
            }
        case "alb":  # aws-load-balancer-controller, docs/guide/ingress: annotations.md and cert_discovery.md
            prefix = "alb.ingress.kubernetes.io"
            return {
                f"{prefix}/group.name": settings.group_of(role, primary.namespace),
                f"{prefix}/target-type": "ip",
                f"{prefix}/listen-ports": json.dumps([{"HTTP": 80}, *([{"HTTPS": 443}] if encrypted else [])]),
                **({f"{prefix}/ssl-redirect": "443"} if encrypted else {}),
                f"{prefix}/healthcheck-path": HEALTH_PATH,
                f"{prefix}/load-balancer-attributes": f"idle_timeout.timeout_seconds={seconds}",
                f"{prefix}/target-group-attributes": f"deregistration_delay.timeout_seconds={_drain(role, primary)}",
            }
        case "gke":  # which leaves alone an Ingress that names its class in the spec (ingress-gce, IsGCEIngress)
            plain = {"kubernetes.io/ingress.allow-http": "false"}
            redirected = {"networking.gke.io/v1beta1.FrontendConfig": f"{primary.name}-{role}"}
            return {
                **({"kubernetes.io/ingress.class": class_name} if class_name else {}),
                **((plain if class_name == _INTERNAL else redirected) if encrypted else {}),
            }
        case "traefik":  # whose routers do not become https by an Ingress' tls: that only brings certificates
            return {"traefik.ingress.kubernetes.io/router.tls": "true"} if encrypted else {}
        case _:
            return {}


def objects(role: PublicRole, primary: PrimarySettings) -> Iterator[tuple[str, str, str, Mapping[str, object]]]:
    """What a controller takes as objects, each as API version, kind, name and spec: GKE's load balancer, a Gateway.

    Neither limits silence. GKE limits the whole stream, to 30 seconds unless told (ingress-gce, pkg/apis), a route the
    whole request: zero is no limit (GEP-1742), and unset it is the data plane's own, such as 15 seconds in Envoy.
    """
    settings, gateway, name = primary.ingress, primary.ingress.gateway, f"{primary.name}-{role}"
    if settings.controller == "gke":
        treatment = {
            "timeoutSec": settings.read_timeout_seconds,
            "connectionDraining": {"drainingTimeoutSec": _drain(role, primary)},
            "healthCheck": {"type": "HTTP", "requestPath": HEALTH_PATH},
        }
        yield "cloud.google.com/v1", "BackendConfig", name, treatment
        if primary.tls and settings.class_of(role) != _INTERNAL:
            yield "networking.gke.io/v1beta1", "FrontendConfig", name, {"redirectToHttps": {"enabled": True}}
    if gateway:
        limits = {"timeouts": {"request": "0s", "backendRequest": "0s"}} if gateway.timeouts else {}
        forward = {"backendRefs": [{"name": name, "port": PORT}], **limits}
        rules: list[tuple[str, str | None, object]] = [(name, gateway.section_name, forward)]
        if gateway.http_section_name:
            redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
            rules.append((f"{name}-redirect", gateway.http_section_name, {"filters": [redirect]}))
        for route, section, rule in rules:
            parent = {"name": gateway.name, "namespace": gateway.namespace, "sectionName": section}
            spec = {"parentRefs": [parent], "hostnames": [primary.public_hosts[role]], "rules": [rule]}
            yield "gateway.networking.k8s.io/v1", "HTTPRoute", route, spec


def service_annotations(name: str, primary: PrimarySettings) -> Mapping[str, str]:
    """Annotations of the Service of a host: GKE's load balancer takes its pods as endpoints, as the config says."""
    if not primary.public_hosts or primary.ingress.controller != "gke":
        return {}
    return {"cloud.google.com/neg": '{"ingress": true}', "cloud.google.com/backend-config": f'{{"default": "{name}"}}'}


def namespace_labels(primary: PrimarySettings) -> Mapping[str, str]:
    """Labels of the namespace: with them a rollout waits until an ALB reaches a pod (deploy/pod_readiness_gate.md)."""
    waits = primary.public_hosts and primary.ingress.controller == "alb"
    return {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"} if waits else {}


def _drain(role: PublicRole, primary: PrimarySettings) -> int:
    """How long a load balancer leaves open requests to a pod that is to go: as long as the pod stays."""
    services = {"frontend": primary.frontend, "backend": primary.backend, "relays": primary.relays}
    return min(services[role].grace_seconds, _DRAIN_LIMIT_SECONDS)
