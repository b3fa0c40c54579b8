"""A stack file: its sections, one frozen model each. No Pulumi types, no secrets, no resources.

Field names are Python's; a stack file writes them in camelCase. The thirteen pool fields keep the spelling of the
platform's Helm values, so that a `worker.pools` block can be pasted under `pools:`. A fact that the platform's makers
have not published has no default here: it is required, or the feature that needs it stays off.
"""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Annotated, Any, Generic, Literal, Self, cast

from pydantic import Field, model_validator
from typing_extensions import TypeVar

from config.accept import AcceptSettings
from config.autoscaling import KedaAutoscaling
from config.clouds.cloud import CloudSettings
from config.connections import ConnectionsSettings
from config.data_services import (
    SCALER_ROLE,
    ClusterPostgres,
    ClusterRedis,
    ClusterStorage,
    ExternalPostgres,
    ExternalRedis,
    ExternalStorage,
)
from config.limits import UNKNOWN_NODES, NodeLimits
from config.managed import ManagedPostgres, ManagedRedis, ManagedStorage
from config.network import DnsSettings, EgressSettings
from config.pods import PodSettings
from config.proxy import DIRECT, ProxySettings
from config.references import EnvValue
from config.releases import PrimarySettings, ReleaseSettings, WorkerReleaseSettings
from config.routing import RoutingSettings
from config.scaling import ScalingSettings
from config.secrets import SecretsSettings
from config.section import Section
from config.statements import Statements
from config.store import Store
from config.timing import visibility_seconds
from config.types import (
    Cidr,
    ConfigKey,
    EnvName,
    FilePath,
    Fingerprint,
    ImageReference,
    Label,
    LabelName,
    LabelValue,
    ObjectName,
    Registry,
)
from config.workloads import PoolSettings


class ClusterSettings(Section):
    """The Kubernetes cluster that the stack deploys to. It exists already; this program makes no cluster."""

    kubeconfig: FilePath | None = Field(default=None, examples=["~/.kube/config"])
    """Path of the kubeconfig file. Unset: what kubectl would use ($KUBECONFIG, else ~/.kube/config)."""
    context: str | None = Field(default=None, min_length=1, examples=["prod"])
    """Context within the kubeconfig. Unset: its current context, which a protected stack does not take."""
    in_cluster: bool = False
    """Whether the program runs in a pod of the cluster itself, such as a CI runner, and uses the pod's service
    account. No kubeconfig is read then."""
    fingerprint: Fingerprint | None = Field(default=None, examples=["sha256:3f9a0c5d7be1428893c1d06e5fa2b749"])
    """Which cluster it must be, as the program prints it when it refuses another. Unset: on a protected stack the one
    that was deployed to last."""
    data_namespace: Label = "noxus-data"
    """Namespace of data services in mode `cluster`; made by the stack."""
    keda_namespace: Label = "keda"
    """Namespace of the KEDA operator, which must reach Postgres."""
    ingress_namespace: Label = "ingress-nginx"
    """Namespace of the ingress controller's pods, or of those of a Gateway's data plane. Not used with alb and gke."""
    ingress_cidrs: tuple[Cidr, ...] = Field(default=(), examples=[["10.20.0.0/16"]])
    """Addresses from which the public services are reached besides: subnets of an ALB, the proxy-only subnet of an
    internal load balancer, nodes of an ingress controller on the host network."""
    monitoring_namespace: Label = "monitoring"
    """Namespace of Prometheus, which must reach every metrics port."""
    scraping: Literal["annotations", "podMonitors"] = "annotations"
    """How Prometheus finds metrics: annotations of the pods, or a PodMonitor in each namespace for its operator."""
    pod_monitor_labels: Mapping[LabelName, LabelValue] = Field(
        default={}, examples=["{ release: kube-prometheus-stack }"]
    )
    """Labels of the PodMonitors, by which Prometheus selects them."""
    dns: DnsSettings = DnsSettings()
    """How names are resolved."""
    openshift: bool = False
    """Whether the cluster is OpenShift, which gives pods their user ids itself (`restricted-v2`): none is written."""
    pod_security: Literal["restricted", "baseline", "privileged"] = "restricted"
    """Pod Security Standard that every namespace of the stack enforces."""

    @model_validator(mode="after")
    def _a_pod_needs_no_kubeconfig(self) -> Self:
        if self.in_cluster and (self.context or self.kubeconfig):
            raise ValueError("has inCluster: true, and context or kubeconfig too; write one way to the cluster only")
        return self

    @model_validator(mode="after")
    def _openshift_has_its_own_dns(self) -> Self:
        if self.openshift and self.dns.type != "openshift":
            raise ValueError("has openshift: true, whose DNS is another; write dns: { type: openshift } too")
        return self


class NetworkSettings(Section):
    """How pods reach what is outside. What they reach beside the internet is `egress`."""

    internet: bool | None = None
    """Whether pods that call models and integrations reach all public addresses on port 443. Unset: unless there is a
    `proxy`."""
    proxy: ProxySettings | None = None
    """The HTTP proxy by which they do instead."""

    @property
    def reaches_internet(self) -> bool:
        """Whether pods reach public addresses by themselves."""
        return self.proxy is None if self.internet is None else self.internet


class RegistrySettings(Section):
    """The login of a private registry."""

    server: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*)?$")] = Field(
        examples=["registry.example.com"]
    )
    """Registry as image references name it."""
    username: Annotated[str, Field(pattern=r"^[^{}\s]+$")] = Field(examples=["robot"])
    """User of the login."""
    password: ConfigKey = Field(examples=["registryPassword"])
    """Secret config key of the password or token."""


class ImageSettings(Section):
    """Container images of the platform. No defaults: nobody publishes them."""

    backend: ImageReference = Field(examples=["registry.example.com/noxus/backend:2026.11.0"])
    """Image of the backend; names a tag or a digest, never `latest`."""
    frontend: ImageReference = Field(examples=["registry.example.com/noxus/frontend:2026.11.0"])
    """Image of the frontend."""
    worker: ImageReference = Field(examples=["registry.example.com/noxus/worker:2026.11.0"])
    """Image of every pool."""
    registry: Registry | None = Field(default=None, examples=["mirror.example.com"])
    """Mirror that every image of the stack is pulled from, those of data services and Jobs included: it takes the place
    of the registry in their names. `redis:7` is then `<mirror>/library/redis:7`. The migrations run again: their Job is
    one for each image. What is named on the mirror already stays as it is written. Unset: each from its own."""
    pull_secrets: tuple[ObjectName, ...] = ()
    """Names of existing registry Secrets; they must exist in every release's namespace, and in `cluster.dataNamespace`
    if images there come from a private registry."""
    registries: Mapping[ObjectName, RegistrySettings] = {}
    """Registry Secrets to make in every release's namespace, by name, and as `registry-<name>` in
    `cluster.dataNamespace`. Of a password that only a store knows none is made there: name one in `pullSecrets`."""
    run_as_user: int | None = Field(default=None, ge=1)
    """User id of the containers. Unset: the image's own, which must be a number other than 0."""

    @property
    def login_secrets(self) -> tuple[str, ...]:
        """Names of all registry Secrets of a pod, each once."""
        return tuple(dict.fromkeys((*self.pull_secrets, *self.registries)))


class ArchiveSettings(Section):
    """When run data moves from Redis to the bucket (seed/workers.md, "Run Archiving")."""

    mode: Literal["sync", "async", "disabled"] = "sync"
    """`sync`: after each run. `async`: by a periodic sweep. `disabled`: only the sweep for orphans; for benchmarks."""
    batch_interval_seconds: int = Field(default=60, ge=1)
    """Seconds between sweeps, and the idle time before a run is swept. Used in mode `async` only."""
    peak_runs_per_minute: float | None = Field(default=None, gt=0)
    """Runs that end in a minute at the busiest time. With `runKib`, what Redis must hold until it is archived."""
    run_kib: float | None = Field(default=None, gt=0)
    """Data that one run leaves in Redis, in KiB. No size is published: measure it."""


# Each cloud's stacks have a model of their own (`config/clouds/`): with the cloud's section, and with its own kinds of
# data services in the place of these.
_AnyPostgres = ClusterPostgres | ManagedPostgres | ExternalPostgres
_AnyRedis = ClusterRedis | ManagedRedis | ExternalRedis
_AnyStorage = ClusterStorage | ManagedStorage | ExternalStorage
_Postgres_co = TypeVar("_Postgres_co", bound=_AnyPostgres, covariant=True, default=_AnyPostgres)
_Redis_co = TypeVar("_Redis_co", bound=_AnyRedis, covariant=True, default=_AnyRedis)
_Storage_co = TypeVar("_Storage_co", bound=_AnyStorage, covariant=True, default=_AnyStorage)
_Statements_co = TypeVar("_Statements_co", bound=Statements, covariant=True, default=Statements)


class StackSettings(Section, Generic[_Postgres_co, _Redis_co, _Storage_co, _Statements_co]):
    """Everything plain that a stack file says. One field per top-level key, without the `noxus:` prefix."""

    cloud: str = "kubernetes"
    """Where managed data services and identity come from. `kubernetes`: nowhere, the cluster is all there is."""
    protect: bool = True
    """Whether Pulumi refuses to delete data services and their volumes."""
    cluster: ClusterSettings = ClusterSettings()
    """The Kubernetes cluster to deploy to."""
    images: ImageSettings
    """The platform's container images."""
    postgres: _Postgres_co = Field(default=cast("Any", ClusterPostgres()))
    """The one Postgres."""
    redis: _Redis_co = Field(default=cast("Any", ClusterRedis()))
    """The one Redis."""
    storage: _Storage_co = Field(default=cast("Any", ClusterStorage()))
    """The one bucket."""
    secrets: SecretsSettings = SecretsSettings()
    """Who writes the Secrets of the releases."""
    archive: ArchiveSettings = ArchiveSettings()
    """When run data moves from Redis to the bucket."""
    accept: AcceptSettings = AcceptSettings()
    """Why this change may do what its report holds up."""
    routing: RoutingSettings = RoutingSettings()
    """What the stack promises about who runs which tasks."""
    scaling: ScalingSettings = ScalingSettings()
    """What KEDA counts, and how many tasks are one replica's."""
    connections: ConnectionsSettings = ConnectionsSettings()
    """How many connections one pod opens, for the check that Postgres and Redis take them all."""
    network: NetworkSettings = NetworkSettings()
    """How pods reach what is outside."""
    egress: Mapping[Label, EgressSettings] = {}
    """What all pods that reach the internet may reach besides, such as private endpoints; by a name for each."""
    pods: PodSettings = PodSettings()
    """What all pods of the stack are told that do not say it themselves; data services and set-up Jobs what fits."""
    env: Mapping[EnvName, EnvValue] = {}
    """Plain settings of every workload, in the shared app-env Secret."""
    secret_env: Mapping[EnvName, ConfigKey] = {}
    """Secret settings of every workload: variable name, then the secret config key that holds the value."""
    primary: PrimarySettings[_Statements_co]
    """The primary release."""
    workers: Mapping[Label, WorkerReleaseSettings[_Statements_co]] = {}
    """Worker releases by name."""

    @property
    def account(self) -> CloudSettings | None:
        """The stack's cloud; none where the Kubernetes cluster is all there is."""
        return None

    @property
    def nodes(self) -> NodeLimits:
        """How long whoever takes a node waits for its pods."""
        return self.account.NODES if self.account else UNKNOWN_NODES

    def releases(self) -> Iterator[tuple[str, str, ReleaseSettings[_Statements_co]]]:
        """Every release as (path in the stack file, name, settings), the primary first."""
        yield "primary", self.primary.name, self.primary
        for name, release in self.workers.items():
            yield f"workers.{name}", name, release

    def statements(self, release: str) -> _Statements_co:
        """Further rights of the identity of one release."""
        return next(own.identity.statements for _, name, own in self.releases() if name == release)

    @property
    def own_things(self) -> Sequence[str]:
        """What no further right may be about, in the cloud's words: the stack gives each release its rights itself."""
        return ()

    def pools(self) -> Iterator[tuple[str, str, PoolSettings]]:
        """Every enabled pool as (path in the stack file, workload name, settings)."""
        for path, release, settings in self.releases():
            for pool, pool_settings in settings.enabled_pools.items():
                yield f"{path}.pools.{pool}", f"{release}-{pool}", pool_settings

    def scaled_pools(self) -> Iterator[tuple[str, str, PoolSettings, KedaAutoscaling]]:
        """Every enabled pool that KEDA scales, as (path in the stack file, workload name, settings, its scaler)."""
        for path, name, pool in self.pools():
            if isinstance(pool.autoscaling, KedaAutoscaling):
                yield path, name, pool, pool.autoscaling

    @property
    def visibility_timeout_seconds(self) -> int:
        """After how long the broker may deliver an unacknowledged task again: one value for every worker of the stack.

        Longer than the longest task and its pod's grace. Of several values the broker's clients would use the shortest.
        """
        return visibility_seconds(
            max((pool.max_task_seconds + pool.grace_seconds for _, _, pool in self.pools()), default=0)
        )

    @property
    def triggers(self) -> int:
        """How many pools KEDA scales, each by one trigger that asks Postgres."""
        return sum(1 for _ in self.scaled_pools())

    @property
    def secret_store(self) -> Store | None:
        """What External Secrets reads, if it reads anything: the store that is named, else the cloud's own."""
        if not self.secrets.external or self.account is None:
            return self.secrets.store
        return self.secrets.store or self.account.store

    @property
    def writes_entries(self) -> bool:
        """Whether this stack writes the store's entries itself, from encrypted keys of its stack file."""
        return self.secrets.external and self.secrets.store is None

    @property
    def services_in_cluster(self) -> frozenset[str]:
        """Which of `postgres`, `redis` and `bucket` this stack runs in the cluster itself."""
        modes = {"postgres": self.postgres.mode, "redis": self.redis.mode, "bucket": self.storage.mode}
        return frozenset(service for service, mode in modes.items() if mode == "cluster")

    @property
    def bucket_on_internet(self) -> bool:
        """Whether the bucket is reached as the internet is, without a policy of its own."""
        match self.storage:
            case ExternalStorage() as storage:
                return not storage.cidrs and storage.namespace is None
            case ManagedStorage():
                return not (self.account and self.account.bucket_cidrs)
            case _:
                return False

    @property
    def scaler_role(self) -> str:
        """Role of Postgres that KEDA counts tasks with."""
        return self.postgres.scaler_user if isinstance(self.postgres, ExternalPostgres) else SCALER_ROLE

    @property
    def counts_tasks(self) -> bool:
        """Whether KEDA logs in to Postgres."""
        return self.triggers > 0

    @property
    def reads_queue_only(self) -> bool:
        """Whether every query of KEDA's is derived, so that its role need read nothing but the queue's table."""
        written = any(scaler.query for _, _, _, scaler in self.scaled_pools())
        return self.scaling.queue is not None and not self.scaling.query and not written

    @property
    def sets_up_database(self) -> bool:
        """Whether a Job of this stack makes roles, database and extension."""
        return self.postgres.admin_role is not None

    @property
    def opens_queue(self) -> bool:
        """Whether a Job of this stack lets KEDA read the queue's table."""
        return self.sets_up_database and self.scaling.queue is not None and self.counts_tasks

    @property
    def has_pooler(self) -> bool:
        """Whether the platform comes to Postgres through a pooler, migrations, set-up Jobs and KEDA excepted."""
        direct = self.postgres.direct if isinstance(self.postgres, ExternalPostgres) else None
        return direct is not None or self.postgres.pooler.enabled

    @property
    def has_data_namespace(self) -> bool:
        """Whether anything of the data services is in the cluster."""
        return bool(self.services_in_cluster) or self.sets_up_database or self.postgres.pooler.enabled

    def encrypted_keys(self) -> Iterator[tuple[str, str]]:
        """Every secret config key that the stack file must hold, as (path of the setting that names it, key)."""
        yield from self.login_keys()
        if not self.secrets.external or self.writes_entries:
            yield from self.secret_keys()

    def login_keys(self) -> Iterator[tuple[str, str]]:
        """Those that log in at external services. They are parts of values, so no store holds them."""
        if isinstance(self.postgres, ExternalPostgres):
            yield "postgres.password", self.postgres.password
            yield "postgres.scalerPassword", self.postgres.scaler_password
            if self.postgres.admin:
                yield "postgres.admin.password", self.postgres.admin.password
        if isinstance(self.redis, ExternalRedis):
            yield "redis.password", self.redis.password
        if self.network.proxy and self.network.proxy.password:
            yield "network.proxy.password", self.network.proxy.password
        if isinstance(self.storage, ExternalStorage):
            keys = {"accessKeyId": self.storage.access_key_id, "secretAccessKey": self.storage.secret_access_key}
            yield from ((f"storage.{setting}", key) for setting, key in keys.items() if key)

    def secret_keys_of(self, release: ReleaseSettings) -> frozenset[str]:
        """Secret config keys that one release uses."""
        own = (key for variables in release.secrets.values() for key in variables.values())
        logins = (registry.password for registry in self.images.registries.values())
        return frozenset((*self.secret_env.values(), *logins, *own))

    @property
    def needed_egress(self) -> Mapping[str, EgressSettings]:
        """The way to the proxy, and what pods need to reach to use their identity in the cloud."""
        proxy = self.network.proxy
        return {**(self.account.egress if self.account else {}), **({"proxy": proxy.egress} if proxy else {})}

    @property
    def all_egress(self) -> Mapping[str, EgressSettings]:
        """What all pods that reach the internet reach besides."""
        return {**self.needed_egress, **self.egress}

    @property
    def direct_hosts(self) -> tuple[str, ...]:
        """Who is reached without the proxy, as far as the stack file tells."""
        primary, clouds = self.primary, self.account.DIRECT_HOSTS if self.account else ()
        roles = [f"{primary.name}-{role}" for role in ("backend", "frontend", "relays")]
        services = [name for role in roles for name in (role, f"{role}.{primary.namespace}")]
        networks = [ip_network(block) for egress in self.all_egress.values() for block in egress.blocks]
        addresses = [str(network.network_address) for network in networks if network.num_addresses == 1]
        return (*DIRECT, *clouds, *services, *addresses, *(self.network.proxy.no_proxy if self.network.proxy else ()))

    def secret_keys(self) -> Iterator[tuple[str, str]]:
        """Every secret config key that a variable or a registry names; in the store, where there is one."""
        for variable, key in self.secret_env.items():
            yield f"secretEnv.{variable}", key
        for name, registry in self.images.registries.items():
            yield f"images.registries.{name}.password", registry.password
        for path, _, release in self.releases():
            for secret, variables in release.secrets.items():
                for variable, key in variables.items():
                    yield f"{path}.secrets.{secret}.{variable}", key
