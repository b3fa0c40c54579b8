"""Whether every task has a pool that takes it, and every pool a task that it can get."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from checks.finding import Finding, error, listed, note
from checks.routing.fleet import Fleet
from checks.routing.remedy import remedy
from checks.routing.routes import Gap, gaps
from config import StackSettings
from config.document import unquoted
from config.routing import TASK_TYPES, TaskType

_LONGEST_GAPS: Final = 3

_WORD: Final = re.compile(r"[-\w.]+")
"""Text that means the same inside braces."""


def every_task_is_served(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a class of tasks that no pool takes, with the smallest change that would have it taken."""
    fleet, accepted = Fleet.of(settings), settings.routing.accept_unserved
    by_gaps: dict[tuple[Gap, ...], list[TaskType]] = {}
    for type_ in TASK_TYPES:
        missing = tuple(gaps(settings, fleet, type_))
        if not missing:
            if type_ in accepted:
                yield note(f"routing.acceptUnserved.{type_}", "is not needed: they all have a pool; remove it")
        elif type_ in accepted:
            yield note(f"routing.acceptUnserved.{type_}", f"{_described(fleet, [type_], missing)}: {accepted[type_]}")
        else:
            by_gaps.setdefault(missing, []).append(type_)
    for missing, types in by_gaps.items():
        change = remedy(settings, types, missing)
        waiver = listed(f"routing.acceptUnserved.{type_}" for type_ in types)
        tasks, instead = _described(fleet, types, missing), _yaml(change.value)
        yield error(
            change.path,
            f"{change.found}nobody takes {tasks}; write {instead}, or say in {waiver} why that does not matter",
        )


def pools_can_get_work(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a pool whose tenants and workspaces exclude each other, by what `routing.tenants` says of them."""
    directory = settings.routing.tenants
    for path, _, pool in settings.pools() if directory else ():
        tenants = [t for t in pool.worker_subscribe_tenants or directory if t in directory]
        if not tenants:
            yield error(
                f"{path}.workerSubscribeTenants",
                f"names {listed(pool.worker_subscribe_tenants)}, of which routing.tenants lists none, so the pool gets "
                "no task; correct them, or add them there",
            )
        elif pool.worker_subscribe_workspaces and all(
            directory[tenant] and not set(directory[tenant]) & set(pool.worker_subscribe_workspaces)
            for tenant in tenants
        ):
            yield error(
                f"{path}.workerSubscribeWorkspaces",
                f"names {listed(pool.worker_subscribe_workspaces)}, which by routing.tenants are no workspaces of "
                f"{listed(tenants)}, so the pool never gets a task; name theirs, or correct routing.tenants",
            )


def _described(fleet: Fleet, types: Iterable[TaskType], missing: tuple[Gap, ...]) -> str:
    """The tasks that nobody takes."""
    tasks = f"{listed(types)} tasks"
    whole = {tenant for gap in missing if gap.only is None and not gap.but for tenant in gap.tenants or (None,)}
    if whole >= {None, *fleet.by_tenant}:
        return tasks
    shown = [_gap(fleet, gap) for gap in missing[:_LONGEST_GAPS]]
    more = [f"{len(missing) - len(shown)} more groups of tenants"] if len(missing) > len(shown) else []
    return f"{tasks} {listed([*shown, *more])}"


def _gap(fleet: Fleet, gap: Gap) -> str:
    tenants = "of tenants that no pool names" if gap.tenants is None else f"of {listed(gap.tenants)}"
    if gap.only is not None:
        return f"{tenants} in {listed(gap.only)}"
    served = sorted(workspace for workspace, pools in fleet.by_workspace.items() if pools & gap.but)
    return f"{tenants} outside {listed(served)}" if served else tenants


def _yaml(value: object) -> str:
    """A value as it can be pasted into a stack file."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return "{ " + ", ".join(f"{_yaml(key)}: {_yaml(item)}" for key, item in items) + " }"
    if isinstance(value, str) and _WORD.fullmatch(value) and unquoted(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)
