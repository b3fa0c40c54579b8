"""The cluster's DNS as the target of a network policy."""

from collections.abc import Sequence
from typing import Final

from pulumi_kubernetes.networking.v1 import NetworkPolicyPeerArgsDict, NetworkPolicyPortArgsDict

from components.network.policies import Selection, addresses
from config.network import DnsSettings

_PODS: Final = {
    "kubeDns": ("kube-system", {"k8s-app": "kube-dns"}),
    "openshift": ("openshift-dns", {"dns.operator.openshift.io/daemonset-dns": "default"}),
}

_PORT: Final = 53
_OPENSHIFT_PORT: Final = 5353
"""Where OpenShift's DNS pods listen; its Service translates 53 to it."""


def dns_peers(settings: DnsSettings) -> Sequence[NetworkPolicyPeerArgsDict]:
    """The pods that answer, and further addresses that do."""
    namespace, labels = _PODS[settings.type]
    return [Selection(labels=labels).peer(namespace), *addresses(settings.cidrs)]


def dns_ports(settings: DnsSettings) -> list[NetworkPolicyPortArgsDict]:
    """UDP, and TCP for long answers; on OpenShift the pods' port as well as the Service's."""
    ports = (_PORT, *([_OPENSHIFT_PORT] if settings.type == "openshift" else []))
    return [{"protocol": protocol, "port": port} for port in ports for protocol in ("UDP", "TCP")]
