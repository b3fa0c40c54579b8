"""Whether every `${...}` in plain settings refers to a value that this stack has."""

from collections.abc import Iterator, Mapping
from typing import Final

from checks.finding import Finding, error
from config import StackSettings
from config.references import split

_NEEDS: Final[Mapping[str, str]] = {
    "backend.publicUrl": "set primary.hosts",
    "frontend.publicUrl": "set primary.hosts",
    "relays.publicUrl": "set primary.hosts and enable primary.relays",
    "relays.url": "enable primary.relays",
}


def references_have_values(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a reference to the address of a service that is off, or of a host that is not set."""
    hosts, relays = settings.primary.public_hosts, settings.primary.relays.enabled
    missing = {f"{role}.publicUrl" for role in ("frontend", "backend", "relays") if role not in hosts}
    missing |= set() if relays else {"relays.url"}
    places = {"env": settings.env, **{f"{path}.env": release.env for path, _, release in settings.releases()}}
    places |= {f"{path}.env": pool.env for path, _, pool in settings.pools()}
    for path, variables in places.items():
        for variable, text in variables.items():
            for name in split(text)[1::2]:
                if name in missing:
                    yield error(f"{path}.{variable}", f"refers to ${{{name}}}, which this stack lacks; {_NEEDS[name]}")
