"""Secrets where they can be read: in a state, in an object that many may read, in a command line.

A value counts as a secret by its name or by its form. What only its author knows to be one cannot be seen here.
"""

import re
from collections.abc import Iterator
from typing import Final

from .node import UNKNOWN, Node
from .pods import containers, pod
from .rule import Check, Config, Finding, Resource, Violation, decided

PROPERTY: Final = re.compile(
    r"(password|passwd|authToken|secretString|secretBinary|secretData|secretValue|secretKey|privateKey|clientSecret"
    r"|connectionString|accessKey|sharedKey|apiKey|token)$",
    re.IGNORECASE,
)
"""Inputs of cloud resources that hold a secret. Units, names and switches that are called alike end otherwise."""
VARIABLE: Final = re.compile(
    r"(^|_)(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|(API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION)_?KEY)$",
    re.IGNORECASE,
)
FORM: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b[a-z][a-z0-9+.-]*://[^\s/:@]*:(?!\$|\*)[^\s/:@]+@"  # an address with a password that is not filled in later
    r"|\b(AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bglpat-[\w-]{20}|\bxox[abprs]-[\w-]{10}"
    r"|\bsk-[A-Za-z0-9_-]{20}|\bAIza[\w-]{35}|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\."
    r"|\bclient-key-data:|\bAccountKey=[A-Za-z0-9+/]{20}"
)
"""What keys, tokens and addresses with passwords look like."""
REFERENCE: Final = re.compile(r"\$[({]\w+[)}]")
"""Stands for a value that is filled in where the container starts."""

IN_PLAIN: Final = "must not be here: whoever may read the object reads it. Put it into a Secret and refer to that"
MARK_IT: Final = "must be a secret of Pulumi's: the state and every preview would show it"


def marked_where_named(resource: Resource, _config: Config) -> Iterator[Finding]:
    """Every input of a cloud resource whose name or form says that it is a secret."""
    for leaf in resource.inputs.leaves():
        if not leaf.secret:
            yield from decided(_marked(leaf))


def _marked(leaf: Node) -> Iterator[Finding]:
    named = PROPERTY.search(leaf.path)
    if leaf.raw is UNKNOWN and not named:
        return  # what the cloud will tell of itself: no secret, or the program would have been told so
    if leaf.text and (named or FORM.search(leaf.text)):
        yield Violation(leaf.path, MARK_IT)


def marked(*paths: str) -> Check:
    """Properties that hold a secret though their name does not say it."""

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        for path in paths:
            for leaf in resource.inputs.at(path).leaves():
                if not leaf.secret and (leaf.raw is UNKNOWN or leaf.value):
                    yield Violation(leaf.path, MARK_IT)

    return check


def marked_if(path: str, key: str, *values: str) -> Check:
    """The same, of resources that hold a secret only in one form of theirs."""

    def check(resource: Resource, config: Config) -> Iterator[Finding]:
        if resource.inputs[key].value in values:
            yield from marked(path)(resource, config)

    return check


def in_no_container(resource: Resource, _config: Config) -> Iterator[Finding]:
    """Variables, commands and arguments."""
    for container in containers(pod(resource)):
        for variable in container["env"]:
            yield from decided(_variable(variable))
        for key in ("command", "args"):
            for leaf in container[key].leaves():
                yield from decided(_plain(leaf, named=False))


def _variable(variable: Node) -> Iterator[Finding]:
    named = bool(VARIABLE.search(variable["name"].text))
    yield from _plain(variable["value"], named=named)


def in_no_text(*paths: str) -> Check:
    """Texts that an object keeps in plain, by name."""

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        for path in paths:
            for name, leaf in resource.inputs.at(path).fields():
                yield from decided(_plain(leaf, named=bool(VARIABLE.search(name))))

    return check


def in_no_trigger(resource: Resource, _config: Config) -> Iterator[Finding]:
    """What an autoscaler connects with."""
    for trigger in resource.inputs.at("spec.triggers"):
        for name, leaf in trigger["metadata"].fields():
            yield from decided(_plain(leaf, named=bool(VARIABLE.search(name) or PROPERTY.search(name))))


def _plain(leaf: Node, *, named: bool) -> Iterator[Finding]:
    if leaf.marked:
        yield Violation(leaf.path, f"is a secret of Pulumi's and {IN_PLAIN}")
    elif leaf.given and (leaf.raw is not UNKNOWN or named):
        text = REFERENCE.sub("", leaf.text)
        if (named and text) or FORM.search(leaf.text):
            yield Violation(leaf.path, IN_PLAIN)
