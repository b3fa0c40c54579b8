"""What a rule is, what it is about, and what it says."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

from .node import Node, UnknownError

VERSION: Final = re.compile(r"/v\d{8}\w*(?=:)")
"""The version of an API that some programs name in a type: the inputs that matter here are called alike in all."""

Config = Mapping[str, Any]
"""What the user of the pack has set for one rule."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What the engine is told about one resource."""

    type: str
    name: str
    urn: str
    inputs: Node
    protect: bool = False
    """Whether the engine refuses to delete it."""
    provider: str = ""
    """URN of the provider: the same names in another cluster are other objects."""
    declared: bool = True
    """Whether `inputs` is what the program declares; else it is what the state holds of what this run leaves alone."""


@dataclass(frozen=True)
class Violation:
    """What is wrong with a value. The sentence never holds a value: it may be secret."""

    path: str
    sentence: str
    urn: str = ""
    """The resource, where a rule is about more than one."""


@dataclass(frozen=True)
class Undecided:
    """A rule had to read a value that is not known before the update, which decides."""

    path: str
    urn: str = ""


Finding = Violation | Undecided
Check = Callable[[Resource, Config], Iterator[Finding]]
StackCheck = Callable[[Sequence[Resource]], Iterator[Finding]]
Level = Literal["mandatory", "advisory"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule as users know it, and the checks that make it up."""

    name: str
    says: str
    """What must hold, in one sentence."""
    level: Level = "mandatory"
    checks: Mapping[str, Sequence[Check]] = field(default_factory=dict[str, Sequence[Check]])
    """By pattern of resource types."""
    stack: Sequence[StackCheck] = ()
    """Checks of everything together."""
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """JSON schema of each setting."""

    def about(self, type_: str) -> list[Check]:
        """The checks of a type of resource."""
        name = VERSION.sub("", type_)
        return [
            check
            for pattern, checks in self.checks.items()
            if pattern == name or ("*" in pattern and fnmatchcase(name, pattern))
            for check in checks
        ]

    def findings(self, resource: Resource, config: Config) -> Iterator[Finding]:
        """What the rule says about one resource."""
        for check in self.about(resource.type):
            yield from decided(check(resource, config))

    def findings_of_all(self, resources: Sequence[Resource]) -> Iterator[Finding]:
        """What the rule says about everything together."""
        for check in self.stack:
            yield from decided(check(resources))


def decided(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings up to the first value that is not known, and that it is not."""
    try:
        yield from findings
    except UnknownError as unknown:
        yield Undecided(unknown.path)


def demand(path: str, accepts: Callable[[Any], bool], sentence: str, *, missing: bool = False) -> Check:
    """A check of one property. `missing` says whether it may be left out, because the default is right."""

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        node = resource.inputs.at(path)
        if not (accepts(node.value) if node.given else missing):
            yield Violation(node.path, sentence)

    return check


def given(path: str, sentence: str) -> Check:
    """A check that a property is there. What it is may become known later."""

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        node = resource.inputs.at(path)
        if not node.given:
            yield Violation(node.path, sentence)

    return check


def of(urn: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings about one of several resources."""
    for finding in decided(findings):
        yield replace(finding, urn=urn)
