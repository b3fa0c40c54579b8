"""Namespaces in which nothing goes in or out unless another network policy allows it."""

from collections.abc import Iterator, Sequence
from typing import Final

from .node import Node, UnknownError
from .pods import SPECS
from .rule import Config, Finding, Resource, Undecided, Violation
from .scaling import namespace

NAMESPACE: Final = "kubernetes:core/v1:Namespace"
POLICY: Final = "kubernetes:networking.k8s.io/v1:NetworkPolicy"

Key = tuple[str, str]
"""Provider and namespace."""


def every_namespace_denies_all(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Namespaces that are made here, and those that pods of the stack run in."""
    denied: dict[Key, set[str]] = {}
    asked: dict[Key, Resource] = {}
    for resource in resources:
        try:
            if resource.type == POLICY:
                denied.setdefault(_key(resource), set()).update(_denied(resource.inputs["spec"]))
            elif resource.type == NAMESPACE:
                asked[_key(resource)] = resource
            elif resource.type in SPECS:
                asked.setdefault(_key(resource), resource)
        except UnknownError as unknown:
            yield Undecided(unknown.path, resource.urn)
    for key, resource in asked.items():
        for direction in sorted({"Ingress", "Egress"} - denied.get(key, set())):
            yield Violation(
                "metadata.name" if resource.type == NAMESPACE else "metadata.namespace",
                f"must be a namespace with a network policy that selects every pod, names {direction} and allows "
                "nothing: else whatever nobody has thought of is open",
                resource.urn,
            )


def allows_something_in_particular(resource: Resource, _config: Config) -> Iterator[Finding]:
    """A rule of a network policy without peers and without ports allows everything, and takes the denial back."""
    spec = resource.inputs["spec"]
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for rule in spec[direction]:
            if not any(True for key in (peers, "ports") for _ in rule[key]):
                yield Violation(rule.path, f"must say `{peers}` or `ports`: without them everything is allowed")


def _key(resource: Resource) -> Key:
    if resource.type == NAMESPACE:
        return resource.provider, resource.inputs.at("metadata.name").text
    return resource.provider, namespace(resource)


def _denied(spec: Node) -> set[str]:
    """The directions in which a policy allows nothing to any pod."""
    selector = spec["podSelector"]
    if any(True for _ in selector["matchLabels"].fields()) or any(True for _ in selector["matchExpressions"]):
        return set()
    types = {direction.text for direction in spec["policyTypes"]} or {"Ingress"}
    return {direction for direction in types if not any(True for _ in spec[direction.lower()])}
