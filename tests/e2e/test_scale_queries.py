"""The derived queries on a real Postgres: over all pools every task counts once, whatever the names in it are."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from math import gcd, inf, lcm
from typing import Any, LiteralString, cast

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from psycopg import sql

from checks.routing.fleet import target_query_value
from checks.scaling.scalers import scale_counts
from checks.scaling.sql import create_index
from config import StackSettings
from config.autoscaling import KedaAutoscaling
from config.routing import TAKES
from config.workloads import PoolSettings
from tests.e2e.postgres import SUPERUSER, running
from tests.fleets import QUEUE, Task, every_task, fleets, keda, settings_of, takes

COUNTED = ("queued", "running")
FINISHED = ("completed", "failed")
COLUMNS = ("status", "kind", "tenant_id", "workspace_id")

Row = tuple[str | None, ...]
"""Status, kind, tenant and workspace."""

SCALING = st.sampled_from(
    [
        {"autoscaling": keda(**scaler)}
        for scaler in ({}, {"maxReplicas": 7, "targetQueryValue": 0.5}, {"maxReplicas": 2})
    ]
)
"""Pools that all scale on the queue."""

thorough = effort(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def connection() -> Iterator[psycopg.Connection]:
    with running() as server, psycopg.connect(server.url(SUPERUSER, "superuser-password", "postgres")) as connection:
        yield connection


def make_table(
    connection: psycopg.Connection,
    rows: Sequence[Row],
    *,
    table: Sequence[str] = ("public", "runs"),
    columns: Sequence[str] = COLUMNS,
    types: Sequence[str] = ("text",) * 4,
) -> None:
    """Put the rows into a new table; the caller's transaction is rolled back in the end."""
    name = sql.Identifier(*table)
    if len(table) > 1:
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(table[0])))
    defined = [
        sql.SQL(" ").join((sql.Identifier(column), sql.SQL(cast("LiteralString", type_))))
        for column, type_ in zip(columns, types, strict=True)
    ]
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(name, sql.SQL(", ").join(defined)))
    with connection.cursor() as cursor:
        cursor.executemany(sql.SQL("INSERT INTO {} VALUES (%s, %s, %s, %s)").format(name), rows)


def counted(connection: psycopg.Connection, settings: StackSettings) -> dict[str, int]:
    """What each pool's query gives: always one row with one whole number."""
    answers: dict[str, int] = {}
    for name, count in scale_counts(settings).items():
        rows = connection.execute(count.query.encode()).fetchall()
        ((answer,),) = rows
        assert isinstance(answer, int)
        answers[name] = answer
    return answers


def answered(connection: psycopg.Connection, settings: StackSettings, rows: Sequence[Row]) -> dict[str, int]:
    """What each pool's query gives on these rows; the database is as it was before."""
    try:
        make_table(connection, rows)
        return counted(connection, settings)
    finally:
        connection.rollback()


def expected(settings: StackSettings, rows: Sequence[Row], kinds: Mapping[str, str]) -> dict[str, int]:
    """The same, row by row: the most specific pools that take a row, which deal it out in turn."""
    scaling = [(name, pool) for _, name, pool in settings.pools() if scales(pool)]
    dealt: Counter[tuple[str, ...]] = Counter()
    for status, kind, tenant, workspace in rows:
        if status not in COUNTED or kind not in kinds:
            continue
        task: Any = (kinds[str(kind)], tenant, workspace)
        takers = [(name, pool) for name, pool in scaling if takes(pool, task)]
        if takers:
            best = min(rank(pool) for _, pool in takers)
            dealt[tuple(name for name, pool in takers if rank(pool) == best)] += 1
    answers = {name: 0 for _, name, pool in settings.pools() if isinstance(pool.autoscaling, KedaAutoscaling)}
    by_name = dict(scaling)
    for names, number in dealt.items():
        for name in islice(cycle(turns(settings, {name: by_name[name] for name in names})), number):
            answers[name] += 1
    return answers


def scales(pool: PoolSettings) -> bool:
    scaler = pool.autoscaling
    return isinstance(scaler, KedaAutoscaling) and not scaler.paused and scaler.paused_replicas is None


def rank(pool: PoolSettings) -> tuple[float, float, int]:
    workspaces, tenants = pool.worker_subscribe_workspaces, pool.worker_subscribe_tenants
    return len(workspaces) or inf, len(tenants) or inf, len(TAKES[pool.worker_subscribe])


def turns(settings: StackSettings, pools: Mapping[str, PoolSettings]) -> list[str]:
    """Who gets which of the tasks that equals share, until it begins again: as many turns as it can run tasks."""
    capacities = {
        name: (pool.autoscaling.max_replicas * (target_query_value(settings, pool) or 0)).as_integer_ratio()
        for name, pool in pools.items()
        if pool.autoscaling
    }
    scale = lcm(*(below for _, below in capacities.values()))
    whole = {name: above * scale // below for name, (above, below) in capacities.items()}
    return [name for name, tasks in whole.items() for _ in range(tasks // gcd(*whole.values()))]


KINDS = {value: type_ for type_, values in QUEUE["types"].items() for value in values}

ROWS = st.lists(
    st.tuples(
        st.sampled_from((*COUNTED, *COUNTED, *FINISHED)),
        st.sampled_from((*KINDS, "audit", None)),
        st.sampled_from(("t1", "t2", "t3", "t4", None)),
        st.sampled_from(("w1", "w2", "w3", None)),
    ),
    max_size=60,
)


@thorough
@given(fleet=fleets(SCALING), rows=ROWS)
def test_over_all_pools_each_task_that_is_taken_counts_once_and_no_other(
    connection: psycopg.Connection, fleet: list[dict[str, Any]], rows: list[Row]
) -> None:
    known = settings_of(fleet)
    answers = answered(connection, known, rows)
    servable = [
        row
        for row in rows
        if row[0] in COUNTED and row[1] in KINDS and any(takes(p, _task(row)) for _, _, p in known.pools())
    ]
    assert sum(answers.values()) == len(servable)
    assert answers == expected(known, rows, KINDS)


def _task(row: Row) -> Task:
    task: Any = (KINDS[str(row[1])], row[2], row[3])
    return task


@thorough
@given(fleet=fleets(), rows=ROWS)
def test_beside_pools_that_do_not_scale_on_the_queue_each_of_their_tasks_still_counts_once(
    connection: psycopg.Connection, fleet: list[dict[str, Any]], rows: list[Row]
) -> None:
    known = settings_of(fleet)
    assert answered(connection, known, rows) == expected(known, rows, KINDS)


def test_each_class_of_tasks_alone_wakes_one_pool_only(connection: psycopg.Connection) -> None:
    fleet = [
        {"workerSubscribe": "all", "autoscaling": keda()},
        {"workerSubscribe": "flow", "autoscaling": keda()},
        {"workerSubscribe": "flow", "workerSubscribeTenants": "t1", "autoscaling": keda()},
        {"workerSubscribe": "all", "workerSubscribeWorkspaces": "w1", "autoscaling": keda()},
        {"workerSubscribe": "flow", "workerSubscribeTenants": "t1", "autoscaling": keda()},
    ]
    known = settings_of(fleet)
    for type_, tenant, workspace in every_task():
        answers = answered(connection, known, [("queued", type_, tenant, workspace)])
        awake = {name for name, number in answers.items() if number}
        assert len(awake) == 1, (type_, tenant, workspace)


NASTY = (
    "'; DROP TABLE public.runs; --",
    '"; DROP TABLE public.runs; --',
    "\\'; DELETE FROM runs; --",
    "back\\slash",
    "two''quotes",
    '"quoted"',
    "%s %(x)s {} ${x} $(X) $$",
    ":name :'name' \\getenv",
    "x' OR '1'='1",
    "line\nbreak\ttab",
    "Zürich-東京-🚀",
    "e\u0301 and \u00e9",
    "123",
    "1e3",
    "0x1F",
    "NULL",
    "true",
    "i" * 3000,
)
"""Names that would be something else if they were not quoted."""


@pytest.mark.parametrize("conforming", ["on", "off"])
def test_hostile_ids_are_nothing_but_ids(connection: psycopg.Connection, conforming: str) -> None:
    fleet = [
        {"workerSubscribe": "all", "autoscaling": keda()},
        *({"workerSubscribeTenants": [name], "autoscaling": keda()} for name in NASTY),
        *({"workerSubscribe": "kb", "workerSubscribeWorkspaces": [name], "autoscaling": keda()} for name in NASTY),
    ]
    known = settings_of(fleet)
    rows: list[Row] = []
    for number, name in enumerate(NASTY, start=1):
        rows += [("queued", "flow", name, "w")] * number
        rows += [("running", "kb", "t", name)] * number
        rows += [("queued", "chat", f"{name}x", name)]
    try:
        make_table(connection, rows)
        connection.execute(f"SET LOCAL standard_conforming_strings = {conforming}".encode())
        answers = counted(connection, known)
        (left,) = connection.execute("SELECT count(*) FROM public.runs").fetchone() or (0,)
    finally:
        connection.rollback()
    assert answers == expected(known, rows, KINDS)
    assert left == len(rows)
    assert answers["acme-p1"] == 1


def test_hostile_names_of_table_columns_and_values_are_nothing_but_names(connection: psycopg.Connection) -> None:
    table = ('odd "schema".x', "Runs; DROP TABLE runs --")
    columns = ("Status'", 'kind"; --', "tenant id", "WORKSPACE.id")
    queue = {
        "table": ".".join('"' + name.replace('"', '""') + '"' for name in table),
        "statusColumn": columns[0],
        "countedStatuses": ["queued'); --", 1],
        "typeColumn": columns[1],
        "types": {"flow": ["it's a flow"], "chat": ["chat\\"], "kb": ["kb"]},
        "tenantColumn": columns[2],
        "workspaceColumn": columns[3],
    }
    known = settings_of(
        [
            {"workerSubscribe": "all", "autoscaling": keda()},
            {"workerSubscribe": "flow", "workerSubscribeTenants": "t1", "autoscaling": keda()},
        ],
        scaling={"queue": queue},
    )
    assert known.scaling.queue is not None
    rows = [
        ("queued'); --", "it's a flow", "t1", "w"),
        ("1", "it's a flow", "t2", "w"),
        ("1", "chat\\", "t1", "w"),
        ("queued", "kb", "t1", "w"),
    ]
    try:
        make_table(connection, rows, table=table, columns=columns)
        assert counted(connection, known) == {"noxus-p0": 2, "acme-p1": 1}
        connection.execute(create_index(known.scaling.queue).replace(" CONCURRENTLY", "").encode())
    finally:
        connection.rollback()


@pytest.mark.parametrize("tenant_type", ["uuid", "bigint", "varchar(64)", "citext_like"])
def test_columns_may_have_types_of_their_own(connection: psycopg.Connection, tenant_type: str) -> None:
    tenants = {
        "uuid": ("6f2c1d1e-0000-4000-8000-000000000001", "6f2c1d1e-0000-4000-8000-000000000002"),
        "bigint": ("17", "18"),
    }.get(tenant_type, ("17", "18"))
    fleet = [
        {"workerSubscribe": "all", "autoscaling": keda()},
        {"workerSubscribe": "all", "workerSubscribeTenants": [tenants[0]], "autoscaling": keda()},
    ]
    try:
        connection.execute("CREATE TYPE state AS ENUM ('queued', 'running', 'completed')")
        connection.execute("CREATE DOMAIN citext_like AS text")
        rows = [("queued", "flow", tenants[0], "w"), ("running", "kb", tenants[1], "w"), ("completed", "kb", None, "w")]
        make_table(connection, rows, types=("state", "varchar(20)", tenant_type, "text"))
        assert counted(connection, settings_of(fleet)) == {"noxus-p0": 1, "acme-p1": 1}
    finally:
        connection.rollback()


def test_every_query_is_answered_from_the_index_alone(connection: psycopg.Connection) -> None:
    known = settings_of(
        [
            {"workerSubscribe": "all", "autoscaling": keda()},
            {"workerSubscribe": "flow", "workerSubscribeTenants": "t1", "autoscaling": keda()},
            {"workerSubscribe": "flow", "workerSubscribeTenants": "t2", "autoscaling": keda()},
            {"workerSubscribe": "flow", "workerSubscribeTenants": "t2", "autoscaling": keda()},
            {"workerSubscribeTenants": "t1,t2", "workerSubscribeWorkspaces": "w1", "autoscaling": keda()},
        ]
    )
    assert known.scaling.queue is not None
    connection.autocommit = True
    try:
        make_table(connection, [])
        connection.execute(
            "INSERT INTO runs SELECT CASE WHEN n % 100 = 0 THEN 'queued' ELSE 'completed' END, "
            "(ARRAY['flow', 'chat', 'kb'])[1 + n % 3], 't' || n % 5, 'w' || n % 4 FROM generate_series(1, 50000) AS n"
        )
        connection.execute(create_index(known.scaling.queue).encode())
        connection.execute("VACUUM (ANALYZE) runs")
        for name, count in scale_counts(known).items():
            explained = connection.execute(f"EXPLAIN (ANALYZE, COSTS OFF) {count.query}".encode()).fetchall()
            plan = "\n".join(line for (line,) in explained)
            assert "Index Only Scan using noxus_scaling_" in plan, (name, plan)
            assert "Heap Fetches: 0" in plan, (name, plan)
            assert "Seq Scan" not in plan, (name, plan)
    finally:
        connection.execute("DROP TABLE IF EXISTS runs")
        connection.autocommit = False
