"""The connection ledger: everything that connects to Postgres or to Redis, beside what that takes.

Every consumer of every release is counted at the most pods that it can have, those of a rollout included, because a
shared secret rolls all workloads at once; and with them the Jobs, the scheduler (stopped before its successor starts)
and KEDA. The frontend talks to the backend only (platform.md section 2). What an administrator opens by hand is left
out: the reserved connections are for that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from checks.capacity.limits import limit_of
from checks.capacity.peak import Replicas, most_pods, most_replicas
from config import StackSettings
from config.connections import TRIGGER_CONNECTIONS, Service
from config.limits import Limit
from config.names import MIGRATIONS, SCHEDULER

_SETUP_CONNECTIONS: Final = 2
"""Of the Job that sets the database up: psql opens what `\\connect` asks for before it closes what it had."""


@dataclass(frozen=True)
class Row:
    """Connections of one consumer."""

    consumer: str
    """Its name in Kubernetes; of KEDA all triggers together."""
    pods: int
    """The most pods that it has, or triggers."""
    each: int
    """The most connections that one of them opens."""
    setting: str | None = None
    """The setting that says `each`."""
    replicas: Replicas | None = None
    """What says `pods`; None where it follows from something else."""

    @property
    def total(self) -> int:
        """The most connections of all its pods."""
        return self.pods * self.each


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
    if settings.connections.of(service) is None or unwritten(settings, service):
        return None
    rows = [
        Row(consumer, most_pods(replicas.most) if replicas else 1, each or 0, setting, replicas)
        for consumer, setting, each, replicas in _consumers(settings, service)
    ]
    if service == "postgres":
        rows.append(Row("KEDA", settings.triggers, TRIGGER_CONNECTIONS))
        if settings.sets_up_database:
            rows.append(Row("postgres-setup", 1, _SETUP_CONNECTIONS))
        if settings.opens_queue:
            rows.append(Row("postgres-queue", 1, 1))
    rows.sort(key=lambda row: (-row.total, row.consumer))
    return Ledger(service, tuple(row for row in rows if row.pods), limit_of(settings, service))


def unwritten(settings: StackSettings, service: Service) -> Mapping[str, str]:
    """Settings of `connections` that the ledger lacks, each with a consumer that needs it."""
    return {setting: consumer for consumer, setting, each, _ in _consumers(settings, service) if each is None}


def _consumers(settings: StackSettings, service: Service) -> Iterator[tuple[str, str, int | None, Replicas | None]]:
    """Every workload that connects, as (name, the setting for one pod, its value, what says how many pods)."""
    primary, roles = settings.primary, settings.connections.of(service)
    written: dict[str, int | None] = roles.model_dump() if roles else {}
    services = {"backend": primary.backend, **({"relays": primary.relays} if primary.relays.enabled else {})}
    for role, workload in services.items():
        replicas = most_replicas(f"primary.{role}", workload)
        yield f"{primary.name}-{role}", f"connections.{service}.{role}", written.get(role), replicas
    if primary.scheduler.enabled:
        yield f"{primary.name}-{SCHEDULER}", f"connections.{service}.scheduler", written.get("scheduler"), None
    if primary.migrations.enabled and service == "postgres":
        yield f"{primary.name}-{MIGRATIONS}", "connections.postgres.migrations", written.get("migrations"), None
    for path, name, pool in settings.pools():
        own = pool.connections.of(service)
        setting = f"connections.{service}.worker" if own is None else f"{path}.connections.{service}"
        yield name, setting, written.get("worker") if own is None else own, most_replicas(path, pool)
