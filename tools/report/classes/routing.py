"""Routing: which tasks are taken by other workers than before, exact for every tenant and workspace there is."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from checks.finding import listed
from checks.routing.fleet import Fleet, Subscription
from config import StackSettings
from config.routing import TASK_TYPES, TaskType
from tools.report.cause import Cause
from tools.report.comparison import Comparison
from tools.report.finding import Finding

_NOBODY: Final = "NOBODY"
_DECIDING: Final = (
    ("workerSubscribe", "workerSubscribeTenants", "workerSubscribeWorkspaces"),
    ("enabled",),
    ("replicaCount", "autoscaling"),
)
"""Settings of a pool that decide which tasks it takes, and then whether it can take any."""

Servers = tuple[frozenset[str], frozenset[str]]
"""Pools that take a task before, and after."""


def routing(comparison: Comparison) -> Iterator[Finding]:
    """Classes of tasks whose pools change."""
    if not comparison.old:
        return
    before, after = Fleet.of(comparison.old), Fleet.of(comparison.new)
    paths = {pool.name: pool.path for fleet in (before, after) for pool in fleet.pools}
    for servers, tasks in _changed(comparison.old, comparison.new, before, after).items():
        old, new = servers
        yield Finding(
            kind="routing",
            subject=" and ".join(sorted(tasks)),
            what=f"taken by {_names(old)}; now by {_names(new)}",
            cause=_cause(comparison, [paths[name] for name in sorted(old ^ new)]),
        )


def _names(pools: Iterable[str]) -> str:
    return listed(sorted(pools), most=12) if pools else _NOBODY


def _cause(comparison: Comparison, pools: Collection[str]) -> Cause | None:
    """The first setting of one of those pools that differs, or what they are around."""
    causes = (comparison.causes.at(pool, names) for names in _DECIDING for pool in pools)
    return next((cause for cause in causes if cause), None)


def _changed(old: StackSettings, new: StackSettings, before: Fleet, after: Fleet) -> Mapping[Servers, list[str]]:
    """Tasks by the pools that take them before and after, where those are not the same."""
    by_masks = defaultdict[tuple[int, int], list[str | None]](list)
    named = {*before.by_tenant, *after.by_tenant, *old.routing.tenants, *new.routing.tenants}
    for tenant in (*sorted(named), None):
        by_masks[before.of_tenant(tenant), after.of_tenant(tenant)].append(tenant)
    by_tasks = defaultdict[tuple[Servers, tuple[TaskType, ...], tuple[str | None, ...]], list[str | None]](list)
    for masks, tenants in by_masks.items():
        for workspaces, types, servers in _of_tenants(before, after, masks):
            by_tasks[servers, tuple(types), tuple(workspaces)] += tenants
    found = defaultdict[Servers, list[str]](list)
    for (servers, types, workspaces), tenants in by_tasks.items():
        whose = "" if len(tenants) > len(named) else f" of {_ids(tenants, 'tenant')}"
        where = "" if workspaces == (None,) else f" in {_ids(workspaces, 'workspace')}"
        found[servers].append(f"{', '.join(types)} tasks{whose}{where}")
    return found


def _of_tenants(
    before: Fleet, after: Fleet, masks: tuple[int, int]
) -> Iterator[tuple[list[str | None], list[TaskType], Servers]]:
    """What changes for tenants that the same pools take: workspaces, task types, and who took and takes them."""
    by_servers = defaultdict[tuple[tuple[TaskType, ...], Servers], list[str | None]](list)
    chosen = (pool for fleet, mask in zip((before, after), masks, strict=True) for pool in fleet.members(mask))
    for workspace in (*sorted(_named(chosen)), None):
        pools = masks[0] & before.of_workspace(workspace), masks[1] & after.of_workspace(workspace)
        by_types = defaultdict[Servers, list[TaskType]](list)
        for type_ in TASK_TYPES:
            old, new = (
                frozenset(fleet.names(mask & fleet.by_type[type_]))
                for fleet, mask in zip((before, after), pools, strict=True)
            )
            if old != new:
                by_types[old, new].append(type_)
        for servers, types in by_types.items():
            by_servers[tuple(types), servers].append(workspace)
    for (types, servers), workspaces in by_servers.items():
        yield workspaces, list(types), servers


def _named(pools: Iterable[Subscription]) -> set[str]:
    return {workspace for pool in pools for workspace in pool.workspaces or ()}


def _ids(ids: Sequence[str | None], word: str) -> str:
    known = [id_ for id_ in ids if id_ is not None]
    if None not in ids:
        return listed(known)
    return f"all other {word}s" if not known else f"{listed(known)} and all other {word}s"
