"""Gap: something is deleted before it is made again, and is missing in between."""

from collections.abc import Iterator
from typing import Final

from tools.report.clouds import KNOWN
from tools.report.comparison import Comparison
from tools.report.finding import Finding

_MISSED_BY_NOBODY: Final = frozenset({"Job", "RandomPassword", "RandomId"})
"""A Job that has ended, and values that only the state holds."""


def gap(comparison: Comparison) -> Iterator[Finding]:
    """What is missing for a time. What holds data is worse than missing: that is data loss."""
    for step in comparison.changes():
        missed = step.type not in KNOWN.holds and step.kind not in _MISSED_BY_NOBODY
        if step.op == "replace" and step.deleted_first and missed:
            yield Finding(
                kind="gap",
                subject=step.label,
                what="is deleted before it is made again",
                cause=comparison.causes.of(step),
                steps=frozenset({step.urn}),
            )
