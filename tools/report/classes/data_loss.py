"""Data loss: what holds data is deleted or replaced, is kept for a shorter time, or loses a guard."""

from collections.abc import Iterator
from typing import Final

from tools.preview import Step, flat
from tools.report.clouds import KNOWN
from tools.report.clouds.properties import ANY
from tools.report.comparison import Comparison
from tools.report.finding import Finding

_NAMESPACE: Final = "kubernetes:core/v1:Namespace"


def data_loss(comparison: Comparison) -> Iterator[Finding]:
    """What the change takes of data and of what keeps it."""
    if comparison.old and comparison.old.protect and not comparison.new.protect:
        what = "the engine no longer refuses to delete what holds data"
        yield Finding(kind="dataLoss", subject="the whole stack", what=what, cause=comparison.causes.at("protect"))
    for step in comparison.changes():
        if step.op in ("delete", "replace"):
            if _holds_data(comparison, step):
                what = "is deleted, with what it holds" if step.op == "delete" else "is replaced by an empty one"
                yield _finding(comparison, step, what, "")
        elif step.op == "update":
            yield from _kept_for_less(comparison, step)
            yield from _unguarded(comparison, step)


def _holds_data(comparison: Comparison, step: Step) -> bool:
    """By its type; of namespaces the one with the volumes; and whatever the engine guards."""
    if step.type == _NAMESPACE:
        return step.guarded or bool(comparison.old and step.name == comparison.old.cluster.data_namespace)
    return step.guarded or step.type in KNOWN.holds


def _kept_for_less(comparison: Comparison, step: Step) -> Iterator[Finding]:
    for path, setting in KNOWN.keeps.get(step.type, {}).items():
        before, after = (
            [value for at, value in flat(inputs) if at == path and isinstance(value, int | float)]
            for inputs in (step.old, step.new)
        )
        if before and after and min(after) < min(before):
            yield _finding(comparison, step, f"{path} {min(before):g} → {min(after):g}: keeps less", setting)


def _unguarded(comparison: Comparison, step: Step) -> Iterator[Finding]:
    for path, (guarded, setting) in KNOWN.guards.get(step.type, {}).items():
        before, after = dict(flat(step.old)).get(path), dict(flat(step.new)).get(path)
        lost = before is not None and after is None if guarded is ANY else before == guarded != after
        if lost:
            yield _finding(comparison, step, f"{path} {before} → {after}: guards it no longer", setting)


def _finding(comparison: Comparison, step: Step, what: str, setting: str) -> Finding:
    causes = comparison.causes
    cause = (causes.at(setting) if setting else None) or causes.of(step)
    return Finding(kind="dataLoss", subject=step.label, what=what, cause=cause, steps=frozenset({step.urn}))
