"""KEDA beside the sandbox's control plane: it scales by rows in a real Postgres, within its own rights, on loopback."""

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from sandbox.control_plane import ControlPlane
from sandbox.keda import Keda
from tests.e2e.kubectl import Kubectl, eventually
from tests.e2e.postgres import SUPERUSER, running
from tests.e2e.processes import kill, listeners

PASSWORD = "superuser-password"
TARGET = 2
COOL_DOWN = 4
POOL = """
apiVersion: apps/v1
kind: Deployment
metadata: { name: pool }
spec:
  replicas: 0
  selector: { matchLabels: { app: pool } }
  template:
    metadata: { labels: { app: pool } }
    spec: { containers: [{ name: pool, image: x }] }
---
apiVersion: v1
kind: Secret
metadata: { name: scaler }
stringData: { password: %(password)s }
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: { name: scaler }
spec: { secretTargetRef: [{ parameter: password, name: scaler, key: password }] }
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: pool }
spec:
  scaleTargetRef: { name: pool }
  minReplicaCount: 0
  maxReplicaCount: 20
  pollingInterval: 1
  cooldownPeriod: %(cool_down)s
  triggers:
    - type: postgresql
      metadata:
        host: 127.0.0.1
        port: "%(port)s"
        userName: postgres
        dbName: postgres
        sslmode: disable
        query: SELECT count(*) FROM tasks
        targetQueryValue: "%(target)s"
      authenticationRef: { name: scaler }
"""


class Queue:
    """Rows that wait in a real database."""

    def __init__(self, port: int, database: psycopg.Connection) -> None:
        self.port = port
        self._database = database
        database.execute("CREATE TABLE tasks (id int)")

    def hold(self, rows: int) -> None:
        """Let exactly so many wait."""
        with self._database.transaction():
            self._database.execute("DELETE FROM tasks")
            self._database.execute("INSERT INTO tasks SELECT generate_series(1, %s)", [rows])


@pytest.fixture(scope="module")
def queue() -> Iterator[Queue]:
    with running() as server:
        url = server.url(SUPERUSER, PASSWORD, "postgres")
        with psycopg.connect(url, autocommit=True) as database:
            yield Queue(server.port, database)


@pytest.fixture
def kubectl(control_plane: ControlPlane) -> Iterator[Kubectl]:
    kubectl = Kubectl(control_plane.kubeconfig)
    kubectl("create", "namespace", kubectl.namespace)
    yield kubectl
    kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


@pytest.fixture
def pool(keda: Keda, kubectl: Kubectl, queue: Queue) -> Kubectl:
    """A Deployment that KEDA scales, while nothing waits."""
    assert keda.ready()
    queue.hold(0)
    values = {"password": PASSWORD, "cool_down": COOL_DOWN, "port": queue.port, "target": TARGET}
    kubectl("apply", "-f", "-", stdin=POOL % values)
    kubectl("wait", "--for=condition=Ready", "scaledobject/pool", "--timeout=30s")
    return kubectl


def replicas(kubectl: Kubectl) -> tuple[int, int]:
    """How many pods the pool is to have, and how many are ready."""
    found = kubectl.get("deployment", "pool")
    return found["spec"]["replicas"], found["status"].get("readyReplicas", 0)


def becomes(kubectl: Kubectl, count: int) -> float:
    """Seconds until the pool is to have just so many pods, and has them."""
    started = time.monotonic()
    eventually(lambda: replicas(kubectl) == (count, count))
    return time.monotonic() - started


def test_a_pool_follows_its_queue_and_goes_to_nothing_after_the_cool_down(
    pool: Kubectl, queue: Queue, record_property: Callable[[str, object], None]
) -> None:
    assert replicas(pool) == (0, 0)
    for rows in (7, 31):
        queue.hold(rows)
        record_property(f"seconds_to_{rows}_rows", becomes(pool, math.ceil(rows / TARGET)))
    queue.hold(0)
    took = becomes(pool, 0)
    record_property("seconds_to_no_rows", took)
    assert took > COOL_DOWN - 2, "it counts in whole seconds from its last look, which was up to one interval ago"


def test_its_processes_and_those_of_the_control_plane_listen_on_loopback_only(
    keda: Keda, control_plane: ControlPlane
) -> None:
    pids = [pid for pid in (control_plane.pids() | keda.pids()).values() if pid is not None]
    found = listeners(pids)
    assert len(found) == 9, "two of etcd, one of the API server, two each of KEDA's operator, adapter and webhooks"
    assert {address.rpartition(":")[0] for address in found.values()} == {"0100007F"}


def test_it_has_the_rights_of_its_own_manifests(keda: Keda, control_plane: ControlPlane) -> None:
    assert keda.ready()
    kubectl = Path(sys.executable).with_name("kubectl")

    def may(*what: str) -> bool:
        """Whether KEDA, as its processes sign in, is allowed something."""
        argv = [kubectl, f"--kubeconfig={control_plane.cluster / 'keda.kubeconfig'}", "auth", "can-i", *what]
        return subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60).stdout == "yes\n"

    assert may("update", "deployments.apps", "--subresource=scale")
    assert may("get", "secrets", "--all-namespaces")
    assert may("create", "secrets", "--namespace=keda")
    assert not may("create", "secrets", "--namespace=default")
    assert not may("update", "deployments.apps")


@pytest.mark.parametrize("part", ["keda-operator", "keda-adapter", "keda-webhooks"])
def test_a_killed_part_is_started_again_and_scales_again(keda: Keda, pool: Kubectl, queue: Queue, part: str) -> None:
    before = keda.pids()
    pid = before[part]
    assert pid is not None
    kill(pid)
    assert not keda.ready()
    keda.start()
    after = keda.pids()
    assert {name for name in after if after[name] != before[name]} == {part}
    queue.hold(5)
    becomes(pool, 3)


def test_stopping_leaves_no_process_and_nothing_that_only_it_lets_go(
    keda: Keda, pool: Kubectl, control_plane: ControlPlane
) -> None:
    pids = keda.pids()
    assert pool.get("scaledobject", "pool")["metadata"]["finalizers"]
    keda.stop()
    keda.stop()
    assert not [pid for pid in pids.values() if Path("/proc", str(pid)).exists()]
    assert not keda.asked
    assert not pool.get("apiservice", "v1beta1.external.metrics.k8s.io")
    assert control_plane.ready(), "it does not need KEDA"
    pool("delete", "namespace", pool.namespace, "--timeout=60s")
    pool("create", "namespace", pool.namespace)
    keda.start()


def test_status_says_whether_it_runs(keda: Keda, control_plane: ControlPlane) -> None:
    argv = [sys.executable, "-m", "sandbox", "--root", str(control_plane.root), "status", "--json"]
    status = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout)
    assert status["keda"] is True
    assert keda.pids().items() <= status["processes"].items()
