"""What goes wrong first on a real cluster, as a user meets it: images, crashes, slow starts, full nodes, failing Jobs.

Containers do what their images' tags say (sandbox/stages.yaml); scheduling is the real scheduler's.
"""

import json
import re
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e.conftest import engine_environment
from tests.e2e.dev_stack import Change, DevStack, touched
from tests.e2e.kubectl import Kubectl, eventually
from tests.e2e.stack import Outcome

PODS = """
apiVersion: v1
kind: Pod
metadata: { name: normal }
spec: { containers: [{ name: main, image: x }] }
---
apiVersion: v1
kind: Pod
metadata: { name: unpulled }
spec: { containers: [{ name: main, image: "x:sandbox-never-pulled" }, { name: other, image: x }] }
---
apiVersion: v1
kind: Pod
metadata: { name: uninitialized }
spec:
  initContainers: [{ name: first, image: "x:sandbox-never-pulled" }, { name: second, image: x }]
  containers: [{ name: main, image: x }]
---
apiVersion: v1
kind: Pod
metadata: { name: crashing }
spec: { containers: [{ name: main, image: "x:sandbox-fails", terminationMessagePolicy: FallbackToLogsOnError }] }
---
apiVersion: v1
kind: Pod
metadata: { name: late }
spec: { containers: [{ name: main, image: "x:sandbox-ready-after-3" }] }
---
apiVersion: batch/v1
kind: Job
metadata: { name: failing }
spec:
  backoffLimit: 0
  template: { spec: { restartPolicy: Never, containers: [{ name: main, image: "x:sandbox-fails" }] } }
"""

UNPULLED = (
    'Back-off pulling image "x:sandbox-never-pulled": ErrImagePull: '
    'failed to pull and unpack image "x:sandbox-never-pulled": '
    'failed to resolve reference "x:sandbox-never-pulled": x:sandbox-never-pulled: not found'
)

IMPATIENCE = """
import os
import pulumi

def impatient(args):
    seconds = os.environ.get("AWAIT_SECONDS")
    if seconds and args.type_.endswith(os.environ.get("AWAITED", "")):
        args.opts.custom_timeouts = pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s", delete="60s")
    return pulumi.ResourceTransformationResult(args.props, args.opts)

pulumi.runtime.register_stack_transformation(impatient)
"""
"""Goes before the program: Pulumi waits ten minutes for a Deployment, and half an hour for the migrations."""

KINDS = (
    "deployments,statefulsets,services,secrets,configmaps,serviceaccounts,networkpolicies,hpa,pdb,scaledobjects,"
    "ingresses,jobs,pvc,pods"
)


class HarshStack(DevStack):
    """The dev stack with two further releases, under an engine that can be told to lose patience."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        super().__init__(folder, environment)
        program = self.folder / "__main__.py"
        program.write_text(IMPATIENCE + program.read_text())

    def configure(self, *changes: Change) -> None:
        super().configure(_further_releases, *changes)

    def deploy(self, *changes: Change) -> None:
        self.configure(*changes)
        outcome = self.up()
        assert outcome.code == 0, outcome.text

    def fail_to_deploy(self, *changes: Change) -> Outcome:
        """An `up` that goes on after errors, waits twenty seconds for each object, and must fail."""
        self.configure(*changes)
        with self.waiting(20):
            outcome = self.up("", "--continue-on-error")
        assert outcome.code != 0, outcome.text
        assert "Traceback" not in outcome.text
        return outcome

    @contextmanager
    def waiting(self, seconds: int, kind: str = "") -> Generator[None]:
        """Let the engine wait only so long for each object, or for those of one kind."""
        patient = self.environment
        self.environment = {**patient, "AWAIT_SECONDS": str(seconds), "AWAITED": kind}
        try:
            yield
        finally:
            self.environment = patient

    def failures(self) -> dict[str, str]:
        """What `verify` finds wrong, and why."""
        verified = self.tool("verify", "--json")
        assert verified.returncode == 1, verified.stdout + verified.stderr
        checks = json.loads(verified.stdout)["checks"]
        return {check["check"]: check["reason"] for check in checks if not check["passed"]}

    def assert_verified(self) -> None:
        verified = self.tool("verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr

    def assert_unchanged(self) -> None:
        again = self.up("", "--expect-no-changes")
        assert again.code == 0, again.text


@dataclass(frozen=True)
class Snapshot:
    """What a stack has in its namespaces, apart from what changes by itself."""

    objects: dict[str, tuple[str, dict[str, Any]]]
    """Identity and content of every object, by `Kind namespace/name`."""
    pods: Counter[tuple[str, bool]]
    """How many pods each ReplicaSet, StatefulSet and Job has, and whether they are ready or have succeeded."""

    def changed_since(self, before: "Snapshot") -> set[str]:
        """Objects of another content. There must be the same ones, and not just others of the same name."""
        found, known = self.objects, before.objects
        assert {key: uid for key, (uid, _) in found.items()} == {key: uid for key, (uid, _) in known.items()}
        return {key for key in found if found[key] != known[key]}


def snapshot(cluster: Kubectl) -> Snapshot:
    objects: dict[str, tuple[str, dict[str, Any]]] = {}
    pods: Counter[tuple[str, bool]] = Counter()
    for item in json.loads(cluster("get", KINDS, "--all-namespaces", "-o", "json"))["items"]:
        metadata, status = item.pop("metadata"), item.pop("status", {})
        if not metadata["namespace"].startswith("noxus"):
            continue
        if item["kind"] == "Pod":
            well = status["phase"] == "Succeeded" or _condition(status, "Ready")["status"] == "True"
            pods[metadata["ownerReferences"][0]["name"], well] += 1
        else:
            objects[f"{item['kind']} {metadata['namespace']}/{metadata['name']}"] = metadata["uid"], item
    return Snapshot(objects, pods)


def _condition(status: dict[str, Any], kind: str) -> dict[str, Any]:
    return next((one for one in status.get("conditions", ()) if one["type"] == kind), {"status": "Unknown"})


def diagnostics(outcome: Outcome) -> dict[str, str]:
    """What the engine says at the end about each resource that failed, by `Kind namespace/name`."""
    found = re.findall(r"^  \S+:(\w+) \((\S+)\):\n((?:    .*\n)+)", outcome.text, re.MULTILINE)
    return {f"{kind} {name}": text for kind, name, text in found if kind != "Stack"}


def image(fate: str) -> str:
    return f"registry.example.com/noxus/app:sandbox-{fate}"


def unpullable(container: str) -> str:
    """What Pulumi makes of a kubelet's words about a pod whose image cannot be pulled."""
    name = image("never-pulled")
    return f'containers with unready status: [{container}][ImagePullBackOff] Back-off pulling image "{name}"'


def _further_releases(config: dict[str, Any]) -> None:
    """Each pool that a test breaks has a namespace of its own.

    Of several Deployments that are updated in one namespace, Pulumi's plugin takes some for ready before their
    controller has seen the change.
    """
    for name in ("slow", "tight"):
        pools = {"chat": {"workerSubscribe": "chat", "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}}}}
        config["workers"][name] = {"namespace": f"noxus-{name}", "pools": pools}


def _slow_pool(config: dict[str, Any]) -> None:
    config["workers"]["slow"]["pools"]["chat"]["image"] = image("ready-after-45")


def _broken_pools(config: dict[str, Any]) -> None:
    config["primary"]["pools"]["kb"]["image"] = image("never-pulled")
    config["workers"]["acme"]["pools"]["chat"]["image"] = image("fails")
    config["workers"]["tight"]["pools"]["chat"]["nodeSelector"] = {"disktype": "nvme"}


def _redis_without_an_image(config: dict[str, Any]) -> None:
    config["redis"]["image"] = image("never-pulled")
    config["primary"]["pools"]["kb"]["replicaCount"] = 2


@pytest.fixture(scope="module")
def pods(control_plane: ControlPlane) -> Iterator[Kubectl]:
    """One pod for each tag, in a namespace of their own."""
    cluster = Kubectl(control_plane.kubeconfig)
    cluster("create", "namespace", cluster.namespace)
    cluster("apply", "--filename=-", stdin=PODS)
    yield cluster
    cluster("delete", "namespace", cluster.namespace, "--wait=false")


@pytest.fixture(scope="module")
def cluster(control_plane: ControlPlane) -> Kubectl:
    return Kubectl(control_plane.kubeconfig)


@pytest.fixture(scope="module")
def fresh(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HarshStack]:
    """The stack of all tests of this file, before its first `up`; destroyed at the end."""
    folder = tmp_path_factory.mktemp("harsh")
    stack = HarshStack(folder, engine_environment(control_plane, folder))
    yield stack
    stack.destroy()


@pytest.fixture
def stack(fresh: HarshStack, cluster: Kubectl) -> HarshStack:
    """The stack as its file describes it, whatever the test before has done to it."""
    fresh.deploy()
    eventually(lambda: all(well for _, well in snapshot(cluster).pods))
    return fresh


def test_a_container_does_what_its_images_tag_says(pods: Kubectl) -> None:
    expected = {
        "normal": ["1/1", "Running", "0"],
        "unpulled": ["1/2", "ImagePullBackOff", "0"],
        "uninitialized": ["0/1", "Init:ImagePullBackOff", "0"],
        "crashing": ["0/1", "CrashLoopBackOff", "5"],
        "failing": ["0/1", "Error", "0"],
    }

    def shown() -> dict[str, list[str]]:
        rows = [line.split() for line in pods("get", "pods", "--no-headers").splitlines()]
        return {row[0].partition("-")[0]: row[1:4] for row in rows if row[0] != "late"}

    eventually(lambda: shown() == expected)


def test_a_pod_that_does_not_start_says_why_in_a_kubelets_words(pods: Kubectl) -> None:
    def waits(pod: str, condition: str) -> list[str | None]:
        """What a condition of the pod says, and each container that waits."""
        status = pods.get("pod", pod)["status"]
        containers = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
        states = [container["state"]["waiting"] for container in containers if "waiting" in container["state"]]
        return [_condition(status, condition).get("message"), *(one.get("message", one["reason"]) for one in states)]

    unready = "containers with unready status: [main]"
    name = f"crashing_{pods.namespace}({pods.get('pod', 'crashing')['metadata']['uid']})"
    crash = f"back-off 5m0s restarting failed container=main pod={name}"
    initializing = ["containers with incomplete status: [first second]", UNPULLED, "PodInitializing", "PodInitializing"]
    eventually(lambda: waits("unpulled", "Ready") == [unready, UNPULLED])
    eventually(lambda: waits("uninitialized", "Initialized") == initializing)
    eventually(lambda: waits("crashing", "Ready") == [unready, crash])
    ended = pods.get("pod", "crashing")["status"]["containerStatuses"][0]["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"], ended["message"]) == (1, "Error", "the sandbox lets this image fail")


@pytest.mark.parametrize(("pod", "seconds"), [("normal", 0), ("late", 3)])
def test_a_pod_is_ready_when_its_image_says_so_and_again_after_its_node_was_lost(
    pods: Kubectl, pod: str, seconds: int
) -> None:
    wait = ("wait", "--for=condition=Ready", f"pod/{pod}", "--timeout=20s")
    pods(*wait)
    status = pods.get("pod", pod)["status"]
    ready = _condition(status, "Ready")
    started, became_ready = map(datetime.fromisoformat, (status["startTime"], ready["lastTransitionTime"]))
    assert became_ready - started >= timedelta(seconds=seconds)
    assert "message" not in ready, "nothing of the waiting is left"
    lost = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    pods("patch", "pod", pod, "--subresource=status", "--patch", json.dumps(lost))
    pods(*wait)


@pytest.mark.parametrize(
    ("fate", "printed", "found"),
    [
        ("never-pulled", unpullable("job"), "container job: ImagePullBackOff: Back-off pulling image"),
        (
            "fails",
            "[Error] the sandbox lets this image fail",
            "container job: Error, exit code 1: the sandbox lets this image fail",
        ),
    ],
    ids=["never-pulled", "fails"],
)
def test_migrations_that_cannot_start_or_fail_stop_the_first_up_before_any_workload(
    fresh: HarshStack, cluster: Kubectl, fate: str, printed: str, found: str
) -> None:
    outcome = fresh.fail_to_deploy(lambda config: config["images"].update(backend=image(fate)))
    ((job, text),) = diagnostics(outcome).items()
    assert job.startswith("Job noxus/noxus-migrations-")
    assert re.search(r"\[Pod noxus/noxus-migrations-\w+-\w+\]: " + re.escape(printed), text), text
    assert cluster.names_in("deployments", "noxus") == set()
    reason = fresh.failures()["migrations: complete"]
    assert "pod noxus-migrations-" in reason
    assert found in reason


def test_the_next_up_after_migrations_that_failed_completes_the_stack(stack: HarshStack, cluster: Kubectl) -> None:
    stack.assert_unchanged()
    stack.assert_verified()
    assert {well for _, well in snapshot(cluster).pods} == {True}


def test_broken_pools_are_named_with_their_causes_and_harm_nothing_and_the_next_up_heals_them(
    stack: HarshStack, cluster: Kubectl
) -> None:
    before = snapshot(cluster)
    printed = diagnostics(stack.fail_to_deploy(_broken_pools, _slow_pool))
    crash = "containers with unready status: [worker][CrashLoopBackOff] back-off 5m0s restarting failed container="
    causes = {
        "Deployment noxus/noxus-kb": rf"\[Pod noxus/noxus-kb-\w+-\w+\]: {re.escape(unpullable('worker'))}",
        "Deployment noxus-acme/acme-chat": rf"\[Pod noxus-acme/acme-chat-\w+-\w+\]: {re.escape(crash)}",
        # whether Pulumi's plugin has heard of the pod by then as well, depends on which event came last
        "Deployment noxus-slow/slow-chat": "'slow-chat' timed out waiting to be",
        # why a pod has no node, Pulumi's plugin does not say: `verify` does
        "Deployment noxus-tight/tight-chat": "Minimum number of Pods to consider the application live was not attained",
    }
    # Pulumi's plugin may take for ready what it has not seen the new generation of: `verify` below names them all
    assert printed.keys() <= causes.keys()
    assert {name: text for name, text in printed.items() if not re.search(causes[name], text)} == {}

    broken = snapshot(cluster)
    assert broken.changed_since(before) == causes.keys()
    assert before.pods <= broken.pods, "every pod that there was is there and ready, the old ones of broken pools too"

    found = stack.failures()
    reasons = {
        "noxus-kb: available": 'container worker: ImagePullBackOff: Back-off pulling image "registry.example.com',
        "acme-chat: available": "container worker: CrashLoopBackOff after Error, exit code 1",
        "slow-chat: available": "but its readiness probe has not passed yet",
        "tight-chat: available": "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector",
    }
    assert found.keys() == reasons.keys()
    for check, reason in reasons.items():
        assert f"pod {check.partition(':')[0]}-" in found[check]
        assert reason in found[check]

    stack.deploy(_slow_pool)
    stack.assert_verified()  # the slow pool was waited for, as it is by default
    stack.deploy()
    eventually(lambda: snapshot(cluster) == before)
    stack.assert_unchanged()
    stack.assert_verified()


def test_a_data_service_whose_image_is_not_there_stops_the_update_and_the_next_up_heals_it(
    stack: HarshStack, cluster: Kubectl
) -> None:
    before = snapshot(cluster)
    outcome = stack.fail_to_deploy(_redis_without_an_image)
    ((name, text),) = diagnostics(outcome).items()
    assert name == "StatefulSet noxus-data/redis"
    assert f"[Pod noxus-data/redis-0]: {unpullable('redis')}" in text
    assert touched(outcome) == {}, "no workload moves before the data services are up"

    broken = snapshot(cluster)
    assert broken.changed_since(before) == {name}
    assert before.pods - broken.pods == Counter({("redis", True): 1})
    reason = stack.failures()["redis: available"]
    assert "pod redis-0: container redis: ImagePullBackOff: Back-off pulling image" in reason

    stack.deploy()
    eventually(lambda: snapshot(cluster) == before)
    stack.assert_unchanged()
    stack.assert_verified()


def test_a_service_is_not_awaited_while_its_pods_take_longer_to_start_than_that(stack: HarshStack) -> None:
    stack.deploy(lambda config: config["primary"]["relays"].update(enabled=False))
    with stack.waiting(15, "core/v1:Service"):
        stack.deploy(lambda config: config["primary"]["relays"].update(image=image("ready-after-30")))
    stack.assert_verified()
