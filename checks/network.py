"""Whether every network policy has a name of its own."""

from collections.abc import Iterator, Mapping
from typing import Final

from checks.finding import Finding, error
from config import StackSettings
from config.network import EgressSettings

_TAKEN: Final = frozenset({"bucket", "dns", "internet", "postgres", "redis"})
"""Targets that every release has a policy `to-<name>` for anyway."""


def policies_have_names_of_their_own(settings: StackSettings) -> Iterator[Finding]:
    """Refuse names that make a policy which exists already: of the stack's own, of its cloud, or of another egress."""
    yield from _egresses(settings)
    if "postgres" in settings.services_in_cluster:
        others = {"setup": settings.sets_up_database, "keda": settings.counts_tasks}
        for path, name, _ in settings.releases():
            if others.get(name):
                yield error(path, f"makes a second policy postgres-from-{name}; rename the release")


def the_bucket_is_reached(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a bucket on the internet in a network that has no way there."""
    inside = "bucket" in settings.services_in_cluster or settings.bucket_cidrs
    ways = (
        settings.network.reaches_internet or settings.network.proxy or any(it.blocks for it in settings.egress.values())
    )
    if not inside and not ways:
        rule = "write network.proxy, its private addresses, or an egress to its public ones"
        yield error("storage", f"is on the internet, which network.internet: false closes; {rule}")


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
