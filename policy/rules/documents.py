"""Policy documents of a cloud: JSON texts that say who may do what with which resources."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .node import Node, items, mapping


@dataclass(frozen=True)
class Statement:
    """One permission or denial. Lists of one may be written without a list."""

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    inverted: bool
    """Whether it means all but these actions or resources."""
    principal: Any
    """Who is meant. All but some are everybody."""
    conditions: Mapping[str, Mapping[str, Any]]


def statements(node: Node) -> Iterator[Statement]:
    """The statements of a document, given as JSON or as a structure; nothing if it is neither, which no cloud takes."""
    document = node.plain
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return
    found = mapping(document).get("Statement")
    for statement in items(found) or [found]:
        if mapping(statement):
            yield _statement(mapping(statement))


def _statement(raw: Mapping[str, Any]) -> Statement:
    return Statement(
        allows=raw.get("Effect") == "Allow",
        actions=strings(raw.get("Action")),
        resources=strings(raw.get("Resource")),
        inverted=any(key in raw for key in ("NotAction", "NotResource")),
        principal="*" if "NotPrincipal" in raw else raw.get("Principal"),
        conditions={key: mapping(value) for key, value in mapping(raw.get("Condition")).items()},
    )


def strings(value: Any) -> tuple[str, ...]:
    """One text, or several."""
    return (value,) if isinstance(value, str) else tuple(str(item) for item in items(value))


def everybody(principal: Any) -> bool:
    """Whether a principal is everybody who has an account, or nobody in particular."""
    return any("*" in strings(names) for names in (principal, *mapping(principal).values()))
