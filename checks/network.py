"""Whether every network policy has a name of its own, and whether it can let pods out to where it says."""

from collections.abc import Iterator, Mapping
from typing import Final

from checks.finding import Finding, error
from config import StackSettings
from config.data_services import ExternalPostgres
from config.network import EgressSettings, Located

_TAKEN: Final = frozenset({"bucket", "dns", "internet", "postgres", "postgres-direct", "redis"})
"""Targets that every release has a policy `to-<name>` for anyway."""


def policies_have_names_of_their_own(settings: StackSettings) -> Iterator[Finding]:
    """Refuse names that make a policy which exists already: of the stack's own, of its cloud, or of another egress."""
    yield from _egresses(settings)
    if "postgres" in settings.services_in_cluster:
        others = {
            "setup": settings.sets_up_database,
            "keda": settings.counts_tasks,
            "pooler": settings.postgres.pooler.enabled,
        }
        for path, name, _ in settings.releases():
            if others.get(name):
                yield error(path, f"makes a second policy postgres-from-{name}; rename the release")


def the_bucket_is_reached(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a bucket on the internet in a network that has no way there."""
    ways = (
        settings.network.reaches_internet or settings.network.proxy or any(it.blocks for it in settings.egress.values())
    )
    if settings.bucket_on_internet and not ways:
        rule = "write network.proxy, its private addresses, or an egress to its public ones"
        yield error("storage", f"is on the internet, which network.internet: false closes; {rule}")


def services_of_others_have_their_own_namespace(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a namespace in which nothing talks to anything unless this stack says so, their operators included."""
    own = {release.namespace: path for path, _, release in settings.releases()}
    own |= {settings.cluster.data_namespace: "cluster.dataNamespace"} if settings.has_data_namespace else {}
    direct = settings.postgres.direct if isinstance(settings.postgres, ExternalPostgres) else None
    services = {"postgres": settings.postgres, "redis": settings.redis, "storage": settings.storage}
    for path, service in {**services, "postgres.direct": direct}.items():
        if isinstance(service, Located) and service.namespace in own:
            rule = f"is a namespace of this stack's own, {own[service.namespace]}, which denies what its owner needs"
            yield error(f"{path}.namespace", f"{rule}; run the service in a namespace of its own")


def _egresses(settings: StackSettings) -> Iterator[Finding]:
    needed: Mapping[str, EgressSettings] = settings.needed_egress
    named = {"egress": settings.egress, **{f"{path}.egress": own.egress for path, _, own in settings.releases()}}
    for path, egress in named.items():
        for name in egress.keys() & _TAKEN:
            yield error(f"{path}.{name}", f"is the name of a policy that every release has, to-{name}; choose another")
        for name in egress.keys() & needed.keys():
            yield error(f"{path}.{name}", f"is the name of a policy for {needed[name].reason}; choose another")
        if path != "egress":
            for name in egress.keys() & settings.egress.keys():
                yield error(f"{path}.{name}", f"has the name of egress.{name}; choose another, both are allowed")
