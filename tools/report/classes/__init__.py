"""The classes of risk, each a pure function from a comparison to findings."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tools.report.classes.cost import cost
from tools.report.classes.data_loss import data_loss
from tools.report.classes.gap import gap
from tools.report.classes.harmless import harmless
from tools.report.classes.interruption import interruption
from tools.report.classes.permission import permission
from tools.report.classes.routing import routing
from tools.report.classes.scaling import scaling
from tools.report.classes.secret_rotated import secret_rotated
from tools.report.comparison import Comparison
from tools.report.finding import Finding
from tools.report.kind import KINDS

_CLASSES: Final[Sequence[Callable[[Comparison], Iterator[Finding]]]] = (
    data_loss,
    gap,
    permission,
    routing,
    interruption,
    scaling,
    secret_rotated,
    cost,
)


def judged(comparison: Comparison) -> Sequence[Finding]:
    """Every finding, worst first, in an order that does not depend on the engine's."""
    found = [finding for judge in _CLASSES for finding in judge(comparison)]
    found += harmless(comparison, frozenset().union(*(finding.steps for finding in found)))
    order = list(KINDS)
    return sorted(
        found, key=lambda it: (order.index(it.kind), it.cause.setting if it.cause else "", it.subject, it.what)
    )
