"""Network policies: every namespace denies both ways, and each allowance is one policy with one reason.

A policy is the sum of all that match a pod, so an allowance can be added or removed without touching another. Where a
service is in the cluster, both sides are opened: egress from the caller and ingress at the service.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.meta.v1 import LabelSelectorArgsDict
from pulumi_kubernetes.networking.v1 import (
    NetworkPolicy,
    NetworkPolicyPeerArgsDict,
    NetworkPolicyPortArgsDict,
    NetworkPolicySpecArgsDict,
)

from components.kubernetes.endpoints import AddressTarget, PodTarget, Target
from components.kubernetes.labels import COMPONENT, NAMESPACE_NAME, Component
from components.kubernetes.namespace_ref import NamespaceRef
from components.kubernetes.pod import stated
from config.network import EgressSettings

REASON: Final = "noxus.ai/reason"
"""Annotation that says in a sentence what a policy is for."""

PRIVATE_RANGES: Final = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
)
"""What is not the internet in IPv4: RFC 1918, RFC 6598, link-local with the clouds' metadata addresses, loopback."""

PRIVATE_RANGES_V6: Final = ("fc00::/7", "fe80::/10", "::1/128")
"""What is not the internet in IPv6: unique local (with metadata addresses), link-local, loopback."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Pods within a namespace: those of some components, those with some labels, or all of them."""

    components: Sequence[Component] = ()
    labels: Mapping[str, str] | None = None

    def selector(self) -> LabelSelectorArgsDict:
        """As a policy selects them."""
        if self.components:
            return {"match_expressions": [{"key": COMPONENT, "operator": "In", "values": self.components}]}
        return {"match_labels": self.labels or {}}

    def peer(self, namespace: pulumi.Input[str]) -> NetworkPolicyPeerArgsDict:
        """As the other end of a policy: namespace and labels in one peer, so that both must hold."""
        return {"namespace_selector": {"match_labels": {NAMESPACE_NAME: namespace}}, "pod_selector": self.selector()}


EVERY_POD: Final = Selection()


def internet() -> Sequence[NetworkPolicyPeerArgsDict]:
    """Every public address. Policies cannot name hosts, so model providers and integrations are all of these."""
    return [
        {"ip_block": {"cidr": "0.0.0.0/0", "except_": PRIVATE_RANGES}},
        {"ip_block": {"cidr": "::/0", "except_": PRIVATE_RANGES_V6}},
    ]


def addresses(cidrs: Sequence[pulumi.Input[str]]) -> Sequence[NetworkPolicyPeerArgsDict]:
    """Addresses as the other end of a policy."""
    return [{"ip_block": {"cidr": cidr}} for cidr in cidrs]


def target_peers(target: Target) -> Sequence[NetworkPolicyPeerArgsDict]:
    """A data service as the other end of an egress."""
    if isinstance(target, AddressTarget):
        return addresses(target.cidrs)
    return [Selection(labels=target.pod_labels).peer(target.namespace.created)]


def egress_peers(settings: EgressSettings) -> Sequence[NetworkPolicyPeerArgsDict]:
    """The target of a further egress."""
    if settings.namespace is not None:
        return [Selection(labels=settings.pod_labels).peer(settings.namespace)]
    return addresses(settings.blocks)


def egress_ports(settings: EgressSettings) -> Iterator[NetworkPolicyPortArgsDict]:
    """Its ports and ranges of ports."""
    for ports in settings.ports:
        first, _, last = str(ports).partition("-")
        yield stated(protocol=settings.protocol, port=int(first), end_port=int(last) if last else None)


def allow_further_egress(
    prefix: str,
    further: Mapping[str, EgressSettings],
    within: NamespaceRef,
    source: Selection,
    opts: pulumi.ResourceOptions,
) -> list[NetworkPolicy]:
    """One policy for each further target, `<prefix>to-<name>`."""
    return [
        allow_egress(
            f"{prefix}to-{name}",
            settings.reason,
            within=within,
            source=source,
            to=egress_peers(settings),
            ports=list(egress_ports(settings)),
            opts=opts,
        )
        for name, settings in further.items()
    ]


def tcp(port: int) -> list[NetworkPolicyPortArgsDict]:
    """One TCP port."""
    return [{"protocol": "TCP", "port": port}]


def deny_all(within: NamespaceRef, opts: pulumi.ResourceOptions) -> NetworkPolicy:
    """Deny both directions to every pod of a namespace; what is needed is allowed one by one."""
    spec: NetworkPolicySpecArgsDict = {"pod_selector": {}, "policy_types": ["Ingress", "Egress"]}
    return _policy("deny-all", "nothing goes in or out unless another policy allows it", within, spec, opts)


def allow_egress(
    name: str,
    reason: str,
    *,
    within: NamespaceRef,
    source: Selection,
    to: Sequence[NetworkPolicyPeerArgsDict],
    ports: Sequence[NetworkPolicyPortArgsDict],
    opts: pulumi.ResourceOptions,
) -> NetworkPolicy:
    """Let pods of a namespace open connections to some peers on some ports."""
    spec: NetworkPolicySpecArgsDict = {
        "pod_selector": source.selector(),
        "policy_types": ["Egress"],
        "egress": [{"to": to, "ports": ports}],
    }
    return _policy(name, reason, within, spec, opts)


def allow_ingress(
    name: str,
    reason: str,
    *,
    within: NamespaceRef,
    target: Selection,
    sources: Sequence[NetworkPolicyPeerArgsDict],
    port: int,
    opts: pulumi.ResourceOptions,
) -> NetworkPolicy:
    """Let peers reach pods of a namespace on one port."""
    spec: NetworkPolicySpecArgsDict = {
        "pod_selector": target.selector(),
        "policy_types": ["Ingress"],
        "ingress": [{"from_": sources, "ports": tcp(port)}],
    }
    return _policy(name, reason, within, spec, opts)


def allow_way(
    near: str,
    far: str,
    reason: str,
    *,
    within: NamespaceRef,
    source: Selection,
    target: Target,
    opts: pulumi.ResourceOptions,
    far_reason: str = "",
) -> list[pulumi.Resource]:
    """Both sides of a connection: the caller's policy, and the target's by its own name if that is ours.

    What is on the internet needs none, for all its users reach that anyway. Each side waits for the other's namespace:
    of one that cannot be made, nothing is.
    """
    peers = target_peers(target)
    if not peers:
        return []
    made: list[pulumi.Resource] = [
        allow_egress(near, reason, within=within, source=source, to=peers, ports=tcp(target.port), opts=opts)
    ]
    if isinstance(target, PodTarget) and target.ours:
        made.append(
            allow_ingress(
                far,
                far_reason or reason,
                within=target.namespace,
                target=Selection(labels=target.pod_labels),
                sources=[source.peer(within.created)],
                port=target.port,
                opts=opts,
            )
        )
    return made


def _policy(
    name: str, reason: str, within: NamespaceRef, spec: NetworkPolicySpecArgsDict, opts: pulumi.ResourceOptions
) -> NetworkPolicy:
    metadata = within.metadata(name, annotations={REASON: reason})
    return NetworkPolicy(within.key(name), metadata=metadata, spec=spec, opts=opts)
