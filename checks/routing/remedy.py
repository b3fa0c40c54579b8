"""The smallest change of a stack file that would have a class of tasks taken."""

from collections.abc import Iterable
from dataclasses import dataclass

from checks.routing.fleet import Subscription, can_work, subscription
from checks.routing.routes import Gap
from config import StackSettings
from config.autoscaling import KedaAutoscaling
from config.routing import TAKES, QueueType, TaskType
from config.workloads import PoolSettings


@dataclass(frozen=True)
class Remedy:
    """The smallest change that would have a gap served: one setting."""

    path: str
    value: object
    found: str
    """What the setting is now, as the first words of a sentence."""


def remedy(settings: StackSettings, types: Iterable[TaskType], gaps: Iterable[Gap]) -> Remedy:
    """The smallest change of one setting that has these tasks taken.

    In this order: a pool that is off or at zero, a pool that takes other types of these tasks, one that takes other
    tenants' tasks of these types, a pool more.
    """
    wanted, missing = frozenset(types), list(gaps)
    pools = [
        (f"{path}.pools.{name}", pool)
        for path, _, release in settings.releases()
        for name, pool in release.pools.items()
    ]
    taken = {path: subscription(path, "", pool, None) for path, pool in pools}
    roomy = {path for path, own in taken.items() if all(_within(gap, own) for gap in missing)}
    for path, pool in pools:
        off = _switched_off(pool)
        if off and path in roomy and wanted <= taken[path].types:
            return Remedy(f"{path}.{off[0]}", off[1], f"is {off[2]}, and ")
    working = [(path, pool) for path, pool in pools if pool.enabled and can_work(pool)]
    for path, pool in working:
        if path in roomy:
            wider = _smallest(taken[path].types | wanted)
            return Remedy(f"{path}.workerSubscribe", wider, f"is {pool.worker_subscribe}, and ")
    named = {tenant for gap in missing for tenant in gap.tenants or ()}
    all_named = all(gap.tenants for gap in missing)
    if all_named and not settings.routing.isolated_tenants:
        for path, pool in working:
            own = taken[path]
            if wanted <= own.types and own.tenants and own.workspaces is None:
                both = [*pool.worker_subscribe_tenants, *sorted(named - own.tenants)]
                return Remedy(f"{path}.workerSubscribeTenants", ",".join(both), "leaves tenants out: ")
    tenants = {"workerSubscribeTenants": ",".join(sorted(named))} if all_named else {}
    existing = settings.primary.pools
    base = min(wanted)
    free = next(name for name in (base, *(f"{base}-{n}" for n in range(2, len(existing) + 3))) if name not in existing)
    return Remedy(f"primary.pools.{free}", {"workerSubscribe": _smallest(wanted), **tenants}, "does not exist, and ")


def _within(gap: Gap, pool: Subscription) -> bool:
    """Whether the pool takes these tenants and workspaces, types aside."""
    tenants = pool.tenants is None or (gap.tenants is not None and pool.tenants.issuperset(gap.tenants))
    workspaces = pool.workspaces is None or (gap.only is not None and pool.workspaces.issuperset(gap.only))
    return tenants and workspaces


def _switched_off(pool: PoolSettings) -> tuple[str, object, str] | None:
    """The one setting that keeps a pool from having replicas, what to write there, and what it is."""
    if not pool.enabled:
        return ("enabled", True, "false") if can_work(pool) else None
    if can_work(pool):
        return None
    if isinstance(pool.autoscaling, KedaAutoscaling):
        return "autoscaling.pausedReplicas", 1, "0"
    return "replicaCount", 1, "0"


def _smallest(types: frozenset[TaskType]) -> QueueType:
    return min((queue for queue in TAKES if types <= TAKES[queue]), key=lambda queue: len(TAKES[queue]))
