"""Approvals in writing: a label of the pull request, or a reason under `accept` that came with the change itself."""

from collections.abc import Collection, Mapping
from typing import Final

from pydantic.alias_generators import to_snake

from tools.report.comparison import Comparison
from tools.report.kind import KINDS, Class

_LABEL: Final = "accepts-"


def label(kind: Class) -> str:
    """The label that approves a class, such as `accepts-data-loss`."""
    return _LABEL + to_snake(kind).replace("_", "-")


def approvals(comparison: Comparison, labels: Collection[str], allowed: Collection[str]) -> Mapping[Class, str]:
    """Classes that are approved, each with who says so.

    A reason that was there when the stack was last deployed is spent: it was about another change.
    """
    found = dict[Class, str]()
    for kind in KINDS:
        now = getattr(comparison.new.accept, to_snake(kind), None)
        before = getattr(comparison.old.accept, to_snake(kind), None) if comparison.old else None
        if label(kind) in labels:
            found[kind] = f"label {label(kind)}"
        elif now and now != before:
            found[kind] = f"accept.{kind}: {now}"
        elif kind in allowed:
            found[kind] = "--allow"
    return found
