"""All pools of a stack as subscriptions, and which of them take a task. Exact for every tenant and workspace there is.

A set of pools is a bit mask, one bit for each pool: who takes a task is then three masks and two `&`, however many
pools, tenants and workspaces there are.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

from config import StackSettings
from config.autoscaling import KedaAutoscaling
from config.routing import TAKES, TASK_TYPES, TaskType
from config.workloads import PoolSettings

_EVERY: Final = float("inf")


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """What one pool takes: tasks of these types, tenants and workspaces. None stands for all."""

    path: str
    """Where the stack file has the pool."""
    name: str
    """Name of its Deployment's workload, `<release>-<pool>`."""
    types: frozenset[TaskType]
    tenants: frozenset[str] | None
    workspaces: frozenset[str] | None
    capacity: Fraction | None = None
    """Tasks that it can run at most, if it scales on the queue; else None."""

    @property
    def rank(self) -> tuple[float, float, int]:
        """Smaller is more specific: fewer workspaces, then fewer tenants, then fewer types.

        A pool that takes less than another takes, and nothing else, always has the smaller rank.
        """
        workspaces = _EVERY if self.workspaces is None else len(self.workspaces)
        tenants = _EVERY if self.tenants is None else len(self.tenants)
        return workspaces, tenants, len(self.types)


def subscription(path: str, name: str, pool: PoolSettings, target: float | None) -> Subscription:
    """The subscription of a pool. `target` is its tasks per replica, if it scales on the queue."""
    scaler = pool.autoscaling
    capacity = None
    if isinstance(scaler, KedaAutoscaling) and not scaler.paused and scaler.paused_replicas is None:
        capacity = scaler.max_replicas * Fraction(str(target or 1))
    return Subscription(
        path=path,
        name=name,
        types=TAKES[pool.worker_subscribe],
        tenants=frozenset(pool.worker_subscribe_tenants) or None,
        workspaces=frozenset(pool.worker_subscribe_workspaces) or None,
        capacity=capacity,
    )


def can_work(pool: PoolSettings) -> bool:
    """Whether the pool can have at least one replica."""
    match pool.autoscaling:
        case KedaAutoscaling(paused_replicas=0):
            return False
        case None:
            return pool.replica_count > 0
        case _:
            return True


def target_query_value(settings: StackSettings, pool: PoolSettings) -> float | None:
    """Tasks per replica: what the pool says itself, else what all say, else its concurrency; None if nobody does."""
    own = pool.autoscaling.target_query_value if isinstance(pool.autoscaling, KedaAutoscaling) else None
    return next((v for v in (own, settings.scaling.target_query_value, pool.concurrency) if v is not None), None)


@dataclass(frozen=True)
class Fleet:
    """Pools that can take tasks, in the order of the stack file."""

    pools: tuple[Subscription, ...]

    @classmethod
    def of(cls, settings: StackSettings) -> "Fleet":
        """The enabled pools of all releases that can have at least one replica."""
        return cls(
            tuple(
                subscription(path, name, pool, target_query_value(settings, pool))
                for path, name, pool in settings.pools()
                if can_work(pool)
            )
        )

    @cached_property
    def by_type(self) -> dict[TaskType, int]:
        """Pools that take each task type."""
        return {
            type_: sum(1 << bit for bit, pool in enumerate(self.pools) if type_ in pool.types) for type_ in TASK_TYPES
        }

    @cached_property
    def any_tenant(self) -> int:
        """Pools that take all tenants."""
        return sum(1 << bit for bit, pool in enumerate(self.pools) if pool.tenants is None)

    @cached_property
    def any_workspace(self) -> int:
        """Pools that take all workspaces."""
        return sum(1 << bit for bit, pool in enumerate(self.pools) if pool.workspaces is None)

    @cached_property
    def by_tenant(self) -> dict[str, int]:
        """Pools that name each tenant."""
        return _naming([pool.tenants for pool in self.pools])

    @cached_property
    def by_workspace(self) -> dict[str, int]:
        """Pools that name each workspace."""
        return _naming([pool.workspaces for pool in self.pools])

    @cached_property
    def counting(self) -> int:
        """Pools that scale on the queue."""
        return sum(1 << bit for bit, pool in enumerate(self.pools) if pool.capacity is not None)

    def of_tenant(self, tenant: str | None) -> int:
        """Pools that take a tenant's tasks; None is a tenant that no pool names."""
        return self.any_tenant | (self.by_tenant.get(tenant, 0) if tenant is not None else 0)

    def of_workspace(self, workspace: str | None) -> int:
        """Pools that take a workspace's tasks; None is a workspace that no pool names."""
        return self.any_workspace | (self.by_workspace.get(workspace, 0) if workspace is not None else 0)

    def overlapping(self, pool: Subscription) -> int:
        """Pools, this one among them, that take some task that this one takes."""
        types = tenants = workspaces = 0
        for type_ in pool.types:
            types |= self.by_type[type_]
        for tenant in pool.tenants or ():
            tenants |= self.of_tenant(tenant)
        for workspace in pool.workspaces or ():
            workspaces |= self.of_workspace(workspace)
        everybody = (1 << len(self.pools)) - 1
        return (
            types
            & (everybody if pool.tenants is None else tenants)
            & (everybody if pool.workspaces is None else workspaces)
        )

    def members(self, mask: int) -> Iterator[Subscription]:
        """The pools of a set, in the order of the stack file."""
        while mask:
            lowest = mask & -mask
            yield self.pools[lowest.bit_length() - 1]
            mask ^= lowest

    def names(self, mask: int) -> tuple[str, ...]:
        """Names of the pools of a set."""
        return tuple(pool.name for pool in self.members(mask))

    def only(self, pool: Subscription) -> int:
        """The set of this one pool."""
        return 1 << self._bits[pool.name]

    @cached_property
    def _bits(self) -> dict[str, int]:
        return {pool.name: bit for bit, pool in enumerate(self.pools)}

    @cached_property
    def _ranks(self) -> dict[tuple[float, float, int], int]:
        """Pools that scale on the queue by rank, most specific first."""
        ranks: dict[tuple[float, float, int], int] = {}
        for pool in sorted(self.members(self.counting), key=lambda pool: pool.rank):
            ranks[pool.rank] = ranks.get(pool.rank, 0) | self.only(pool)
        return ranks

    @cached_property
    def _before(self) -> dict[tuple[float, float, int], int]:
        """By rank, the pools that scale on the queue and are more specific."""
        before: dict[tuple[float, float, int], int] = {}
        seen = 0
        for rank, pools in self._ranks.items():
            before[rank] = seen
            seen |= pools
        return before

    def more_specific(self, pool: Subscription) -> int:
        """Pools that scale on the queue and are more specific than this one, which does so too."""
        return self._before[pool.rank]

    def as_specific(self, pool: Subscription) -> int:
        """Other pools that scale on the queue and are just as specific as this one, which does so too."""
        return self._ranks[pool.rank] & ~self.only(pool)

    def first(self, mask: int) -> int:
        """Of a set of pools, those that a task of all of them counts for: the most specific that scale on the queue."""
        for pools in self._ranks.values():
            if found := pools & mask:
                return found
        return 0


def _naming(lists: list[frozenset[str] | None]) -> dict[str, int]:
    by_list: defaultdict[frozenset[str], int] = defaultdict(int)  # large fleets name the same ids again and again
    for bit, ids in enumerate(lists):
        by_list[ids or frozenset()] |= 1 << bit
    named: defaultdict[str, int] = defaultdict(int)
    for ids, pools in by_list.items():
        for id_ in ids:
            named[id_] |= pools
    return dict(named)
