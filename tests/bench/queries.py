"""Print what KEDA's counting costs a real Postgres: time and pages of a poll, and the load of whole fleets.

Each fleet is dedicated pools of one tenant each and one pool for everybody else. Execution times are PostgreSQL's own
(EXPLAIN ANALYZE), the median over all pools and several rounds. The aim: under a millisecond for a poll, whatever the
number of finished rows.
"""

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from checks.scaling.scalers import scale_counts
from checks.scaling.sql import create_index
from config import StackSettings
from config.timing import POLLING_SECONDS
from tests.e2e.postgres import SUPERUSER, running
from tests.fleets import QUEUE, keda, settings_of

POOLS = (10, 100, 500)
LIVE = 10_000
TENANTS = 1_000
WORKSPACES_OF_A_TENANT = 5


@dataclass(frozen=True)
class Poll:
    """One count, as PostgreSQL explains it."""

    milliseconds: float
    planning: float
    """Milliseconds of planning, which KEDA's prepared statement needs once for each connection."""
    pages: int
    index_only: bool


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.queries", description=__doc__)
    parser.add_argument("--finished", type=int, default=1_000_000, help="finished rows of the large table")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each query")
    options = parser.parse_args()
    with (
        running() as server,
        psycopg.connect(server.url(SUPERUSER, "superuser-password", "postgres"), autocommit=True) as connection,
    ):
        print(f"{LIVE} live rows of {TENANTS} tenants; a poll every {POLLING_SECONDS} s for each pool\n")
        print(f"{'':>22}  {'one tenant':^30}  {'everybody else':^30}")
        names = f"{'ms':>8} {'planning':>10} {'pages':>10}"
        print(f"{'finished rows':>15} {'pools':>6}  {names}  {names}  index only  load of all polls")
        times: dict[int, list[float]] = {}
        for finished in (options.finished // 10, options.finished):
            fill(connection, finished)
            for pools in POOLS:
                polls = measured(connection, fleet(pools), options.rounds)
                times.setdefault(finished, []).append(total(polls))
                print(row(f"{finished}", pools, polls))
        connection.execute("UPDATE runs SET status = 'running' WHERE status = 'queued'")
        print(row("before a vacuum", POOLS[1], measured(connection, fleet(POOLS[1]), options.rounds)))
        few, many = times.values()
        print(f"\nwith ten times the finished rows a poll takes {sum(many) / sum(few):.2f} of the time")
        connection.execute("DROP INDEX live_tasks")
        without = total(measured(connection, fleet(POOLS[0]), 1))
        print(f"without the index {without / many[0]:.0f} times as long")


def total(polls: Sequence[Sequence[Poll]]) -> float:
    """Milliseconds of a poll of every pool."""
    return sum(statistics.median(poll.milliseconds for poll in rounds) for rounds in polls)


def row(title: str, pools: int, polls: Sequence[Sequence[Poll]]) -> str:
    """A line of the table. Load: share of one core that all pools' polls take."""
    *dedicated, general = polls
    alone = statistics.mean(poll.index_only for rounds in polls for poll in rounds)
    load = total(polls) / 1000 / POLLING_SECONDS
    ours, others = (_cells([poll for rounds in some for poll in rounds]) for some in (dedicated, [general]))
    return f"{title:>15} {pools:>6}  {ours}  {others}  {alone:>10.0%}  {load:.3%} of a core"


def _cells(polls: Sequence[Poll]) -> str:
    milliseconds, planning, pages = (
        statistics.median(values)
        for values in zip(*((poll.milliseconds, poll.planning, poll.pages) for poll in polls), strict=True)
    )
    return f"{milliseconds:>8.3f} {planning:>10.3f} {pages:>10.0f}"


def fleet(pools: int) -> StackSettings:
    """All but one pool take one tenant's flow tasks; the last one takes everything that is left."""
    dedicated: list[dict[str, Any]] = [
        {"workerSubscribe": "flow", "workerSubscribeTenants": f"tenant-{number}", "autoscaling": keda()}
        for number in range(pools - 1)
    ]
    return settings_of([*dedicated, {"workerSubscribe": "all", "autoscaling": keda()}])


def fill(connection: psycopg.Connection, finished: int) -> None:
    """A queue as it is after a long time: finished rows, live ones among the last, and the index."""
    connection.execute("DROP TABLE IF EXISTS runs")
    connection.execute(
        "CREATE TABLE runs (id bigint PRIMARY KEY, status text, kind text, tenant_id text, workspace_id text, "
        "input text)"
    )
    connection.execute(
        "INSERT INTO runs SELECT n, CASE WHEN n > %(finished)s THEN (ARRAY['queued', 'running'])[1 + n %% 2] "
        "ELSE (ARRAY['completed', 'failed'])[1 + n %% 2] END, (ARRAY['flow', 'chat', 'kb'])[1 + n %% 3], "
        "'tenant-' || n %% %(tenants)s, 'workspace-' || n %% %(workspaces)s, repeat('x', 200) "
        "FROM generate_series(1, %(finished)s + %(live)s) AS n",
        {
            "finished": finished,
            "live": LIVE,
            "tenants": TENANTS,
            "workspaces": TENANTS * WORKSPACES_OF_A_TENANT,
        },
    )
    queue = settings_of([]).scaling.queue
    assert queue is not None, QUEUE
    connection.execute(create_index(queue).encode())
    connection.execute(
        "DO $$ BEGIN EXECUTE (SELECT format('ALTER INDEX %s RENAME TO live_tasks', indexrelid::regclass) FROM pg_index "
        "WHERE indrelid = 'runs'::regclass AND NOT indisprimary); END $$"
    )
    connection.execute("VACUUM (ANALYZE) runs")


def measured(connection: psycopg.Connection, settings: StackSettings, rounds: int) -> list[list[Poll]]:
    """Several polls of every pool."""
    queries = [count.query for count in scale_counts(settings).values()]
    return [[explained(connection, query) for _ in range(rounds)] for query in queries]


def explained(connection: psycopg.Connection, query: str) -> Poll:
    """Run a query once and say what it took."""
    text = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {query}"
    ((plan,),) = connection.execute(text.encode()).fetchall()
    (top,) = plan
    node = top["Plan"]
    pages = node["Shared Hit Blocks"] + node["Shared Read Blocks"]
    return Poll(top["Execution Time"], top["Planning Time"], pages, "Index Only Scan" in str(plan))


if __name__ == "__main__":
    main()
