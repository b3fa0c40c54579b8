"""Whether Postgres and Redis take the connections that the whole stack opens at most."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, get_args

from checks.capacity.consumers import unwritten
from checks.capacity.ledger import Ledger, client_ledger, ledger
from checks.capacity.pooler import server_connections
from checks.capacity.ways_out import cheapest
from checks.finding import Finding, error, note
from config import StackSettings
from config.connections import Service
from config.limits import Limit

SERVICES: Final[tuple[Service, ...]] = get_args(Service)

_NAMES: Final = {"postgres": "Postgres", "redis": "Redis"}
_UNKNOWN: Final = {
    "postgres": ("postgres.maxConnections", "max_connections"),
    "redis": ("redis.maxClients", "maxclients"),
}
"""The setting to write where nothing says what a service takes, and the server's word for it."""


def connections_fit(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a stack that Postgres or Redis would turn away at its busiest, and note what is left otherwise."""
    for service in SERVICES:
        yield from findings_of(settings, service)
    yield from findings_of_clients(settings)


def findings_of_clients(settings: StackSettings) -> Iterator[Finding]:
    """What is to be said about the clients of the pooler, if there is one and they are known."""
    found, path = client_ledger(settings), "postgres.pooler.clients"
    if found is None or found.limit is None:
        return
    if not found.fits:
        yield error(path, _too_many(found, found.limit))
    elif each := server_connections(settings):
        pods = settings.postgres.pooler.replica_count
        yield note(path, f"{found.total} connections at most share {pods * each} to the server, {each} of each pod")


def findings_of(settings: StackSettings, service: Service) -> Iterator[Finding]:
    """What is to be said about one of them."""
    path, lacking = f"connections.{service}", unwritten(settings, service)
    found = ledger(settings, service)
    if settings.connections.of(service) is None and found is None:
        roles = ", ".join(f"{setting.rpartition('.')[2]}: ..." for setting in lacking)
        yield note(
            path,
            f"not set, so nobody checks whether {_NAMES[service]} takes all connections; write those of one pod at its "
            f"busiest, {{ {roles} }}",
        )
    elif settings.connections.of(service) is not None and lacking:
        for setting, consumer in lacking.items():
            yield error(
                setting,
                f"required once {path} is set, for {consumer}; write the connections that one pod of it has at its "
                "busiest",
            )
    elif found is None:
        return  # the pooler's connections are not known, which its own check says
    elif found.limit is None:
        setting, word = _UNKNOWN[service]
        yield note(
            setting,
            f"not set, so the {found.total} connections that are opened at most are compared with nothing; write the "
            f"server's {word}",
        )
    elif found.fits:
        yield note(
            path,
            f"{found.total} connections are opened at most, and there are {there(found.limit)}; {found.left} are left",
        )
    else:
        yield error(path, _too_many(found, found.limit))


def fits_until_a_restart(settings: StackSettings, deployed: int) -> Iterator[str]:
    """Warn of connections that are opened before Postgres, which was deployed to take `deployed`, takes more."""
    found = ledger(settings, "postgres")
    if found and found.limit and found.limit.condition and deployed < found.limit.connections:
        limit = replace(found.limit, connections=deployed)
        if found.total > limit.available:
            yield (
                f"connections.postgres: {found.total} connections are opened at most, and there are {limit.available} "
                f"until {limit.condition}; raise the limit in an update of its own, and replicas after the restart"
            )


def there(limit: Limit) -> str:
    """What there is for the platform, and why."""
    by = f"{limit.connections} by {limit.source}"
    return f"{limit.available} ({by}, less {limit.reserved} reserved)" if limit.reserved else by


def _too_many(found: Ledger, limit: Limit) -> str:
    table = ", ".join(f"{row.consumer} {row.pods} x {row.each} = {row.total}" for row in found.rows)
    ways = cheapest(found)
    remedy = (
        f"write one of these, each is enough: {', or '.join(str(way) for way in ways)}"
        if ways
        else "no single change is enough; lower replicas, connections of a pod, or both in several places"
    )
    return (
        f"with every workload at its maximum and in a rollout {found.total} connections are opened, and there are "
        f"{there(limit)}: {table}; {remedy}"
    )
