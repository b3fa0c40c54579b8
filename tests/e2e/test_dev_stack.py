"""The dev stack, on the real engine and a real API server, from the first `up` to nothing left."""

import base64
import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.control_plane import ControlPlane
from sandbox.orphans import end_orphans
from tests.conftest import kubeconfig
from tests.e2e.conftest import engine_environment
from tests.e2e.dev_stack import Change, DevStack, touched
from tests.e2e.kubectl import Kubectl, eventually
from tests.e2e.processes import plugins

NAMESPACES = ("noxus", "noxus-acme", "noxus-data")
KINDS = (
    "deployments,statefulsets,services,secrets,configmaps,serviceaccounts,networkpolicies,hpa,pdb,scaledobjects,"
    "ingresses,jobs"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dev")


@pytest.fixture(scope="module")
def deployed(control_plane: ControlPlane, folder: Path) -> Iterator[DevStack]:
    """The dev stack, once for all tests of this file; destroyed at the end."""
    stack = DevStack(folder, engine_environment(control_plane, folder))
    yield stack
    stack.configure()
    stack.tool("recover")
    stack.destroy()


@pytest.fixture
def stack(deployed: DevStack) -> DevStack:
    """The dev stack as its file describes it, whatever the test before has done to it."""
    deployed.configure()
    outcome = deployed.up()
    assert outcome.code == 0, outcome.text
    return deployed


@pytest.fixture(scope="module")
def cluster(control_plane: ControlPlane) -> Kubectl:
    return Kubectl(control_plane.kubeconfig)


def objects(cluster: Kubectl) -> dict[str, dict[str, Any]]:
    """Every object in the stack's namespaces, by `Kind namespace/name`."""
    items = json.loads(cluster("get", KINDS, "--all-namespaces", "-o", "json"))["items"]
    return {
        f"{item['kind']} {item['metadata']['namespace']}/{item['metadata']['name']}": item
        for item in items
        if item["metadata"]["namespace"] in NAMESPACES
        and item["metadata"]["name"] not in ("kube-root-ca.crt", "default")
    }


def test_up_brings_every_workload_to_readiness_and_verify_agrees(stack: DevStack, cluster: Kubectl) -> None:
    ready = {
        key: item["status"].get("readyReplicas", 0)
        for key, item in objects(cluster).items()
        if item["kind"] in ("Deployment", "StatefulSet")
    }
    assert ready == {
        "Deployment noxus-acme/acme-chat": 1,
        "Deployment noxus-acme/acme-flow": 1,
        "Deployment noxus/noxus-backend": 1,
        "Deployment noxus/noxus-default": 2,
        "Deployment noxus/noxus-frontend": 1,
        "Deployment noxus/noxus-kb": 1,
        "Deployment noxus/noxus-relays": 1,
        "Deployment noxus/noxus-scheduler": 1,
        "StatefulSet noxus-data/bucket": 1,
        "StatefulSet noxus-data/postgres": 1,
        "StatefulSet noxus-data/redis": 1,
    }
    verified = stack.tool("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_second_up_and_a_preview_find_nothing_to_change(stack: DevStack) -> None:
    outcome = stack.up("", "--expect-no-changes")
    assert outcome.code == 0, outcome.text
    assert touched(outcome) == {}
    assert stack.run("preview", "--expect-no-changes").code == 0


def test_refresh_sees_no_drift_after_the_controllers_have_done_their_work(stack: DevStack) -> None:
    outcome = stack.run("preview", "--refresh", "--expect-no-changes")
    assert outcome.code == 0, outcome.text


def test_a_pools_replicas_change_that_deployment_only(stack: DevStack, cluster: Kubectl) -> None:
    before = objects(cluster)
    stack.configure(lambda config: config["primary"]["pools"]["kb"].update(replicaCount=3))
    assert touched(stack.up()) == {"Deployment noxus/noxus-kb": "updated"}
    after = objects(cluster)
    changed = {key for key in before if after[key].get("spec") != before[key].get("spec")}
    assert changed == {"Deployment noxus/noxus-kb"}


def test_a_pools_secret_rolls_the_pool_that_uses_it_and_nothing_else(stack: DevStack) -> None:
    stack.set_secret("acmeOpenaiApiKey", "another-acme-key")
    assert touched(stack.up()) == {
        "Secret noxus-acme/acme-llm-keys": "updated",
        "Deployment noxus-acme/acme-flow": "updated",
    }


def test_a_shared_secret_rolls_every_workload_and_no_data_service(stack: DevStack) -> None:
    stack.set_secret("openaiApiKey", "another-key")
    workloads = ("backend", "default", "frontend", "kb", "relays")
    assert touched(stack.up()) == {
        "Deployment scheduler": "updated",
        "Secret noxus/noxus-app-env": "updated",
        "Secret noxus-acme/acme-app-env": "updated",
        **{f"Deployment noxus/noxus-{workload}": "updated" for workload in workloads},
        **{f"Deployment noxus-acme/acme-{pool}": "updated" for pool in ("chat", "flow")},
    }


def test_a_renamed_pool_is_there_before_the_old_one_goes(stack: DevStack) -> None:
    def rename(config: dict[str, Any]) -> None:
        pools = config["primary"]["pools"]
        pools["knowledge"] = pools.pop("kb")

    stack.configure(rename)
    outcome = stack.up()
    assert outcome.code == 0, outcome.text
    done = touched(outcome)
    assert done["Deployment noxus/noxus-knowledge"] == "created"
    assert done["Deployment noxus/noxus-kb"] == "deleted"
    assert outcome.text.index("noxus-knowledge created") < outcome.text.index("noxus-kb deleting")
    assert {key.split()[1] for key in done} <= {
        "noxus/noxus-knowledge",
        "noxus/noxus-kb",
        "noxus-knowledge",
        "noxus-kb",
    }


def test_a_renamed_release_keeps_its_namespace_and_meets_no_object_of_its_own(
    stack: DevStack, cluster: Kubectl
) -> None:
    before = json.loads(cluster("get", "namespace", "noxus-acme", "-o", "json"))["metadata"]["uid"]
    stack.configure(lambda config: config.update(workers={"globex": config["workers"]["acme"]}))
    outcome = stack.up()
    assert outcome.code == 0, outcome.text
    assert json.loads(cluster("get", "namespace", "noxus-acme", "-o", "json"))["metadata"]["uid"] == before
    assert cluster.names_in("deployments", "noxus-acme") == {"globex-chat", "globex-flow"}


def _without_workers(config: dict[str, Any]) -> None:
    """No worker release. Every workload is told the visibility time-out of the longest task, which stays as it was."""
    del config["workers"]
    config["env"]["VISIBILITY_TIMEOUT_SECONDS"] = str(2 * 7200 + 60)


def test_removing_the_worker_release_touches_nothing_of_the_primary(stack: DevStack, cluster: Kubectl) -> None:
    before = objects(cluster)
    stack.configure(_without_workers)
    outcome = stack.up()
    assert outcome.code == 0, outcome.text
    assert {name for name, what in touched(outcome).items() if what != "deleted"} <= {"Platform platform"}
    after = objects(cluster)
    assert {key for key in after if after[key]["metadata"]["uid"] != before[key]["metadata"]["uid"]} == set()
    assert not any("noxus-acme" in key or key.endswith("-from-acme") for key in after)
    assert "noxus-acme" not in cluster("get", "namespaces")


def test_a_failed_migration_stops_the_update_with_its_last_words_and_is_run_again_by_the_next(
    stack: DevStack, cluster: Kubectl
) -> None:
    def migrate(image: str) -> Change:
        return lambda config: config["primary"].update(
            migrations={"enabled": True, "command": ["noxus", "migrate"], "image": image},
            backend={"replicaCount": 2},
        )

    stack.configure(migrate("registry.example.com/noxus/backend:sandbox-fails"))
    for _ in range(2):
        outcome = stack.up()
        assert outcome.code != 0
        assert "the sandbox lets this image fail" in outcome.text, outcome.text
        assert "Deployment noxus/noxus-backend" not in touched(outcome), "no workload moves before its schema"
    jobs = cluster.names_in("jobs", "noxus")
    assert len([job for job in jobs if "migrations" in job]) == 2, "the one that passed is kept until another has"
    stack.configure(migrate("registry.example.com/noxus/backend:2026.12.0"))
    outcome = stack.up()
    assert outcome.code == 0, outcome.text
    assert touched(outcome)["Deployment noxus/noxus-backend"] == "updated"
    assert len([job for job in cluster.names_in("jobs", "noxus") if "migrations" in job]) == 1


def test_no_secret_value_is_in_state_or_output(stack: DevStack, cluster: Kubectl) -> None:
    stack.set_secret("openaiApiKey", "a-key-that-must-not-be-seen")
    seen = [stack.run("preview", "--diff").text, stack.up("", "--diff").text, stack.export(), stack.run("stack").text]
    secrets = json.loads(cluster("get", "secrets", "-n", "noxus", "-o", "json"))["items"]
    values = {value for secret in secrets for value in secret.get("data", {}).values()}
    assert len(values) > 5
    plain = {base64.b64decode(value).decode() for value in values} - {"async", "60", "debug", "redis.noxus-data.svc"}
    for text in seen:
        assert "a-key-that-must-not-be-seen" not in text
        assert [value for value in plain | values if len(value) > 8 and value in text] == []


def test_a_killed_engine_is_recovered_from_with_nothing_doubled_or_orphaned(
    stack: DevStack, cluster: Kubectl, control_plane: ControlPlane
) -> None:
    expected = objects(cluster).keys()
    stack.configure(lambda config: config.pop("workers"))
    assert stack.up().code == 0
    stack.configure()
    with stack.start("up", "--yes", "--skip-preview") as killed:
        eventually(lambda: "acme-llm-keys" in cluster("get", "secrets", "--all-namespaces"))
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait(timeout=30)
        end_orphans(control_plane.root)  # as `up` and `down` do
        eventually(lambda: not plugins(control_plane.root))
        killed.communicate(timeout=30)
    recovered = stack.tool("recover")
    assert recovered.returncode == 0, recovered.stdout + recovered.stderr
    outcome = stack.up()
    assert outcome.code == 0, outcome.text
    assert objects(cluster).keys() == expected
    assert stack.up("", "--expect-no-changes").code == 0


def test_an_object_that_exists_already_is_refused_by_name_and_left_alone(stack: DevStack, cluster: Kubectl) -> None:
    cluster("create", "namespace", "noxus-globex")
    try:
        stack.configure(
            lambda config: config["workers"].update(globex={"namespace": "noxus-globex", "pools": {"flow": {}}})
        )
        outcome = stack.up()
        assert outcome.code != 0
        assert 'namespaces "noxus-globex" already exists' in outcome.text
        assert "workers.globex.namespace: the namespace 'noxus-globex' exists already" in outcome.text
        assert not [key for key in objects(cluster) if "globex" in key], "nothing of the refused release is made"
        assert "Traceback" not in outcome.text
    finally:
        cluster("delete", "namespace", "noxus-globex")


def test_a_namespace_that_exists_is_used_if_the_stack_file_says_so_and_outlives_the_release(
    stack: DevStack, cluster: Kubectl
) -> None:
    cluster("create", "namespace", "noxus-globex")
    try:
        globex = {"namespace": "noxus-globex", "createNamespace": False, "pools": {"flow": {}}}
        stack.configure(lambda config: config["workers"].update(globex=globex))
        outcome = stack.up()
        assert outcome.code == 0, outcome.text
        verified = stack.tool("verify")
        assert verified.returncode == 0, verified.stdout
        assert "note  globex  namespace noxus-globex: enforces no Pod Security" in verified.stdout
        stack.configure()
        assert stack.up().code == 0
        assert cluster.names_in("deployments", "noxus-globex") == set()
        assert "noxus-globex" in cluster("get", "namespaces")
    finally:
        cluster("delete", "namespace", "noxus-globex")


def test_a_namespace_that_the_stack_made_is_not_given_away_by_a_setting(stack: DevStack, cluster: Kubectl) -> None:
    stack.configure(lambda config: config["workers"]["acme"].update(createNamespace=False))
    for outcome in (stack.run("preview"), stack.up()):
        assert outcome.code != 0
        assert "workers.acme.namespace: the namespace 'noxus-acme' was made by a stack of this program" in outcome.text
        assert "Traceback" not in outcome.text
    assert "acme-flow" in cluster.names_in("deployments", "noxus-acme")
    stack.configure()
    outcome = stack.up()
    assert touched(outcome) == {}, outcome.text


def _wrong_values(config: dict[str, Any]) -> None:
    config["archiv"] = config.pop("archive")
    config["primary"]["backend"]["replicaCount"] = "two"
    config["primary"]["pools"]["default"].update(workerSubscribe="flows", replicaCount=-1)
    config["workers"]["acme"]["pools"]["flow"]["autoscaling"].update(minReplicas=30)


def _wrong_together(config: dict[str, Any]) -> None:
    del config["scaling"]
    config["workers"]["noxus"] = {"namespace": "noxus-acme", "pools": {"p" * 60: {}}}


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (
            _wrong_values,
            [
                "archiv: no such setting; did you mean archive?",
                "primary.backend.replicaCount: must be a whole number (got 'two')",
                "primary.pools.default.replicaCount: must be at least 0 (got -1)",
                "primary.pools.default.workerSubscribe: must be one of 'all', 'all_but_kb', 'flow', 'chat' or 'kb'",
                "workers.acme.pools.flow.autoscaling: minReplicas 30 is above maxReplicas 20",
            ],
        ),
        (
            _wrong_together,
            [
                "workers.acme.pools.flow.autoscaling.query: required with type keda, not set",
                "workers.noxus: has the name of the primary release",
                "workers.noxus.namespace: 'noxus-acme' is the namespace of workers.acme.namespace",
                f"workers.noxus.pools.{'p' * 60}: makes the name 'noxus-{'p' * 60}' of 66 characters, and at most 54",
            ],
        ),
    ],
)
def test_a_wrong_stack_file_is_refused_whole_before_anything_is_created(
    deployed: DevStack, tmp_path: Path, change: Change, problems: list[str]
) -> None:
    (tmp_path / "state").mkdir()
    stack = DevStack(tmp_path, {**deployed.environment, "PULUMI_BACKEND_URL": f"file://{tmp_path}/state"})
    stack.configure(change)
    outcome = stack.up()
    assert outcome.code != 0
    assert [problem for problem in problems if problem not in outcome.text] == []
    assert "Traceback" not in outcome.text
    assert set(stack.resources()) <= {"noxus-x"}


@pytest.mark.parametrize(
    ("address", "context", "message"),
    [
        (
            "127.0.0.1:1",
            "test",
            "cluster: cannot reach the Kubernetes API server https://127.0.0.1:1 of context 'test'",
        ),
        (
            "127.0.0.1:1",
            "production",
            "cluster.context: no such context in the kubeconfig (got 'production'); its contexts are prod, test",
        ),
    ],
)
def test_a_cluster_that_is_not_there_is_refused_before_anything_is_created(
    deployed: DevStack, tmp_path: Path, address: str, context: str, message: str
) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(kubeconfig(address))
    (tmp_path / "state").mkdir()
    stack = DevStack(tmp_path, {**deployed.environment, "PULUMI_BACKEND_URL": f"file://{tmp_path}/state"})
    stack.configure(lambda config: config.update(cluster={"kubeconfig": str(file), "context": context}))
    outcome = stack.up()
    assert outcome.code != 0
    assert message in outcome.text.replace("\n", " ")
    assert "Traceback" not in outcome.text
    assert set(stack.resources()) <= {"noxus-x"}


def test_a_renamed_and_moved_primary_has_one_scheduler_and_one_way_in_at_every_moment(
    stack: DevStack, cluster: Kubectl
) -> None:
    stack.configure(_without_workers)
    assert stack.up().code == 0
    stack.configure(_without_workers, lambda config: config["primary"].update(name="main", namespace="noxus-main"))
    outcome = stack.up()
    assert outcome.code == 0, outcome.text
    for kind, name in (("Deployment", "scheduler"), ("Ingress", "ingress-backend"), ("Ingress", "ingress-frontend")):
        steps = re.findall(rf"\b{kind} {name} (deleted original|created replacement)", outcome.text)
        assert steps == ["deleted original", "created replacement"], outcome.text
    backend = outcome.text.index("noxus-main/main-backend created"), outcome.text.index("noxus/noxus-backend deleting")
    assert backend[0] < backend[1], "whatever may exist twice is there before the old one goes"
    assert cluster.names_in("ingresses", "noxus-main") == {"main-backend", "main-frontend", "main-relays"}
    assert "noxus " not in cluster("get", "namespaces")
    assert stack.tool("verify").returncode == 0


def test_destroy_leaves_nothing(stack: DevStack, cluster: Kubectl) -> None:
    outcome = stack.destroy()
    assert outcome.code == 0, outcome.text
    assert objects(cluster) == {}
    left = set(cluster("get", "namespaces", "-o", "name").split())
    assert not {f"namespace/{namespace}" for namespace in NAMESPACES} & left
    assert stack.resources() == {}
