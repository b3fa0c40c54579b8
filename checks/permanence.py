"""What a protected stack may never change, because another value is another database, cache or bucket."""

from collections.abc import Iterator, Mapping
from typing import Final

from checks.capacity.limits import limit_of
from config import Problem, StackSettings
from config.data_services import ManagedPostgres, ManagedRedis, ManagedStorage

_RESTORE: Final = "restore a snapshot into a stack of its own and move over"

CONNECTIONS: Final = "postgres.connections"
"""How many connections Postgres takes: no setting, and it may change, but not before Postgres has restarted."""

_SAFE_WAYS: Final[Mapping[str, str]] = {
    "aws.name": f"everything in the account is named after it; {_RESTORE}",
    "aws.region": f"data does not move between regions; {_RESTORE}",
    "aws.vpcId": f"data services do not move between networks; {_RESTORE}",
    "cloud": f"data does not move between clouds; {_RESTORE}",
    "cluster.dataNamespace": "volumes do not move between namespaces; dump and restore into a stack of its own",
    "postgres.database": "the other name is another, empty database; rename it in Postgres while the stack is stopped",
    "postgres.mode": f"the other mode is another, empty server; {_RESTORE}",
    "redis.engine": "Valkey has no way back; keep it, or archive all runs and drain the queues first",
    "redis.mode": "the other mode is another, empty server; archive all runs and drain the queues first",
    "storage.bucket": "a bucket has no other name; copy its objects into a new one while the stack is stopped",
    "storage.mode": "the other mode is another, empty bucket; copy the objects first, while the stack is stopped",
}
"""By setting: why, and what to do instead."""


FINGERPRINT: Final = "cluster.fingerprint"
"""What tells the cluster from another: not a setting of the stack file alone, so it comes from where that is known."""

_MOVE: Final = (
    "objects do not move between clusters; name the right one in cluster.context. If it is the same with a new "
    "certificate authority, or you have moved as docs/clusters.md says, write cluster.fingerprint: {}"
)


def permanent(settings: StackSettings) -> dict[str, str]:
    """The settings that are identities or know one direction only, with their values, by path."""
    aws, cluster = settings.aws, settings.cluster
    postgres, storage = settings.postgres, settings.storage
    limit = limit_of(settings, "postgres") if isinstance(postgres, ManagedPostgres) else None
    return {
        "cloud": settings.cloud,
        **({"aws.name": aws.name, "aws.region": aws.region, "aws.vpcId": aws.vpc_id} if aws else {}),
        **({"cluster.dataNamespace": cluster.data_namespace} if settings.services_in_cluster else {}),
        "postgres.database": postgres.database,
        "postgres.mode": postgres.mode,
        **({"postgres.version": postgres.version} if isinstance(postgres, ManagedPostgres) else {}),
        **({CONNECTIONS: str(limit.connections)} if limit else {}),
        "redis.mode": settings.redis.mode,
        **({"redis.engine": settings.redis.engine} if isinstance(settings.redis, ManagedRedis) else {}),
        **({"storage.bucket": storage.bucket} if isinstance(storage, ManagedStorage) else {}),
        "storage.mode": settings.storage.mode,
    }


def changed(before: Mapping[str, str], after: Mapping[str, str], settings: StackSettings) -> Iterator[Problem]:
    """Why a stack that was deployed with `before` cannot become one with `after`, which these settings give."""
    for path in sorted(before.keys() & after.keys() - {CONNECTIONS}):
        old, new = before[path], after[path]
        if path == "postgres.version" and isinstance(settings.postgres, ManagedPostgres):
            if _parts(new) < _parts(old)[: len(_parts(new))]:
                yield Problem(path, f"is {new}, and {old} is deployed; Postgres has no way back: {_RESTORE}")
            elif _parts(new)[0] > _parts(old)[0] and not settings.postgres.allow_major_upgrade:
                yield Problem(path, f"is {new}, and {old} is deployed; write allowMajorUpgrade: true for this update")
        elif path == FINGERPRINT:
            if old != new:
                yield Problem(path, f"the cluster has {new}, and {old} is deployed to; {_MOVE.format(new)}")
        elif path == "redis.engine" and new == "valkey" and isinstance(settings.redis, ManagedRedis):
            if old != new and not settings.redis.apply_immediately:
                yield Problem(path, f"is {new}, and {old} is deployed; write applyImmediately: true for this update")
        elif old != new:
            deliberate = "to give the data up deliberately, deploy with protect: false first"
            yield Problem(path, f"is {new!r}, and {old!r} is deployed; {_SAFE_WAYS[path]}; {deliberate}")


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
