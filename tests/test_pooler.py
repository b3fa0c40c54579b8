"""How many connections the pooler may open and must take: computed from the ledger, told, or refused."""

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from checks import findings
from checks.capacity.connections import findings_of
from checks.capacity.ledger import client_ledger, ledger
from checks.capacity.pooler import share
from config import StackSettings
from tests.programs import EXTERNAL_SERVICES, LOGINS, refused, settings
from tests.test_connections import FIGURES, KEDA, changed, stack, stacks, write
from tools import connections

POOLER = "postgres.pooler"


def pooled(raw: dict[str, Any], **pooler: Any) -> dict[str, Any]:
    """The same stack with a pooler."""
    postgres = raw.get("postgres", {})
    return {**raw, "postgres": {**postgres, "pooler": {"enabled": True, **pooler}}}


def parsed(raw: dict[str, Any]) -> StackSettings:
    return settings(raw, *LOGINS)


def errors(raw: dict[str, Any]) -> dict[str, str]:
    return refused(raw, *LOGINS)


def without(raw: dict[str, Any], *settings_: str) -> dict[str, Any]:
    """The same stack without some figures of `connections.postgres`."""
    after = copy.deepcopy(raw)
    for name in settings_:
        del after["connections"]["postgres"][name]
    return after


# --- the arithmetic


def test_the_server_is_shared_by_the_poolers_pods_and_what_goes_past_them() -> None:
    """100, less 3 reserved, 2 of the set-up, 1 of migrations and 2 of KEDA, among two pods and one that is going."""
    primary = {"migrations": {"enabled": True, "command": ["migrate"]}}
    raw = pooled(stack(primary=primary, pool={"autoscaling": {**KEDA, "maxReplicas": 20}}))
    assert share(parsed(raw)).connections == (100 - 3 - 2 - 1 - 2) // 3 == 30
    found = ledger(parsed(raw), "postgres")
    assert found is not None
    assert {row.consumer: (row.pods, row.each) for row in found.rows} == {
        "postgres-pooler": (3, 30),
        "postgres-setup": (1, 2),
        "KEDA": (1, 2),
        "noxus-migrations": (1, 1),
    }


def test_one_pod_takes_all_clients_at_their_most_and_not_those_that_go_past_it() -> None:
    primary = {
        "backend": {"replicaCount": 4},
        "scheduler": {"enabled": True, "command": ["beat"]},
        "migrations": {"enabled": True, "command": ["migrate"]},
    }
    raw = pooled(stack(primary=primary, pool={"autoscaling": {**KEDA, "maxReplicas": 20}}))
    found = client_ledger(parsed(raw))
    assert found is not None
    assert {row.consumer: row.total for row in found.rows} == {
        "acme-flow": 250,
        "noxus-backend": 100,
        "noxus-scheduler": 1,
    }
    assert share(parsed(raw)).clients == 400, "351 and one of the exporter, rounded up"


def test_a_replica_more_does_not_restart_the_pooler() -> None:
    shares = {share(parsed(pooled(stack(pool={"replicaCount": replicas})))) for replicas in range(5, 11)}
    assert len(shares) == 1


@given(stacks(), st.integers(min_value=2, max_value=10))
@hypothesis_settings(max_examples=150, deadline=None, derandomize=True)
def test_the_share_is_the_largest_that_the_server_takes_whatever_the_stack(raw: dict[str, Any], replicas: int) -> None:
    told = pooled(raw, replicaCount=replicas)
    found, own = ledger(parsed(told), "postgres"), share(parsed(told))
    assert found is not None
    assert found.limit is not None
    if found.fits:
        assert found.total + replicas + 1 > found.limit.available, "one connection more of each pod would be too many"
    else:
        assert own.connections == 1, "there is none left for a pod, and the check of the ledger refuses it"
        assert "error" in {finding.severity for finding in findings_of(parsed(told), "postgres")}


@given(stacks())
@hypothesis_settings(max_examples=150, deadline=None, derandomize=True)
def test_each_workload_is_on_one_side_and_every_client_has_room(raw: dict[str, Any]) -> None:
    direct, told = ledger(parsed(raw), "postgres"), parsed(pooled(raw))
    server, clients = ledger(told, "postgres"), client_ledger(told)
    assert direct is not None
    assert server is not None
    assert clients is not None
    own = {row for row in server.rows if row.consumer == "postgres-pooler"}
    assert {*server.rows} - own | {*clients.rows} == {*direct.rows}
    assert not {*server.rows} & {*clients.rows}
    assert clients.total < share(told).clients, "the exporter asks too"


# --- what nobody has published is told or refused


def test_a_pooler_in_front_of_a_server_of_unknown_size_is_refused_until_it_is_told() -> None:
    raw = pooled(stack(postgres=EXTERNAL_SERVICES["postgres"]))
    assert errors(raw) == {
        f"{POOLER}.connections": "required while postgres.maxConnections is not set; write the connections to the "
        "server that one of at most 3 pods opens, or set what is lacking"
    }
    assert errors(changed(raw, f"{POOLER}.connections", 20)) == {}
    assert errors(changed(raw, "postgres.maxConnections", 200)) == {}


def test_a_pooler_without_the_figures_of_the_pods_is_refused_until_it_is_told() -> None:
    migrations = {"migrations": {"enabled": True, "command": ["migrate"]}}
    raw = {**pooled(stack(primary=migrations, pool={})), "connections": {}}
    assert errors(raw) == {
        f"{POOLER}.clients": "required while connections.postgres.backend, connections.postgres.worker is not set; "
        "write the connections of all workloads to Postgres at their busiest, or set what is lacking",
        f"{POOLER}.connections": "required while connections.postgres.migrations is not set; write the connections to "
        "the server that one of at most 3 pods opens, or set what is lacking",
    }
    told = pooled(raw, connections=20, clients=500)
    assert errors(told) == {}
    own = share(parsed(told))
    assert (own.connections, own.clients) == (20, 500)


def test_a_figure_that_is_not_written_is_still_asked_for_where_others_are() -> None:
    raw = without(pooled(stack(pool={}), connections=20, clients=500), "worker")
    assert list(errors(raw)) == ["connections.postgres.worker"]


@pytest.mark.parametrize(
    ("pooler", "path", "way"),
    [
        ({"connections": 40}, "connections.postgres", "postgres.pooler.connections: 31 (now 40)"),
        ({"clients": 60}, "postgres.pooler.clients", "postgres.pooler.clients: 560 (now 60)"),
    ],
)
def test_what_is_told_is_held_against_both_sides(pooler: dict[str, int], path: str, way: str) -> None:
    raw = pooled(stack(pool={"replicaCount": 40}), **pooler)
    found = errors(raw)
    assert list(found) == [path]
    assert way in found[path]
    setting, _, value = way.partition(" (")[0].rpartition(": ")
    assert errors(changed(raw, setting, int(value))) == {}


def test_a_pooler_for_which_the_server_has_nothing_left_is_refused_with_what_to_change() -> None:
    raw = pooled(stack(postgres={"maxConnections": 20}, pool={}), replicaCount=10)
    assert errors(raw) == {}
    pools = {f"p{number}": {"autoscaling": {**KEDA, "maxReplicas": 1}} for number in range(3)}
    too_many = {**raw, "primary": {**raw["primary"], "pools": pools}}
    assert "postgres.maxConnections: 22 (now 20)" in errors(too_many)["connections.postgres"]


def test_a_pool_of_any_size_fits_once_there_is_a_pooler() -> None:
    raw = stack(pool={"replicaCount": 400})
    assert list(errors(raw)) == ["connections.postgres"]
    assert errors(pooled(raw)) == {}
    notes = {finding.path: finding.message for finding in findings(parsed(pooled(raw)))}
    assert notes[f"{POOLER}.clients"] == "5060 connections at most share 62 to the server, 31 of each pod"


def test_a_database_with_the_name_of_the_console_is_refused() -> None:
    raw = pooled(stack(postgres={"database": "pgbouncer"}))
    assert errors(raw) == {"postgres.database": "'pgbouncer' is the pooler's own console; choose another name"}


def test_a_pooler_behind_a_pooler_is_refused() -> None:
    direct = {"direct": {"host": "server.example.com", "cidrs": ["10.30.9.0/28"]}}
    raw = pooled(stack(postgres={**EXTERNAL_SERVICES["postgres"], **direct}), connections=20)
    assert errors(raw) == {
        f"{POOLER}.enabled": "is true, and postgres.direct says that host is a pooler already; remove one"
    }


def test_a_database_that_pgbouncers_file_cannot_spell_is_refused() -> None:
    raw = pooled(stack(postgres={**EXTERNAL_SERVICES["postgres"], "database": "My Runs"}), connections=20)
    assert errors(raw) == {
        "postgres.database": "a pooler takes letters, digits, `.`, `_` and `-` only (got 'My Runs'); rename it"
    }


def test_a_release_with_the_name_of_its_policy_is_refused() -> None:
    raw = pooled(stack())
    raw["workers"] = {"pooler": {"namespace": "noxus-pooler", "pools": {"flow": {}}}}
    assert errors(raw) == {"workers.pooler": "makes a second policy postgres-from-pooler; rename the release"}


# --- the command


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_shows_both_sides(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, pooled({**stack(pool={"replicaCount": 40}), "connections": {"postgres": FIGURES["postgres"]}}))
    assert connections.main(["--stack", "it"]) == 0
    tables = capsys.readouterr().out.split("\n\n")
    assert tables[0].splitlines() == [
        "postgres: 95 connections at most",
        "  consumer         pods  each  total",
        "  postgres-pooler     3    31     93",
        "  postgres-setup      1     2      2",
        "there are 97 (100 by PostgreSQL's own default, less 3 reserved)",
        "2 are left",
    ]
    assert tables[2].splitlines() == [
        "pooler: 560 connections at most",
        "  consumer       pods  each  total",
        "  acme-flow        50    10    500",
        "  noxus-backend     3    20     60",
        "there are 600 by the sum, rounded up",
        "40 are left",
    ]


def test_the_command_says_what_the_pooler_lacks(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = pooled({**stack(), "connections": {}})
    write(here, raw)
    assert connections.main(["--stack", "it"]) == 1
    assert "pooler: not counted\n  postgres.pooler.clients: required while" in capsys.readouterr().out
