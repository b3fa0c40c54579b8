"""Which tasks get other workers, compared with brute force over every class of tasks."""

from typing import Any

from hypothesis import given, settings

from config import StackSettings
from tests.fleets import every_task, fleets, settings_of, stack, takes, works
from tests.previews import side
from tools.preview import Preview
from tools.report.cause import Causes
from tools.report.classes.routing import routing
from tools.report.comparison import Comparison


def found(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[tuple[str, str, str | None]]:
    old, new = side(stack(before)), side(stack(after))
    comparison = Comparison(preview=Preview(steps=()), before=old, after=new, causes=Causes(old, new))
    return [(it.subject, it.what, it.cause.setting if it.cause else None) for it in routing(comparison)]


def servers(fleet: StackSettings) -> list[set[str]]:
    pools = [(name, pool) for _, name, pool in fleet.pools() if works(pool)]
    return [{name for name, pool in pools if takes(pool, task)} for task in every_task()]


@given(fleets(most=4), fleets(most=4))
@settings(max_examples=60, deadline=None)
def test_a_change_is_found_where_some_task_has_other_workers_and_nowhere_else(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    same = servers(settings_of(before)) == servers(settings_of(after))
    assert (found(before, after) == []) is same


ALL = {"workerSubscribe": "all"}


def test_tasks_are_told_by_type_tenant_and_workspace() -> None:
    own = {"workerSubscribe": "flow", "workerSubscribeTenants": "t1,t2", "workerSubscribeWorkspaces": "w1"}
    assert found([ALL, own], [ALL, {**own, "workerSubscribeTenants": "t1"}]) == [
        (
            "flow tasks of t2 in w1",
            "taken by acme-p1 and noxus-p0; now by noxus-p0",
            "workers.acme.pools.p1.workerSubscribeTenants",
        )
    ]


def test_tasks_that_nobody_takes_any_more_are_told_so() -> None:
    assert found([ALL], [{"workerSubscribe": "all_but_kb"}]) == [
        ("kb tasks", "taken by noxus-p0; now by NOBODY", "primary.pools.p0.workerSubscribe")
    ]


def test_a_pool_that_may_still_have_a_replica_takes_what_it_took() -> None:
    scaled = {"autoscaling": {"type": "keda", "maxReplicas": 3, "targetQueryValue": 2}}
    assert found([ALL, {**ALL, **scaled}], [ALL, {**ALL, "replicaCount": 2}]) == []
