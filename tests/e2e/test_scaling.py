"""The dev stack's fleet, deployed by the real engine, scaled by real KEDA on rows in a real Postgres.

The database is outside the cluster, on loopback: pods of the sandbox run nothing. What the stack's Jobs would do there
is done as they say it: their own scripts with their own variables. Times are short so that the tests are; everything
else is what the program makes of the stack file.
"""

import base64
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sandbox.control_plane import ControlPlane
from sandbox.keda import Keda
from tests.e2e.conftest import engine_environment
from tests.e2e.dev_stack import Change, DevStack
from tests.e2e.kubectl import Kubectl, eventually
from tests.e2e.postgres import SUPERUSER, Server, running
from tests.e2e.watch import Watch

COOL_DOWN = 4
POLLING = 1
PASSWORDS = {
    "ownerPassword": "owner-password",
    "scalerPassword": "scaler-password",
    "adminPassword": "superuser-password",
}
TABLE = "CREATE TABLE public.runs (id serial, status text, kind text, tenant_id text, workspace_id text, input text)"

Record = Callable[[str, object], None]


def keda_scaler(most: int, **settings: object) -> dict[str, Any]:
    """Quick, so that the tests are: a pool's own times are minutes."""
    behavior = {"scaleUpPodsPerMinute": 600, "scaleDownStabilizationSeconds": 2, "scaleDownPodsPerMinute": 600}
    times = {"pollingIntervalSeconds": POLLING, "cooldownSeconds": COOL_DOWN, "behavior": behavior}
    return {"type": "keda", "maxReplicas": most, **times, **settings}


def on(server: Server) -> Change:
    """The dev stack with its database on that server, and pools that all scale on the queue."""

    def change(config: dict[str, Any]) -> None:
        config["postgres"] = {
            "mode": "external",
            "host": "127.0.0.1",
            "port": server.port,
            "cidrs": ["127.0.0.1/32"],
            "password": "ownerPassword",
            "scalerPassword": "scalerPassword",
            "sslMode": "disable",
            "admin": {"user": SUPERUSER, "password": "adminPassword"},
        }
        config["primary"]["pools"] = {
            "default": {"workerSubscribe": "all_but_kb", "concurrency": 2, "autoscaling": keda_scaler(6)},
            "kb": {"workerSubscribe": "kb", "concurrency": 1, "autoscaling": keda_scaler(4)},
            "held": {
                "workerSubscribe": "flow",
                "workerSubscribeTenants": "tenant-held",
                "concurrency": 1,
                "autoscaling": keda_scaler(4, pausedReplicas=2),
            },
        }
        pools = config["workers"]["acme"]["pools"]
        pools["flow"]["autoscaling"] = keda_scaler(5)
        pools["chat"] = {
            "workerSubscribe": "chat",
            "workerSubscribeWorkspaces": "ws-vip",
            "concurrency": 1,
            "autoscaling": keda_scaler(3),
        }

    return change


class Fleet:
    """The deployed pools beside the rows that they scale on."""

    def __init__(self, cluster: Kubectl, database: psycopg.Connection) -> None:
        self._cluster, self._database = cluster, database

    def insert(self, number: int, kind: str, tenant: str, workspace: str = "ws", status: str = "queued") -> None:
        self._database.execute(
            "INSERT INTO runs (status, kind, tenant_id, workspace_id) "
            "SELECT %s, %s, %s, %s FROM generate_series(1, %s)",
            [status, kind, tenant, workspace, number],
        )

    def move(self, status: str, number: int | None = None) -> None:
        """Give so many of the rows that are not finished another status, all of them without a number."""
        self._database.execute(
            "UPDATE runs SET status = %s WHERE id IN (SELECT id FROM runs WHERE status <> 'completed' LIMIT %s)",
            [status, number],
        )

    def rename(self, old: str, new: str) -> None:
        """Rename the table: whoever counts in it fails."""
        self._database.execute(f"ALTER TABLE {old} RENAME TO {new}".encode())

    def replicas(self) -> dict[str, int]:
        """What each pool is to have now."""
        found: dict[str, int] = {}
        for namespace in ("noxus", "noxus-acme"):
            items = json.loads(self._cluster("get", "deployment", "--namespace", namespace, "-o", "json"))["items"]
            found |= {item["metadata"]["name"]: item["spec"]["replicas"] for item in items}
        return {name: found[name] for name in POOLS}

    def becomes(self, **wanted: int) -> float:
        """Seconds until these pools are to have just so many replicas, and all others none."""
        expected = {
            **dict.fromkeys(POOLS, 0),
            "noxus-held": 2,
            **{f"{n.replace('_', '-')}": v for n, v in wanted.items()},
        }
        started = time.monotonic()
        eventually(lambda: self.replicas() == expected, seconds=60)
        return round(time.monotonic() - started, 1)


POOLS = ("noxus-default", "noxus-kb", "noxus-held", "acme-flow", "acme-chat")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def stack(
    server: Server, keda: Keda, control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DevStack]:
    assert keda.ready()
    folder = tmp_path_factory.mktemp("scaling")
    stack = DevStack(folder, engine_environment(control_plane, folder))
    stack.configure(on(server))
    for key, value in PASSWORDS.items():
        stack.set_secret(key, value)
    outcome = stack.up()
    assert outcome.code == 0, outcome.text
    cluster = Kubectl(control_plane.kubeconfig)
    run_job(cluster, server, "postgres-setup")
    with psycopg.connect(server.url("noxus", PASSWORDS["ownerPassword"], "noxus"), autocommit=True) as owner:
        owner.execute(TABLE.encode())  # what the migrations would make
    run_job(cluster, server, "postgres-queue")
    yield stack
    assert stack.destroy().code == 0


def run_job(cluster: Kubectl, server: Server, name: str) -> None:
    """Run what a Job's pod would run, with what it would see."""
    job = json.loads(cluster("get", "job", name, "--namespace", "noxus-data", "-o", "json"))
    (container,) = job["spec"]["template"]["spec"]["containers"]
    (source,) = container["envFrom"]
    secret = json.loads(
        cluster("get", "secret", source["secretRef"]["name"], "--namespace", "noxus-data", "-o", "json")
    )["data"]
    env = {variable: base64.b64decode(value).decode() for variable, value in secret.items()}
    env |= {item["name"]: item.get("value", "").replace("$$", "$") for item in container["env"]}  # as the kubelet does
    server.run(container["command"], env)


@pytest.fixture
def fleet(stack: DevStack, server: Server, control_plane: ControlPlane) -> Iterator[Fleet]:
    """The pools while nothing waits: all at nothing but the one that is held."""
    del stack
    cluster = Kubectl(control_plane.kubeconfig)
    with psycopg.connect(server.url("noxus", PASSWORDS["ownerPassword"], "noxus"), autocommit=True) as owner:
        owner.execute("TRUNCATE runs")
        fleet = Fleet(cluster, owner)
        fleet.becomes()
        yield fleet


@pytest.fixture
def watches(control_plane: ControlPlane, fleet: Fleet, tmp_path: Path) -> Iterator[Mapping[str, Watch]]:
    """All numbers of replicas from here on, by namespace."""
    del fleet
    watches = {
        namespace: Watch(control_plane.kubeconfig, tmp_path / namespace, "--namespace", namespace)
        for namespace in ("noxus", "noxus-acme")
    }
    for watch in watches.values():
        eventually(watch.seen)
    yield watches
    for watch in watches.values():
        watch.stop()


def seen(watches: Mapping[str, Watch], pool: str) -> list[int]:
    return watches["noxus-acme" if pool.startswith("acme") else "noxus"].seen(pool)


@pytest.mark.parametrize(
    ("pool", "target", "most", "tasks"),
    [
        ("acme-flow", 4, 5, ("flow", "tenant-abc", "ws")),
        ("noxus-default", 2, 6, ("flow", "tenant-of-nobody", "ws")),
        ("noxus-default", 2, 6, ("chat", "tenant-abc", "ws")),
        ("noxus-kb", 1, 4, ("kb", "tenant-abc", "ws-vip")),
        ("acme-chat", 1, 3, ("chat", "tenant-xyz", "ws-vip")),
    ],
)
def test_the_right_pool_and_no_other_follows_the_rows_and_goes_to_nothing_after_the_cool_down(
    fleet: Fleet,
    watches: Mapping[str, Watch],
    record_property: Record,
    pool: str,
    target: int,
    most: int,
    tasks: tuple[str, str, str],
) -> None:
    name = pool.replace("-", "_")
    fleet.insert(target + 1, *tasks)
    record_property(f"{pool} 0 to 2, seconds", fleet.becomes(**{name: 2}))
    fleet.insert(100, *tasks)
    assert math.ceil((101 + target) / target) > most
    record_property(f"{pool} 2 to its maximum, seconds", fleet.becomes(**{name: most}))
    fleet.move("completed")
    took = fleet.becomes()
    record_property(f"{pool} {most} to 0, seconds", took)
    assert took > COOL_DOWN - 2 * POLLING, "it was cut short"
    for other in set(POOLS) - {pool, "noxus-held"}:
        assert set(seen(watches, other)) == {0}, other
    assert max(seen(watches, pool)) == most


def test_a_pool_does_not_shrink_while_its_rows_run(fleet: Fleet, watches: Mapping[str, Watch]) -> None:
    fleet.insert(16, "flow", "tenant-xyz")
    fleet.becomes(acme_flow=4)
    before = len(seen(watches, "acme-flow"))
    fleet.move("running")
    time.sleep(COOL_DOWN + 4 * POLLING)  # nothing tells that something does not happen
    assert seen(watches, "acme-flow")[before:] == []
    fleet.move("completed", 7)
    fleet.becomes(acme_flow=3)
    assert seen(watches, "acme-flow")[before:] == [3]
    fleet.move("completed")
    fleet.becomes()


def test_rows_of_several_kinds_raise_several_pools_each_by_its_own(fleet: Fleet) -> None:
    fleet.insert(8, "flow", "tenant-abc")
    fleet.insert(3, "flow", "tenant-other")
    fleet.insert(2, "kb", "tenant-abc")
    fleet.insert(1, "chat", "tenant-abc", "ws-vip")
    fleet.insert(50, "audit", "tenant-abc")
    fleet.insert(50, "flow", "tenant-abc", status="failed")
    fleet.becomes(acme_flow=2, noxus_default=2, noxus_kb=2, acme_chat=1)
    fleet.move("completed")
    fleet.becomes()


def test_no_pool_shrinks_while_postgres_is_away(
    fleet: Fleet, watches: Mapping[str, Watch], server: Server, control_plane: ControlPlane, record_property: Record
) -> None:
    fleet.insert(12, "flow", "tenant-abc", status="running")
    fleet.insert(5, "kb", "tenant-abc", status="running")
    fleet.becomes(acme_flow=3, noxus_kb=4)
    before = {pool: len(seen(watches, pool)) for pool in POOLS}
    server.stop()
    try:
        eventually(
            lambda: condition(control_plane, "hpa", "keda-hpa-acme-flow", "ScalingActive") == "False", seconds=60
        )
        time.sleep(COOL_DOWN + 6 * POLLING)  # longer than it takes to shrink when the count is zero
        assert {pool: seen(watches, pool)[before[pool] :] for pool in before} == {pool: [] for pool in POOLS}
    finally:
        server.start()
    with psycopg.connect(server.url("noxus", PASSWORDS["ownerPassword"], "noxus"), autocommit=True) as owner:
        again = Fleet(Kubectl(control_plane.kubeconfig), owner)
        again.insert(9, "flow", "tenant-abc")
        record_property("first count after Postgres is back, seconds", again.becomes(acme_flow=5, noxus_kb=4))
        assert min(seen(watches, "acme-flow")[before["acme-flow"] :]) >= 3
        again.move("completed")
        again.becomes()


def test_no_pool_shrinks_while_the_query_fails_and_the_others_keep_a_worker(
    fleet: Fleet, watches: Mapping[str, Watch], control_plane: ControlPlane
) -> None:
    fleet.insert(12, "flow", "tenant-abc", status="running")
    fleet.becomes(acme_flow=3)
    before = len(seen(watches, "acme-flow"))
    fleet.rename("runs", "away")
    try:
        eventually(lambda: condition(control_plane, "scaledobject", "acme-flow", "Fallback") == "True", seconds=60)
        time.sleep(COOL_DOWN + 6 * POLLING)
        assert seen(watches, "acme-flow")[before:] == []
        assert fleet.replicas() == {**dict.fromkeys(POOLS, 1), "acme-flow": 3, "noxus-held": 2}
    finally:
        fleet.rename("away", "runs")
    fleet.becomes(acme_flow=3)
    fleet.move("completed")
    fleet.becomes()


def condition(control_plane: ControlPlane, kind: str, name: str, type_: str) -> str | None:
    """What KEDA or the autoscaler says of itself."""
    cluster = Kubectl(control_plane.kubeconfig)
    found = json.loads(cluster("get", kind, name, "--namespace", "noxus-acme", "-o", "json"))
    return {item["type"]: item["status"] for item in found["status"].get("conditions", [])}.get(type_)


def test_a_paused_pool_stays_and_others_scale_for_its_tasks(fleet: Fleet, watches: Mapping[str, Watch]) -> None:
    fleet.insert(7, "flow", "tenant-held")
    fleet.becomes(noxus_default=4)
    fleet.move("completed")
    fleet.becomes()
    assert set(seen(watches, "noxus-held")) == {2}


def test_keda_logs_in_as_a_role_that_reads_the_queue_and_nothing_else(fleet: Fleet, server: Server) -> None:
    del fleet
    with psycopg.connect(server.url("keda", PASSWORDS["scalerPassword"], "noxus"), autocommit=True) as scaler:
        assert scaler.execute("SELECT count(*) FROM runs WHERE kind IN ('flow')").fetchone() == (0,)
        scaler.execute("SET default_transaction_read_only = off")
        for refused in ("SELECT input FROM runs", "DELETE FROM runs", "CREATE TABLE mine (id int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                scaler.execute(refused.encode())
    with psycopg.connect(server.url(SUPERUSER, PASSWORDS["adminPassword"], "noxus")) as admin:
        users = admin.execute("SELECT usename FROM pg_stat_activity WHERE application_name <> 'psql'").fetchall()
        assert ("keda",) in users, "it is KEDA's operator that counts"


def test_verify_finds_the_fleet_as_it_is_configured(fleet: Fleet, stack: DevStack) -> None:
    del fleet
    verified = stack.tool("verify")
    assert verified.returncode == 0, verified.stdout
