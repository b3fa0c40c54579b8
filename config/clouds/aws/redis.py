"""ElastiCache for Valkey and Redis."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from config.limits import Limit, Memory, memory_by_number
from config.managed import ManagedRedis
from config.permanent import Permanent, Permanents
from config.redis_access import RedisAccess
from config.windows import DailyWindow, WeeklyWindow, check_windows

_WINDOW_MINUTES: Final = 60
"""Shortest window that ElastiCache takes (CreateReplicationGroup, SnapshotWindow and PreferredMaintenanceWindow)."""

_CLIENTS: Final = 65_000
_CLIENTS_OF_SMALL: Final[Mapping[str, int]] = {
    "cache.t2.micro": 20_000,
    "cache.t2.small": 20_000,
    "cache.t2.medium": 20_000,
    "cache.t3.micro": 20_000,
    "cache.t3.small": 46_000,
    "cache.t3.medium": 46_000,
    "cache.t4g.micro": 20_000,
}
"""ElastiCache's `maxclients`, which nobody can change: 65,000 but for these types (ElastiCache User Guide, "Valkey and
Redis OSS parameters")."""


@dataclass(frozen=True, kw_only=True)
class _Engine(Permanent):
    """Redis may become Valkey, at once only, and Valkey never Redis."""

    instead: str = "Valkey has no way back; keep it, or archive all runs and drain the queues first"
    apply_immediately: bool

    def refusal(self, new: str, old: str) -> str | None:
        """Why a stack that was deployed with `old` cannot have `new`; nothing if it can."""
        if new != "valkey" or old == new:
            return super().refusal(new, old)
        if self.apply_immediately:
            return None
        return f"is {new}, and {old} is deployed; write applyImmediately: true for this update"


class AwsRedis(ManagedRedis):
    """The one Redis, in ElastiCache: encrypted, with a password, cluster mode off, as Celery's broker needs."""

    node_type: str = Field(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$", examples=["cache.m7g.large"])
    """Type of each node. No sizing of the platform is published."""
    engine: Literal["valkey", "redis"] = "valkey"
    """Valkey 8, or Redis 7.1."""
    transit_encryption: Literal["required", "preferred"] = "required"
    """`required`: clients must use TLS. `preferred`: they may; for a platform version that cannot. How the platform is
    told to use TLS is not published: set it in `env`."""
    replicas: int = Field(default=1, ge=0, le=5)
    """Nodes that stand by, in other zones; with none there is no fail-over."""
    snapshot_days: int = Field(default=7, ge=0, le=35)
    """Days for which a daily snapshot is kept."""
    snapshot_window: DailyWindow = "02:00-03:00"
    """When it is taken, UTC."""
    maintenance_window: WeeklyWindow = "sun:04:00-sun:05:00"
    """When the cloud may restart nodes, UTC."""
    apply_immediately: bool = False
    """Whether changes that restart it are made at once instead of in the maintenance window. Set it for one update,
    as one to another `engine` needs."""

    memory_mib: int | None = Field(default=None, ge=1)
    """`maxmemory` of the node type, in MiB, for the check of what waits for the bucket. Unset: not checked."""

    @model_validator(mode="after")
    def _windows_are_apart(self) -> Self:
        weekly = ("maintenanceWindow", self.maintenance_window)
        if self.snapshot_days:
            check_windows(("snapshotWindow", self.snapshot_window), weekly, _WINDOW_MINUTES)
        return self

    @property
    def access(self) -> RedisAccess:
        """TLS under a public authority; where it is preferred only, clients may do without."""
        return RedisAccess(tls=self.transit_encryption == "required")

    @property
    def memory(self) -> Memory | None:
        """A quarter is reserved for snapshots and fail-over (`reserved-memory-percent`)."""
        return memory_by_number(self.memory_mib, Fraction(3, 4)) if self.memory_mib else None

    @property
    def limit(self) -> Limit | None:
        """By the type of the nodes."""
        taken = _CLIENTS_OF_SMALL.get(self.node_type, _CLIENTS)
        return Limit(connections=taken, source=f"ElastiCache on {self.node_type}")

    @property
    def permanent(self) -> Permanents:
        """Its engine knows one direction."""
        return {"redis.engine": (self.engine, _Engine(apply_immediately=self.apply_immediately))}
