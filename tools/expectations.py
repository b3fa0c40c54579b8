"""What configuration asks for, said about Kubernetes objects: workloads, autoscalers and policies by name.

Whatever the components compute with a function or keep in a constant is taken from there.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from checks.scaling.scalers import Count, scale_counts
from components.kubernetes.labels import Component
from components.workloads.autoscaling import PAUSED, PAUSED_REPLICAS
from components.workloads.pool import routing_env
from components.workloads.workload import escaped
from config import StackSettings
from config.autoscaling import Autoscaling, HpaAutoscaling, KedaAutoscaling
from config.ingress import PublicRole
from config.names import SCHEDULER, app_env_secret, credentials_secret, scaler_credential
from config.pods import PlacementSettings
from config.references import split
from config.releases import ReleaseSettings
from config.workloads import RunSettings, ServiceSettings, WorkloadSettings

DATA_SERVICES: Final = ("postgres", "redis", "bucket")

_EVERY_NAMESPACE: Final = frozenset({"deny-all", "to-dns"})
_EVERY_RELEASE: Final = frozenset({"from-monitoring", "to-postgres", "to-redis"})
_PRIMARY: Final = frozenset({"backend-from-frontend", "from-ingress", "frontend-to-backend"})


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One Deployment of a release, and what there is next to it under the same name."""

    release: str
    role: str
    component: Component
    image: str
    settings: WorkloadSettings
    pods: RunSettings
    """What its pods are told."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Literal variables; nothing else may be literal, because a literal overrides every Secret."""
    resolved: AbstractSet[str] = frozenset()
    """Literal variables whose values only the deployment knows."""
    secrets: tuple[str, ...]
    """Secrets of `envFrom`, weakest first."""
    serves: bool = True
    """Whether it answers on the port, and so has a Service."""
    count: Count | None = None
    """What KEDA asks for it, if KEDA scales it."""
    host: str | None = None
    """Host under which it is reached from outside, if it is."""

    @property
    def name(self) -> str:
        """Name of the Deployment, its autoscaler, its budget and its Service."""
        return f"{self.release}-{self.role}"


@dataclass(frozen=True, kw_only=True)
class Scaler:
    """The autoscaler of a workload: its kind, and the values that configuration gives it."""

    kind: str
    values: Mapping[str, object]
    credential: str = ""
    """TriggerAuthentication that it uses."""


def workloads(settings: StackSettings, release: str, own: ReleaseSettings) -> Iterator[Workload]:
    """Every Deployment that a release should have: the primary's services first, then the enabled pools."""
    images, primary = settings.images, settings.primary
    shared = (
        *([credentials_secret(release)] if settings.secrets.external and not settings.writes_entries else []),
        app_env_secret(release),
    )
    services: list[tuple[PublicRole, str, ServiceSettings]] = [
        ("backend", images.backend, primary.backend),
        ("frontend", images.frontend, primary.frontend),
    ]
    if primary.relays.enabled:
        services.append(("relays", primary.relays.image or images.backend, primary.relays))
    for role, image, service in services if own is primary else ():
        yield Workload(
            release=release,
            role=role,
            component=role,
            image=image,
            settings=service,
            pods=service,
            env=service.authority_env,
            secrets=shared,
            host=primary.public_hosts.get(role),
        )
    if own is primary and primary.scheduler.enabled:
        yield Workload(
            release=release,
            role=SCHEDULER,
            component="scheduler",
            image=primary.scheduler.image or images.worker,
            settings=WorkloadSettings(),
            pods=primary.scheduler,
            env=primary.scheduler.authority_env,
            secrets=shared,
            serves=False,
        )
    counts = scale_counts(settings)
    for role, pool in own.enabled_pools.items():
        plain = {name: parts[0] for name, text in pool.env.items() if len(parts := split(text)) == 1}
        yield Workload(
            release=release,
            role=role,
            component="worker",
            image=pool.image or images.worker,
            settings=pool,
            pods=pool,
            env={name: escaped(text) for name, text in {**pool.authority_env, **plain, **routing_env(pool)}.items()},
            resolved=frozenset(pool.env.keys() - plain.keys()),
            secrets=(*shared, pool.env_secret_ref) if pool.env_secret_ref else shared,
            count=counts.get(f"{release}-{role}"),
        )


def external_secrets(settings: StackSettings, release: str, own: ReleaseSettings) -> Sequence[str]:
    """Names of the ExternalSecrets of a release, and of the Secrets that they write."""
    if not settings.secrets.external:
        return ()
    logins = (scaler_credential(release),) if settings.writes_entries and own.counts_tasks else ()
    return (app_env_secret(release), *own.secrets, *settings.images.registries, *logins)


def scaler(workload: Workload) -> Scaler | None:
    """The autoscaler that a workload should have."""
    autoscaling = workload.settings.autoscaling
    match autoscaling:
        case HpaAutoscaling():
            targets = {"cpu": autoscaling.target_cpu_utilization, "memory": autoscaling.target_memory_utilization}
            values: dict[str, object] = {
                "minReplicas": autoscaling.min_replicas,
                "maxReplicas": autoscaling.max_replicas,
                **{f"{resource} target": target for resource, target in targets.items() if target is not None},
            }
            return Scaler(kind="HorizontalPodAutoscaler", values=values)
        case KedaAutoscaling() if workload.count:
            values = {
                "minReplicaCount": autoscaling.min_replicas,
                "maxReplicaCount": autoscaling.max_replicas,
                "query": workload.count.query,
                PAUSED_REPLICAS: None if autoscaling.paused_replicas is None else str(autoscaling.paused_replicas),
                PAUSED: "true" if autoscaling.paused else None,
                "targetQueryValue": workload.count.target,
            }
            return Scaler(kind="ScaledObject", values=values, credential=scaler_credential(workload.release))
        case _:
            return None


def may_be_at_zero(autoscaling: Autoscaling) -> bool:
    """Whether no replica at all is a state that the autoscaler may choose."""
    return isinstance(autoscaling, KedaAutoscaling) and 0 in (autoscaling.min_replicas, autoscaling.paused_replicas)


def _of_pooler(settings: StackSettings) -> Iterator[str]:
    """Names of the policies for a pooler of the stack's own, next to the data services."""
    if not settings.postgres.pooler.enabled:
        return
    yield "pooler-to-postgres"
    yield from (f"postgres-from-{release}" for _, release, _ in settings.releases())
    if settings.postgres.pooler.exporter_image:
        yield "pooler-from-monitoring"
    if "postgres" in settings.services_in_cluster:
        yield "postgres-from-pooler"
        if settings.primary.migrations.enabled:
            yield f"postgres-direct-from-{settings.primary.name}"


def policies(settings: StackSettings) -> Mapping[str, AbstractSet[str]]:
    """Names of the network policies that each namespace should have, by namespace."""
    data = settings.cluster.data_namespace
    inside = settings.services_in_cluster
    names = defaultdict[str, set[str]](set)
    if settings.has_data_namespace:
        names[data] |= _EVERY_NAMESPACE | {f"pods-to-{name}" for name in settings.pods.egress}
        names[data] |= {*_ways_out_of_data_services(settings), *_of_pooler(settings)}
    if settings.sets_up_database:
        names[data] |= {"setup-to-postgres", *(("postgres-from-setup",) if "postgres" in inside else ())}
    for _, release, own in settings.releases():
        names[own.namespace] |= _EVERY_NAMESPACE | _EVERY_RELEASE | set(_ways_out(settings, release, own))
        if not settings.bucket_on_internet:
            names[own.namespace].add("to-bucket")
        if inside:
            names[data] |= {f"{service}-from-{release}" for service in inside}
    names[settings.primary.namespace] |= _PRIMARY
    if settings.has_pooler and settings.primary.migrations.enabled:
        names[settings.primary.namespace].add("to-postgres-direct")
    if settings.primary.solves_challenges:
        names[settings.primary.namespace].add("solver-from-ingress")
    if settings.counts_tasks and "postgres" in inside:
        names[data].add("postgres-from-keda")
    return names


def _ways_out(settings: StackSettings, release: str, own: ReleaseSettings) -> Iterator[str]:
    """What the pods of a release reach besides data services."""
    if settings.network.reaches_internet:
        yield "to-internet"
    yield from (f"to-{name}" for name in (*settings.all_egress, *own.egress))
    yield from (f"pods-to-{name}" for name in (*settings.pods.egress, *own.pods.egress))
    for place, run in own.runs.items():
        yield from (f"{release}-{place.rpartition('.')[2]}-to-{name}" for name in run.egress)


def _ways_out_of_data_services(settings: StackSettings) -> Iterator[str]:
    services = (settings.postgres, settings.redis, settings.storage)
    for service, own in zip(DATA_SERVICES, services, strict=True):
        if isinstance(own, PlacementSettings):
            yield from (f"{service}-to-{name}" for name in own.egress)
