"""Who opens connections to whom: what the network policies allow, for each kind of pod, taken from where they are made.

A test compares it with what rendered policies allow, pod by pod.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from components.kubernetes.labels import Component
from components.releases.allowances import HTTPS_PORT, MIGRATIONS, OUTWARD, PUBLIC, USERS, ingress_source
from config import StackSettings
from config.managed import ManagedPostgres, ManagedRedis, ManagedStorage
from config.network import EgressSettings, Located
from config.pods import PlacementSettings
from config.releases import ReleaseSettings
from config.section import Section
from config.workloads import RunSettings
from tools.picture.installation import Caller, Target

POSTGRES: Final = "postgres"
POOLER: Final = "pooler"
REDIS: Final = "redis"
BUCKET: Final = "bucket"
INTERNET: Final = "internet"
FURTHER: Final = "further"
INGRESS: Final = "ingress"
MONITORING: Final = "monitoring"
FRONTEND: Final = "frontend"
SETUP: Final = "setup"
KEDA: Final = "keda"

_SIZES: Final = {
    "host": "{}",
    "bucket": "bucket {}",
    "account": "account {}",
    "container": "container {}",
    "instance_class": "{}",
    "node_type": "{}",
    "tier": "{}",
    "sku": "{}",
    "version": "version {}",
    "storage_gib": "{} GiB",
    "memory_gib": "{} GiB of memory",
    "memory_mib": "{} MiB of memory",
}
"""Settings of a data service that a reader of a picture asks for, and how they are said; none names a secret."""


def reached(settings: StackSettings, component: Component, further: Mapping[str, EgressSettings]) -> Sequence[str]:
    """Targets that a kind of pod may open connections to. With a pooler, Jobs alone go past it."""
    found = [service for service in (POSTGRES, REDIS, BUCKET) if component in USERS[service]]
    if settings.has_pooler:
        found = [POOLER if service == POSTGRES else service for service in found]
    if component in MIGRATIONS:
        found.append(POSTGRES)
    if component in OUTWARD.components and settings.network.reaches_internet:
        found.append(INTERNET)
    return [*found, *([FURTHER] if further else [])]


def further_of(
    settings: StackSettings, release: ReleaseSettings, component: Component, run: RunSettings
) -> Mapping[str, EgressSettings]:
    """What pods may reach besides: as the stack, the release, and the workload itself say."""
    outward = {**settings.all_egress, **release.egress} if component in OUTWARD.components else {}
    return {**outward, **settings.pods.egress, **release.pods.egress, **run.egress}


def callers_of(component: Component) -> Sequence[str]:
    """Callers that may open connections to a kind of pod of a release."""
    public = [INGRESS] if component in PUBLIC.components else []
    return [*public, MONITORING, *([FRONTEND] if component == "backend" else [])]


def targets(settings: StackSettings) -> Iterator[Target]:
    """Data services first, then what is outside."""
    services: Mapping[str, tuple[str, Section]] = {
        POSTGRES: ("Postgres", settings.postgres),
        REDIS: ("Redis", settings.redis),
        BUCKET: ("Bucket", settings.storage),
    }
    for service, (name, section) in services.items():
        facts = list(_sizes(section))
        if service == BUCKET and settings.bucket_on_internet:
            facts.append("over the internet")
        if isinstance(section, PlacementSettings) and section.egress:
            facts.append(f"reaches {', '.join(section.egress)}")
        yield Target(id=service, name=name, where=_where(settings, section), facts=facts)
        if service == POSTGRES and settings.has_pooler:
            yield _pooler(settings)
    if settings.network.reaches_internet:
        yield Target(
            id=INTERNET,
            name="Internet",
            where=f"public addresses, port {HTTPS_PORT}",
            facts=["model providers, integrations, webhooks"],
            inside=False,
        )
    further = dict(_further(settings))
    if further:
        facts = [f"{name}: {_addresses(egress)}, {egress.reason}" for name, egress in further.items()]
        yield Target(id=FURTHER, name="Further addresses", where="one policy each", facts=facts, inside=False)


def _pooler(settings: StackSettings) -> Target:
    own = settings.postgres.pooler
    if not own.enabled:
        return Target(id=POOLER, name="Pooler", where="outside this stack", facts=["in front of Postgres"])
    facts = ["in front of Postgres", f"{own.replica_count} pods"]
    if own.exporter_image:
        facts.append("its metrics are read")
    return Target(id=POOLER, name="PgBouncer", where=_place(settings), facts=facts)


def callers(settings: StackSettings) -> Iterator[Caller]:
    """What is not of the stack's releases and opens connections to them, or to Postgres."""
    cluster, primary = settings.cluster, settings.primary
    hosts = [url for role in primary.public_hosts if (url := primary.public_url(role))]
    source = ingress_source(settings)
    places = (*([f"in {source.namespace}"] if source.namespace else []), *source.cidrs)
    facts = [*(hosts or ["no public host"]), *(["cert-manager's challenges"] if primary.solves_challenges else [])]
    yield Caller(id=INGRESS, name="Ingress controller", where=", ".join(places) or "outside the cluster", facts=facts)
    yield Caller(id=MONITORING, name="Monitoring", where=f"in {cluster.monitoring_namespace}", facts=["reads metrics"])
    if settings.sets_up_database:
        jobs = "set-up and queue access" if settings.opens_queue else "set-up"
        yield Caller(id=SETUP, name="Database Jobs", where=_place(settings), facts=[jobs], target=POSTGRES)
    if settings.counts_tasks:
        yield Caller(
            id=KEDA,
            name="KEDA",
            where=f"in {cluster.keda_namespace}",
            facts=[f"counts tasks for {settings.triggers} {'pool' if settings.triggers == 1 else 'pools'}"],
            target=POSTGRES,
        )


def _further(settings: StackSettings) -> Iterator[tuple[str, EgressSettings]]:
    yield from settings.all_egress.items()
    yield from settings.pods.egress.items()
    for _, _, release in settings.releases():
        yield from release.egress.items()
        yield from release.pods.egress.items()
        for run in release.runs.values():
            yield from run.egress.items()


def described(further: Mapping[str, EgressSettings]) -> str:
    """Further targets, as a reader asks for them."""
    return "; ".join(f"{name}: {_addresses(egress)}" for name, egress in further.items())


def _addresses(egress: EgressSettings) -> str:
    place = ", ".join(egress.blocks) or f"namespace {egress.namespace}"
    return f"{place} {egress.protocol} {', '.join(map(str, egress.ports))}"


def _place(settings: StackSettings) -> str:
    return f"in {settings.cluster.data_namespace}"


def _where(settings: StackSettings, section: Section) -> str:
    match section:
        case ManagedPostgres() | ManagedRedis() | ManagedStorage():
            return f"managed by {settings.cloud}"
        case Located(namespace=str(namespace)):
            return f"somebody else's, in {namespace}"
        case Located():
            return "outside this stack"
        case _:
            return _place(settings)


def _sizes(section: object) -> Iterator[str]:
    for name, said in _SIZES.items():
        if (value := getattr(section, name, None)) is not None:
            yield said.format(value)
