"""Cost: what is paid for by its size or number. No prices: they are nobody's constant."""

from collections.abc import Iterator
from typing import Final

from checks.capacity.peak import most_replicas
from config.workloads import WorkloadSettings
from tools.preview import Step, flat
from tools.report.clouds import KNOWN
from tools.report.comparison import Comparison
from tools.report.finding import Finding
from tools.report.workloads import workloads

_NUMBER: Final = ("autoscaling", "replicaCount", "enabled")


def cost(comparison: Comparison) -> Iterator[Finding]:
    """Sizes of data services, maxima of workloads, and what one pod requests."""
    for step in comparison.changes():
        if step.op in ("update", "replace"):
            yield from _sizes(comparison, step)
    if not comparison.old:
        return
    before, after = workloads(comparison.old), workloads(comparison.new)
    for owner in dict.fromkeys((*before, *after)):
        old, new = before.get(owner), after.get(owner)
        most = [most_replicas(".".join(owner), it).most if it else 0 for it in (old, new)]
        if most[0] != most[1]:
            yield _finding(comparison, owner, f"up to {most[0]} → {most[1]} pods", _NUMBER)
        if old and new and (changes := list(_requests(old, new))):
            yield _finding(comparison, owner, f"one pod requests {', '.join(changes)}", ("resources",))


def _requests(old: WorkloadSettings, new: WorkloadSettings) -> Iterator[str]:
    before, after = old.resources.requests, new.resources.requests
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield f"{name} {before.get(name, 'unset')} → {after.get(name, 'unset')}"


def _sizes(comparison: Comparison, step: Step) -> Iterator[Finding]:
    before, after = dict(flat(step.old)), dict(flat(step.new))
    for path, setting in KNOWN.sizes.get(step.type, {}).items():
        if before.get(path) != after.get(path):
            causes = comparison.causes
            yield Finding(
                kind="cost",
                subject=step.label,
                what=f"{path} {before.get(path)} → {after.get(path)}",
                cause=(causes.at(setting) if setting else None) or causes.of(step, [path]),
                steps=frozenset({step.urn}),
            )


def _finding(comparison: Comparison, owner: tuple[str, ...], what: str, names: tuple[str, ...]) -> Finding:
    return Finding(kind="cost", subject=".".join(owner), what=what, cause=comparison.causes.at(owner, names))
