"""What the whole internet, or everybody with an account of a cloud, could reach."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from .documents import everybody, statements
from .node import Node
from .rule import Check, Config, Finding, Resource, Violation, decided

WORLD_WORDS: Final = {"*", "any", "internet"}
"""How a cloud's firewall calls everything."""
EVERYBODY: Final = {"allUsers", "allAuthenticatedUsers"}
NOT_OPEN: Final = "must not be the whole internet: list who needs it"
INTERNAL: Final = {
    "service.beta.kubernetes.io/aws-load-balancer-scheme": {"internal"},
    "service.beta.kubernetes.io/aws-load-balancer-internal": {"true"},
    "service.beta.kubernetes.io/azure-load-balancer-internal": {"true"},
    "networking.gke.io/load-balancer-type": {"Internal"},
    "cloud.google.com/load-balancer-type": {"Internal"},
}
"""Annotations by which each cloud keeps a load balancer inside its network."""


def is_world(text: str) -> bool:
    """Whether a range of addresses is all of them, or a half of them."""
    if text.lower() in WORLD_WORDS:
        return True
    try:
        return ip_network(text, strict=False).prefixlen <= 1
    except ValueError:
        return False


def not_open(*paths: str) -> Check:
    """Properties that hold one range of addresses, or a list of them, none of which is everything."""

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        for path in paths:
            yield from decided(_not_open(resource.inputs.at(path)))

    return check


def rules_not_open(*paths: str, direction: str = "", blocks: str = "") -> Check:
    """Firewall rules, in the list `blocks` or the resource itself, whose ranges of addresses are at `paths`.

    `direction` such as `type=ingress` says which of them let somebody in; a rule that does not say does.
    """

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        rules = resource.inputs.at(blocks) if blocks else [resource.inputs]
        for rule in rules:
            for path in paths:
                yield from decided(_inbound_not_open(rule, path, direction))

    return check


def _inbound_not_open(rule: Node, path: str, direction: str) -> Iterator[Finding]:
    name, _, inbound = direction.partition("=")
    if name and rule.at(name).given and rule.at(name).text.lower() != inbound:
        return
    if rule["access"].text.lower() != "deny" and not rule["denies"].given:
        yield from _not_open(rule.at(path))


def _not_open(node: Node) -> Iterator[Finding]:
    for item in (node, *node):
        if is_world(item.text):
            yield Violation(item.path, NOT_OPEN)


def open_to_nobody(path: str) -> Check:
    """A policy on a thing itself, in which no permission is everybody's. One under a condition has to be looked at."""

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        node = resource.inputs.at(path)
        for statement in statements(node):
            if statement.allows and everybody(statement.principal) and not statement.conditions:
                yield Violation(node.path, "must not allow anything to everybody: name a principal, or a condition")

    return check


def members_are_somebody(resource: Resource, _config: Config) -> Iterator[Finding]:
    """Who is granted a role."""
    members = resource.inputs["members"]
    for member in (resource.inputs["member"], *members):
        yield from decided(_somebody(member))


def _somebody(member: Node) -> Iterator[Finding]:
    if member.text in EVERYBODY:
        yield Violation(member.path, "must name somebody: everybody, with or without an account, could use it")


def inside(resource: Resource, _config: Config) -> Iterator[Finding]:
    """A Service that no load balancer, node or address of its own shows to the outside."""
    spec = resource.inputs["spec"]
    kind = spec["type"].text
    annotations = resource.inputs.at("metadata.annotations")
    private = any(annotations[name].text in values for name, values in INTERNAL.items())
    if kind == "NodePort" or (kind == "LoadBalancer" and not private):
        yield Violation(spec["type"].path, "must be ClusterIP, or a load balancer that is annotated as internal")
    if any(True for _ in spec["externalIPs"]):
        yield Violation(spec["externalIPs"].path, "must be left out: every node would answer for these addresses")
