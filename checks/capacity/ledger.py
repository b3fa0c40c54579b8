"""The connection ledger: everything that connects to Postgres or to Redis, beside what that takes.

With a pooler in front of Postgres there are two sides: its clients, and its own connections with what goes past it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from checks.capacity.consumers import Row, consumers, jobs
from checks.capacity.limits import limit_of
from checks.capacity.pooler import client_rows, clients_of_one, server_connections
from config import StackSettings
from config.connections import Service
from config.limits import Limit


@dataclass(frozen=True)
class Ledger:
    """What is opened at most, and what there is."""

    service: Service
    rows: tuple[Row, ...]
    """Every consumer that has pods, the largest first."""
    limit: Limit | None
    """What the service takes; None if the stack file does not tell."""

    @property
    def total(self) -> int:
        """Connections that all consumers open at most."""
        return sum(row.total for row in self.rows)

    @property
    def left(self) -> int | None:
        """Connections that nobody opens; below 0 if there are too few. None if the limit is not known."""
        return self.limit.available - self.total if self.limit else None

    @property
    def fits(self) -> bool:
        """Whether there are enough, as far as is known."""
        return self.left is None or self.left >= 0


def ledger(settings: StackSettings, service: Service) -> Ledger | None:
    """Add up who connects to a service; None if the stack file does not say how much one pod opens."""
    pooler = settings.postgres.pooler if service == "postgres" and settings.postgres.pooler.enabled else None
    known = [one for one in consumers(settings, service) if one.session or not pooler]
    each = server_connections(settings) if pooler else 0
    if each is None or any(one.each is None for one in known):
        return None
    rows = [*(one.row for one in known), *(jobs(settings) if service == "postgres" else ())]
    if pooler:
        setting = "postgres.pooler.connections" if pooler.connections else None
        rows.append(Row("postgres-pooler", pooler.most_pods, each, setting))
    return Ledger(service, _sorted(rows), limit_of(settings, service))


def client_ledger(settings: StackSettings) -> Ledger | None:
    """Add up the clients of the pooler; None if there is none, or the stack file does not say how much one pod opens.

    Each pod of the pooler must take all of them: during a rollout and without a node, one of two is alone.
    """
    rows = client_rows(settings)
    if rows is None:
        return None
    setting = "postgres.pooler.clients" if settings.postgres.pooler.clients else None
    source = setting or "the sum, rounded up"
    return Ledger(
        "postgres", _sorted(rows), Limit(connections=clients_of_one(settings) or 0, source=source, setting=setting)
    )


def _sorted(rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(sorted((row for row in rows if row.pods), key=lambda row: (-row.total, row.consumer)))
