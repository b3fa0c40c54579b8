"""Permission: who may do, read or reach what, compared as sets over everything that the stack has."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from tools.report.cause import Cause
from tools.report.clouds import KNOWN
from tools.report.comparison import Comparison
from tools.report.finding import Finding
from tools.report.grant import Grant
from tools.report.kind import Class
from tools.report.preview import Inputs, Step

_NAMESPACE: Final = "kubernetes:core/v1:Namespace"


def permission(comparison: Comparison) -> Iterator[Finding]:
    """What somebody gains and loses. One finding for each of them and each setting behind it."""
    old, new = dict[Grant, Step](), dict[Grant, Step]()
    for step in comparison.everything():
        for grant in _grants(step, step.old):
            old.setdefault(grant, step)
        for grant in _grants(step, step.new):
            new.setdefault(grant, step)
    moved = {step.name for step in comparison.changes() if step.type == _NAMESPACE and step.op in ("create", "delete")}
    gained = {grant: new[grant] for grant in new.keys() - old.keys()}
    lost = {grant: old[grant] for grant in old.keys() - new.keys()}
    # What is closed in a namespace that comes or goes was open to nobody.
    closed, opened = (
        {grant: step for grant, step in found.items() if grant.denied and step.name.rpartition("/")[0] not in moved}
        for found in (gained, lost)
    )
    allowed, taken = ({g: step for g, step in found.items() if not g.denied} for found in (gained, lost))
    yield from _findings(comparison, "permissionWidened", "may now", {**allowed, **opened})
    yield from _findings(comparison, "permissionNarrowed", "may no longer", {**taken, **closed})


def _grants(step: Step, inputs: Inputs) -> Iterator[Grant]:
    reader = KNOWN.grants.get(step.type)
    return reader(inputs, step.name) if reader and inputs else iter(())


def _findings(comparison: Comparison, kind: Class, verb: str, grants: dict[Grant, Step]) -> Iterator[Finding]:
    grouped = defaultdict[tuple[str, Cause | None], list[Grant]](list)
    causes = {step.urn: comparison.causes.of(step, step.paths) for step in grants.values()}
    for grant, step in sorted(grants.items(), key=lambda item: item[0]):
        grouped[grant.who, causes[step.urn]].append(grant)
    for (who, cause), found in grouped.items():
        yield Finding(
            kind=kind,
            subject=who,
            what=f"{verb} {'; '.join(map(str, found))}",
            cause=cause,
            steps=frozenset(grants[grant].urn for grant in found),
        )
