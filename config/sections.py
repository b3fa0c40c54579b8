"""The sections of a stack file, one frozen model each. No Pulumi types, no secrets, no resources.

Field names are Python's; a stack file writes them in camelCase. The thirteen pool fields keep the spelling of the
platform's Helm values, so that a `worker.pools` block can be pasted under `pools:`. A fact that the platform's makers
have not published has no default here: it is required, or the feature that needs it stays off.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import Field, JsonValue, model_validator

from config.autoscaling import (
    Autoscaling,
    HpaAutoscaling,
)
from config.data_services import (
    ClusterPostgres,
    ClusterRedis,
    ClusterStorage,
    ExternalPostgres,
    ExternalRedis,
    ExternalStorage,
    PostgresSettings,
    RedisSettings,
    StorageSettings,
)
from config.ingress import HostSettings, IngressSettings, PublicRole, TlsSettings
from config.network import DnsSettings, EgressSettings
from config.references import EnvValue
from config.secrets import SecretsSettings
from config.section import Section
from config.types import (
    AnnotationName,
    ConfigKey,
    EnvName,
    IdList,
    ImageReference,
    Label,
    ObjectName,
    OptionalObjectName,
    PodShare,
    Quantity,
)

KubernetesObject = Mapping[str, JsonValue]
"""A fragment of a Kubernetes manifest, in Kubernetes' own spelling, handed on as it is."""

QueueType = Literal["all", "all_but_kb", "flow", "chat", "kb"]
"""The platform's five queue types (seed/workers.md, `WORKER_SUBSCRIBE`)."""

GRACE_MARGIN_SECONDS: Final = 30
"""What a pod gets after its longest task, to report the result and close its connections."""


class ClusterSettings(Section):
    """The Kubernetes cluster that the stack deploys to. It exists already; this program makes no cluster."""

    kubeconfig: str | None = Field(default=None, examples=["~/.kube/config"])
    """Path of the kubeconfig file. Unset: what kubectl would use ($KUBECONFIG, else ~/.kube/config)."""
    context: str | None = Field(default=None, examples=["prod"])
    """Context within the kubeconfig. Unset: its current context."""
    data_namespace: Label = "noxus-data"
    """Namespace of data services in mode `cluster`; made by the stack."""
    keda_namespace: Label = "keda"
    """Namespace of the KEDA operator, which must reach Postgres."""
    ingress_namespace: Label = "ingress-nginx"
    """Namespace of the ingress controller, which must reach the public services."""
    monitoring_namespace: Label = "monitoring"
    """Namespace of Prometheus, which must reach every metrics port."""
    scraping: Literal["annotations", "podMonitors"] = "annotations"
    """How Prometheus finds metrics: annotations of the pods, or a PodMonitor in each namespace for its operator."""
    pod_monitor_labels: Mapping[AnnotationName, str] = Field(
        default={}, examples=["{ release: kube-prometheus-stack }"]
    )
    """Labels of the PodMonitors, by which Prometheus selects them."""
    dns: DnsSettings = DnsSettings()
    """How names are resolved."""
    pod_security: Literal["restricted", "baseline", "privileged"] = "restricted"
    """Pod Security Standard that every namespace of the stack enforces."""


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
    pull_secrets: tuple[ObjectName, ...] = ()
    """Names of existing registry Secrets; they must exist in every release's namespace."""
    registries: Mapping[ObjectName, RegistrySettings] = {}
    """Registry Secrets to make in every release's namespace, by name."""
    run_as_user: int | None = Field(default=None, ge=1)
    """User id of the containers. Unset: the image's own, which must be a number other than 0."""

    @property
    def login_secrets(self) -> tuple[str, ...]:
        """Names of all registry Secrets of a pod, each once."""
        return tuple(dict.fromkeys((*self.pull_secrets, *self.registries)))


class ResourceSettings(Section):
    """CPU, memory and other resources, as Kubernetes quantities by resource name."""

    requests: Mapping[str, Quantity] = {}
    """What the scheduler keeps free for a pod, and what utilisation is measured against."""
    limits: Mapping[str, Quantity] = {}
    """What a pod may use at most. No default: no sizing of the platform is published."""


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


class ScalingSettings(Section):
    """What every KEDA pool uses unless it says otherwise itself."""

    query: str | None = Field(default=None, min_length=1, examples=["SELECT count(*) FROM ..."])
    """SQL that counts waiting and running tasks: one SELECT, one row, one number. The tables are not published."""
    target_query_value: float | None = Field(default=None, gt=0)
    """Tasks per replica. Unset: the pool's `concurrency`."""


class DisruptionSettings(Section):
    """How many pods a drain may take at once. Unset: `maxUnavailable: 1`, which blocks no drain."""

    min_available: PodShare | None = None
    """Pods that must stay: a number or a share. With the number of pods itself, no drain ever ends."""
    max_unavailable: PodShare | None = None
    """Pods that may go at once: a number or a share."""

    @model_validator(mode="after")
    def _at_most_one_is_set(self) -> Self:
        if self.min_available is not None and self.max_unavailable is not None:
            raise ValueError("takes minAvailable or maxUnavailable, not both; maxUnavailable: 1 fits most pools")
        return self


class WorkloadSettings(Section):
    """What a service and a pool can both be told."""

    replica_count: int = Field(default=1, ge=0)
    """Number of pods; ignored when `autoscaling` is set, as the seed says."""
    autoscaling: Autoscaling | None = None
    """Who sets the number of pods: `type: hpa` or `type: keda`. Unset: `replicaCount` does."""
    resources: ResourceSettings = ResourceSettings()
    """Requests and limits of a pod."""
    pod_disruption_budget: DisruptionSettings = DisruptionSettings()
    """How many pods a node drain may take at once."""

    @model_validator(mode="after")
    def _utilisation_has_a_request(self) -> Self:
        if isinstance(self.autoscaling, HpaAutoscaling):
            targets = {
                "cpu": self.autoscaling.target_cpu_utilization,
                "memory": self.autoscaling.target_memory_utilization,
            }
            for resource, target in targets.items():
                if target is not None and resource not in self.resources.requests:
                    raise ValueError(
                        f"autoscaling on {resource} is a share of the {resource} request, which is not set; "
                        f"set resources.requests.{resource}"
                    )
        return self


Command = tuple[Annotated[str, Field(min_length=1)], ...]
"""A command, word by word. A shell must `exec` its last word, or the pod's end never reaches it."""


class ServiceSettings(WorkloadSettings):
    """A web service of the primary release."""

    replica_count: int = Field(default=2, ge=0)
    """Number of pods; ignored when `autoscaling` is set."""

    @model_validator(mode="after")
    def _only_pools_scale_on_the_queue(self) -> Self:
        if self.autoscaling is not None and self.autoscaling.type == "keda":
            raise ValueError(
                "autoscaling.type keda counts queued tasks, which a web service does not take; use type: hpa"
            )
        return self


class PoolSettings(WorkloadSettings):
    """One pool of workers: the thirteen fields of the seed's table, and what long tasks and KEDA need beside them."""

    enabled: bool = True
    """Whether the pool exists."""
    worker_subscribe: QueueType = "all_but_kb"
    """Queue types the pool takes."""
    worker_subscribe_tenants: IdList = ()
    """Tenants whose tasks the pool takes: a comma-separated string or a list. Empty: all."""
    worker_subscribe_workspaces: IdList = ()
    """Workspaces whose tasks the pool takes: a comma-separated string or a list. Empty: all."""
    env_secret_ref: OptionalObjectName = ""
    """A Secret layered on top of the release's app-env, whose keys win. The release's `secrets` can make it."""
    affinity: Mapping[str, JsonValue] = {}
    """Affinity of the pods, as in a pod's manifest."""
    node_selector: Mapping[str, str] = {}
    """Labels that a node must have."""
    tolerations: tuple[KubernetesObject, ...] = ()
    """Taints that the pods tolerate, as in a pod's manifest."""
    topology_spread_constraints: tuple[KubernetesObject, ...] | None = None
    """How the pods spread over zones and nodes, as in a pod's manifest. Unset: evenly where possible; []: anyhow."""
    env: Mapping[EnvName, EnvValue] = {}
    """Plain settings of this pool's pods. They are literals, so they win over app-env and `envSecretRef`."""
    image: ImageReference | None = None
    """Image of this pool, for a pool that needs other libraries or another version. Unset: `images.worker`."""
    command: Command = ()
    """Command of the container, word by word. Empty: the image's own entry point; no start command is published."""
    concurrency: int | None = Field(default=None, ge=1)
    """Tasks that one replica runs at once: KEDA's default target. It sets nothing in the worker itself."""
    max_task_seconds: int = Field(default=600, ge=1)
    """Longest task, in seconds. A pod that is scaled in or rolled gets this and 30 s more to end."""

    egress: Mapping[Label, EgressSettings] = {}
    """What this pool's pods may reach besides, by a name for each; a policy is `<release>-<pool>-to-<name>`."""

    @property
    def grace_seconds(self) -> int:
        """Seconds a pod has between SIGTERM and SIGKILL."""
        return self.max_task_seconds + GRACE_MARGIN_SECONDS


class RelaySettings(ServiceSettings):
    """The optional service that takes webhooks and events of other systems."""

    enabled: bool = False
    """Whether the relays exist."""
    image: ImageReference | None = None
    """Image of the relays. Unset: `images.backend`, then with a `command`."""
    command: Command = ()
    """Command of the container. Empty: the image's own entry point."""

    @model_validator(mode="after")
    def _what_runs_is_named(self) -> Self:
        if self.enabled and self.image is None and not self.command:
            raise ValueError("needs an image or a command: with neither, the relays would be a second backend")
        return self


class SchedulerSettings(Section):
    """What starts the periodic tasks: exactly one in the whole stack, never scaled, never two during a rollout."""

    enabled: bool = False
    """Whether the scheduler is a Deployment of its own."""
    embedded: bool = False
    """That the image of the backend or of a pool starts the periodic tasks itself, so that none is missing."""
    image: ImageReference | None = None
    """Image of the scheduler. Unset: `images.worker`."""
    command: Command = Field(default=(), examples=[["celery", "beat"]])
    """Command of the container; required when enabled, since none is published."""
    resources: ResourceSettings = ResourceSettings()
    """Requests and limits of the pod."""

    @model_validator(mode="after")
    def _it_runs_once_and_says_how(self) -> Self:
        if self.enabled and self.embedded:
            raise ValueError("takes enabled or embedded, not both: two schedulers start every periodic task twice")
        if self.enabled and not self.command:
            raise ValueError("needs a command when enabled: none is published, and a pool's image runs a worker")
        return self


class MigrationSettings(Section):
    """The Job that brings the database's schema up to date, once for each image, before any workload starts."""

    enabled: bool = False
    """Whether there is such a Job."""
    image: ImageReference | None = None
    """Image of the Job. Unset: `images.backend`."""
    command: Command = Field(default=(), examples=[["noxus", "migrate"]])
    """Command of the container; required when enabled, since none is published."""
    revision: str = ""
    """Anything: another value runs the migrations again with the same image and command."""
    timeout_seconds: int = Field(default=1800, ge=10)
    """Seconds after which a migration that has not ended counts as failed."""
    resources: ResourceSettings = ResourceSettings()
    """Requests and limits of the pod."""

    @model_validator(mode="after")
    def _what_runs_is_named(self) -> Self:
        if self.enabled and not self.command:
            raise ValueError("needs a command when enabled: none is published; migrations stay off without one")
        return self


class IdentitySettings(Section):
    """Who a release's pods are to a cloud, where somebody else has made the role: marks on ServiceAccount and pods."""

    annotations: Mapping[AnnotationName, str] = Field(
        default={}, examples=["{ eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/noxus-acme }"]
    )
    """Annotations of the release's ServiceAccount."""
    pod_labels: Mapping[AnnotationName, str] = Field(default={}, examples=['{ azure.workload.identity/use: "true" }'])
    """Labels of the release's pods."""


class DefaultRequests(Section):
    """What a container counts as that requests nothing itself."""

    cpu: Quantity = Field(examples=["250m"])
    """CPU."""
    memory: Quantity = Field(examples=["512Mi"])
    """Memory."""


class QuotaSettings(Section):
    """What all pods of a namespace may request together. A quota that the release cannot fit into is refused."""

    cpu: Quantity = Field(examples=["40"])
    """CPU requests of all pods."""
    memory: Quantity = Field(examples=["160Gi"])
    """Memory requests of all pods."""
    pods: int = Field(ge=1, examples=[60])
    """Number of pods, those that a rollout adds included."""
    default_requests: DefaultRequests
    """Requests of containers that set none: with a quota, Kubernetes refuses a pod that requests nothing."""


class ReleaseSettings(Section):
    """What a primary and a worker release share."""

    namespace: Label = Field(examples=["noxus"])
    """Namespace of the release. No two releases share one."""
    create_namespace: bool = True
    """Whether the stack makes the namespace. False: it exists, with the Pod Security labels that its owner gives it.
    Never switch a deployed release to false alone: Pulumi would delete the namespace that it made, with all in it.
    First take it out of the state with `pulumi state delete`, and the URN that `pulumi stack --show-urns` shows."""
    env: Mapping[EnvName, EnvValue] = {}
    """Plain settings of this release's workloads, over `noxus:env`."""
    secrets: Mapping[ObjectName, Mapping[EnvName, ConfigKey]] = {}
    """Secrets to make beside app-env, for pools' `envSecretRef`: Secret name, then variable, then secret config key."""
    identity: IdentitySettings = IdentitySettings()
    """Who the release's pods are to a cloud."""
    egress: Mapping[Label, EgressSettings] = {}
    """What all pods of the release that reach the internet may reach besides, by a name for each."""
    quota: QuotaSettings | None = None
    """What the namespace may use of the cluster. Unset: as much as there is."""
    pools: Mapping[Label, PoolSettings] = {}
    """Worker pools by name; a pool is `<release>-<pool>` in Kubernetes."""

    @property
    def enabled_pools(self) -> Mapping[str, PoolSettings]:
        """The pools that get a Deployment, by name."""
        return {name: pool for name, pool in self.pools.items() if pool.enabled}


class PrimarySettings(ReleaseSettings):
    """The one primary release: backend, frontend, relays, scheduler, migrations and its own pools."""

    name: Label = "noxus"
    """Name of the release, and the first part of the names of its workloads."""
    backend: ServiceSettings = ServiceSettings()
    """The API."""
    frontend: ServiceSettings = ServiceSettings()
    """The web application."""
    relays: RelaySettings = RelaySettings()
    """What takes webhooks."""
    scheduler: SchedulerSettings = SchedulerSettings()
    """What starts the periodic tasks."""
    migrations: MigrationSettings = MigrationSettings()
    """What brings the database's schema up to date."""
    hosts: HostSettings | None = None
    """Public hosts. Unset: nothing is reached from outside the cluster."""
    tls: TlsSettings | None = None
    """Certificates of the hosts. Unset: plain HTTP, unless something before the ingress ends TLS."""
    ingress: IngressSettings = IngressSettings()
    """What the ingress controller is told."""

    @property
    def public_hosts(self) -> Mapping[PublicRole, str]:
        """Host of each service that is reached from outside."""
        if self.hosts is None:
            return {}
        roles: tuple[PublicRole, ...] = ("frontend", "backend", "relays")
        return {role: self.hosts.of(role) for role in roles if role != "relays" or self.relays.enabled}

    def public_url(self, role: PublicRole) -> str | None:
        """Address of a service for people and webhooks, if it has one."""
        host = self.public_hosts.get(role)
        return host and f"{'https' if self.tls else 'http'}://{host}"


class WorkerReleaseSettings(ReleaseSettings):
    """A worker release: pools in a namespace of their own, on the data services of the primary release."""

    pools: Mapping[Label, PoolSettings] = Field(min_length=1, examples=["{ flow: { workerSubscribe: flow } }"])
    """Worker pools by name; at least one."""


class StackSettings(Section):
    """Everything plain that a stack file says. One field per top-level key, without the `noxus:` prefix."""

    cloud: Literal["kubernetes"] = "kubernetes"
    """Where data services and identity come from."""
    protect: bool = True
    """Whether Pulumi refuses to delete data services and their volumes."""
    cluster: ClusterSettings = ClusterSettings()
    """The Kubernetes cluster to deploy to."""
    images: ImageSettings
    """The platform's container images."""
    postgres: PostgresSettings = ClusterPostgres()
    """The one Postgres."""
    redis: RedisSettings = ClusterRedis()
    """The one Redis."""
    storage: StorageSettings = ClusterStorage()
    """The one bucket."""
    secrets: SecretsSettings = SecretsSettings()
    """Who writes the Secrets of the releases."""
    archive: ArchiveSettings = ArchiveSettings()
    """When run data moves from Redis to the bucket."""
    scaling: ScalingSettings = ScalingSettings()
    """What every KEDA pool uses unless it says otherwise."""
    egress: Mapping[Label, EgressSettings] = {}
    """What all pods that reach the internet may reach besides, such as private endpoints; by a name for each."""
    env: Mapping[EnvName, EnvValue] = {}
    """Plain settings of every workload, in the shared app-env Secret."""
    secret_env: Mapping[EnvName, ConfigKey] = {}
    """Secret settings of every workload: variable name, then the secret config key that holds the value."""
    primary: PrimarySettings
    """The primary release."""
    workers: Mapping[Label, WorkerReleaseSettings] = {}
    """Worker releases by name."""

    def releases(self) -> Iterator[tuple[str, str, ReleaseSettings]]:
        """Every release as (path in the stack file, name, settings), the primary first."""
        yield "primary", self.primary.name, self.primary
        for name, release in self.workers.items():
            yield f"workers.{name}", name, release

    def pools(self) -> Iterator[tuple[str, str, PoolSettings]]:
        """Every enabled pool as (path in the stack file, workload name, settings)."""
        for path, release, settings in self.releases():
            for pool, pool_settings in settings.enabled_pools.items():
                yield f"{path}.pools.{pool}", f"{release}-{pool}", pool_settings

    @property
    def services_in_cluster(self) -> frozenset[str]:
        """Which of `postgres`, `redis` and `bucket` this stack runs in the cluster itself."""
        modes = {"postgres": self.postgres.mode, "redis": self.redis.mode, "bucket": self.storage.mode}
        return frozenset(service for service, mode in modes.items() if mode == "cluster")

    @property
    def sets_up_database(self) -> bool:
        """Whether a Job of this stack makes roles, database and extension."""
        return isinstance(self.postgres, ClusterPostgres) or self.postgres.admin is not None

    @property
    def has_data_namespace(self) -> bool:
        """Whether anything of the data services is in the cluster."""
        return bool(self.services_in_cluster) or self.sets_up_database

    def encrypted_keys(self) -> Iterator[tuple[str, str]]:
        """Every secret config key that the stack file must hold, as (path of the setting that names it, key)."""
        yield from self.login_keys()
        if not self.secrets.external:
            yield from self.secret_keys()

    def login_keys(self) -> Iterator[tuple[str, str]]:
        """Those that log in at external data services. They are parts of values, so no store holds them."""
        if isinstance(self.postgres, ExternalPostgres):
            yield "postgres.password", self.postgres.password
            yield "postgres.scalerPassword", self.postgres.scaler_password
            if self.postgres.admin:
                yield "postgres.admin.password", self.postgres.admin.password
        if isinstance(self.redis, ExternalRedis):
            yield "redis.password", self.redis.password
        if isinstance(self.storage, ExternalStorage):
            yield "storage.accessKeyId", self.storage.access_key_id
            yield "storage.secretAccessKey", self.storage.secret_access_key

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
