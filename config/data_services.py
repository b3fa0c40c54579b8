"""The three data services that every release shares, each in the cluster or outside it."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Final, Literal, Self, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, model_validator

from config.limits import Memory, memory_by_number
from config.managed import (
    SETUP_IMAGE,
    ManagedPostgres,
    ManagedRedis,
    ManagedStorage,
    MaxConnections,
    RoleName,
)
from config.network import Port
from config.pods import PlacementSettings
from config.redis_access import REDIS_PORT, RedisAccess
from config.section import Section
from config.types import Cidr, ConfigKey, DefaultImage, Label, ObjectName, ServerName, StoreUrl

SCALER_ROLE: Final = "keda"
"""Role that KEDA counts tasks with: it can read tables and do nothing else."""

CLUSTER_ADMIN_ROLE: Final = "postgres"
"""Superuser of the image of Postgres in the cluster."""

SETUP_USER: Final = 999
"""User of the process in `SETUP_IMAGE`: its `postgres`."""

_HTTPS_PORT: Final = 443

_PEM: Final = "-----BEGIN CERTIFICATE-----"


class ClusterPostgres(PlacementSettings):
    """The one Postgres, in the Kubernetes cluster: one replica and no backups."""

    mode: Literal["cluster"] = "cluster"
    """`cluster`: in the Kubernetes cluster, one replica on a volume."""
    image: DefaultImage = SETUP_IMAGE
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
    image: DefaultImage = SETUP_IMAGE
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


class ClusterRedis(PlacementSettings):
    """The one Redis: broker, cache and the place of run data before it is archived, so it never evicts."""

    mode: Literal["cluster"] = "cluster"
    """`cluster`: in the Kubernetes cluster, one replica on a volume, every write appended to a file."""
    image: DefaultImage = "redis:7.4.6-alpine"
    """Redis 7, or a server that takes the same configuration."""
    storage_gib: int = Field(default=8, ge=1, le=65536)
    """Size of the volume for the append-only file, in GiB."""
    storage_class: ObjectName | None = None
    """StorageClass of the volume. Unset: the cluster's default class."""
    memory_mib: int = Field(default=1024, ge=128)
    """Memory request and limit, in MiB; Redis itself may fill three quarters of it."""

    @property
    def access(self) -> RedisAccess:
        """Redis' own port, in plain text: it never leaves the cluster."""
        return RedisAccess()

    @property
    def memory(self) -> Memory:
        """What data may fill; the rest is for buffers and the fork that rewrites the append-only file."""
        return memory_by_number(self.memory_mib, Fraction(3, 4))


class ExternalRedis(Section):
    """The one Redis, run by somebody else. The platform is told its host; port and TLS are for `env` to say."""

    mode: Literal["external"]
    """`external`: outside this stack. Its `maxmemory-policy` must be `noeviction`."""
    host: ServerName = Field(examples=["redis.example.com"])
    """Name or IPv4 address of the server, as pods see it."""
    port: Port = REDIS_PORT
    """Its port."""
    tls: bool = False
    """Whether it speaks TLS."""
    ca: str | None = Field(default=None, pattern=_PEM, examples=[_PEM])
    """Certificates of its authority as PEM, if that is a private one. Pods find them at `${redis.caFile}`."""
    user: str | None = Field(default=None, min_length=1, examples=["noxus"])
    """User of its access control list. Unset: the default user."""
    cidrs: tuple[Cidr, ...] = Field(min_length=1, examples=[["10.30.1.0/24"]])
    """Addresses that its name can stand for, also after a fail-over; network policies know no names."""
    password: ConfigKey = Field(examples=["redisPassword"])
    """Secret config key of its password."""
    memory_mib: int | None = Field(default=None, ge=1)
    """Its `maxmemory`, in MiB, for the check of what waits for the bucket. Unset: not checked."""
    max_clients: int | None = Field(default=None, ge=1)
    """Its `maxclients`, for the check of the connections. Unset: not checked."""

    @model_validator(mode="after")
    def _an_authority_is_of_tls(self) -> Self:
        if self.ca and not self.tls:
            raise ValueError("has ca, which only TLS needs; write tls: true, or remove it")
        return self

    @property
    def access(self) -> RedisAccess:
        """As the stack file says."""
        return RedisAccess(port=self.port, tls=self.tls, private_authority=self.ca is not None)

    @property
    def memory(self) -> Memory | None:
        """What data may fill: all of its `maxmemory`."""
        return memory_by_number(self.memory_mib, Fraction(1)) if self.memory_mib else None


class ClusterStorage(PlacementSettings):
    """The one bucket, served from a volume through an S3 gateway in the Kubernetes cluster."""

    mode: Literal["cluster"] = "cluster"
    """`cluster`: an S3 gateway over a volume in the Kubernetes cluster."""
    image: DefaultImage = "versity/versitygw:v1.8.0"
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
    """The one bucket, run by somebody else, behind the S3 interface or the cloud's own."""

    mode: Literal["external"]
    """`external`: outside this stack."""
    url: StoreUrl = Field(examples=["https://s3.example.com:9000"])
    """Address of the interface."""
    cidrs: tuple[Cidr, ...] = ()
    """Private addresses that its name can stand for. None: it is on the internet, on port 443."""
    bucket: Label = "noxus"
    """Name of the bucket."""
    region: str = Field(default="us-east-1", min_length=1)
    """Region to sign requests for."""
    access_key_id: ConfigKey | None = Field(default=None, examples=["bucketAccessKeyId"])
    """Secret config key of the access key's id. Unset: pods use the identity of their release, which has the right."""
    secret_access_key: ConfigKey | None = Field(default=None, examples=["bucketSecretAccessKey"])
    """Secret config key of the access key's secret."""

    @property
    def port(self) -> int:
        """Port of `url`."""
        return urlsplit(self.url).port or _HTTPS_PORT

    @model_validator(mode="after")
    def _a_key_is_whole(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("takes accessKeyId and secretAccessKey together, or neither")
        return self

    @model_validator(mode="after")
    def _is_reached(self) -> Self:
        if not self.cidrs and self.port != _HTTPS_PORT:
            raise ValueError(f"needs cidrs: pods reach the internet on port 443 only, and url says {self.port}")
        return self


def mode_of(value: object) -> object:
    """Which member of a union of modes a value is."""
    if isinstance(value, Mapping):
        return cast("Mapping[str, object]", value).get("mode", "cluster")
    return getattr(value, "mode", "cluster")


_Postgres = TypeVar("_Postgres", bound=ManagedPostgres)
_Redis = TypeVar("_Redis", bound=ManagedRedis)
_Storage = TypeVar("_Storage", bound=ManagedStorage)

PostgresSettings = Annotated[
    Annotated[ClusterPostgres, Tag("cluster")]
    | Annotated[_Postgres, Tag("managed")]
    | Annotated[ExternalPostgres, Tag("external")],
    Discriminator(mode_of),
]
"""The one Postgres, of a cloud's kind if it is managed; in the cluster unless `mode` says otherwise."""

RedisSettings = Annotated[
    Annotated[ClusterRedis, Tag("cluster")]
    | Annotated[_Redis, Tag("managed")]
    | Annotated[ExternalRedis, Tag("external")],
    Discriminator(mode_of),
]
"""The one Redis, of a cloud's kind if it is managed; in the cluster unless `mode` says otherwise."""

StorageSettings = Annotated[
    Annotated[ClusterStorage, Tag("cluster")]
    | Annotated[_Storage, Tag("managed")]
    | Annotated[ExternalStorage, Tag("external")],
    Discriminator(mode_of),
]
"""The one bucket, of a cloud's kind if it is managed; in the cluster unless `mode` says otherwise."""
