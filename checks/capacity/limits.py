"""How many connections Postgres and Redis take, wherever they run, and how many of them are not the platform's."""

from dataclasses import replace
from typing import Final

from config import StackSettings
from config.connections import Service
from config.data_services import ClusterPostgres, ClusterRedis, ExternalPostgres, ExternalRedis
from config.limits import Limit, postgres_limit
from config.managed import ManagedPostgres, ManagedRedis

_POSTGRES_DEFAULT: Final = 100
"""PostgreSQL's default `max_connections`."""

_REDIS_DEFAULT: Final = 10_000
"""Redis' default `maxclients`."""

_OF_SERVER: Final = "the server takes as many"


def limit_of(settings: StackSettings, service: Service) -> Limit | None:
    """What the stack's Postgres or Redis takes; None if the stack file does not tell."""
    return _of_postgres(settings) if service == "postgres" else _of_redis(settings)


def _of_postgres(settings: StackSettings) -> Limit | None:
    match settings.postgres:
        case ClusterPostgres(max_connections=written):
            default = replace(postgres_limit(_POSTGRES_DEFAULT), source="PostgreSQL's own default")
            return postgres_limit(written) if written else default
        case ManagedPostgres() as managed:
            return managed.limit
        case ExternalPostgres(max_connections=written):
            return replace(postgres_limit(written), condition=_OF_SERVER) if written else None


def _of_redis(settings: StackSettings) -> Limit | None:
    match settings.redis:
        case ClusterRedis():
            return Limit(connections=_REDIS_DEFAULT, source="Redis' own default")
        case ManagedRedis() as managed:
            return managed.limit
        case ExternalRedis(max_clients=written):
            setting = "redis.maxClients"
            if written is None:
                return None
            return Limit(connections=written, source=setting, setting=setting, condition=_OF_SERVER)
