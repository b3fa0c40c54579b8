"""Who opens connections to whom: what the network policies allow, for each kind of pod, taken from where they are made.

A test compares it with what rendered policies allow, pod by pod.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from components.kubernetes.labels import Component
from components.releases.allowances import HTTPS_PORT, OUTWARD, PUBLIC, USERS
from config import StackSettings
from config.network import EgressSettings
from config.releases import ReleaseSettings
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


def reached_by_component(component: Component, further: Mapping[str, EgressSettings], *, pooler: bool) -> Sequence[str]:
    """Targets that a kind of pod may open connections to. With a pooler, Jobs alone go past it."""
    found = [service for service in (POSTGRES, REDIS, BUCKET) if component in USERS[service].components]
    if pooler and component != "job":
        found = [POOLER if service == POSTGRES else service for service in found]
    if component in OUTWARD.components:
        found += [INTERNET, *([FURTHER] if further else [])]
    return found


def callers_of(component: Component) -> Sequence[str]:
    """Callers that may open connections to a kind of pod of a release."""
    public = [INGRESS] if component in PUBLIC.components else []
    return [*public, MONITORING, *([FRONTEND] if component == "backend" else [])]


def has_pooler(settings: StackSettings) -> bool:
    """Whether there is a pooler in front of Postgres."""
    return bool(getattr(getattr(settings.postgres, "pooler", None), "enabled", False))


def targets(settings: StackSettings) -> Iterator[Target]:
    """Data services first, then what is outside."""
    services = {
        POSTGRES: ("Postgres", settings.postgres),
        REDIS: ("Redis", settings.redis),
        BUCKET: ("Bucket", settings.storage),
    }
    for service, (name, section) in services.items():
        facts = list(_sizes(section))
        if service == BUCKET and section.mode != "cluster" and not settings.bucket_cidrs:
            facts.append("over the internet")
        yield Target(id=service, name=name, where=_where(settings, section.mode), facts=facts)
        if service == POSTGRES and has_pooler(settings):
            yield Target(id=POOLER, name="PgBouncer", where="in front of Postgres", facts=(_place(settings),))
    yield Target(
        id=INTERNET,
        name="Internet",
        where=f"public addresses, port {HTTPS_PORT}",
        facts=["model providers, integrations, webhooks"],
        inside=False,
    )
    further = dict(_further(settings))
    if further:
        yield Target(
            id=FURTHER,
            name="Further addresses",
            where="each by its own policy",
            facts=[f"{name}: {_addresses(egress)}, {egress.reason}" for name, egress in further.items()],
            inside=False,
        )


def callers(settings: StackSettings) -> Iterator[Caller]:
    """What is not of the stack's releases and opens connections to them, or to Postgres."""
    cluster, primary = settings.cluster, settings.primary
    hosts = [url for role in primary.public_hosts if (url := primary.public_url(role))]
    places = (f"in {cluster.ingress_namespace}", *cluster.ingress_cidrs)
    facts = [*(hosts or ["no public host"]), *(["cert-manager's challenges"] if primary.solves_challenges else [])]
    yield Caller(id=INGRESS, name="Ingress controller", where=", ".join(places), facts=facts)
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


def further_of(settings: StackSettings, release: ReleaseSettings) -> Mapping[str, EgressSettings]:
    """What pods of a release that reach the internet may reach besides."""
    return {**settings.all_egress, **release.egress}


def _further(settings: StackSettings) -> Iterator[tuple[str, EgressSettings]]:
    yield from settings.all_egress.items()
    for _, _, release in settings.releases():
        yield from release.egress.items()
        for pool in release.enabled_pools.values():
            yield from pool.egress.items()


def described(further: Mapping[str, EgressSettings]) -> str:
    """Further targets, as a reader asks for them."""
    return "; ".join(f"{name}: {_addresses(egress)}" for name, egress in further.items())


def _addresses(egress: EgressSettings) -> str:
    place = egress.cidr or f"namespace {egress.namespace}"
    return f"{place} port {', '.join(map(str, egress.ports))}"


def _place(settings: StackSettings) -> str:
    return f"in {settings.cluster.data_namespace}"


def _where(settings: StackSettings, mode: str) -> str:
    match mode:
        case "cluster":
            return _place(settings)
        case "managed":
            return f"managed by {settings.cloud}"
        case _:
            return "outside this stack"


def _sizes(section: object) -> Iterator[str]:
    for name, said in _SIZES.items():
        if (value := getattr(section, name, None)) is not None:
            yield said.format(value)
