"""The sandbox's control plane, on real processes: it starts, repairs itself, refuses what it must, leaves nothing."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import REPOSITORY, SandboxError, binaries
from sandbox.control_plane import ControlPlane
from sandbox.keda import Keda
from sandbox.parts import API_PORT, CONTROL_PLANE
from sandbox.processes import Service
from tests.e2e.processes import kill, listeners

WORKLOADS = """
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 3600
      initContainers: [{ name: init, image: x }, { name: sidecar, image: x, restartPolicy: Always }]
      containers: [{ name: web, image: x }]
---
apiVersion: batch/v1
kind: Job
metadata: { name: migration }
spec: { template: { spec: { restartPolicy: Never, containers: [{ name: migrate, image: x }] } } }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: database }
spec:
  serviceName: database
  selector: { matchLabels: { app: database } }
  template:
    metadata: { labels: { app: database } }
    spec:
      terminationGracePeriodSeconds: 2
      containers: [{ name: database, image: x, volumeMounts: [{ name: data, mountPath: /data }] }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } }
"""

Kubectl = Callable[..., str]


@pytest.fixture
def kubectl(control_plane: ControlPlane) -> Kubectl:
    def run(*arguments: str, stdin: str | None = None) -> str:
        argv = [Path(sys.executable).with_name("kubectl"), f"--kubeconfig={control_plane.kubeconfig}", *arguments]
        return subprocess.run(argv, input=stdin, check=True, capture_output=True, text=True, timeout=60).stdout

    return run


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        yield stranger.getsockname()[1]


def running(plane: ControlPlane) -> dict[str, int]:
    pids = {part: pid for part, pid in plane.pids().items() if pid is not None}
    assert pids.keys() == CONTROL_PLANE.keys(), "some part is not running"
    return pids


def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command line, with a root of its own for every test."""
    argv = [sys.executable, "-m", "sandbox", *arguments]
    env = {**os.environ, **variables}
    return subprocess.run(argv, cwd=REPOSITORY, env=env, check=False, capture_output=True, text=True, timeout=60)


def test_its_nodes_are_ready_and_its_version_is_the_pinned_one(kubectl: Kubectl) -> None:
    nodes = json.loads(kubectl("get", "nodes", "--output=json"))["items"]
    conditions = [c["status"] for node in nodes for c in node["status"]["conditions"] if c["type"] == "Ready"]
    assert conditions == ["True", "True"]
    version = json.loads(kubectl("version", "--output=json"))["serverVersion"]["gitVersion"]
    assert f"k8s.io/kubernetes {version}" in (binaries.MODULES / "kubernetes" / "go.mod").read_text()


def test_a_second_start_does_nothing(control_plane: ControlPlane) -> None:
    before = running(control_plane)
    assert control_plane.start() is False
    assert running(control_plane) == before


def test_everything_listens_on_loopback_only(control_plane: ControlPlane) -> None:
    found = listeners(running(control_plane).values())
    assert len(found) == 3, "two of etcd, one of the API server"
    assert {address.rpartition(":")[0] for address in found.values()} == {"0100007F"}


def test_nobody_else_on_the_machine_may_read_its_keys(control_plane: ControlPlane) -> None:
    assert control_plane.root.stat().st_mode & 0o077 == 0
    assert control_plane.kubeconfig.stat().st_mode & 0o077 == 0


def test_the_definitions_of_keda_and_external_secrets_are_established(kubectl: Kubectl) -> None:
    served: dict[str, set[str]] = {}
    for item in json.loads(kubectl("get", "crd", "--output=json"))["items"]:
        if "True" in [c["status"] for c in item["status"]["conditions"] if c["type"] == "Established"]:
            served[item["metadata"]["name"]] = {v["name"] for v in item["spec"]["versions"] if v["served"]}
    keda = {"scaledobjects", "scaledjobs", "triggerauthentications", "clustertriggerauthentications"}
    secrets = {"externalsecrets", "secretstores", "clustersecretstores"}
    assert {f"{name}.keda.sh" for name in keda} <= served.keys()
    assert "cloudeventsources.eventing.keda.sh" in served
    assert "pushsecrets.external-secrets.io" in served
    assert all("v1" in served[f"{name}.external-secrets.io"] for name in secrets)


def test_workloads_come_up_and_go_away(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "workloads")
    kubectl("apply", "--namespace=workloads", "--filename=-", stdin=WORKLOADS)
    for condition, thing in (
        ("condition=Available", "deployment/web"),
        ("condition=Complete", "job/migration"),
        ("jsonpath={.status.readyReplicas}=1", "statefulset/database"),
        ("jsonpath={.status.phase}=Bound", "persistentvolumeclaim/data-database-0"),
        ("jsonpath={.status.loadBalancer.ingress[0].ip}=127.0.0.1", "ingress/web"),
    ):
        kubectl("wait", "--namespace=workloads", f"--for={condition}", thing, "--timeout=30s")
    kubectl("delete", "--namespace=workloads", "deployment/web", "--cascade=foreground", "--timeout=20s")
    kubectl("delete", "namespace", "workloads", "--timeout=40s")
    kubectl("wait", "--for=delete", "persistentvolume", "--all", "--timeout=30s")


def test_admission_of_pods_by_security_level_is_on(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "strict")
    kubectl("label", "namespace", "strict", "pod-security.kubernetes.io/enforce=restricted")
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        kubectl("run", "root", "--namespace=strict", "--image=x")
    assert "violates PodSecurity" in refusal.value.stderr


@pytest.mark.parametrize("part", ["etcd", "kube-apiserver", "kwok"])
def test_a_killed_part_is_started_again_and_the_data_is_kept(
    control_plane: ControlPlane, kubectl: Kubectl, part: str
) -> None:
    kubectl("create", "configmap", f"before-{part}")
    before, address = running(control_plane), control_plane.address
    kill(before[part])
    assert control_plane.start() is False, "nothing of it may be new"
    after = running(control_plane)
    assert {name for name in CONTROL_PLANE if after[name] != before[name]} == {part}
    assert control_plane.address == address
    assert kubectl("get", "configmap", f"before-{part}", "--output=name")


def test_it_moves_when_somebody_took_the_port_of_a_dead_part(control_plane: ControlPlane, kubectl: Kubectl) -> None:
    address = control_plane.address
    kill(running(control_plane)["kube-apiserver"])
    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))):
        assert control_plane.start() is False
    assert control_plane.address != address
    assert kubectl("get", "nodes", "--output=name")


def test_a_lost_certificate_means_a_new_cluster(control_plane: ControlPlane, kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "old")
    (control_plane.root / "cluster" / "pki" / "admin.key").unlink()
    assert control_plane.start() is True
    assert "old" not in kubectl("get", "configmap", "--output=name")


def test_a_process_that_merely_has_a_recorded_id_is_left_alone(tmp_path: Path) -> None:
    # older than our process by some of the ticks of ten milliseconds by which Linux tells when a process began
    argv = [sys.executable, "-c", "import time; time.sleep(0.1); print(flush=True); input()"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        stranger.stdout.readline()
        service = Service("sleep", tmp_path)
        service.start(["sleep", "60"], "fingerprint")
        record = tmp_path / "sleep.json"
        ours = json.loads(record.read_text())
        try:
            record.write_text(json.dumps({**ours, "pid": stranger.pid}))
            assert service.pid() is None
            service.stop()
            assert stranger.poll() is None
        finally:
            record.write_text(json.dumps(ours))
            service.stop()
            stranger.kill()
    assert not Path("/proc", str(ours["pid"])).exists()


def test_a_port_that_is_taken_is_refused_by_name_and_nothing_is_started(tmp_path: Path, taken_port: int) -> None:
    root = tmp_path / "root"
    result = command("--root", str(root), "up", **{API_PORT: str(taken_port), "KUBECONFIG": ""})
    assert result.returncode == 1
    assert result.stderr == (
        f"error: {API_PORT}={taken_port}: address already in use; "
        "set it to a free port, or unset it and one is chosen for you\n"
    )
    assert not root.exists()


def test_a_disk_without_room_for_a_build_is_refused_with_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(SandboxError) as refusal:
        binaries.program("kube-apiserver", free=lambda _: 2**29)
    assert str(refusal.value) == (
        f"no room to build kube-apiserver: needs 4 GiB at {tmp_path}/noxus-sandbox, has 0.5 GiB; "
        "free some, or set XDG_CACHE_HOME to a folder on a larger disk"
    )
    assert not list(tmp_path.glob("noxus-sandbox/kube-apiserver-*"))


def test_stopping_leaves_no_process_no_port_and_no_data(control_plane: ControlPlane, keda: Keda) -> None:
    pids, port = running(control_plane) | keda.pids(), int(control_plane.address.rpartition(":")[2])
    assert None not in pids.values(), "KEDA runs beside it"
    control_plane.stop()
    control_plane.stop()
    assert not [pid for pid in pids.values() if Path("/proc", str(pid)).exists()]
    with socket.create_server(("127.0.0.1", port)):
        pass
    assert not (control_plane.root / "cluster").exists()
    assert not control_plane.kubeconfig.exists()
    assert control_plane.start() is True, "tests in other files go on with a new one"
