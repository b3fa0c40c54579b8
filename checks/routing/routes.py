"""Every class of tasks there can be, and the pools that take it: computed from the subscriptions, nothing left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checks.routing.fleet import Fleet
from config import StackSettings
from config.routing import TASK_TYPES, TaskType


@dataclass(frozen=True)
class Route:
    """Tasks that the same pools take. None stands for all tenants, or workspaces, that no other route names."""

    types: tuple[TaskType, ...]
    tenants: tuple[str, ...] | None
    workspaces: tuple[str, ...] | None
    pools: tuple[str, ...]
    """Names of the pools that take them; none: nobody does."""
    counts_for: tuple[str, ...]
    """Those of them that scale for these tasks; several share them out."""

    def described(self) -> dict[str, object]:
        """As the stack's outputs and `--json` have it: `others` where no id is named."""
        return {
            "types": list(self.types),
            "tenants": "others" if self.tenants is None else list(self.tenants),
            "workspaces": "others" if self.workspaces is None else list(self.workspaces),
            "pools": list(self.pools),
            "countsFor": list(self.counts_for),
        }


@dataclass(frozen=True)
class Gap:
    """Tasks that nobody takes."""

    tenants: tuple[str, ...] | None
    """None: those that no pool names."""
    only: tuple[str, ...] | None
    """The workspaces; None: all, and any that may come, except those that `but` take."""
    but: int = 0
    """Pools of some workspaces that take tasks of these types and tenants."""


@dataclass(frozen=True)
class _TenantClass:
    """Tenants that the same pools take, and the workspaces that they have, if those are all known."""

    tenants: tuple[str, ...] | None
    pools: int
    workspaces: tuple[str, ...] | None


def routes(settings: StackSettings) -> list[Route]:
    """Every class of tasks with the pools that take it. Each task there can be belongs to exactly one of them."""
    fleet = Fleet.of(settings)
    found: list[Route] = []
    for tenants in _tenant_classes(settings, fleet):
        for workspaces, pools in _workspace_classes(fleet, tenants):
            by_pools: dict[int, list[TaskType]] = {}
            for type_ in TASK_TYPES:
                by_pools.setdefault(pools & fleet.by_type[type_], []).append(type_)
            found += [
                Route(
                    types=tuple(types),
                    tenants=tenants.tenants,
                    workspaces=workspaces,
                    pools=fleet.names(mask),
                    counts_for=fleet.names(fleet.first(mask)),
                )
                for mask, types in by_pools.items()
            ]
    return found


def gaps(settings: StackSettings, fleet: Fleet, type_: TaskType) -> Iterator[Gap]:
    """Tasks of a type that nobody takes."""
    for tenants in _tenant_classes(settings, fleet):
        pools = tenants.pools & fleet.by_type[type_]
        if pools & fleet.any_workspace:
            continue
        if tenants.workspaces is None:
            yield Gap(tenants.tenants, None, pools)
        elif left := tuple(w for w in tenants.workspaces if not fleet.of_workspace(w) & pools):
            yield Gap(tenants.tenants, left)


def _tenant_classes(settings: StackSettings, fleet: Fleet) -> Iterator[_TenantClass]:
    directory = settings.routing.tenants
    known: Mapping[str, tuple[str, ...]] = directory or dict.fromkeys(sorted(fleet.by_tenant), ())
    groups: dict[tuple[int, tuple[str, ...]], list[str]] = {}
    for tenant, workspaces in known.items():
        groups.setdefault((fleet.of_tenant(tenant), tuple(sorted(workspaces))), []).append(tenant)
    for (pools, workspaces), tenants in groups.items():
        yield _TenantClass(tuple(tenants), pools, workspaces or None)
    if not directory:
        yield _TenantClass(None, fleet.any_tenant, None)


def _workspace_classes(fleet: Fleet, tenants: _TenantClass) -> Iterator[tuple[tuple[str, ...] | None, int]]:
    """Workspaces of these tenants that the same of their pools take."""
    if tenants.workspaces is None:
        named = {w for pool in fleet.members(tenants.pools & ~fleet.any_workspace) for w in pool.workspaces or ()}
    else:
        named = set(tenants.workspaces)
    groups: dict[int, list[str]] = {}
    for workspace in sorted(named):
        groups.setdefault(tenants.pools & fleet.of_workspace(workspace), []).append(workspace)
    for pools, workspaces in groups.items():
        yield tuple(workspaces), pools
    if tenants.workspaces is None:
        yield None, tenants.pools & fleet.any_workspace
