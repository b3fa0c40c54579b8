"""How many connections Postgres and Redis take, wherever they run, and how many of them are not the platform's."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from checks.capacity.instance_classes import larger_classes, memory_gib
from config import StackSettings
from config.connections import Service
from config.data_services import (
    MOST_CONNECTIONS,
    ClusterPostgres,
    ClusterRedis,
    ExternalPostgres,
    ExternalRedis,
    ManagedPostgres,
    ManagedRedis,
)

_SUPERUSER_SLOTS: Final = 3
"""PostgreSQL's default `superuser_reserved_connections`: the last ones are an administrator's."""

_POSTGRES_DEFAULT: Final = 100
"""PostgreSQL's default `max_connections`."""

_REDIS_DEFAULT: Final = 10_000
"""Redis' default `maxclients`."""

_RDS_CAP: Final = 5000
_RDS_BYTES: Final = 9_531_392
"""RDS' default `max_connections` is LEAST(DBInstanceClassMemory / 9531392, 5000)."""

_RDS_MEMORY: Final = Fraction(92, 100)
"""Part of a class' nominal memory that DBInstanceClassMemory is: 832 connections were measured on a db.m7g.large where
the nominal 8 GiB give 901 (mitodl/ol-infrastructure, rds_helper.py)."""

_RDS_SESSIONS: Final = Fraction(1, 10)
"""Part of all connections that RDS' own sessions and the administrator's slots may take together."""

_OF_SERVER: Final = "the server takes as many"

_RESTARTED: Final = "RDS has restarted"
"""`max_connections` is a static parameter, whether it is written or follows from the class."""

_ELASTICACHE: Final = 65_000
_ELASTICACHE_SMALL: Final[Mapping[str, int]] = {
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
class Limit:
    """What a service takes."""

    connections: int
    source: str
    """What makes it so many, after "by"."""
    setting: str | None = None
    """The setting that can be another number. None: there is none."""
    most: int | None = None
    """Largest number that it can be. None: any."""
    condition: str = ""
    """What must happen before a higher limit is there, after "once"; nothing if an update alone makes it so."""
    slots: int = 0
    """Connections that are somebody else's, at least."""
    share: Fraction = Fraction(0)
    """Part of the connections that is somebody else's, if that is more."""
    instance_class: str = ""
    """Class of the instance, where its memory is what counts."""
    larger: Mapping[str, int] = field(default_factory=dict[str, int])
    """Larger classes of its family with what they take, the smallest first."""

    @property
    def reserved(self) -> int:
        """Connections that are somebody else's."""
        return max(self.slots, math.ceil(self.connections * self.share))

    @property
    def available(self) -> int:
        """Connections that the platform may open."""
        return self.connections - self.reserved

    def least_for(self, wanted: int) -> int:
        """The lowest limit, with the same reserve, that leaves `wanted` connections."""
        return max(wanted + self.slots, math.ceil(wanted / (1 - self.share)))


def limit_of(settings: StackSettings, service: Service) -> Limit | None:
    """What the stack's Postgres or Redis takes; None if the stack file does not tell."""
    return _of_postgres(settings) if service == "postgres" else _of_redis(settings)


def _of_postgres(settings: StackSettings) -> Limit | None:
    match settings.postgres:
        case ClusterPostgres(max_connections=written):
            default = replace(_postgres(_POSTGRES_DEFAULT), source="PostgreSQL's own default")
            return _postgres(written) if written else default
        case ManagedPostgres() as managed:
            made = _MANAGED_POSTGRES.get(settings.cloud)
            return made(managed) if made else None
        case ExternalPostgres(max_connections=written):
            return replace(_postgres(written), condition=_OF_SERVER) if written else None


def _of_redis(settings: StackSettings) -> Limit | None:
    match settings.redis:
        case ClusterRedis():
            return Limit(connections=_REDIS_DEFAULT, source="Redis' own default")
        case ManagedRedis() as managed:
            made = _MANAGED_REDIS.get(settings.cloud)
            return made(managed) if made else None
        case ExternalRedis(max_clients=written):
            setting = "redis.maxClients"
            if written is None:
                return None
            return Limit(connections=written, source=setting, setting=setting, condition=_OF_SERVER)


def _postgres(connections: int) -> Limit:
    setting = "postgres.maxConnections"
    return Limit(
        connections=connections, source=setting, setting=setting, most=MOST_CONNECTIONS, slots=_SUPERUSER_SLOTS
    )


def _rds(settings: ManagedPostgres) -> Limit | None:
    """By `maxConnections` if it is set, else by the memory of the class, if that is known."""
    if settings.max_connections:
        return replace(_postgres(settings.max_connections), share=_RDS_SESSIONS, condition=_RESTARTED)
    name = settings.instance_class
    connections = _rds_default(name)
    if connections is None:
        return None
    return replace(
        _postgres(connections),
        source=f"the memory of {name}",
        share=_RDS_SESSIONS,
        condition=_RESTARTED,
        instance_class=name,
        larger={name: taken for name in larger_classes(name) if (taken := _rds_default(name))},
    )


def _rds_default(instance_class: str) -> int | None:
    gib = memory_gib(instance_class)
    return None if gib is None else min(int(gib * 2**30 * _RDS_MEMORY / _RDS_BYTES), _RDS_CAP)


def _elasticache(settings: ManagedRedis) -> Limit:
    taken = _ELASTICACHE_SMALL.get(settings.node_type, _ELASTICACHE)
    return Limit(connections=taken, source=f"ElastiCache on {settings.node_type}")


_MANAGED_POSTGRES: Final[Mapping[str, Callable[[ManagedPostgres], Limit | None]]] = {"aws": _rds}
_MANAGED_REDIS: Final[Mapping[str, Callable[[ManagedRedis], Limit | None]]] = {"aws": _elasticache}
"""What a cloud's own service takes, by cloud."""
