"""What the rules are bound to is what the installed SDKs call it: a rule about a misspelt type never speaks."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import pytest
from pulumi import _types as types

from policy.rules import RULES
from tests.policy.examples import EXAMPLES, FORBIDDEN

PACKAGES = {"aws": "pulumi_aws", "gcp": "pulumi_gcp", "azure-native": "pulumi_azure_native"} | {
    "kubernetes": "pulumi_kubernetes"
}
CUSTOM = {"kubernetes:keda.sh/v1alpha1:ScaledObject"}
"""Types of a cluster's own: no SDK knows them. The stacks have them."""


@cache
def known(package: str) -> Mapping[str, tuple[str, str]]:
    """Module and class of each type of resource that an SDK has."""
    spec = find_spec(PACKAGES[package])
    assert spec is not None
    assert spec.origin is not None
    text = Path(spec.origin).read_text()
    (listed,) = re.findall(r'resource_modules="""\n(.*?)"""', text, re.DOTALL)
    modules = json.loads(listed)
    return {token: (module["fqn"], name) for module in modules for token, name in module["classes"].items()}


BOUND = sorted({pattern for rule in RULES for pattern in rule.checks if "*" not in pattern} - CUSTOM)


@pytest.mark.parametrize("type_", BOUND)
def test_the_sdk_knows_every_bound_type(type_: str) -> None:
    assert type_ in known(type_.partition(":")[0])


@pytest.mark.parametrize("pattern", sorted({p for rule in RULES for p in rule.checks if "*" in p}))
def test_every_pattern_matches_types_of_its_sdk(pattern: str) -> None:
    rule = next(rule for rule in RULES if pattern in rule.checks)
    package = pattern.partition(":")[0]
    if package != "pulumi":
        assert len([type_ for type_ in known(package) if rule.about(type_)]) > 10


def inputs(type_: str) -> type:
    """The class of a resource's arguments."""
    module, name = known(type_.partition(":")[0])[type_]
    found = vars(import_module(module)).get(f"{name}InitArgs") or getattr(import_module(module), f"{name}Args")
    assert isinstance(found, type)
    return found


fields = cache(types.input_type_types)
"""Every input of a class of arguments, with its type."""


def classes(annotation: Any) -> Iterator[type]:
    """Every class of arguments that an annotation names."""
    if isinstance(annotation, type) and types.is_input_type(annotation):
        yield annotation
    for argument in get_args(annotation):
        yield from classes(argument)


def missing(start: type, path: Sequence[str]) -> str:
    """The first key of a path that no class of arguments has; nothing if there is none."""
    here: list[Any] = [start]
    for key in path:
        if key.isdigit():
            continue
        found = [named[key] for named in map(fields, here) if key in named]
        if not found:
            return key
        here = [cls for annotation in found for cls in classes(annotation)]
        if not here:
            return ""  # a text, or a mapping with keys of the user's
    return ""


PATHS = [
    (type_, path)
    for type_, path in sorted(
        {(type_, path) for of in EXAMPLES.values() for type_ in of if type_ in BOUND for path in of[type_].bad}
    )
]


@pytest.mark.parametrize("type_", sorted({type_ for type_, _ in PATHS}))
def test_every_input_that_a_rule_reads_is_one_of_the_type(type_: str) -> None:
    for path in (path for bound, path in PATHS if bound == type_):
        assert missing(inputs(type_), path.split(".")) == "", path


def test_a_misspelt_input_would_be_seen() -> None:
    assert missing(inputs("aws:rds/instance:Instance"), ["publicAccess"]) == "publicAccess"
    path = ["spec", "template", "spec", "containers", "0", "imagePolicy"]
    assert missing(inputs("kubernetes:apps/v1:Deployment"), path) == "imagePolicy"


@pytest.mark.parametrize("type_", FORBIDDEN)
def test_the_sdk_knows_what_must_not_be_made(type_: str) -> None:
    assert type_ in known(type_.partition(":")[0])
