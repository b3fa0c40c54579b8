"""What a protected stack may never change, because another value is another database, cache or bucket."""

from collections.abc import Iterator, Mapping
from typing import Final

from config import Problem, StackSettings
from config.managed import ManagedPostgres, ManagedRedis, ManagedStorage
from config.permanent import RESTORE, Permanent, Permanents

CONNECTIONS: Final = "postgres.connections"
"""How many connections Postgres takes: no setting, and it may change, but not before Postgres has restarted."""

FINGERPRINT: Final = "cluster.fingerprint"
"""What tells the cluster from another: not a setting of the stack file alone, so it comes from where that is known."""

_MOVE: Final = (
    "objects do not move between clusters; name the right one in cluster.context. If it is the same with a new "
    "certificate authority, or you have moved as docs/clusters.md says, write cluster.fingerprint: {}"
)


def permanent(settings: StackSettings) -> dict[str, str]:
    """The settings that are identities or know one direction only, with their values, by path."""
    limit = settings.postgres.limit if isinstance(settings.postgres, ManagedPostgres) else None
    return {
        **{path: it.value for path, it in _permanents(settings).items()},
        **({CONNECTIONS: str(limit.connections)} if limit else {}),
    }


def changed(before: Mapping[str, str], after: Mapping[str, str], settings: StackSettings) -> Iterator[Problem]:
    """Why a stack that was deployed with `before` cannot become one with `after`, which these settings give."""
    fingerprint = after.get(FINGERPRINT)
    if fingerprint and before.get(FINGERPRINT, fingerprint) != fingerprint:
        rule = f"the cluster has {fingerprint}, and {before[FINGERPRINT]} is deployed to; {_MOVE.format(fingerprint)}"
        yield Problem(FINGERPRINT, rule)
    for path, it in sorted(_permanents(settings).items(), key=lambda item: item[0]):
        if path in before and (refusal := it.refusal(before[path])):
            yield Problem(path, refusal)


def _permanents(settings: StackSettings) -> Permanents:
    """Everything that may not become just anything: of the stack, of its cloud, and of what the cloud runs."""
    postgres, redis, storage = settings.postgres, settings.redis, settings.storage
    in_cluster = {
        "cluster.dataNamespace": Permanent(
            value=settings.cluster.data_namespace,
            instead="volumes do not move between namespaces; dump and restore into a stack of its own",
        )
    }
    return {
        "cloud": Permanent(value=settings.cloud, instead=f"data does not move between clouds; {RESTORE}"),
        **(in_cluster if settings.services_in_cluster else {}),
        "postgres.database": Permanent(
            value=postgres.database,
            instead="the other name is another, empty database; rename it in Postgres while the stack is stopped",
        ),
        "postgres.mode": Permanent(value=postgres.mode, instead=f"the other mode is another, empty server; {RESTORE}"),
        "redis.mode": Permanent(
            value=redis.mode,
            instead="the other mode is another, empty server; archive all runs and drain the queues first",
        ),
        "storage.mode": Permanent(
            value=storage.mode,
            instead="the other mode is another, empty bucket; copy the objects first, while the stack is stopped",
        ),
        **(settings.account.permanent if settings.account else {}),
        **(postgres.permanent if isinstance(postgres, ManagedPostgres) else {}),
        **(redis.permanent if isinstance(redis, ManagedRedis) else {}),
        **(storage.permanent if isinstance(storage, ManagedStorage) else {}),
    }
