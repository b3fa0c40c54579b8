"""Who takes which task: compared with brute force over generated fleets, and said in full."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from checks import Finding
from checks.routing.identifiers import ids_are_known, ids_are_spelled_once
from checks.routing.isolation import isolated_tenants_are_apart, sharing_is_known
from checks.routing.routes import routes
from checks.routing.served import every_task_is_served, pools_can_get_work
from config import StackSettings
from config.routing import TASK_TYPES
from tests.fleets import (
    OTHER,
    TENANTS,
    WORKSPACES,
    Task,
    every_task,
    fleets,
    ids,
    settings_of,
    stack,
    takes,
    works,
)
from tests.programs import run_program, settings

thorough = effort(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def takers(settings: StackSettings, task: Task) -> list[str]:
    """The pools that take a task, by asking each of them."""
    return [name for _, name, pool in settings.pools() if works(pool) and takes(pool, task)]


def matching(settings: StackSettings, task: Task) -> list[Any]:
    """The routes that a task belongs to: None stands for the ids that no other route of its kind names."""
    type_, tenant, workspace = task
    named = {t for route in routes(settings) for t in route.tenants or ()}
    found = []
    for route in routes(settings):
        if type_ not in route.types:
            continue
        if (route.tenants is None and tenant in named) or (route.tenants is not None and tenant not in route.tenants):
            continue
        siblings = {
            w for r in routes(settings) if r.tenants == route.tenants and type_ in r.types for w in r.workspaces or ()
        }
        if route.workspaces is None and workspace in siblings:
            continue
        if route.workspaces is not None and workspace not in route.workspaces:
            continue
        found.append(route)
    return found


@thorough
@given(fleets())
def test_every_task_belongs_to_one_route_and_is_taken_by_its_pools(fleet: list[dict[str, Any]]) -> None:
    known = settings_of(fleet)
    for task in every_task():
        (route,) = matching(known, task)
        assert list(route.pools) == takers(known, task)


@thorough
@given(fleets())
def test_a_type_is_refused_exactly_if_somebody_could_have_a_task_that_nobody_takes(fleet: list[dict[str, Any]]) -> None:
    known = settings_of(fleet)
    found = list(every_task_is_served(known))
    unserved = {task[0] for task in every_task() if not takers(known, task)}
    refused = {type_ for type_ in TASK_TYPES for finding in found if type_ in _words(finding.message)}
    assert unserved == refused
    assert all(finding.severity == "error" for finding in found)


def _words(message: str) -> set[str]:
    """Types that a message says nobody takes."""
    tasks = message.partition("nobody takes ")[2].partition(" tasks")[0]
    return set(tasks.replace(" and ", ", ").split(", "))


@thorough
@given(fleets(), st.dictionaries(st.sampled_from(TENANTS), ids(WORKSPACES), max_size=3))
def test_what_is_proposed_serves_what_nobody_took(fleet: list[dict[str, Any]], directory: dict[str, list[str]]) -> None:
    raw = stack(fleet, routing={"tenants": directory})
    for _ in range(len(TASK_TYPES)):
        found = list(every_task_is_served(settings(raw)))
        if not found:
            break
        raw = applied(raw, found[0])
    assert list(every_task_is_served(settings(raw))) == []


def applied(raw: dict[str, Any], finding: Finding) -> dict[str, Any]:
    """The stack file with what a finding says to write."""
    changed = json.loads(json.dumps(raw))
    *path, last = finding.path.split(".")
    place = changed
    for step in path:
        place = place.setdefault(step, {})
    text = finding.message.partition("; write ")[2].partition(", or say in")[0]
    place[last] = yaml.safe_load(text)
    return changed


def test_the_default_alone_leaves_knowledge_bases_to_nobody() -> None:
    (finding,) = every_task_is_served(settings_of([{}]))
    assert finding == Finding(
        "error",
        "primary.pools.p0.workerSubscribe",
        "is all_but_kb, and nobody takes kb tasks; write all, or say in routing.acceptUnserved.kb why that does not "
        "matter",
    )


@pytest.mark.parametrize(
    ("fleet", "path", "message"),
    [
        (
            [],
            "primary.pools.chat",
            "does not exist, and nobody takes flow, chat and kb tasks; write { workerSubscribe: all }, or say in "
            "routing.acceptUnserved.flow, routing.acceptUnserved.chat and routing.acceptUnserved.kb why that does not "
            "matter",
        ),
        (
            [{}, {"workerSubscribe": "kb", "enabled": False}],
            "workers.acme.pools.p1.enabled",
            "is false, and nobody takes kb tasks; write true, or say in routing.acceptUnserved.kb why that does not "
            "matter",
        ),
        (
            [{}, {"workerSubscribe": "kb", "replicaCount": 0}],
            "workers.acme.pools.p1.replicaCount",
            "is 0, and nobody takes kb tasks; write 1, or say in routing.acceptUnserved.kb why that does not matter",
        ),
        (
            [{"workerSubscribe": "kb"}, {"workerSubscribeTenants": "t1"}],
            "primary.pools.p0.workerSubscribe",
            "is kb, and nobody takes flow and chat tasks of tenants that no pool names; write all, or say in "
            "routing.acceptUnserved.flow and routing.acceptUnserved.chat why that does not matter",
        ),
        (
            [{"workerSubscribe": "all", "workerSubscribeWorkspaces": "w1"}],
            "primary.pools.chat",
            "does not exist, and nobody takes flow, chat and kb tasks of tenants that no pool names outside w1; write "
            "{ workerSubscribe: all }, or say in routing.acceptUnserved.flow, routing.acceptUnserved.chat and "
            "routing.acceptUnserved.kb why that does not matter",
        ),
    ],
)
def test_what_nobody_takes_is_named_with_the_smallest_change(
    fleet: list[dict[str, Any]], path: str, message: str
) -> None:
    assert list(every_task_is_served(settings_of(fleet))) == [Finding("error", path, message)]


def test_where_all_tenants_are_listed_only_their_tasks_must_be_served() -> None:
    fleet = [{"workerSubscribe": "all", "workerSubscribeTenants": "t1,t2"}]
    assert list(every_task_is_served(settings_of(fleet, routing={"tenants": {"t1": [], "t2": []}}))) == []
    (finding,) = every_task_is_served(settings_of(fleet, routing={"tenants": {"t1": [], "t2": [], "t3": []}}))
    assert finding.path == "primary.pools.p0.workerSubscribeTenants"
    assert finding.message.startswith(
        'leaves tenants out: nobody takes flow, chat and kb tasks of t3; write "t1,t2,t3",'
    )


def test_a_reason_accepts_what_nobody_takes() -> None:
    accepted = {"acceptUnserved": {"kb": "there are no knowledge bases here"}}
    (finding,) = every_task_is_served(settings_of([{}], routing=accepted))
    assert finding == Finding("note", "routing.acceptUnserved.kb", "kb tasks: there are no knowledge bases here")
    (finding,) = every_task_is_served(settings_of([{"workerSubscribe": "all"}], routing=accepted))
    assert finding == Finding("note", "routing.acceptUnserved.kb", "is not needed: they all have a pool; remove it")


@thorough
@given(fleets())
def test_pools_are_said_to_share_tasks_exactly_if_they_do(fleet: list[dict[str, Any]]) -> None:
    known = settings_of(fleet)
    told = {finding.path for finding in sharing_is_known(known)}
    working = [(path, name) for path, name, pool in known.pools() if works(pool)]
    sharing = {
        path
        for path, name in working
        if any(name in takers(known, task) and len(takers(known, task)) > 1 for task in every_task())
    }
    assert told == sharing


def test_a_pool_of_its_own_isolates_no_tenant() -> None:
    fleet = [{}, {"workerSubscribe": "flow", "workerSubscribeTenants": "t1"}]
    notes = {finding.path: finding.message for finding in sharing_is_known(settings_of(fleet))}
    assert notes == {
        "primary.pools.p0": "takes some of the tasks that acme-p1 may take too",
        "workers.acme.pools.p1": (
            "reserves capacity for its tenants and isolates nobody: noxus-p0 may take their tasks too; name the "
            "tenants in routing.isolatedTenants to have that refused"
        ),
    }


@thorough
@given(fleet=fleets(), isolated=ids(TENANTS), accepted=st.booleans())
def test_isolation_is_refused_exactly_where_a_pool_takes_tasks_of_both_kinds(
    fleet: list[dict[str, Any]], isolated: list[str], *, accepted: bool
) -> None:
    reason = {"acceptSharedProcessing": "the contract allows it"} if accepted else {}
    known = settings_of(fleet, routing={"isolatedTenants": isolated, **reason})
    inside, outside = set(isolated), {*TENANTS, OTHER} - set(isolated)
    mixed = {
        f"{path}.workerSubscribeTenants"
        for path, _, pool in known.pools()
        if works(pool)
        and any(takes(pool, (t, x, w)) for t, x, w in every_task() if x in inside)
        and any(takes(pool, (t, x, w)) for t, x, w in every_task() if x in outside)
    }
    found = [f for f in isolated_tenants_are_apart(known) if f.path != "routing.acceptSharedProcessing"]
    assert {finding.path for finding in found} == mixed
    assert {finding.severity for finding in found} <= {"note" if accepted else "error"}


def test_a_general_pool_beside_an_isolated_tenant_is_refused_or_accepted_with_a_reason() -> None:
    fleet = [{"workerSubscribe": "all"}, {"workerSubscribe": "all", "workerSubscribeTenants": "t1"}]
    directory = {"t1": [], "t2": [], "t3": []}
    (finding,) = isolated_tenants_are_apart(settings_of(fleet, routing={"isolatedTenants": "t1", "tenants": directory}))
    assert finding == Finding(
        "error",
        "primary.pools.p0.workerSubscribeTenants",
        "is empty, so the pool takes tasks of the isolated t1 too; write t2,t3, or say in "
        "routing.acceptSharedProcessing why they may share it",
    )
    scoped = [{**fleet[0], "workerSubscribeTenants": "t2,t3"}, fleet[1]]
    known = settings_of(scoped, routing={"isolatedTenants": "t1", "tenants": directory})
    assert [*isolated_tenants_are_apart(known), *every_task_is_served(known)] == []
    shared = {"isolatedTenants": "t1", "acceptSharedProcessing": "until March"}
    (finding,) = isolated_tenants_are_apart(settings_of(fleet, routing=shared))
    assert (finding.severity, finding.message) == (
        "note",
        "is empty, so the pool takes tasks of the isolated t1 too: until March",
    )


@thorough
@given(fleets(), st.dictionaries(st.sampled_from(TENANTS), ids(WORKSPACES), min_size=1, max_size=3))
def test_a_pool_is_refused_exactly_if_no_task_that_there_can_be_is_for_it(
    fleet: list[dict[str, Any]], directory: dict[str, list[str]]
) -> None:
    known = settings_of(fleet, routing={"tenants": directory})
    possible = [
        task
        for task in every_task()
        if task[1] in directory and (not directory[task[1]] or task[2] in directory[task[1]])
    ]
    idle = {path for path, _, pool in known.pools() if not any(takes(pool, task) for task in possible)}
    assert {finding.path.rpartition(".")[0] for finding in pools_can_get_work(known)} == idle


def test_ids_that_look_alike_or_stand_alone_are_pointed_out() -> None:
    fleet = [{}, {"workerSubscribeTenants": "Tenant_A"}, {"workerSubscribeTenants": "tenant-a,tenant-b"}]
    known = settings_of(fleet)
    assert list(ids_are_spelled_once(known)) == [
        Finding("warning", "routing", "Tenant_A and tenant-a differ in case or signs only; if they are one, write one")
    ]
    assert [finding.message for finding in ids_are_known(known)] == [
        "names tenant-a and tenant-b, which nothing else names",
        "names Tenant_A, which nothing else names",
    ]
    known = settings_of(fleet, routing={"tenants": {"tenant-a": [], "tenant-b": []}, "isolatedTenants": ["x"]})
    assert [(finding.severity, finding.path, finding.message) for finding in ids_are_known(known)] == [
        (
            "warning",
            "workers.acme.pools.p1.workerSubscribeTenants",
            "names Tenant_A, which routing.tenants does not list; add them there or correct them here",
        ),
        ("warning", "routing.isolatedTenants", "names x, which no pool names; correct it or remove it"),
    ]


def test_routes_are_outputs_of_the_stack() -> None:
    fleet = [{"workerSubscribe": "all"}, {"workerSubscribe": "flow", "workerSubscribeTenants": "t1"}]
    assert run_program(stack(fleet)).outputs["routing"] == [
        {
            "types": ["flow"],
            "tenants": ["t1"],
            "workspaces": "others",
            "pools": ["noxus-p0", "acme-p1"],
            "countsFor": [],
        },
        {
            "types": ["chat", "kb"],
            "tenants": ["t1"],
            "workspaces": "others",
            "pools": ["noxus-p0"],
            "countsFor": [],
        },
        {
            "types": ["flow", "chat", "kb"],
            "tenants": "others",
            "workspaces": "others",
            "pools": ["noxus-p0"],
            "countsFor": [],
        },
    ]
