"""What becomes of a running task when its pod must go: who asks, how long they wait, and what cannot work.

A pod that must go is told to end (SIGTERM), takes no new task and gets its grace period, which is the pool's longest
task and a margin. Whoever takes the pod's node may wait less than that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from checks.finding import Finding, error, note, warning
from checks.interruption.spot import spot_notice
from config import StackSettings
from config.limits import NodeLimits
from config.references import referred
from config.timing import VISIBILITY_SECONDS
from config.types import PodShare
from config.workloads import NODE_AUTOSCALER_SECONDS, DisruptionSettings, PoolSettings, WorkloadSettings

Event = Literal["scale-in", "rollout", "node autoscaler", "node upgrade", "spot reclaim"]
Outcome = Literal["survives", "cut off", "unknown"]

VISIBILITY_REFERENCE: Final = "tasks.visibilityTimeoutSeconds"
"""By this name a variable refers to the visibility time-out (`config.references`)."""


@dataclass(frozen=True)
class Row:
    """What becomes of a pool's longest task at one event."""

    event: Event
    outcome: Outcome
    needed_seconds: int
    """What the pod may need to end."""
    limit_seconds: int | None
    """What the event gives it. None: all that it needs, or nobody has published it, as the outcome says."""
    how: str
    """Why, in a few words."""


def survival(settings: StackSettings) -> Mapping[str, tuple[Row, ...]]:
    """For each enabled pool, by its path in the stack file, what becomes of its longest task at each event."""
    return {path: tuple(_rows(settings.nodes, pool)) for path, _, pool in settings.pools()}


def _rows(limits: NodeLimits, pool: PoolSettings) -> Iterator[Row]:
    grace = pool.grace_seconds
    yield Row("scale-in", "survives", grace, None, "the pod has its whole grace period")
    yield Row("rollout", "survives", grace, None, "the pod has its whole grace period")
    kept = "kept by the eviction annotations" if pool.keeps_its_nodes else "the node waits for it"
    yield Row("node autoscaler", "survives", grace, NODE_AUTOSCALER_SECONDS, kept)
    upgrade = _outcome(grace, limits.upgrade_seconds)
    waits = "the node waits for it" if upgrade == "survives" else limits.upgrade
    kept_on = "survives" if limits.upgrade_gives_up else upgrade
    yield Row("node upgrade", kept_on, grace, limits.upgrade_seconds, waits)
    spot = spot_notice(pool)
    chosen = "only if it runs on one: the pool chooses none" if spot is None else "the pool chooses spot nodes"
    waived = f"; interruptible: {pool.interruptible}" if pool.interruptible else ""
    notice = limits.spot_seconds if spot is None else spot
    yield Row("spot reclaim", _outcome(grace, notice), grace, notice, chosen + waived)


def _outcome(needed: int, limit: int | None) -> Outcome:
    if limit is None:
        return "unknown"
    return "survives" if needed <= limit else "cut off"


def long_tasks_keep_their_nodes(settings: StackSettings) -> Iterator[Finding]:
    """Note every pool whose pods take longer to end than a node autoscaler waits, and what that does not help with."""
    limits = settings.nodes
    for path, _, pool in settings.pools():
        grace = pool.grace_seconds
        if pool.keeps_its_nodes:
            beyond = "" if _outcome(grace, limits.upgrade_seconds) == "survives" else f"; {limits.upgrade}"
            yield note(
                f"{path}.maxTaskSeconds",
                f"gives pods {grace} s to end, and a node autoscaler waits {NODE_AUTOSCALER_SECONDS} s: annotations "
                f"keep it from taking their nodes{beyond}",
            )


def drains_are_possible(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a disruption budget that no drain can ever satisfy; warn of one that none can at the fewest replicas."""
    for path, workload in _workloads(settings):
        scaler, budget = workload.autoscaling, workload.pod_disruption_budget
        lowest, most = (scaler.min_replicas, scaler.max_replicas) if scaler else (workload.replica_count,) * 2
        if _may_go(budget, max(most, 1)) < 1:
            yield error(
                f"{path}.podDisruptionBudget",
                "lets no pod go at any number of replicas, so drains wait for ever; write maxUnavailable: 1",
            )
        elif _may_go(budget, max(lowest, 1)) < 1:
            yield warning(
                f"{path}.podDisruptionBudget",
                f"lets no pod go while there is no more than {max(lowest, 1)}, so drains wait for ever then; "
                "write maxUnavailable: 1",
            )


def _workloads(settings: StackSettings) -> Iterator[tuple[str, WorkloadSettings]]:
    primary = settings.primary
    yield "primary.backend", primary.backend
    yield "primary.frontend", primary.frontend
    if primary.relays.enabled:
        yield "primary.relays", primary.relays
    for path, _, pool in settings.pools():
        yield path, pool


def _may_go(budget: DisruptionSettings, pods: int) -> int:
    """Pods of so many that a drain may take at once. It only grows with their number, so the largest decides."""
    if not budget.enabled:
        return pods
    if budget.min_available is not None:
        return pods - _pods(budget.min_available, pods)
    return 1 if budget.max_unavailable is None else _pods(budget.max_unavailable, pods)


def _pods(share: PodShare, of: int) -> int:
    """A share as a number of pods, rounded up for either bound (Kubernetes, "Specifying a Disruption Budget")."""
    return share if isinstance(share, int) else -int(-Fraction(share.removesuffix("%")) * of / 100 // 1)


def tasks_are_delivered_once(settings: StackSettings) -> Iterator[Finding]:
    """Warn of long tasks whose workers are not told to wait longer before the broker delivers a task again."""
    needed = settings.visibility_timeout_seconds
    if needed <= VISIBILITY_SECONDS:
        return
    untold = [
        f"{path}.pools.{pool}"
        for path, _, release in settings.releases()
        for pool, own in release.enabled_pools.items()
        if not any(_refers(text) for env in (settings.env, release.env, own.env) for text in env.values())
    ]
    if untold:
        who = "any pool" if len(untold) == len(list(settings.pools())) else " and ".join(untold)
        yield warning(
            "env",
            f"says nothing to {who} about the visibility time-out, and by default a task that is acknowledged late is "
            f"delivered a second time after {VISIBILITY_SECONDS} s, while it runs; all pools need {needed} s: write "
            f'{{ <variable>: "${{{VISIBILITY_REFERENCE}}}" }} with the variable that the platform reads, whose '
            "name is not published",
        )


def _refers(text: str) -> bool:
    return VISIBILITY_REFERENCE in referred(text)
