"""Whether every `${...}` in plain settings refers to a value that this stack has, and no secret is shown by one."""

from collections.abc import Iterator, Mapping
from typing import Final

from checks.finding import Finding, error
from config import StackSettings
from config.data_services import ExternalPostgres
from config.references import SECRET_REFERENCES, referred

_NEEDS: Final[Mapping[str, str]] = {
    "backend.publicUrl": "set primary.hosts",
    "frontend.publicUrl": "set primary.hosts",
    "postgres.caFile": "only an external Postgres with ca has one",
    "redis.caFile": "no authority of its own signs the certificate of Redis: clients know it already",
    "relays.publicUrl": "set primary.hosts and enable primary.relays",
    "relays.url": "enable primary.relays",
}


def references_have_values(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a reference to a service that is off, to a host that is not set, or to a file that no pod has.

    A pool's `env` stands in its pods' manifest, where no password may be.
    """
    hosts, relays = settings.primary.public_hosts, settings.primary.relays.enabled
    missing = {f"{role}.publicUrl" for role in ("frontend", "backend", "relays") if role not in hosts}
    missing |= set() if settings.redis.access.ca_file else {"redis.caFile"}
    missing |= (
        set() if isinstance(settings.postgres, ExternalPostgres) and settings.postgres.ca else {"postgres.caFile"}
    )
    missing |= set() if relays else {"relays.url"}
    places = {"env": settings.env, **{f"{path}.env": release.env for path, _, release in settings.releases()}}
    pools = {f"{path}.env": pool.env for path, _, pool in settings.pools()}
    for path, variables in {**places, **pools}.items():
        for variable, text in variables.items():
            for name in sorted(referred(text) & missing):
                yield error(f"{path}.{variable}", f"refers to ${{{name}}}, which this stack lacks; {_NEEDS[name]}")
            for name in sorted(referred(text) & SECRET_REFERENCES) if path in pools else ():
                rule = f"refers to ${{{name}}}, which holds a password, and the pods' manifest shows it"
                yield error(f"{path}.{variable}", f"{rule}; write the variable in the release's env")
