"""Typed answers of the data services: all that a release is told about Postgres, Redis, the bucket and its identity.

An endpoint says where a service is and, as secret outputs, how to log in. It does not say which cloud it comes from: a
release is wired the same way everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.kubernetes.namespace_ref import NamespaceRef
from config.authorities import ca_file
from config.redis_access import RedisAccess


@dataclass(frozen=True, kw_only=True)
class PodTarget:
    """Where a service in the Kubernetes cluster is on the network: its pods, never its virtual address."""

    namespace: NamespaceRef
    pod_labels: Mapping[str, str]
    port: int
    ours: bool = True
    """Whether its namespace is this stack's, which denies what no policy allows; else its owner lets callers in."""


@dataclass(frozen=True, kw_only=True)
class AddressTarget:
    """Where a service outside the Kubernetes cluster is on the network. No addresses: on the internet."""

    cidrs: Sequence[pulumi.Input[str]]
    port: int


Target = PodTarget | AddressTarget
"""Where a service is on the network."""


@dataclass(frozen=True, kw_only=True)
class PostgresAddress:
    """One way to Postgres: to the server itself, or through a pooler in front of it."""

    host: pulumi.Input[str]
    port: int
    ssl_mode: str
    """Libpq's sslmode."""
    target: Target
    password: pulumi.Output[str] | None = None
    """The owner's on this way, if it is not the server's."""


@dataclass(frozen=True, kw_only=True)
class PostgresEndpoint:
    """The one Postgres."""

    direct: PostgresAddress
    """The server itself. A pooler in transaction mode takes away session settings, advisory locks and prepared
    statements, so migrations, set-up Jobs and KEDA come this way."""
    pooler: PostgresAddress | None = None
    """What the platform's pods connect to instead, if there is a pooler."""
    database: str
    user: str
    password: pulumi.Output[str]
    scaler_user: str
    """Read-only role that KEDA counts tasks with."""
    scaler_password: pulumi.Output[str]
    scaler_ssl_mode: str | None = None
    """Libpq's sslmode for KEDA. None: as on the direct way."""
    ca: pulumi.Output[str] | None = None
    """Certificates of a private authority, as PEM: of the server's and of the pooler's."""
    made: pulumi.Resource | None = None
    """What makes it, if this stack does: its users wait for it."""

    @property
    def platform(self) -> PostgresAddress:
        """Where the platform's pods connect to, migrations excepted."""
        return self.pooler or self.direct

    @property
    def ca_file(self) -> str | None:
        """Path in every pod of the authority's certificates, if there is a private one."""
        return ca_file("postgres") if self.ca else None

    def tls(self, address: PostgresAddress) -> Mapping[str, str]:
        """Libpq's parameters. Without a file to verify by, it trusts what the system trusts, since version 16."""
        trusted = {"sslrootcert": self.ca_file or "system"} if address.ssl_mode.startswith("verify") else {}
        return {"sslmode": address.ssl_mode, **trusted}

    def password_on(self, address: PostgresAddress) -> pulumi.Output[str]:
        """The owner's on this way."""
        return self.password if address.password is None else address.password


@dataclass(frozen=True, kw_only=True)
class RedisEndpoint:
    """The one Redis."""

    host: pulumi.Input[str]
    access: RedisAccess
    password: pulumi.Output[str]
    target: Target
    user: str | None = None
    """User of its access control list; None: the default user."""
    ca: pulumi.Output[str] | None = None
    """Certificates of a private authority, as PEM."""
    made: pulumi.Resource | None = None
    """What makes it, if this stack does."""


@dataclass(frozen=True, kw_only=True)
class BucketEndpoint:
    """The one bucket, with static keys where the cloud has no identities."""

    name: pulumi.Input[str]
    url: pulumi.Input[str]
    region: str
    target: Target
    access_key_id: pulumi.Output[str] | None = None
    """Of static keys; none where pods have an identity instead."""
    secret_access_key: pulumi.Output[str] | None = None
    made: pulumi.Resource | None = None
    """What makes it, if this stack does."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """How a release's pods prove who they are to the cloud: marks on its ServiceAccount and its pods."""

    service_account_annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    pod_labels: Mapping[str, str] = field(default_factory=dict[str, str])
    made: Sequence[pulumi.Resource] = ()
    """What must exist before a pod that uses it starts."""


@dataclass(frozen=True, kw_only=True)
class DataServices:
    """The data services that all releases share."""

    postgres: PostgresEndpoint
    redis: RedisEndpoint
    bucket: BucketEndpoint
    proxy: Mapping[str, pulumi.Input[str]]
    """Variables by which pods know the proxy on the way to the internet; none without one."""
    proxy_login: Mapping[str, pulumi.Output[str]]
    """Those of them that hold its login."""
    ready: Sequence[pulumi.Resource]
    """What must be up before a workload that uses them starts."""
    open_queue: Callable[[Sequence[pulumi.Resource]], object] | None = None
    """Lets KEDA count tasks, after what makes their table; none where nobody counts, or somebody else sees to it."""
