"""Whether every `${...}` in plain settings refers to a value that this stack has."""

from collections.abc import Iterator, Mapping
from typing import Final

from checks.finding import Finding, error
from config import StackSettings
from config.references import split

_NEEDS: Final[Mapping[str, str]] = {
    "backend.publicUrl": "set primary.hosts",
    "frontend.publicUrl": "set primary.hosts",
    "redis.caFile": "no authority of its own signs the certificate of Redis: clients know it already",
    "relays.publicUrl": "set primary.hosts and enable primary.relays",
    "relays.url": "enable primary.relays",
}


def references_have_values(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a reference to a service that is off, to a host that is not set, or to a file that no pod has."""
    hosts, relays = settings.primary.public_hosts, settings.primary.relays.enabled
    missing = {f"{role}.publicUrl" for role in ("frontend", "backend", "relays") if role not in hosts}
    missing |= set() if settings.redis.access.ca_file else {"redis.caFile"}
    missing |= set() if relays else {"relays.url"}
    places = {"env": settings.env, **{f"{path}.env": release.env for path, _, release in settings.releases()}}
    places |= {f"{path}.env": pool.env for path, _, pool in settings.pools()}
    for path, variables in places.items():
        for variable, text in variables.items():
            for name in split(text)[1::2]:
                if name in missing:
                    yield error(f"{path}.{variable}", f"refers to ${{{name}}}, which this stack lacks; {_NEEDS[name]}")
