"""Harmless: whatever changes and is in no other class."""

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from tools.report.comparison import Comparison
from tools.report.finding import Finding

_WORDS = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}


def harmless(comparison: Comparison, explained: AbstractSet[str]) -> Iterator[Finding]:
    """The steps that no finding explains, counted by their kind."""
    left = [step for step in comparison.preview.steps if step.op in _WORDS and step.urn not in explained]
    if comparison.preview.first:
        left = [step for step in left if step.is_real]
    counted = Counter((step.kind, step.op) for step in left if not step.type.startswith("noxus:"))
    for (kind, op), number in sorted(counted.items()):
        urns = frozenset(step.urn for step in left if (step.kind, step.op) == (kind, op))
        yield Finding(kind="harmless", subject=kind, what=f"{number} {_WORDS[op]}", steps=urns)
