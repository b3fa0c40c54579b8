"""Data services that a cloud runs: what is the same in every cloud, and what checks ask of each cloud's own.

Sizes, windows and versions are each cloud's own words, so each cloud has models of its own (`config/clouds/`).
"""

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from config.limits import MOST_CONNECTIONS, Limit, Memory
from config.permanent import Permanents
from config.pooler import PoolerSettings
from config.redis_access import RedisAccess
from config.section import Section
from config.types import DefaultImage

RoleName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]
"""A name of Postgres that needs no quotes."""

MaxConnections = Annotated[int, Field(ge=20, le=MOST_CONNECTIONS)]

SETUP_IMAGE: Final = "pgvector/pgvector:0.8.1-pg16"
"""Has the server, pgvector, psql and pg_isready."""


class ManagedService(Section, ABC):
    """A data service that the cloud runs."""

    mode: Literal["managed"]
    """`managed`: made by this stack in its cloud."""

    @property
    def permanent(self) -> Permanents:
        """Its settings that may not become just anything, as far as others decide it. The rest are marked as such."""
        return {}


class ManagedPostgres(ManagedService):
    """The one Postgres, run by the cloud: encrypted, in two zones, backed up, and reached by the cluster only."""

    RESERVED_ROLES: ClassVar[frozenset[str]] = frozenset()
    """Roles of the service itself."""
    SERVICE: ClassVar[str]
    """What the cloud calls it."""
    admin_role: ClassVar[str] = "noxus_admin"
    """Role that sets the database up. The platform logs in as the database's owner, KEDA as a role that only reads."""

    allow_major_upgrade: bool = False
    """Whether an update may raise the major version, which is then done at once. Set it for that one update."""
    max_connections: MaxConnections | None = None
    """Connections at a time, after a restart. Unset: what the size gives."""
    pooler: PoolerSettings = PoolerSettings()
    """PgBouncer in front of it, in the Kubernetes cluster."""
    database: RoleName = "noxus"
    """Name of the platform's database and of the role that owns it."""
    setup_image: DefaultImage = SETUP_IMAGE
    """Image of the Job that sets the database up: has psql and pg_isready, for user 999."""

    @property
    @abstractmethod
    def limit(self) -> Limit | None:
        """How many connections it takes; None if its settings do not tell."""


class ManagedRedis(ManagedService):
    """The one Redis, run by the cloud: encrypted, with a password, and reached by the cluster only."""

    @property
    @abstractmethod
    def access(self) -> RedisAccess:
        """Port and transport."""

    @property
    @abstractmethod
    def memory(self) -> Memory | None:
        """What data may fill; None if its settings do not tell."""

    @property
    @abstractmethod
    def limit(self) -> Limit | None:
        """How many connections it takes; None if its settings do not tell."""


class ManagedStorage(ManagedService):
    """The one bucket, run by the cloud: private, encrypted, versioned, used with each release's own identity."""

    noncurrent_version_days: int = Field(default=30, ge=1)
    """Days for which a replaced or deleted object can be brought back."""
