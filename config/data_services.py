"""The three data services that every release shares, each in the cluster or outside it."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Final, Literal, Self, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, model_validator

from config.limits import Memory, memory_by_number
from config.managed import SETUP_IMAGE, ManagedService, MaxConnections, RoleName
from config.network import Located, Port
from config.pods import PlacementSettings
from config.pooler import PoolerSettings
from config.redis_access import REDIS_PORT, RedisAccess
from config.section import Section
from config.types import BucketUrl, ConfigKey, DefaultImage, GivenRoleName, Label, ObjectName, ServerName

SCALER_ROLE: Final = "keda"
"""Role that KEDA counts tasks with: it can read tables and do nothing else."""

CLUSTER_ADMIN_ROLE: Final = "postgres"
"""Superuser of the image of Postgres in the cluster."""

SETUP_USER: Final = 999
"""User of the process in `SETUP_IMAGE`: its `postgres`."""

_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80

_PEM: Final = "-----BEGIN CERTIFICATE-----"

SslMode = Literal["disable", "require", "verify-ca", "verify-full"]
"""libpq's sslmode, as far as it promises anything."""


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
    pooler: PoolerSettings = PoolerSettings()
    """PgBouncer in front of it."""
    database: RoleName = "noxus"
    """Name of the platform's database and of the role that owns it."""

    @property
    def admin_role(self) -> str | None:
        """Role that sets the database up."""
        return CLUSTER_ADMIN_ROLE


class DatabaseAdmin(Section):
    """A login that may create roles, databases and extensions, for the Job that sets the database up."""

    user: GivenRoleName = "postgres"
    """Its role."""
    password: ConfigKey = Field(examples=["postgresAdminPassword"])
    """Secret config key of its password."""
    image: DefaultImage = SETUP_IMAGE
    """Has psql and pg_isready, for user 999."""


class DirectPostgres(Located):
    """The way to Postgres past a pooler."""

    host: ServerName = Field(examples=["postgres.example.com"])
    """Name or IPv4 address of the server itself, as pods see it."""
    port: Port = 5432
    """Its port."""
    ssl_mode: SslMode | None = None
    """libpq's sslmode on this way. Unset: as `postgres.sslMode`."""


class ExternalPostgres(Located):
    """The one Postgres, run by somebody else: PostgreSQL 15 or later with the pgvector extension."""

    mode: Literal["external"]
    """`external`: outside this stack."""
    host: ServerName = Field(examples=["postgres.example.com"])
    """Name or IPv4 address of the server, as pods see it."""
    port: Port = 5432
    """Its port."""
    direct: DirectPostgres | None = None
    """The server itself, if `host` is a pooler in transaction mode, which takes away session settings, advisory locks
    and prepared statements: for migrations, set-up Jobs and KEDA. In the migrations' `env`, `${postgres.host}` and the
    like mean this. Unset: `host` is the server."""
    database: GivenRoleName = "noxus"
    """Name of the platform's database."""
    user: GivenRoleName | None = None
    """Role that owns it and that the platform logs in as. Unset: it has the database's name."""
    password: ConfigKey = Field(examples=["postgresPassword"])
    """Secret config key of the owner's password. It stands percent-encoded in `POSTGRESQL_URL` and in references to
    addresses; whether the platform decodes its own is not published, so letters, digits, `.`, `_`, `~` and `-` are
    safe."""
    scaler_user: GivenRoleName = SCALER_ROLE
    """Role that KEDA counts tasks with; it needs to read only. With a space, `'` or `\\` it needs KEDA 2.20."""
    scaler_password: ConfigKey = Field(examples=["postgresScalerPassword"])
    """Secret config key of that role's password."""
    ssl_mode: SslMode = "require"
    """libpq's sslmode, for set-up Jobs, KEDA and `${postgres.url}`. What the platform itself does is not published."""
    ca: str | None = Field(default=None, pattern=_PEM, examples=[_PEM])
    """Certificates of the authority that `verify-ca` and `verify-full` trust, as PEM. Pods find them at
    `${postgres.caFile}`. Unset: authorities that clients know."""
    scaler_ssl_mode: SslMode | None = None
    """libpq's sslmode for KEDA, which knows the authorities of its own pods alone. Unset: as for the set-up Job."""
    admin: DatabaseAdmin | None = None
    """Sets up roles, database, extension and grants, and again when a password changes. Unset: somebody else did."""
    max_connections: MaxConnections | None = None
    """What `host` takes, for the check of the connections: the server's `max_connections`, or a pooler's
    `max_client_conn`. Unset: not checked."""
    pooler: PoolerSettings = PoolerSettings()
    """PgBouncer in front of it."""

    @model_validator(mode="after")
    def _an_authority_is_trusted(self) -> Self:
        modes = {self.ssl_mode, self.direct and self.direct.ssl_mode}
        if self.ca and modes.isdisjoint(("verify-ca", "verify-full")):
            raise ValueError(f"has ca, which sslMode: {self.ssl_mode} does not read; write verify-full, or remove it")
        if "verify-ca" in modes and not self.ca:
            raise ValueError("has sslMode: verify-ca, which needs ca; for an authority that clients know: verify-full")
        return self

    @property
    def owner(self) -> str:
        """Role that the platform logs in as."""
        return self.user or self.database

    @property
    def verifies(self) -> bool:
        """Whether the platform is to verify the server's certificate."""
        return self.ssl_mode.startswith("verify")

    @property
    def keda_ssl_mode(self) -> SslMode:
        """What `scalerSslMode` comes to."""
        return self.scaler_ssl_mode or (self.direct and self.direct.ssl_mode) or self.ssl_mode

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


class ExternalRedis(Located):
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


class ExternalStorage(Located):
    """The one bucket, run by somebody else, behind the S3 interface or the cloud's own."""

    mode: Literal["external"]
    """`external`: outside this stack."""
    url: BucketUrl = Field(examples=["https://s3.example.com:9000"])
    """Address of the interface. Neither `cidrs` nor `namespace`: it is on the internet, at https and port 443."""
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
        address = urlsplit(self.url)
        return address.port or (_HTTPS_PORT if address.scheme == "https" else _HTTP_PORT)

    @property
    def on_internet(self) -> bool:
        """Whether pods reach it as they reach the internet."""
        return self.url.startswith("https://") and self.port == _HTTPS_PORT

    @model_validator(mode="after")
    def _a_key_is_whole(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("takes accessKeyId and secretAccessKey together, or neither")
        return self


def mode_of(value: object) -> object:
    """Which member of a union of modes a value is."""
    if isinstance(value, Mapping):
        return cast("Mapping[str, object]", value).get("mode", "cluster")
    return getattr(value, "mode", "cluster")


_Own = TypeVar("_Own")
_Managed = TypeVar("_Managed", bound=ManagedService)
_External = TypeVar("_External")
_OwnTagged = Annotated[_Own, Tag("cluster")]
_ExternalTagged = Annotated[_External, Tag("external")]

OwnOrExternal = Annotated[_OwnTagged[_Own] | _ExternalTagged[_External], Discriminator(mode_of)]
"""A service where no cloud runs any; in the cluster unless `mode` says otherwise."""

_Service = Annotated[
    _OwnTagged[_Own] | Annotated[_Managed, Tag("managed")] | _ExternalTagged[_External], Discriminator(mode_of)
]
"""A service, of a cloud's kind if it is managed; in the cluster unless `mode` says otherwise."""

PostgresSettings = _Service[ClusterPostgres, _Managed, ExternalPostgres]
RedisSettings = _Service[ClusterRedis, _Managed, ExternalRedis]
StorageSettings = _Service[ClusterStorage, _Managed, ExternalStorage]
