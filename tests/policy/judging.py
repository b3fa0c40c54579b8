"""What the rules say about plain inputs, and about what a recorded stack has declared."""

import copy
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from policy.rules import RULES, UNKNOWN, Finding, Node, Resource, Rule, Undecided, Violation
from policy.wire import ENVELOPE, MARK, read
from tests.harness import Deployment

OF_A_STACK_WITHOUT_REQUESTS = "containers-ask-for-resources"
"""Rule that a stack breaks which sizes nothing."""

BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}


def resource(type_: str, inputs: Mapping[str, Any], *, name: str = "x", **more: Any) -> Resource:
    return Resource(type=type_, name=name, urn=f"urn:pulumi:x::x::{type_}::{name}", inputs=Node(inputs), **more)


def said(rule: str, type_: str, inputs: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> list[Finding]:
    """What a rule says about a resource that the engine protects."""
    return list(BY_NAME[rule].findings(resource(type_, inputs, protect=True), config or {}))


def with_value(inputs: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The inputs with another value at a path, whose numbers are places in lists. What leads there is made."""
    changed: Any = copy.deepcopy(dict(inputs))
    here, keys = changed, path.split(".")
    for key, after in pairwise(keys):
        here = here[int(key)] if key.isdigit() else here.setdefault(key, [{}] if after.isdigit() else {})
    here[int(keys[-1]) if keys[-1].isdigit() else keys[-1]] = value
    return changed


def recorded(deployed: Deployment) -> list[Resource]:
    """Everything that a stack has declared, as the engine would show it."""
    return [
        Resource(
            type=made.type,
            name=made.name,
            urn=made.urn,
            inputs=Node(_unknowns(read(made.raw))),
            protect=made.protect,
            provider=made.provider.rpartition("::")[0],
        )
        for made in deployed.resources
    ]


def judged(resources: Sequence[Resource], config: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Violations, and what cannot be decided, as `rule: resource: path`."""
    violations, undecided = list[str](), list[str]()
    for rule in RULES:
        settings = config.get(rule.name, {})
        found = [(made.urn, finding) for made in resources for finding in rule.findings(made, settings)]
        found += [(finding.urn, finding) for finding in rule.findings_of_all(resources)]
        for urn, finding in found:
            kept = undecided if isinstance(finding, Undecided) else violations
            kept.append(f"{rule.name}: {urn.rpartition('::')[2]}: {finding.path}")
    return violations, undecided


def secret(value: Any) -> dict[str, Any]:
    """A value as the engine writes a secret."""
    return {MARK: ENVELOPE, "value": value}


def _unknowns(value: Any) -> Any:
    """The harness writes `unknown` for what a preview does not know."""
    if isinstance(value, dict):
        return {key: _unknowns(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unknowns(item) for item in value]
    return UNKNOWN if value == "unknown" else value


def sentences(findings: Sequence[Finding]) -> list[str]:
    return [finding.sentence for finding in findings if isinstance(finding, Violation)]
