"""The connection ledger: who is counted, what there is, what is said where it does not fit, and that it helps."""

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from checks import findings
from checks.capacity.connections import SERVICES, findings_of, fits_until_a_restart
from checks.capacity.ledger import Ledger, ledger
from checks.capacity.limits import limit_of
from checks.capacity.ways_out import cheapest
from config.clouds.aws.instance_classes import larger_classes, memory_gib
from config.connections import Service
from tests.programs import EXTERNAL_SERVICES, LOGINS, ROOT, SMALLEST, on_cloud, run_program, settings, stack_file
from tools import connections

FIGURES = {
    "postgres": {"backend": 20, "relays": 5, "scheduler": 1, "migrations": 1, "worker": 10},
    "redis": {"backend": 20, "relays": 5, "scheduler": 2, "worker": 12},
}
AWS = on_cloud("prod")
KEDA = {"type": "keda", "query": "SELECT 1", "targetQueryValue": 2}
MANAGED = {"mode": "managed", "instanceClass": "db.m7g.large"}


def stack(*, primary: dict[str, Any] | None = None, pool: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Two backends, and one worker release of one pool if it is asked for; all figures are written."""
    workers = {} if pool is None else {"workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": pool}}}}
    return {
        **SMALLEST,
        **workers,
        "primary": {"namespace": "noxus", **(primary or {})},
        "connections": copy.deepcopy(FIGURES),
        **more,
    }


def of(raw: dict[str, Any], service: Service = "postgres") -> Ledger:
    found = ledger(settings(raw, *LOGINS), service)
    assert found is not None
    return found


def rows(raw: dict[str, Any], service: Service = "postgres") -> dict[str, tuple[int, int]]:
    return {row.consumer: (row.pods, row.each) for row in of(raw, service).rows}


def said(raw: dict[str, Any], service: Service = "postgres") -> list[str]:
    """Every finding about a service, as `severity path: message`."""
    return [f"{f.severity} {f.path}: {f.message}" for f in findings_of(settings(raw, *LOGINS), service)]


def changed(raw: dict[str, Any], setting: str, value: object) -> dict[str, Any]:
    """The same stack file with another value of one setting."""
    after = copy.deepcopy(raw)
    *parents, last = setting.split(".")
    section = after
    for name in parents:
        section = section.setdefault(name, {})
    section[last] = value
    return after


# --- who is counted


def test_everything_that_connects_is_counted_at_its_most_and_in_a_rollout() -> None:
    primary = {
        "backend": {
            "resources": {"requests": {"cpu": 1}},
            "autoscaling": {"type": "hpa", "maxReplicas": 6, "targetCpuUtilization": 70},
        },
        "relays": {"enabled": True, "replicaCount": 3, "command": ["relays"]},
        "scheduler": {"enabled": True, "command": ["beat"]},
        "migrations": {"enabled": True, "command": ["migrate"]},
        "pools": {"kb": {"replicaCount": 1}, "off": {"enabled": False, "replicaCount": 9}, "none": {"replicaCount": 0}},
    }
    raw = stack(primary=primary, pool={"autoscaling": {**KEDA, "maxReplicas": 20}})
    assert rows(raw) == {
        "noxus-backend": (8, 20),
        "noxus-relays": (4, 5),
        "noxus-scheduler": (1, 1),
        "noxus-migrations": (1, 1),
        "noxus-kb": (2, 10),
        "acme-flow": (25, 10),
        "KEDA": (1, 2),
        "postgres-setup": (1, 2),
    }
    assert rows(raw, "redis") == {
        "noxus-backend": (8, 20),
        "noxus-relays": (4, 5),
        "noxus-scheduler": (1, 2),
        "noxus-kb": (2, 12),
        "acme-flow": (25, 12),
    }


def test_the_largest_consumer_comes_first() -> None:
    totals = [row.total for row in of(stack(pool={"replicaCount": 40})).rows]
    assert totals == sorted(totals, reverse=True) == [500, 60, 2]


def test_the_frontend_is_not_counted() -> None:
    assert of(stack(primary={"frontend": {"replicaCount": 100}})).total == of(stack()).total


@pytest.mark.parametrize(("paused", "pods"), [({"paused": True}, 10), ({"pausedReplicas": 30}, 38)])
def test_a_pool_that_is_paused_at_a_number_has_that_number(paused: dict[str, Any], pods: int) -> None:
    raw = stack(pool={"autoscaling": {**KEDA, "maxReplicas": 8, **paused}})
    assert rows(raw)["acme-flow"] == (pods, 10)


def test_a_pool_may_open_more_or_fewer_connections_than_the_others() -> None:
    raw = stack(primary={"pools": {"kb": {}}}, pool={"connections": {"postgres": 30}})
    assert (rows(raw)["acme-flow"], rows(raw)["noxus-kb"]) == ((2, 30), (2, 10))
    assert rows(raw, "redis")["acme-flow"] == (2, 12)


def test_keda_keeps_two_connections_for_each_pool_that_it_scales() -> None:
    pools = {f"p{number}": {"autoscaling": {**KEDA, "maxReplicas": 1}} for number in range(3)}
    assert rows(stack(primary={"pools": pools}, pool=pools["p0"]))["KEDA"] == (4, 2)
    assert "KEDA" not in rows(stack(pool={}))


def test_a_database_that_somebody_else_has_set_up_has_no_job() -> None:
    postgres = {key: value for key, value in EXTERNAL_SERVICES["postgres"].items() if key != "admin"}
    assert "postgres-setup" in rows(stack(postgres=EXTERNAL_SERVICES["postgres"]))
    assert "postgres-setup" not in rows(stack(postgres=postgres))


# --- what there is


@pytest.mark.parametrize(
    ("section", "connections", "reserved", "source"),
    [
        ({"postgres": {"mode": "cluster"}}, 100, 3, "PostgreSQL's own default"),
        ({"postgres": {"mode": "cluster", "maxConnections": 300}}, 300, 3, "postgres.maxConnections"),
        ({"postgres": {**EXTERNAL_SERVICES["postgres"], "maxConnections": 500}}, 500, 3, "postgres.maxConnections"),
        ({**AWS, "postgres": MANAGED}, 829, 83, "the memory of db.m7g.large"),
        ({**AWS, "postgres": {**MANAGED, "maxConnections": 1001}}, 1001, 101, "postgres.maxConnections"),
        ({**AWS, "postgres": {**MANAGED, "maxConnections": 25}}, 25, 3, "postgres.maxConnections"),
        ({"redis": {"mode": "cluster"}}, 10_000, 0, "Redis' own default"),
        ({"redis": {**EXTERNAL_SERVICES["redis"], "maxClients": 4000}}, 4000, 0, "redis.maxClients"),
        (
            {**AWS, "redis": {"mode": "managed", "nodeType": "cache.m7g.large"}},
            65_000,
            0,
            "ElastiCache on cache.m7g.large",
        ),
        (
            {**AWS, "redis": {"mode": "managed", "nodeType": "cache.t4g.micro"}},
            20_000,
            0,
            "ElastiCache on cache.t4g.micro",
        ),
    ],
)
def test_the_limit_is_what_the_service_takes_less_what_is_somebody_elses(
    section: dict[str, Any], connections: int, reserved: int, source: str
) -> None:
    service: Service = "redis" if "redis" in section else "postgres"
    limit = limit_of(settings({**SMALLEST, **section}, *LOGINS), service)
    assert limit is not None
    assert (limit.connections, limit.reserved, limit.source) == (connections, reserved, source)
    assert limit.available == connections - reserved


@pytest.mark.parametrize(
    ("instance_class", "gib"),
    [
        ("db.t4g.micro", 1),
        ("db.t3.small", 2),
        ("db.t4g.medium", 4),
        ("db.t3.2xlarge", 32),
        ("db.m5.large", 8),
        ("db.m6gd.xlarge", 16),
        ("db.m4.10xlarge", 160),
        ("db.m7i.48xlarge", 768),
        ("db.r5b.large", 16),
        ("db.r8g.24xlarge", 768),
        ("db.x2g.large", 32),
        ("db.x2idn.16xlarge", 1024),
        ("db.x2iedn.xlarge", 128),
        ("db.x2iezn.2xlarge", 256),
        ("db.m3.large", None),
        ("db.r4.large", None),
        ("db.x1.16xlarge", None),
        ("db.c6gd.large", None),
        ("db.m6i.metal", None),
    ],
)
def test_a_class_has_the_memory_of_the_user_guides_table(instance_class: str, gib: int | None) -> None:
    assert memory_gib(instance_class) == gib


# Of the first two only the memory is known, 2 and 4 GiB.
@pytest.mark.parametrize(
    ("instance_class", "measured"), [("db.t3.small", 198), ("db.t3.medium", 413), ("db.m7g.large", 832)]
)
def test_rds_is_not_said_to_take_more_than_was_measured_there(instance_class: str, measured: int) -> None:
    raw = {**SMALLEST, **AWS, "postgres": {"mode": "managed", "instanceClass": instance_class}}
    limit = limit_of(settings(raw), "postgres")
    assert limit is not None
    assert 0.85 * measured < limit.available <= measured - 3, "less PostgreSQL's own reserve"


def test_no_class_is_said_to_take_more_than_rds_cap() -> None:
    raw = {**SMALLEST, **AWS, "postgres": {"mode": "managed", "instanceClass": "db.r7g.16xlarge"}}
    limit = limit_of(settings(raw), "postgres")
    assert limit is not None
    assert (limit.connections, limit.larger) == (5000, {})


def test_larger_classes_are_of_the_same_family_in_ascending_order() -> None:
    assert list(larger_classes("db.m7g.large")) == ["db.m7g.xlarge", "db.m7g.2xlarge", "db.m7g.4xlarge"]
    assert list(larger_classes("db.t4g.large")) == ["db.t4g.xlarge", "db.t4g.2xlarge"]


# --- what is said


def test_a_service_without_figures_is_not_counted_and_the_note_says_what_to_write() -> None:
    raw = {**stack(pool={}), "connections": {}}
    assert [ledger(settings(raw), service) for service in SERVICES] == [None, None]
    assert said(raw) == [
        "note connections.postgres: not set, so nobody checks whether Postgres takes all connections; write those of "
        "one pod at its busiest, { backend: ..., worker: ... }"
    ]
    assert said(raw, "redis") == [
        "note connections.redis: not set, so nobody checks whether Redis takes all connections; write those of one pod "
        "at its busiest, { backend: ..., worker: ... }"
    ]


def test_each_figure_that_is_missing_is_named_with_who_needs_it() -> None:
    primary = {
        "relays": {"enabled": True, "command": ["relays"]},
        "scheduler": {"enabled": True, "command": ["beat"]},
        "migrations": {"enabled": True, "command": ["migrate"]},
    }
    raw = {**stack(primary=primary, pool={}), "connections": {"postgres": {}, "redis": {"backend": 1, "scheduler": 0}}}
    rest = "write the connections that one pod of it has at its busiest"
    assert said(raw) == [
        f"error connections.postgres.backend: required once connections.postgres is set, for noxus-backend; {rest}",
        f"error connections.postgres.relays: required once connections.postgres is set, for noxus-relays; {rest}",
        f"error connections.postgres.scheduler: required once connections.postgres is set, for noxus-scheduler; {rest}",
        f"error connections.postgres.migrations: required once connections.postgres is set, for noxus-migrations; "
        f"{rest}",
        f"error connections.postgres.worker: required once connections.postgres is set, for acme-flow; {rest}",
    ]
    assert said(raw, "redis") == [
        f"error connections.redis.relays: required once connections.redis is set, for noxus-relays; {rest}",
        f"error connections.redis.worker: required once connections.redis is set, for acme-flow; {rest}",
    ]
    assert ledger(settings(raw), "postgres") is None


def test_only_a_pool_without_figures_of_its_own_needs_those_of_all_workers() -> None:
    raw = {**stack(pool={"connections": {"postgres": 5}}), "connections": {"postgres": {"backend": 1}}}
    assert [finding.partition(" ")[0] for finding in said(raw)] == ["note"]


@pytest.mark.parametrize(
    ("section", "service", "note"),
    [
        (
            {"postgres": EXTERNAL_SERVICES["postgres"]},
            "postgres",
            "note postgres.maxConnections: not set, so the 82 connections that are opened at most are compared with "
            "nothing; write the server's max_connections",
        ),
        (
            {**AWS, "postgres": {"mode": "managed", "instanceClass": "db.c6gd.large"}},
            "postgres",
            "note postgres.maxConnections: not set, so the 82 connections that are opened at most are compared with "
            "nothing; write the server's max_connections",
        ),
        (
            {"redis": EXTERNAL_SERVICES["redis"]},
            "redis",
            "note redis.maxClients: not set, so the 84 connections that are opened at most are compared with nothing; "
            "write the server's maxclients",
        ),
    ],
)
def test_a_limit_that_nobody_has_told_is_asked_for(section: dict[str, Any], service: Service, note: str) -> None:
    assert said(stack(pool={}, **section), service) == [note]


def test_what_fits_is_noted_with_what_is_left() -> None:
    raw = stack(pool={})
    assert said(raw) == [
        "note connections.postgres: 82 connections are opened at most, and there are 97 (100 by PostgreSQL's own "
        "default, less 3 reserved); 15 are left"
    ]
    assert said(raw, "redis") == [
        "note connections.redis: 84 connections are opened at most, and there are 10000 by Redis' own default; 9916 "
        "are left"
    ]


def test_what_fits_exactly_is_accepted() -> None:
    assert of(stack(pool={}, postgres={"maxConnections": 85})).left == 0
    assert said(stack(pool={}, postgres={"maxConnections": 85}))[0].startswith("note")
    assert said(stack(pool={}, postgres={"maxConnections": 84}))[0].startswith("error")


def test_what_does_not_fit_is_refused_with_the_table_and_the_cheapest_ways_out() -> None:
    pool = {"autoscaling": {**KEDA, "maxReplicas": 60}}
    assert said(stack(pool=pool, postgres=MANAGED, **AWS)) == [
        "error connections.postgres: with every workload at its maximum and in a rollout 814 connections are opened, "
        "and there are 746 (829 by the memory of db.m7g.large, less 83 reserved): acme-flow 75 x 10 = 750, "
        "noxus-backend 3 x 20 = 60, KEDA 1 x 2 = 2, postgres-setup 1 x 2 = 2; write one of these, each is enough: "
        "postgres.maxConnections: 905 (now 829) once RDS has restarted, or connections.postgres.worker: 9 (now 10) "
        "once a pod opens no more, or workers.acme.pools.flow.autoscaling.maxReplicas: 54 (now 60)"
    ]


def test_a_redis_that_is_too_small_is_refused_alike() -> None:
    redis = {**EXTERNAL_SERVICES["redis"], "maxClients": 80}
    assert said(stack(pool={"connections": {"redis": 15}}, redis=redis), "redis") == [
        "error connections.redis: with every workload at its maximum and in a rollout 90 connections are opened, and "
        "there are 80 by redis.maxClients: noxus-backend 3 x 20 = 60, acme-flow 2 x 15 = 30; write one of these, each "
        "is enough: redis.maxClients: 90 (now 80) once the server takes as many, or connections.redis.backend: 16 "
        "(now 20) once a pod opens no more, or workers.acme.pools.flow.connections.redis: 10 (now 15) once a pod opens "
        "no more"
    ]


def test_the_first_class_that_is_large_enough_is_offered_where_nothing_is_cheaper() -> None:
    pools = {f"p{number}": {"replicaCount": 1} for number in range(120)}
    raw = stack(primary={"pools": pools}, postgres={**MANAGED, "instanceClass": "db.t4g.small"}, **AWS)
    assert of(raw).total == 120 * 2 * 10 + 62
    assert [str(way) for way in cheapest(of(raw))] == [
        "postgres.maxConnections: 2736 (now 207) once RDS has restarted",
        "postgres.instanceClass: db.t4g.2xlarge (now db.t4g.small) once RDS has restarted",
    ]
    assert of(changed(raw, "postgres.instanceClass", "db.t4g.2xlarge")).fits
    assert not of(changed(raw, "postgres.instanceClass", "db.t4g.xlarge")).fits


def test_a_higher_limit_of_rds_is_not_counted_on_before_the_restart_that_brings_it() -> None:
    raw = stack(pool={"replicaCount": 40}, postgres={**MANAGED, "maxConnections": 900}, **AWS)
    assert of(raw).total == 562
    assert list(fits_until_a_restart(settings(raw), deployed=400)) == [
        "connections.postgres: 562 connections are opened at most, and there are 360 until RDS has restarted; raise "
        "the limit in an update of its own, and replicas after the restart"
    ]
    assert list(fits_until_a_restart(settings(raw), deployed=800)) == []
    assert list(fits_until_a_restart(settings(raw), deployed=900)) == []


def test_in_the_cluster_an_update_restarts_postgres_itself() -> None:
    raw = stack(pool={"replicaCount": 40}, postgres={"maxConnections": 900})
    assert list(fits_until_a_restart(settings(raw), deployed=100)) == []


def test_where_no_single_change_is_enough_that_is_said() -> None:
    figures = {"redis": {"backend": 20_000, "worker": 20_000}}
    raw = {**stack(primary={"backend": {"replicaCount": 1}}, pool={}), "connections": figures}
    assert said(raw, "redis") == [
        "error connections.redis: with every workload at its maximum and in a rollout 80000 connections are opened, "
        "and there are 10000 by Redis' own default: acme-flow 2 x 20000 = 40000, noxus-backend 2 x 20000 = 40000; no "
        "single change is enough; lower replicas, connections of a pod, or both in several places"
    ]


def test_postgres_is_not_told_to_take_more_than_it_can() -> None:
    raw = changed(stack(pool={"replicaCount": 10}), "connections.postgres.worker", 30_000)
    assert [way.setting for way in cheapest(of(raw))] == ["connections.postgres.worker"]


def test_a_pool_is_not_told_to_go_below_its_own_minimum() -> None:
    scaler = {**KEDA, "maxReplicas": 60, "minReplicas": 30, "fallback": {"replicas": 58}}
    ways = [way.setting for way in cheapest(of(stack(pool={"autoscaling": scaler}, postgres={"maxConnections": 750})))]
    assert "workers.acme.pools.flow.autoscaling.maxReplicas" not in ways
    assert len(ways) == 2


def test_the_program_stops_at_what_does_not_fit() -> None:
    raw = stack(pool={"replicaCount": 60})
    assert [f.path for f in findings(settings(raw)) if f.severity == "error"] == ["connections.postgres"]


# --- for any stack

FIGURE = st.integers(min_value=0, max_value=40)
REPLICAS = st.integers(min_value=0, max_value=50)


@st.composite
def scalers(draw: st.DrawFn) -> dict[str, Any]:
    """How a pool is scaled."""
    kind, most = draw(st.sampled_from(["static", "hpa", "keda"])), draw(st.integers(min_value=1, max_value=50))
    if kind == "static":
        return {"replicaCount": draw(REPLICAS)}
    least = draw(st.integers(min_value=1, max_value=most))
    if kind == "hpa":
        scaler = {"type": "hpa", "minReplicas": least, "maxReplicas": most, "targetCpuUtilization": 70}
        return {"resources": {"requests": {"cpu": 1}}, "autoscaling": scaler}
    paused = draw(st.none() | REPLICAS)
    fallback = {"fallback": {"replicas": draw(st.integers(min_value=0, max_value=most))}}
    number = {} if paused is None else {"pausedReplicas": paused}
    return {"autoscaling": {**KEDA, "minReplicas": least - 1, "maxReplicas": most, **fallback, **number}}


@st.composite
def stacks(draw: st.DrawFn) -> dict[str, Any]:
    """A stack of any shape, whose Postgres and Redis may or may not take its connections."""

    def pool() -> dict[str, Any]:
        own = {service: draw(FIGURE) for service in SERVICES if draw(st.booleans())}
        return {**draw(scalers()), "enabled": draw(st.booleans()), "connections": own}

    primary = {
        "backend": {"replicaCount": draw(REPLICAS)},
        "relays": {"enabled": draw(st.booleans()), "replicaCount": draw(REPLICAS), "command": ["relays"]},
        "scheduler": {"enabled": draw(st.booleans()), "command": ["beat"]},
        "migrations": {"enabled": draw(st.booleans()), "command": ["migrate"]},
        "pools": {f"p{number}": pool() for number in range(draw(st.integers(0, 2)))},
    }
    figures = {service: {role: draw(FIGURE) for role in roles} for service, roles in FIGURES.items()}
    most = draw(st.integers(min_value=20, max_value=2000))
    postgres = draw(
        st.sampled_from(
            [
                {"mode": "cluster", "maxConnections": most},
                {**EXTERNAL_SERVICES["postgres"], "maxConnections": most},
                {**MANAGED, "maxConnections": most},
                {**MANAGED, "instanceClass": "db.t4g.micro"},
                MANAGED,
            ]
        )
    )
    redis = {**EXTERNAL_SERVICES["redis"], "maxClients": draw(st.integers(min_value=1, max_value=2000))}
    return {
        **stack(primary=primary, pool=pool(), **AWS, postgres=postgres, redis=redis),
        "connections": figures,
    }


def summed(raw: dict[str, Any], service: str) -> int:
    """The sum as one does it by hand, from what the stack file says."""
    figures, primary = raw["connections"][service], raw["primary"]

    def rolled(replicas: int) -> int:
        return replicas + math.ceil(replicas / 4)

    total = rolled(primary["backend"]["replicaCount"]) * figures["backend"]
    if primary["relays"]["enabled"]:
        total += rolled(primary["relays"]["replicaCount"]) * figures["relays"]
    if primary["scheduler"]["enabled"]:
        total += figures["scheduler"]
    if primary["migrations"]["enabled"] and service == "postgres":
        total += figures["migrations"]
    if service == "postgres":
        total += 2  # the Job that sets the database up
    for pool in (*primary["pools"].values(), *raw["workers"]["acme"]["pools"].values()):
        if not pool["enabled"]:
            continue
        scaler = pool.get("autoscaling", {})
        replicas = scaler.get("pausedReplicas", scaler["maxReplicas"]) if scaler else pool["replicaCount"]
        total += rolled(replicas) * pool["connections"].get(service, figures["worker"])
        if scaler.get("type") == "keda" and service == "postgres":
            total += 2
    return total


@given(stacks(), st.sampled_from(SERVICES))
@hypothesis_settings(max_examples=200, deadline=None, derandomize=True)
def test_the_ledger_is_the_sum_that_one_does_by_hand(raw: dict[str, Any], service: Service) -> None:
    assert of(raw, service).total == summed(raw, service)


@given(stacks(), st.sampled_from(SERVICES))
@hypothesis_settings(max_examples=300, deadline=None, derandomize=True)
def test_each_way_out_is_enough_by_itself_and_no_smaller_step_is(raw: dict[str, Any], service: Service) -> None:
    found = of(raw, service)
    ways = cheapest(found)
    assert found.fits is (found.left is not None and found.left >= 0)
    assert len(ways) <= 3
    assert not (found.fits and ways)
    assert [way.change for way in ways] == sorted(way.change for way in ways)
    for way in ways:
        assert way.value != way.present
        assert way.change > 0
        assert of(changed(raw, way.setting, way.value), service).fits
        if isinstance(way.value, int) and isinstance(way.present, int):
            short = way.value + (1 if way.present > way.value else -1)
            assert short == way.present or not of(changed(raw, way.setting, short), service).fits


@given(stacks(), st.integers(min_value=0, max_value=20))
@hypothesis_settings(max_examples=100, deadline=None, derandomize=True)
def test_more_replicas_never_need_fewer_connections(raw: dict[str, Any], more: int) -> None:
    before = raw["primary"]["backend"]["replicaCount"]
    after = changed(raw, "primary.backend.replicaCount", before + more)
    assert of(after).total >= of(raw).total


# --- what follows from it in the cluster


@pytest.mark.parametrize(
    ("postgres", "arguments"), [({}, None), ({"maxConnections": 250}, ["-c", "max_connections=250"])]
)
def test_postgres_in_the_cluster_is_started_with_the_limit_that_is_written(
    postgres: dict[str, Any], arguments: list[str] | None
) -> None:
    deployed = run_program({**SMALLEST, "postgres": postgres})
    server = deployed.one("kubernetes:apps/v1:StatefulSet", "noxus-data/postgres").inputs
    (container,) = server["spec"]["template"]["spec"]["containers"]
    assert container.get("args") == arguments


# --- the command


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(directory: Path, raw: dict[str, Any]) -> None:
    document = {"config": {f"noxus:{key}": value for key, value in raw.items()}}
    (directory / "Pulumi.it.yaml").write_text(yaml.safe_dump(document))


def test_the_command_prints_a_table_for_each_service(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, {**stack(pool={"replicaCount": 4}), "connections": {"postgres": FIGURES["postgres"]}})
    assert connections.main(["--stack", "it"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "postgres: 112 connections at most",
        "  consumer        pods  each  total",
        "  noxus-backend      3    20     60",
        "  acme-flow          5    10     50",
        "  postgres-setup     1     2      2",
        "there are 97 (100 by PostgreSQL's own default, less 3 reserved)",
        "15 too many",
        "  enough: postgres.maxConnections: 115 (now 100)",
        "  enough: connections.postgres.backend: 15 (now 20) once a pod opens no more",
        "  enough: connections.postgres.worker: 7 (now 10) once a pod opens no more",
        "",
        "redis: not counted",
        "  connections.redis: not set, so nobody checks whether Redis takes all connections; write those of one pod at "
        "its busiest, { backend: ..., worker: ... }",
    ]


def test_the_command_prints_the_same_as_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, {**stack(), "connections": {"postgres": FIGURES["postgres"]}})
    assert connections.main(["--stack", "it", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "postgres": {
            "rows": [
                {"consumer": "noxus-backend", "pods": 3, "each": 20, "total": 60},
                {"consumer": "postgres-setup", "pods": 1, "each": 2, "total": 2},
            ],
            "total": 62,
            "limit": 100,
            "source": "PostgreSQL's own default",
            "reserved": 3,
            "left": 35,
            "waysOut": [],
        },
        "redis": None,
    }


def test_the_command_tells_a_missing_figure_and_a_missing_file_apart(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here, {**stack(), "connections": {"postgres": {}}})
    assert connections.main(["--stack", "it"]) == 1
    assert "connections.postgres.backend: required once connections.postgres is set" in capsys.readouterr().out
    assert connections.main(["--stack", "absent"]) == 2
    assert "Pulumi.absent.yaml is not valid" in capsys.readouterr().err


def test_what_cannot_be_compared_is_still_printed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    postgres = {**MANAGED, "instanceClass": "db.c6gd.large"}
    write(here, stack(postgres=postgres, **AWS))
    assert connections.main(["--stack", "it"]) == 0
    assert "what the server takes is not known" in capsys.readouterr().out


def test_the_production_stack_is_counted_and_fits() -> None:
    plain, secrets = stack_file(ROOT / "Pulumi.prod.yaml")
    parsed = settings(plain, *secrets)
    found = [ledger(parsed, service) for service in SERVICES]
    assert [(each.total, each.left) for each in found if each] == [(482, 264), (537, 64463)]
