"""Interruption: pods that restart or end, with the running tasks that this cuts off.

How many tasks run is not asked of anybody: as many as the pool may run at most, its largest number of pods times the
tasks of one. A pod that must go has the grace period that it was started with, which is the pool's longest task before
the change and a margin; whether that is enough for tasks as long as the settings now say they are is what is judged.
"""

from collections.abc import Iterator
from typing import Final

from checks.capacity.peak import most_replicas
from checks.interruption.drain import Event, survival
from config.workloads import PoolSettings, ServiceSettings
from tools.preview import Step, flat
from tools.report.cause import Cause
from tools.report.clouds import KNOWN
from tools.report.comparison import Comparison
from tools.report.finding import Finding
from tools.report.workloads import workloads

_TEMPLATE: Final = "spec.template"
_UNPUBLISHED: Final = "how the platform takes that is not published, so all running tasks are at risk"


def interruption(comparison: Comparison) -> Iterator[Finding]:
    """What restarts, ends or is scaled in."""
    rolled = set[tuple[str, ...]]()
    for step in comparison.changes():
        if step.kind == "Deployment" and step.op != "create" and _rolls(step):
            owner = comparison.causes.owners.of(step)
            rolled.add(owner)
            yield _of_deployment(comparison, step, owner)
        elif step.kind == "StatefulSet" and step.op != "create" and _rolls(step):
            what = f"its one pod {_ends(step)}: {_UNPUBLISHED}"
            yield _finding(step, what, cuts_off=True, cause=comparison.causes.of(step))
        elif step.op == "update":
            yield from _of_service(comparison, step)
    yield from _scaled_in(comparison, rolled)


def _rolls(step: Step) -> bool:
    return step.op != "update" or any(path.startswith(_TEMPLATE) for path in step.paths)


def _ends(step: Step) -> str:
    return "ends" if step.op == "delete" else "restarts"


def _of_deployment(comparison: Comparison, step: Step, owner: tuple[str, ...]) -> Finding:
    before = workloads(comparison.old).get(owner) if comparison.old else None
    causes = comparison.causes.of(step, [path for path in step.paths if path.startswith(_TEMPLATE)])
    if before is None:
        return _finding(step, f"its pods {_ends(step).removesuffix('s')}", cause=causes)
    most = most_replicas(".".join(owner), before).most
    if not isinstance(before, PoolSettings):
        seconds = f"; requests get {before.grace_seconds} s to end" if isinstance(before, ServiceSettings) else ""
        return _finding(step, f"{_pods(most, step)}{seconds}", cause=causes)
    event: Event = "scale-in" if step.op == "delete" else "rollout"
    what, cuts_off = _tasks(comparison, owner, before, most, event)
    return _finding(step, f"{_pods(most, step)}: {what}", cuts_off=cuts_off, cause=causes)


def _tasks(
    comparison: Comparison, owner: tuple[str, ...], before: PoolSettings, pods: int, event: Event
) -> tuple[str, bool]:
    """What becomes of the tasks on some pods of a pool, and whether any is cut off."""
    path = ".".join(owner)
    after = workloads(comparison.new).get(owner)
    longest = max(before.max_task_seconds, after.max_task_seconds if isinstance(after, PoolSettings) else 0)
    rows = survival(comparison.old).get(path, ()) if comparison.old else ()
    outcome = next((row.outcome for row in rows if row.event == event), "unknown")
    running = (
        f"{pods * before.concurrency} running tasks" if before.concurrency else f"{pods} x concurrency running tasks"
    )
    grace = before.grace_seconds
    if longest > grace:
        return f"up to {running} at risk, of up to {longest} s, which get {grace} s", pods > 0
    if outcome != "survives":
        return f"up to {running} at risk: {outcome}", pods > 0
    return f"0 tasks at risk; up to {running} get {grace} s to end", False


def _of_service(comparison: Comparison, step: Step) -> Iterator[Finding]:
    """A data service of a cloud that restarts for a property."""
    before, after = dict(flat(step.old)), dict(flat(step.new))
    for path, setting in KNOWN.restarts.get(step.type, {}).items():
        if before.get(path) != after.get(path):
            what = f"restarts or fails over for {path} {before.get(path)} → {after.get(path)}: {_UNPUBLISHED}"
            cause = comparison.causes.at(setting) or comparison.causes.of(step, [path])
            yield _finding(step, what, cuts_off=True, cause=cause)


def _scaled_in(comparison: Comparison, rolled: set[tuple[str, ...]]) -> Iterator[Finding]:
    """Workloads that may have fewer pods than may run now. One that rolls is told of already."""
    if not comparison.old:
        return
    after = workloads(comparison.new)
    for owner, before in workloads(comparison.old).items():
        if (now := after.get(owner)) is None or owner in rolled:
            continue
        path = ".".join(owner)
        old, new = (most_replicas(path, workload).most for workload in (before, now))
        if new >= old:
            continue
        what = f"of up to {old} pods {old - new} end"
        cuts_off = False
        if isinstance(before, PoolSettings):
            tasks, cuts_off = _tasks(comparison, owner, before, old - new, "scale-in")
            what += f": {tasks}"
        yield Finding(
            kind="interruption",
            subject=path,
            what=what,
            cause=comparison.causes.at(owner, ("autoscaling", "replicaCount", "enabled")),
            cuts_off=cuts_off,
        )


def _pods(number: int, step: Step) -> str:
    if number == 1:
        return f"its one pod {_ends(step)}"
    return f"up to {number} pods {_ends(step).removesuffix('s')}"


def _finding(step: Step, what: str, *, cuts_off: bool = False, cause: Cause | None = None) -> Finding:
    return Finding(
        kind="interruption",
        subject=step.label,
        what=what,
        cause=cause,
        cuts_off=cuts_off,
        steps=frozenset({step.urn}),
    )
