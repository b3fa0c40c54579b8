"""Whether what is reached from outside is reached safely, and whether every setting about it is used."""

from collections.abc import Iterator, Mapping
from typing import Final

from checks.finding import Finding, error, listed, warning
from config import StackSettings
from config.ingress import OUTSIDE, Controller, IngressSettings, PublicRole

_EVERY: Final[tuple[Controller, ...]] = ("nginx", "alb", "gke", "traefik", "other")
_USED_BY: Final[Mapping[str, tuple[Controller, ...]]] = {
    "className": _EVERY,
    "classNames": _EVERY,
    "readTimeoutSeconds": ("nginx", "alb", "gke"),
    "maxBodyMib": ("nginx",),
}
"""Controllers that are told a setting; the others take it from somebody else, or have no such thing."""

_ALB_IDLE_LIMIT_SECONDS: Final = 4000
"""Longest `idle_timeout.timeout_seconds` of an ALB (API reference of Elastic Load Balancing, LoadBalancerAttribute)."""
_ALB_GROUP_LIMIT: Final = 63
"""Longest `group.name`, in characters (aws-load-balancer-controller, docs/guide/ingress/annotations.md)."""
_GKE_CLASSES: Final = ("gce", "gce-internal", "gce-regional-external")
"""Classes of GKE's own controller, which leaves every other alone (ingress-gce, `IsGCEIngress`)."""


def hosts_are_served_safely(settings: StackSettings) -> Iterator[Finding]:
    """Warn of hosts without certificate, and of settings about hosts that nothing serves."""
    primary = settings.primary
    if primary.hosts is None:
        for setting in ("tls", "ingress"):
            if setting in primary.model_fields_set:
                yield warning(f"primary.{setting}", "is used with primary.hosts only, which is not set; set the hosts")
        return
    if primary.tls is None:
        yield warning(
            "primary.tls",
            "not set, so the hosts are served in plain HTTP; name a secretName or a clusterIssuer, or set external: "
            "true if something else ends TLS",
        )
    if not primary.relays.enabled:
        used = {"primary.hosts.relays": primary.hosts.relays, "relays": primary.ingress.class_names.get("relays")}
        for setting, value in used.items():
            if value is not None:
                path = setting if "." in setting else f"primary.ingress.classNames.{setting}"
                yield warning(path, "is used by the relays only, which are off; enable primary.relays or remove it")


def controllers_have_what_they_need(settings: StackSettings) -> Iterator[Finding]:
    """Refuse what the ingress controller would refuse or never serve, and warn of settings that it is not told."""
    primary, ingress = settings.primary, settings.primary.ingress
    controller, path = ingress.controller, "primary.ingress"
    if not primary.public_hosts:
        return
    if controller == "gatewayApi" and not ingress.gateway:
        yield error(
            f"{path}.gateway",
            "required with gatewayApi; name the Gateway of the hosts, such as gateway: {name: public, "
            "namespace: gateways}",
        )
    if controller != "gatewayApi" and ingress.gateway:
        yield error(f"{path}.gateway", f"is not told to {controller}; set controller: gatewayApi or remove it")
    for name, users in _USED_BY.items():
        if controller not in users and _is_set(ingress, name):
            yield warning(f"{path}.{name}", f"is not told to {controller}, but to {listed(users)} only; remove it")
    if controller in ("alb", "gatewayApi") and primary.tls and not primary.tls.external:
        holder = "an ALB finds certificates in ACM" if controller == "alb" else "the Gateway's listener has them"
        yield error("primary.tls", f"names a certificate that {controller} never reads: {holder}; write external: true")
    yield from _of_one_controller(settings)
    yield from _sources(settings)


def _is_set(ingress: IngressSettings, name: str) -> bool:
    fields = {field.alias: python for python, field in IngressSettings.model_fields.items()}
    return fields[name] in ingress.model_fields_set


def _of_one_controller(settings: StackSettings) -> Iterator[Finding]:
    primary, ingress, path = settings.primary, settings.primary.ingress, "primary.ingress"
    if ingress.controller == "alb" and ingress.read_timeout_seconds > _ALB_IDLE_LIMIT_SECONDS:
        yield error(
            f"{path}.readTimeoutSeconds",
            f"must be at most {_ALB_IDLE_LIMIT_SECONDS} with alb (got {ingress.read_timeout_seconds}); let streams "
            "send something more often than that",
        )
    for role in primary.public_hosts:
        class_path = f"{path}.classNames.{role}" if role in ingress.class_names else f"{path}.className"
        yield from _class(ingress, role, class_path, primary.namespace)
    if ingress.gateway and primary.tls and not ingress.gateway.section_name:
        yield warning(
            f"{path}.gateway.sectionName",
            "not set, so that a listener for plain HTTP serves the hosts too; name the listener for https",
        )
    if ingress.gateway and ingress.gateway.http_section_name and not primary.tls:
        yield error(
            f"{path}.gateway.httpSectionName",
            "redirects to https, and primary.tls does not say that the hosts are; write primary.tls: {external: true}",
        )


def _class(ingress: IngressSettings, role: PublicRole, path: str, namespace: str) -> Iterator[Finding]:
    group, class_name = ingress.group_of(role, namespace), ingress.class_of(role)
    if ingress.controller == "alb" and len(group) > _ALB_GROUP_LIMIT:
        yield error(path, f"makes the group {group!r}, and {_ALB_GROUP_LIMIT} characters fit; choose a shorter class")
    if ingress.controller == "gke" and class_name not in (None, *_GKE_CLASSES):
        yield error(path, f"must be one of {listed(_GKE_CLASSES)} with gke, or unset (got {class_name!r})")


def _sources(settings: StackSettings) -> Iterator[Finding]:
    """Whether the network policies let the controller in."""
    cluster, ingress, hosts = settings.cluster, settings.primary.ingress, settings.primary.public_hosts
    controller = ingress.controller
    in_cluster = "ingress_namespace" in cluster.model_fields_set
    if controller in OUTSIDE and in_cluster:
        yield warning("cluster.ingressNamespace", f"is not used: {controller} reaches pods from outside; remove it")
    if controller in OUTSIDE and not OUTSIDE[controller] and not cluster.ingress_cidrs:
        yield error(
            "cluster.ingressCidrs",
            f"required with {controller}, whose load balancer reaches pods from its own addresses; name its subnets, "
            "such as ingressCidrs: [10.20.0.0/16]",
        )
    proxied = sorted({"gce-internal", "gce-regional-external"} & {ingress.class_of(role) for role in hosts})
    if controller == "gke" and proxied and not cluster.ingress_cidrs:
        yield error(
            "cluster.ingressCidrs",
            f"required with the class {proxied[0]}, whose load balancer reaches pods from the proxy-only subnet; name "
            "that, such as ingressCidrs: [10.129.0.0/23]",
        )
    if controller in ("traefik", "gatewayApi") and not in_cluster and not cluster.ingress_cidrs:
        yield error(
            "cluster.ingressNamespace",
            f"required with {controller}: nothing else may reach the services; name the namespace of its pods, such "
            "as ingressNamespace: traefik, or ingressCidrs if they are outside the pod network",
        )
