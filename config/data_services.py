"""The three data services that every release shares, each in the cluster or outside it."""

import math
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self, cast
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, model_validator

from config.network import Port
from config.section import Section
from config.types import Cidr, ConfigKey, ImageReference, Label, ObjectName, ServerName, StoreUrl
from config.windows import DailyWindow, WeeklyWindow, check_windows

RoleName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]
"""A name of Postgres that needs no quotes."""

SETUP_IMAGE: Final = "pgvector/pgvector:0.8.1-pg16"
"""Has the server, pgvector, psql and pg_isready."""

SCALER_ROLE: Final = "keda"
"""Role that KEDA counts tasks with: it can read tables and do nothing else."""

CLUSTER_ADMIN_ROLE: Final = "postgres"
"""Superuser of the image of Postgres in the cluster."""

MANAGED_ADMIN_ROLE: Final = "noxus_admin"
"""Master user of a managed Postgres. The platform logs in as the database's owner, KEDA as a role that only reads."""

REDIS_PORT: Final = 6379
"""Redis' own port. The platform is told a host without a port (platform.md section 4.1), so there is no other."""

SETUP_USER: Final = 999
"""User of the process in `SETUP_IMAGE`: its `postgres`."""

_POSTGRES_WINDOW_MINUTES: Final = 30
"""Shortest window that RDS takes (CreateDBInstance, PreferredBackupWindow and PreferredMaintenanceWindow)."""

_REDIS_WINDOW_MINUTES: Final = 60
"""Shortest window that ElastiCache takes (CreateReplicationGroup, SnapshotWindow and PreferredMaintenanceWindow)."""

_HTTPS_PORT: Final = 443

MOST_CONNECTIONS: Final = 262143
"""Largest `max_connections` that PostgreSQL takes."""

MaxConnections = Annotated[int, Field(ge=20, le=MOST_CONNECTIONS)]


class ClusterPostgres(Section):
    """The one Postgres, in the Kubernetes cluster: one replica and no backups."""

    mode: Literal["cluster"] = "cluster"
    """`cluster`: in the Kubernetes cluster, one replica on a volume."""
    image: ImageReference = SETUP_IMAGE
    """Must be PostgreSQL 15 or later with the pgvector extension (platform.md section 3)."""
    storage_gib: int = Field(default=20, ge=1, le=65536)
    """Size of the volume, in GiB. Kubernetes can enlarge a volume, never shrink it."""
    storage_class: ObjectName | None = None
    """StorageClass of the volume. Unset: the cluster's default class."""
    memory_mib: int = Field(default=1024, ge=256)
    """Memory request and limit, in MiB."""
    max_connections: MaxConnections | None = None
    """Connections at a time; each takes memory. A change restarts it. Unset: PostgreSQL's own 100."""
    database: RoleName = "noxus"
    """Name of the platform's database and of the role that owns it."""

    @property
    def admin_role(self) -> str | None:
        """Role that sets the database up."""
        return CLUSTER_ADMIN_ROLE


class DatabaseAdmin(Section):
    """A login that may create roles, databases and extensions, for the Job that sets the database up."""

    user: RoleName = "postgres"
    """Its role."""
    password: ConfigKey = Field(examples=["postgresAdminPassword"])
    """Secret config key of its password."""
    image: ImageReference = SETUP_IMAGE
    """Has psql and pg_isready, for user 999."""


class ExternalPostgres(Section):
    """The one Postgres, run by somebody else: PostgreSQL 15 or later with the pgvector extension."""

    mode: Literal["external"]
    """`external`: outside this stack."""
    host: ServerName = Field(examples=["postgres.example.com"])
    """Name or IPv4 address of the server, as pods see it."""
    port: Port = 5432
    """Its port."""
    cidrs: tuple[Cidr, ...] = Field(min_length=1, examples=[["10.30.0.0/24"]])
    """Addresses that its name can stand for, also after a fail-over; network policies know no names."""
    database: RoleName = "noxus"
    """Name of the platform's database and of the role that owns it."""
    password: ConfigKey = Field(examples=["postgresPassword"])
    """Secret config key of the owner's password; letters, digits, and `.`, `_`, `~`, `-` only."""
    scaler_user: RoleName = SCALER_ROLE
    """Role that KEDA counts tasks with; it needs to read only."""
    scaler_password: ConfigKey = Field(examples=["postgresScalerPassword"])
    """Secret config key of that role's password."""
    ssl_mode: Literal["disable", "require"] = "require"
    """libpq's sslmode for KEDA and the set-up Job. How the platform itself connects is not published."""
    admin: DatabaseAdmin | None = None
    """Sets up roles, database, extension and grants, and again when a password changes. Unset: somebody else did."""
    max_connections: MaxConnections | None = None
    """The server's `max_connections`, for the check of the connections. Unset: not checked."""

    @property
    def admin_role(self) -> str | None:
        """Role that sets the database up; none if somebody else did."""
        return self.admin and self.admin.user


class ManagedPostgres(Section):
    """The one Postgres, run by the cloud: encrypted, in two zones, backed up, and reached by the cluster only."""

    mode: Literal["managed"]
    """`managed`: made by this stack in its cloud. On AWS: RDS."""
    instance_class: str = Field(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$", examples=["db.m7g.large"])
    """Class of the instance. Its memory bounds the connections. No sizing of the platform is published."""
    version: str = Field(default="16", pattern=r"^1[5-9](\.[0-9]+)?$")
    """PostgreSQL's major version, or an exact one. A higher one upgrades in place; a lower one is impossible."""
    allow_major_upgrade: bool = False
    """Whether an update may raise the major version, which is then done at once. Set it for that one update."""
    apply_immediately: bool = False
    """Whether changes that restart it are made at once instead of in the maintenance window. Set it for one update."""
    storage_gib: int = Field(default=100, ge=20, le=65536)
    """Size to start with, in GiB. It can never shrink."""
    max_storage_gib: int = Field(default=1000, ge=22, le=65536)
    """Size up to which it grows by itself, in GiB."""
    standby: bool = True
    """Whether a second instance in another zone takes over."""
    backup_days: int = Field(default=30, ge=1, le=35)
    """Days for which any moment can be restored."""
    backup_window: DailyWindow = "01:00-02:00"
    """When the daily backup is taken, UTC."""
    maintenance_window: WeeklyWindow = "sun:03:00-sun:04:00"
    """When the cloud may restart it, UTC."""
    max_connections: MaxConnections | None = None
    """Connections at a time, after a restart. Unset: what the class' memory gives."""
    database: RoleName = "noxus"
    """Name of the platform's database and of the role that owns it."""
    setup_image: ImageReference = SETUP_IMAGE
    """Image of the Job that sets the database up: has psql and pg_isready, for user 999."""

    @property
    def admin_role(self) -> str | None:
        """Role that sets the database up."""
        return MANAGED_ADMIN_ROLE

    @model_validator(mode="after")
    def _it_can_grow(self) -> Self:
        if self.max_storage_gib < self.storage_gib * 1.1:
            least = math.ceil(self.storage_gib * 1.1)
            raise ValueError(f"maxStorageGib must be at least a tenth above storageGib; write {least} or more")
        return self

    @model_validator(mode="after")
    def _windows_are_apart(self) -> Self:
        weekly = ("maintenanceWindow", self.maintenance_window)
        check_windows(("backupWindow", self.backup_window), weekly, _POSTGRES_WINDOW_MINUTES)
        return self


class ClusterRedis(Section):
    """The one Redis: broker, cache and the place of run data before it is archived, so it never evicts."""

    mode: Literal["cluster"] = "cluster"
    """`cluster`: in the Kubernetes cluster, one replica on a volume, every write appended to a file."""
    image: ImageReference = "redis:7.4.6-alpine"
    """Redis 7, or a server that takes the same configuration."""
    storage_gib: int = Field(default=8, ge=1, le=65536)
    """Size of the volume for the append-only file, in GiB."""
    storage_class: ObjectName | None = None
    """StorageClass of the volume. Unset: the cluster's default class."""
    memory_mib: int = Field(default=1024, ge=128)
    """Memory request and limit, in MiB; Redis itself may fill three quarters of it."""

    @property
    def data_mib(self) -> int:
        """What data may fill, in MiB; the rest is for buffers and the fork that rewrites the append-only file."""
        return self.memory_mib * 3 // 4


class ExternalRedis(Section):
    """The one Redis, run by somebody else: on port 6379 without TLS, for the platform is told a host only."""

    mode: Literal["external"]
    """`external`: outside this stack. Its `maxmemory-policy` must be `noeviction`."""
    host: ServerName = Field(examples=["redis.example.com"])
    """Name or IPv4 address of the server, as pods see it."""
    cidrs: tuple[Cidr, ...] = Field(min_length=1, examples=[["10.30.1.0/24"]])
    """Addresses that its name can stand for, also after a fail-over; network policies know no names."""
    password: ConfigKey = Field(examples=["redisPassword"])
    """Secret config key of its password."""
    memory_mib: int | None = Field(default=None, ge=1)
    """Its `maxmemory`, in MiB, for the check of what waits for the bucket. Unset: not checked."""
    max_clients: int | None = Field(default=None, ge=1)
    """Its `maxclients`, for the check of the connections. Unset: not checked."""

    @property
    def data_mib(self) -> int | None:
        """What data may fill, in MiB."""
        return self.memory_mib


class ManagedRedis(Section):
    """The one Redis, run by the cloud: two nodes, encrypted, with a password, and reached by the cluster only."""

    mode: Literal["managed"]
    """`managed`: made by this stack in its cloud. On AWS: ElastiCache, cluster mode off, as Celery's broker needs."""
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
            check_windows(("snapshotWindow", self.snapshot_window), weekly, _REDIS_WINDOW_MINUTES)
        return self

    @property
    def data_mib(self) -> int | None:
        """What data may fill, in MiB: a quarter is reserved for snapshots and fail-over (`reserved-memory-percent`)."""
        return self.memory_mib and self.memory_mib * 3 // 4


class ClusterStorage(Section):
    """The one bucket, served from a volume through an S3 gateway in the Kubernetes cluster."""

    mode: Literal["cluster"] = "cluster"
    """`cluster`: an S3 gateway over a volume in the Kubernetes cluster."""
    image: ImageReference = "versity/versitygw:v1.8.0"
    """Versity's S3 gateway."""
    bucket: Label = "noxus"
    """Name of the bucket."""
    storage_gib: int = Field(default=50, ge=1, le=65536)
    """Size of the volume, in GiB."""
    storage_class: ObjectName | None = None
    """StorageClass of the volume. Unset: the cluster's default class."""
    memory_mib: int = Field(default=512, ge=128)
    """Memory request and limit, in MiB."""


class ExternalStorage(Section):
    """The one bucket, run by somebody else, behind the S3 interface."""

    mode: Literal["external"]
    """`external`: outside this stack."""
    url: StoreUrl = Field(examples=["https://s3.example.com:9000"])
    """Address of the S3 interface."""
    cidrs: tuple[Cidr, ...] = ()
    """Private addresses that its name can stand for. None: it is on the internet, on port 443."""
    bucket: Label = "noxus"
    """Name of the bucket."""
    region: str = Field(default="us-east-1", min_length=1)
    """Region to sign requests for."""
    access_key_id: ConfigKey = Field(examples=["bucketAccessKeyId"])
    """Secret config key of the access key's id."""
    secret_access_key: ConfigKey = Field(examples=["bucketSecretAccessKey"])
    """Secret config key of the access key's secret."""

    @property
    def port(self) -> int:
        """Port of `url`."""
        return urlsplit(self.url).port or _HTTPS_PORT

    @model_validator(mode="after")
    def _is_reached(self) -> Self:
        if not self.cidrs and self.port != _HTTPS_PORT:
            raise ValueError(f"needs cidrs: pods reach the internet on port 443 only, and url says {self.port}")
        return self


class ManagedStorage(Section):
    """The one bucket, run by the cloud: private, encrypted, versioned, used with each release's own identity."""

    mode: Literal["managed"]
    """`managed`: made by this stack in its cloud. On AWS: S3."""
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][-a-z0-9]{1,61}[a-z0-9]$", examples=["acme-noxus-prod"])]
    """Name of the bucket. On AWS it is taken worldwide, and it is the bucket's identity: it never changes."""
    noncurrent_version_days: int = Field(default=30, ge=1)
    """Days for which a replaced or deleted object can be brought back."""
    log_bucket: Label | None = None
    """Existing bucket for access logs. Unset: none are written."""


def _mode(value: object) -> object:
    if isinstance(value, Mapping):
        return cast("Mapping[str, object]", value).get("mode", "cluster")
    return getattr(value, "mode", "cluster")


PostgresSettings = Annotated[
    Annotated[ClusterPostgres, Tag("cluster")]
    | Annotated[ManagedPostgres, Tag("managed")]
    | Annotated[ExternalPostgres, Tag("external")],
    Discriminator(_mode),
]
"""The one Postgres; in the cluster unless `mode` says otherwise."""

RedisSettings = Annotated[
    Annotated[ClusterRedis, Tag("cluster")]
    | Annotated[ManagedRedis, Tag("managed")]
    | Annotated[ExternalRedis, Tag("external")],
    Discriminator(_mode),
]
"""The one Redis; in the cluster unless `mode` says otherwise."""

StorageSettings = Annotated[
    Annotated[ClusterStorage, Tag("cluster")]
    | Annotated[ManagedStorage, Tag("managed")]
    | Annotated[ExternalStorage, Tag("external")],
    Discriminator(_mode),
]
"""The one bucket; in the cluster unless `mode` says otherwise."""
