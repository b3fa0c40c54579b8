"""How many connections one pod opens to Postgres and to Redis: what the connection ledger multiplies.

Nobody publishes these figures, so none has a default: a service whose figures are not written is not counted.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from config.section import Section

Service = Literal["postgres", "redis"]
"""A data service that takes a bounded number of connections."""

TRIGGER_CONNECTIONS: Final = 2
"""Connections that KEDA keeps for each trigger: it opens one pool of Go's database/sql for it, without a limit of its
own (KEDA, postgresql_scaler.go, `getConnection`), and such a pool keeps two idle ones (database/sql,
`defaultMaxIdleConns`)."""

Connections = Annotated[int, Field(ge=0, le=65536)]
"""Connections of one pod at its busiest: processes x (pool + overflow)."""


class RoleConnections(Section):
    """What the two services share."""

    backend: Connections | None = None
    """A pod of the backend."""
    relays: Connections | None = None
    """A pod of the relays; required if they are enabled."""
    scheduler: Connections | None = None
    """The scheduler's pod; required if it is enabled."""
    worker: Connections | None = None
    """A pod of every pool that has no `connections` of its own."""


class PostgresConnections(RoleConnections):
    """Connections to Postgres of one pod at its busiest, by role: processes x (pool + overflow), or as measured."""

    migrations: Connections | None = None
    """The pod of the migrations; required if they are enabled."""


class RedisConnections(RoleConnections):
    """Connections to Redis of one pod at its busiest, by role: those of broker, results and cache, or as measured."""


class ConnectionsSettings(Section):
    """What the connection ledger counts: every pod of the stack, against what Postgres and Redis take."""

    postgres: PostgresConnections | None = Field(
        default=None, examples=["{ backend: 20, relays: 5, scheduler: 1, migrations: 1, worker: 10 }"]
    )
    """Connections of one pod to Postgres. Unset: nobody checks whether they fit."""
    redis: RedisConnections | None = Field(
        default=None, examples=["{ backend: 20, relays: 5, scheduler: 2, worker: 12 }"]
    )
    """Connections of one pod to Redis. Unset: nobody checks whether they fit."""

    def of(self, service: Service) -> RoleConnections | None:
        """Those of one service."""
        return self.postgres if service == "postgres" else self.redis


class PoolConnections(Section):
    """Connections of one pod of a pool at its busiest, where they are not `connections.<service>.worker`."""

    postgres: Connections | None = None
    """To Postgres. Unset: `connections.postgres.worker`."""
    redis: Connections | None = None
    """To Redis. Unset: `connections.redis.worker`."""

    def of(self, service: Service) -> int | None:
        """Those to one service."""
        return self.postgres if service == "postgres" else self.redis
