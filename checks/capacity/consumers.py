"""Who connects to Postgres and to Redis, and with how many connections each of its pods.

Every consumer of every release is counted at the most pods that it can have, those of a rollout included, because a
shared secret rolls all workloads at once; and with them the Jobs, the scheduler (stopped before its successor starts)
and KEDA. The frontend talks to the backend only (platform.md section 2). What an administrator opens by hand is left
out: the reserved connections are for that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from checks.capacity.peak import Replicas, most_pods, most_replicas
from config import StackSettings
from config.connections import TRIGGER_CONNECTIONS, Service
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
class Consumer:
    """A workload that connects."""

    name: str
    setting: str
    """The setting that says what one pod opens."""
    each: int | None
    """What it says; None if it is not written."""
    replicas: Replicas | None = None
    """What says how many pods there are; None: one."""
    session: bool = False
    """Whether it needs a session of its own, and so goes past a pooler."""

    @property
    def row(self) -> Row:
        """Its connections; none if what one pod opens is not written."""
        pods = most_pods(self.replicas.most) if self.replicas else 1
        return Row(self.name, pods, self.each or 0, self.setting, self.replicas)


def jobs(settings: StackSettings) -> Sequence[Row]:
    """What connects to Postgres with a figure that is known: KEDA and the Jobs of the stack itself."""
    rows = [Row("KEDA", settings.triggers, TRIGGER_CONNECTIONS)]
    if settings.sets_up_database:
        rows.append(Row("postgres-setup", 1, _SETUP_CONNECTIONS))
    if settings.opens_queue:
        rows.append(Row("postgres-queue", 1, 1))
    return rows


def consumers(settings: StackSettings, service: Service) -> Iterator[Consumer]:
    """Every workload that connects."""
    primary, roles = settings.primary, settings.connections.of(service)
    written: dict[str, int | None] = roles.model_dump() if roles else {}
    services = {"backend": primary.backend, **({"relays": primary.relays} if primary.relays.enabled else {})}
    for role, workload in services.items():
        replicas = most_replicas(f"primary.{role}", workload)
        yield Consumer(f"{primary.name}-{role}", f"connections.{service}.{role}", written.get(role), replicas)
    if primary.scheduler.enabled:
        name = f"{primary.name}-{SCHEDULER}"
        yield Consumer(name, f"connections.{service}.scheduler", written.get("scheduler"))
    if primary.migrations.enabled and service == "postgres":
        name, own = f"{primary.name}-{MIGRATIONS}", written.get("migrations")
        yield Consumer(name, "connections.postgres.migrations", own, session=True)
    for path, name, pool in settings.pools():
        own = pool.connections.of(service)
        setting = f"connections.{service}.worker" if own is None else f"{path}.connections.{service}"
        each = written.get("worker") if own is None else own
        yield Consumer(name, setting, each, most_replicas(path, pool))


def unwritten(settings: StackSettings, service: Service) -> dict[str, str]:
    """Settings of `connections` that are not written, each with a consumer that needs it."""
    return {known.setting: known.name for known in consumers(settings, service) if known.each is None}
