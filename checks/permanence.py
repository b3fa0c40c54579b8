"""What a protected stack may never change, because another value is another database, cache or bucket."""

from collections.abc import Iterator, Mapping
from typing import Final

from config import Problem, StackSettings
from config.managed import ManagedPostgres, ManagedService
from config.permanent import RESTORE, Permanent, Permanents, marked

CONNECTIONS: Final = "postgres.connections"
"""How many connections Postgres takes: no setting, and it may change, but not before Postgres has restarted."""

FINGERPRINT: Final = "cluster.fingerprint"
"""What tells the cluster from another: not a setting of the stack file alone, so it comes from where that is known."""

_MOVE: Final = (
    "objects do not move between clusters; name the right one in cluster.context. If it is the same with a new "
    "certificate authority, or you have moved as docs/clusters.md says, write cluster.fingerprint: {}"
)

_NAMESPACE: Final = "volumes do not move between namespaces; dump and restore into a stack of its own"
_DATABASE: Final = "the other name is another, empty database; rename it in Postgres while the stack is stopped"
_MODES: Final = {
    "postgres": f"the other mode is another, empty server; {RESTORE}",
    "redis": "the other mode is another, empty server; archive all runs and drain the queues first",
    "storage": "the other mode is another, empty bucket; copy the objects first, while the stack is stopped",
}


def permanent(settings: StackSettings) -> dict[str, str]:
    """The settings that are identities or know one direction only, with their values, by path."""
    limit = settings.postgres.limit if isinstance(settings.postgres, ManagedPostgres) else None
    return {
        **{path: value for path, (value, _) in _permanents(settings).items()},
        **({CONNECTIONS: str(limit.connections)} if limit else {}),
    }


def changed(before: Mapping[str, str], after: Mapping[str, str], settings: StackSettings) -> Iterator[Problem]:
    """Why a stack that was deployed with `before` cannot become one with `after`, which these settings give."""
    fingerprint = after.get(FINGERPRINT)
    if fingerprint and before.get(FINGERPRINT, fingerprint) != fingerprint:
        rule = f"the cluster has {fingerprint}, and {before[FINGERPRINT]} is deployed to; {_MOVE.format(fingerprint)}"
        yield Problem(FINGERPRINT, rule)
    for path, (value, rule) in sorted(_permanents(settings).items(), key=lambda item: item[0]):
        if path in before and (refusal := rule.refusal(value, before[path])):
            yield Problem(path, refusal)


def _permanents(settings: StackSettings) -> Permanents:
    """Everything that may not become just anything: of the stack, of its cloud, and of what the cloud runs."""
    namespace, database = settings.cluster.data_namespace, settings.postgres.database
    services = {"postgres": settings.postgres, "redis": settings.redis, "storage": settings.storage}
    own: Permanents = {
        "cloud": (settings.cloud, Permanent(f"data does not move between clouds; {RESTORE}")),
        **({"cluster.dataNamespace": (namespace, Permanent(_NAMESPACE))} if settings.services_in_cluster else {}),
        "postgres.database": (database, Permanent(_DATABASE)),
        **{f"{name}.mode": (service.mode, Permanent(_MODES[name])) for name, service in services.items()},
        **(marked(settings.account, settings.cloud) if settings.account else {}),
    }
    for name, service in services.items():
        if isinstance(service, ManagedService):
            own = {**own, **marked(service, name), **service.permanent}
    return own
