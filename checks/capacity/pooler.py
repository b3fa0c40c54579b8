"""What one pod of the pooler may open to Postgres, and what it must take from its clients.

Together its pods, one that is about to go included, and what goes past them never open more than the server takes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from checks.capacity.consumers import Row, consumers, jobs, unwritten
from checks.capacity.limits import limit_of
from checks.finding import Finding, error
from config import StackSettings
from config.data_services import ExternalPostgres

_STEP: Final = 100
"""Clients are rounded up to a multiple of it, so that a replica more does not restart the pooler each time."""

_MONITORS: Final = 1
"""Connections of the exporter: one for each scrape."""

_CONSOLE: Final = "pgbouncer"
"""Name of PgBouncer's own database, for its console."""

_SPELLED: Final = re.compile(r"[A-Za-z0-9._-]+")
"""Names of databases that PgBouncer's configuration can spell: in spite of its manual it reads no double quotes there
(libusual, `parse_ini_file_internal`)."""


@dataclass(frozen=True)
class Share:
    """The part of one pod of the pooler."""

    connections: int
    """Connections that it opens to the server at most."""
    clients: int
    """Connections that it takes at most."""


def share(settings: StackSettings) -> Share:
    """That of every pod. The checks refuse a stack that does not tell."""
    connections, clients = server_connections(settings), clients_of_one(settings)
    if connections is None or clients is None:
        raise ValueError("the checks refuse a pooler whose connections nobody knows")
    return Share(connections, clients)


def server_connections(settings: StackSettings) -> int | None:
    """Connections of one pod to the server: as written, else what is left for it; None if that is not known.

    At least one: the connection ledger tells what does not fit then.
    """
    pooler, limit = settings.postgres.pooler, limit_of(settings, "postgres")
    if pooler.connections:
        return pooler.connections
    sessions = [known for known in consumers(settings, "postgres") if known.session]
    if limit is None or any(known.each is None for known in sessions):
        return None
    past = sum(row.total for row in (*jobs(settings), *(known.row for known in sessions)))
    return max(1, (limit.available - past) // pooler.most_pods)


def client_rows(settings: StackSettings) -> Sequence[Row] | None:
    """Who goes through the pooler; None if there is none, or somebody's connections are not written."""
    clients = [known for known in consumers(settings, "postgres") if not known.session]
    if not settings.postgres.pooler.enabled or any(known.each is None for known in clients):
        return None
    return [known.row for known in clients]


def clients_of_one(settings: StackSettings) -> int | None:
    """Connections of clients that one pod takes: as written, else all that there can be; None if that is not known."""
    rows = client_rows(settings)
    if settings.postgres.pooler.clients or rows is None:
        return settings.postgres.pooler.clients
    return -(-(sum(row.total for row in rows) + _MONITORS) // _STEP) * _STEP


def the_pooler_is_told(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a pooler of which nobody knows how many connections it may open and must take: none is made up."""
    pooler, lacking = settings.postgres.pooler, unwritten(settings, "postgres")
    if not pooler.enabled:
        return
    if isinstance(settings.postgres, ExternalPostgres) and settings.postgres.direct:
        yield error(
            "postgres.pooler.enabled", "is true, and postgres.direct says that host is a pooler already; remove one"
        )
    database = settings.postgres.database
    if database == _CONSOLE:
        yield error("postgres.database", f"{database!r} is the pooler's own console; choose another name")
    elif not _SPELLED.fullmatch(database):
        yield error(
            "postgres.database", f"a pooler takes letters, digits, `.`, `_` and `-` only (got {database!r}); rename it"
        )
    sessions = [known.setting for known in consumers(settings, "postgres") if known.session]
    unknown = [] if limit_of(settings, "postgres") else ["postgres.maxConnections"]
    unknown += [setting for setting in sessions if setting in lacking]
    if server_connections(settings) is None:
        yield error(
            "postgres.pooler.connections",
            f"required while {' and '.join(unknown)} is not set; write the connections to the server that one of at "
            f"most {pooler.most_pods} pods opens, or set what is lacking",
        )
    if clients_of_one(settings) is None:
        figures = ", ".join(sorted(setting for setting in lacking if setting not in sessions))
        yield error(
            "postgres.pooler.clients",
            f"required while {figures} is not set; write the connections of all workloads to Postgres at their "
            "busiest, or set what is lacking",
        )
