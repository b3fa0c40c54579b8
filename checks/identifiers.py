"""Whether tenants and workspaces are called what they are called: nobody says so of an id that is mistyped."""

from collections.abc import Iterable, Iterator, Mapping

from checks.finding import Finding, listed, note, warning
from checks.fleet import Fleet
from config import StackSettings


def ids_are_spelled_once(settings: StackSettings) -> Iterator[Finding]:
    """Warn of tenants, or workspaces, whose ids differ in case, or in `-` and `_`, only."""
    fleet, directory = Fleet.of(settings), settings.routing.tenants
    tenants = {*fleet.by_tenant, *directory, *settings.routing.isolated_tenants}
    workspaces = {*fleet.by_workspace, *(id_ for own in directory.values() for id_ in own)}
    for ids in (tenants, workspaces):
        alike: dict[str, list[str]] = {}
        for id_ in sorted(ids):
            alike.setdefault(id_.casefold().replace("_", "-"), []).append(id_)
        for same in alike.values():
            if len(same) > 1:
                yield warning("routing", f"{listed(same)} differ in case or signs only; if they are one, write one")


def ids_are_known(settings: StackSettings) -> Iterator[Finding]:
    """Say which ids nothing else names: where all tenants are listed that is a mistake, else it may be one."""
    fleet, directory, isolated = Fleet.of(settings), settings.routing.tenants, settings.routing.isolated_tenants
    for pool in fleet.pools:
        tenants, workspaces = sorted(pool.tenants or ()), sorted(pool.workspaces or ())
        if unlisted := [id_ for id_ in tenants if directory and id_ not in directory]:
            yield warning(
                f"{pool.path}.workerSubscribeTenants",
                f"names {listed(unlisted)}, which routing.tenants does not list; add them there or correct them here",
            )
        if not directory and (single := _only_here(tenants, fleet.by_tenant, isolated)):
            yield note(f"{pool.path}.workerSubscribeTenants", f"names {listed(single)}, which nothing else names")
        listed_workspaces = {id_ for own in directory.values() for id_ in own}
        if single := _only_here(workspaces, fleet.by_workspace, listed_workspaces):
            yield note(f"{pool.path}.workerSubscribeWorkspaces", f"names {listed(single)}, which nothing else names")
    for tenant in isolated:
        if tenant not in fleet.by_tenant and tenant not in directory:
            yield warning("routing.isolatedTenants", f"names {tenant}, which no pool names; correct it or remove it")


def _only_here(ids: Iterable[str], named: Mapping[str, int], elsewhere: Iterable[str]) -> list[str]:
    """Ids that one pool names and nothing else does."""
    others = set(elsewhere)
    return [id_ for id_ in ids if named[id_].bit_count() == 1 and id_ not in others]
