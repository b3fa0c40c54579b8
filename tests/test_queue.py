"""The queue's table as the stack file describes it, what counts for whom, and queries that it gives itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort

from checks import Finding
from checks.routing.fleet import Fleet, Subscription
from checks.routing.served import every_task_is_served
from checks.scaling.scalers import (
    keda_knows_what_to_count,
    pools_have_tasks_of_their_own,
    scale_counts,
    types_have_values,
    values_have_one_type,
)
from checks.scaling.sql import identifier, literal
from checks.scaling.written_queries import queries_only_read
from config import ConfigError
from config.scaling import table_parts
from tests.fleets import QUEUE, every_task, fleets, keda, settings_of, takes

LIVE = """FROM "public"."runs" WHERE "status" IN ('queued', 'running')"""


def queries(*pools: dict[str, Any], **changes: object) -> list[str]:
    return [count.query for count in scale_counts(settings_of(list(pools), **changes)).values()]


def test_a_query_counts_what_the_pool_takes() -> None:
    (query,) = queries(
        {
            "workerSubscribe": "flow",
            "workerSubscribeTenants": "b,a",
            "workerSubscribeWorkspaces": ["w"],
            "autoscaling": keda(),
        }
    )
    assert query == (
        f"""SELECT count(*) {LIVE} AND "kind" IN ('flow', 'workflow') AND "tenant_id" IN ('a', 'b') """
        """AND "workspace_id" IN ('w')"""
    )


def test_a_general_pool_leaves_out_what_dedicated_ones_take_in_as_few_words_as_possible() -> None:
    dedicated = [{"workerSubscribeTenants": f"t{n}", "autoscaling": keda()} for n in (1, 2, 3)]
    general, *_ = queries({"workerSubscribe": "all", "autoscaling": keda()}, *dedicated)
    kinds = "'flow', 'workflow', 'chat', 'kb'"
    assert general == (
        f"""SELECT count(*) {LIVE} AND "kind" IN ({kinds}) AND """
        """("kind" IN ('flow', 'workflow', 'chat') AND "tenant_id" IN ('t1', 't2', 't3')) IS NOT TRUE"""
    )


def test_equals_share_in_proportion_to_what_they_can_run() -> None:
    small, large = queries(
        {"workerSubscribe": "kb", "autoscaling": keda(maxReplicas=2)},
        {"workerSubscribe": "kb", "autoscaling": keda(maxReplicas=6)},
    )
    counted = f"""FROM (SELECT count(*) AS n0 {LIVE} AND "kind" IN ('kb')) AS counted"""
    assert small == f"SELECT n0 / 4 * 1 + least(greatest(n0 % 4 - 0, 0), 1) {counted}"
    assert large == f"SELECT n0 / 4 * 3 + least(greatest(n0 % 4 - 1, 0), 3) {counted}"


def test_a_query_of_the_stack_file_replaces_the_derived_one_and_keeps_the_pools_tasks() -> None:
    own = {"workerSubscribe": "all", "workerSubscribeTenants": "t", "autoscaling": keda(query="SELECT 7")}
    general, written = queries({"workerSubscribe": "all", "autoscaling": keda()}, own)
    assert written == "SELECT 7"
    assert general.endswith("""AND ("tenant_id" IN ('t')) IS NOT TRUE""")
    assert queries(own, {"autoscaling": keda()}, scaling={"queue": QUEUE, "query": "SELECT 8"}) == [
        "SELECT 7",
        "SELECT 8",
    ]


def test_a_paused_pool_counts_nothing_and_leaves_its_tasks_to_others() -> None:
    general, paused = queries(
        {"workerSubscribe": "all", "autoscaling": keda()},
        {"workerSubscribe": "all", "workerSubscribeTenants": "t", "autoscaling": keda(paused=True)},
    )
    assert paused == "SELECT 0"
    assert "tenant_id" not in general


@effort(max_examples=150, deadline=None)
@given(fleets())
def test_a_pool_that_takes_a_part_of_what_another_takes_is_the_more_specific_one(fleet: list[dict[str, Any]]) -> None:
    pools = Fleet.of(settings_of(fleet)).pools
    for one in pools:
        for other in pools:
            if within(one, other) and not within(other, one):
                assert one.rank < other.rank


def within(one: Subscription, other: Subscription) -> bool:
    def contained(small: frozenset[str] | None, large: frozenset[str] | None) -> bool:
        return large is None or (small is not None and small <= large)

    return (
        one.types <= other.types
        and contained(one.tenants, other.tenants)
        and contained(one.workspaces, other.workspaces)
    )


@effort(max_examples=150, deadline=None)
@given(fleets())
def test_a_pool_is_warned_of_exactly_if_none_of_its_tasks_counts_for_it(fleet: list[dict[str, Any]]) -> None:
    known = settings_of(fleet)
    counting = Fleet.of(known)
    scaling = {pool.name: pool for pool in counting.members(counting.counting)}
    idle = set()
    for path, name, pool in known.pools():
        if name not in scaling:
            continue
        best = [
            min(scaling[other].rank for _, other, rival in known.pools() if other in scaling and takes(rival, task))
            for task in every_task()
            if takes(pool, task)
        ]
        if scaling[name].rank not in best:
            idle.add(f"{path}.autoscaling")
    assert {finding.path for finding in pools_have_tasks_of_their_own(known)} == idle


def test_a_pool_without_tasks_of_its_own_is_named_with_those_that_count_them() -> None:
    fleet = [{"workerSubscribeTenants": tenants, "autoscaling": keda()} for tenants in ("a,b", "a", "b")]
    assert list(pools_have_tasks_of_their_own(settings_of(fleet))) == [
        Finding(
            "warning",
            "primary.pools.p0.autoscaling",
            "counts nothing: all tasks that the pool takes count for noxus-p2 and acme-p1, which are more specific; "
            "give it a replicaCount instead, or remove it",
        )
    ]


@pytest.mark.parametrize(
    ("table", "parts"),
    [
        ("runs", ("runs",)),
        ("public.runs", ("public", "runs")),
        ("Public.Runs", ("Public", "Runs")),
        ('"odd.schema"."ta""ble"', ("odd.schema", 'ta"ble')),
        ('public."two words"', ("public", "two words")),
    ],
)
def test_a_table_is_named_with_or_without_its_schema(table: str, parts: tuple[str, ...]) -> None:
    assert table_parts(table) == parts


@pytest.mark.parametrize("table", ["", ".", "a.", ".a", "a.b.c", 'a"b', '"a', '"a"b', 'a."b"c', '""'])
def test_what_is_no_table_is_refused(table: str) -> None:
    with pytest.raises(ConfigError, match="must be a table or schema"):
        settings_of([], scaling={"queue": {**QUEUE, "table": table}})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"table": "t" * 64}, "scaling.queue.table: must be at most 63 bytes long: Postgres cuts longer names"),
        ({"tenantColumn": "ü" * 32}, "scaling.queue.tenantColumn: must be at most 63 bytes long: Postgres cuts"),
        ({"tenantColumn": ""}, "scaling.queue.tenantColumn: must not be empty"),
        ({"countedStatuses": []}, "scaling.queue.countedStatuses: must not be empty"),
        ({"countedStatuses": ["a\0"]}, "scaling.queue.countedStatuses.0: must not contain the character NUL"),
        ({"types": {"mail": ["x"]}}, "scaling.queue.types.mail: must be one of 'flow', 'chat' or 'kb'"),
    ],
)
def test_a_queue_that_cannot_be_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings_of([], scaling={"queue": {**QUEUE, **change}})
    assert f"\n  - {problem}" in str(refused.value)


def test_statuses_may_be_numbers() -> None:
    (query,) = queries(
        {"workerSubscribe": "kb", "autoscaling": keda()}, scaling={"queue": {**QUEUE, "countedStatuses": [0, 1]}}
    )
    assert """"status" IN ('0', '1')""" in query


def test_a_type_that_a_pool_counts_needs_values_and_a_value_has_one_type() -> None:
    queue = {**QUEUE, "types": {"flow": ["x", "y"], "chat": ["y"]}}
    known = settings_of([{"workerSubscribe": "all", "autoscaling": keda()}], scaling={"queue": queue})
    assert list(types_have_values(known)) == [
        Finding(
            "error",
            "scaling.queue.types.kb",
            "not set, and primary.pools.p0 takes kb tasks and counts them; write the values of kind that stand for "
            "them, such as [kb]",
        )
    ]
    assert list(values_have_one_type(known)) == [
        Finding("error", "scaling.queue.types", "has 'y' for flow and chat; a task has one type, write it once")
    ]


def test_a_queue_that_no_pool_uses_is_pointed_out() -> None:
    known = settings_of([{"autoscaling": keda()}], scaling={"queue": QUEUE, "query": "SELECT 1"})
    assert [f.message for f in types_have_values(known)] == [
        "is used by no pool: scaling.query takes its place; remove one of the two"
    ]


def test_a_described_queue_is_enough_to_count() -> None:
    assert list(keda_knows_what_to_count(settings_of([{"autoscaling": keda()}]))) == []
    (finding,) = keda_knows_what_to_count(settings_of([{"autoscaling": keda()}], scaling={}))
    assert finding.message == (
        "required with type keda, not set; describe the platform's table in scaling.queue, or write the SQL that "
        "counts this pool's waiting and running tasks here"
    )


READS = (
    "SELECT count(*) FROM runs WHERE status = 'queued'",
    "SELECT ceil(count(*)::decimal / 4) FROM task_instance WHERE state = 'running' OR state = 'queued';",
    "SELECT coalesce(sum(n), 0) FROM (SELECT 1 AS n UNION ALL SELECT 2) AS x -- all of them",
    "WITH live AS (SELECT 1 FROM runs) SELECT count(*) FROM live",
    "WITH live AS (SELECT count(*) AS n FROM runs) SELECT n FROM live",
    "SELECT n FROM (SELECT count(*) AS n FROM runs) AS counted",
    "SELECT (SELECT count(*) FROM a) + (SELECT count(*) FILTER (WHERE x) FROM b)",
    "SELECT greatest(max(n), 0) FROM runs",
    "SELECT CASE WHEN sum(n) IS NULL THEN 0 ELSE sum(n) END FROM runs",
)
WRITES = {
    "SELECT 1; SELECT 2": "has 2 statements; write one SELECT that gives one number",
    "-- nothing": "has 0 statements; write one SELECT that gives one number",
    "DELETE FROM runs": "does more than read; write one SELECT that gives one number, without locks",
    "WITH gone AS (DELETE FROM runs RETURNING 1) SELECT count(*) FROM gone": "does more than read; write one SELECT "
    "that gives one number, without locks",
    "SELECT count(*) INTO copy FROM runs": "does more than read; write one SELECT that gives one number, without locks",
    "SELECT id FROM runs FOR UPDATE": "does more than read; write one SELECT that gives one number, without locks",
    "SELECT count(*), 1 FROM runs": "selects 2 columns; KEDA reads one number, write one column",
}


@pytest.mark.parametrize("query", READS)
def test_a_written_query_that_reads_one_number_is_taken(query: str) -> None:
    assert list(queries_only_read(settings_of([{"autoscaling": keda(query=query)}], scaling={"query": query}))) == []


@pytest.mark.parametrize("query", WRITES)
def test_a_written_query_that_does_more_is_refused(query: str) -> None:
    known = settings_of([{"autoscaling": keda(query=query)}], scaling={"query": query})
    assert list(queries_only_read(known)) == [
        Finding("error", "scaling.query", WRITES[query]),
        Finding("error", "primary.pools.p0.autoscaling.query", WRITES[query]),
    ]


@pytest.mark.parametrize(
    ("query", "gap"),
    [
        ("SELECT sum(n) FROM runs", "NULL"),
        ("SELECT ceil(sum(n)::decimal / 4) FROM runs WHERE status = 'queued'", "NULL"),
        ("SELECT max(waiting) FROM (SELECT 1 AS waiting) AS x", "NULL"),
        ("SELECT count(*) FROM runs GROUP BY kind", "no row"),
        ("SELECT count(*) FROM runs HAVING count(*) > 3", "no row"),
        ("SELECT waiting FROM backlog", "no row"),
        ("SELECT count(*) OVER () FROM runs", "no row"),
        ("WITH live AS (SELECT 1 FROM runs) SELECT waiting FROM backlog", "no row"),
    ],
)
def test_a_written_query_that_gives_no_number_where_zero_is_meant_is_warned_of(query: str, gap: str) -> None:
    (finding,) = queries_only_read(settings_of([{"autoscaling": keda(query=query)}]))
    assert (finding.severity, finding.path) == ("warning", "primary.pools.p0.autoscaling.query")
    assert finding.message.startswith(f"gives {gap} while nothing waits, which KEDA takes for an error")


def test_a_query_that_cannot_be_read_is_warned_of() -> None:
    (finding,) = queries_only_read(settings_of([{"autoscaling": keda(query="SELECT count(* FROM runs")}]))
    assert (finding.severity, finding.path) == ("warning", "primary.pools.p0.autoscaling.query")
    assert finding.message.startswith("cannot be read as PostgreSQL: ")


def test_names_and_texts_are_quoted() -> None:
    assert identifier('a"b') == '"a""b"'
    assert literal("it's") == "'it''s'"
    assert literal("back\\slash'") == " E'back\\\\slash'''"


def test_nothing_is_said_of_stacks_without_a_queue() -> None:
    known = settings_of([{"workerSubscribe": "all"}], scaling={})
    checks = (types_have_values, values_have_one_type, queries_only_read, pools_have_tasks_of_their_own)
    assert [finding for check in checks for finding in check(known)] == []
    assert list(every_task_is_served(known)) == []
