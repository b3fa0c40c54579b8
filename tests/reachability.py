"""Who can open a connection to whom, computed from rendered network policies as Kubernetes defines them.

A pod that no policy of a direction selects may do anything in that direction; one that is selected may do what any of
the selecting policies' rules allows. A connection between two pods needs the source's egress and the target's ingress.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from tests.harness import Deployment

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Pod:
    """One pod of a workload, or one of somebody else's."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    ports: tuple[tuple[str, int], ...] = (("TCP", 8080),)
    """What a connection to it is tried on."""


@dataclass(frozen=True)
class Address:
    """Something outside of the cluster."""

    name: str
    ip: str
    ports: tuple[tuple[str, int], ...]


Target = Pod | Address


class Network:
    """Namespaces and policies, and the question that they answer."""

    def __init__(self, namespaces: Mapping[str, Mapping[str, str]], policies: Iterable[Manifest]) -> None:
        named = {name: {"kubernetes.io/metadata.name": name, **labels} for name, labels in namespaces.items()}
        self._namespaces = named
        self._policies = list(policies)

    def allows(self, source: Target, target: Target, protocol: str, port: int) -> bool:
        """Whether `source` can open this connection."""
        out = not isinstance(source, Pod) or self._passes(source, "Egress", target, protocol, port)
        return out and (not isinstance(target, Pod) or self._passes(target, "Ingress", source, protocol, port))

    def _passes(self, pod: Pod, direction: str, other: Target, protocol: str, port: int) -> bool:
        selecting = [policy for policy in self._policies if self._applies(policy, pod, direction)]
        rules = [rule for policy in selecting for rule in policy["spec"].get(direction.lower(), [])]
        peers = "to" if direction == "Egress" else "from"
        return not selecting or any(
            self._is_a_peer(rule.get(peers), other, pod.namespace) and _on_port(rule.get("ports"), protocol, port)
            for rule in rules
        )

    @staticmethod
    def _applies(policy: Manifest, pod: Pod, direction: str) -> bool:
        spec = policy["spec"]
        implied = ["Ingress", *(["Egress"] if "egress" in spec else [])]
        here = policy["metadata"]["namespace"] == pod.namespace
        return here and direction in spec.get("policyTypes", implied) and _selects(spec["podSelector"], pod.labels)

    def _is_a_peer(self, peers: list[Manifest] | None, other: Target, policys_namespace: str) -> bool:
        return not peers or any(self._matches(peer, other, policys_namespace) for peer in peers)

    def _matches(self, peer: Manifest, other: Target, policys_namespace: str) -> bool:
        if "ipBlock" in peer:
            return isinstance(other, Address) and _in_block(other.ip, peer["ipBlock"])
        if not isinstance(other, Pod):
            return False
        if "namespaceSelector" in peer:
            there = _selects(peer["namespaceSelector"], self._namespaces[other.namespace])
        else:
            there = other.namespace == policys_namespace
        return there and _selects(peer.get("podSelector", {}), other.labels)


def _selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    exact = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return exact and all(_holds(expression, labels) for expression in selector.get("matchExpressions", []))


def _holds(expression: Manifest, labels: Mapping[str, str]) -> bool:
    key, operator = expression["key"], expression["operator"]
    match operator:
        case "In":
            return labels.get(key) in expression["values"]
        case "NotIn":
            return labels.get(key) not in expression["values"]
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            raise ValueError(f"unknown operator {operator}")


def _on_port(ports: list[Manifest] | None, protocol: str, port: int) -> bool:
    return not ports or any(item.get("protocol", "TCP") == protocol and _covers(item, port) for item in ports)


def _covers(item: Manifest, port: int) -> bool:
    first = item.get("port", port)
    return first <= port <= item.get("endPort", first)


def _in_block(ip: str, block: Manifest) -> bool:
    address = ip_address(ip)
    excluded = any(address in ip_network(cidr) for cidr in block.get("except", []))
    return address in ip_network(block["cidr"]) and not excluded


def pods(objects: Iterable[Manifest]) -> Iterator[Pod]:
    """A pod of every workload among some manifests."""
    for manifest in objects:
        if manifest["kind"] in ("Deployment", "StatefulSet", "Job"):
            template, metadata = manifest["spec"]["template"], manifest["metadata"]
            opened = [port for container in template["spec"]["containers"] for port in container.get("ports", [])]
            ports = tuple((port.get("protocol", "TCP"), port["containerPort"]) for port in opened)
            yield Pod(
                metadata["namespace"], metadata["name"], template["metadata"]["labels"], ports or (("TCP", 8080),)
            )


def reaches(deployed: Deployment, source: str, ip: str, port: int) -> bool:
    """Whether one pod of a deployment can open a TCP connection to an address outside of the cluster."""
    objects = [manifest for _, manifest in deployed.objects]
    namespaces = {m["metadata"]["name"]: m["metadata"]["labels"] for m in objects if m["kind"] == "Namespace"}
    network = Network(namespaces, [m for m in objects if m["kind"] == "NetworkPolicy"])
    (pod,) = [pod for pod in pods(objects) if pod.name == source]
    return network.allows(pod, Address("service", ip, (("TCP", port),)), "TCP", port)
