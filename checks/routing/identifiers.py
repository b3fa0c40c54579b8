"""Whether tenants and workspaces are called what they are called: nobody says so of an id that is mistyped."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from checks.finding import Finding, listed, note, warning
from checks.routing.fleet import Fleet
from config import StackSettings

_NOWHERE_ELSE: Final = "which nothing else names"


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
    lonely_tenants = _named_once(fleet.by_tenant, isolated)
    lonely_workspaces = _named_once(fleet.by_workspace, (id_ for own in directory.values() for id_ in own))
    for pool in fleet.pools:
        tenants, workspaces = pool.tenants or frozenset(), pool.workspaces or frozenset()
        if directory and (unlisted := tenants - directory.keys()):
            yield warning(
                f"{pool.path}.workerSubscribeTenants",
                f"names {listed(sorted(unlisted))}, which routing.tenants does not list; add them there or correct "
                "them here",
            )
        elif lonely := tenants & lonely_tenants - directory.keys():
            yield note(f"{pool.path}.workerSubscribeTenants", f"names {listed(sorted(lonely))}, {_NOWHERE_ELSE}")
        if lonely := workspaces & lonely_workspaces:
            yield note(f"{pool.path}.workerSubscribeWorkspaces", f"names {listed(sorted(lonely))}, {_NOWHERE_ELSE}")
    for tenant in isolated:
        if tenant not in fleet.by_tenant and tenant not in directory:
            yield warning("routing.isolatedTenants", f"names {tenant}, which no pool names; correct it or remove it")


def _named_once(named: Mapping[str, int], elsewhere: Iterable[str]) -> frozenset[str]:
    """Ids that one pool names and nothing else does."""
    return frozenset(id_ for id_, pools in named.items() if pools.bit_count() == 1) - frozenset(elsewhere)
