"""Worker pools: the seed's fields, and what follows from the longest task."""

from typing import Any

import pytest

from tests.harness import Deployment
from tests.programs import SMALLEST, run_program, with_pool

DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def pod(**pool: object) -> dict[str, Any]:
    return _workload(run_program(with_pool(**pool)))["spec"]["template"]["spec"]


def _workload(deployed: Deployment) -> dict[str, Any]:
    return deployed.one(DEPLOYMENT, "noxus-acme/acme-flow").inputs


def test_a_subscription_reaches_the_worker_as_the_seed_spells_it() -> None:
    (container,) = pod(
        workerSubscribe="flow", workerSubscribeTenants="tenant-abc, tenant-xyz", workerSubscribeWorkspaces=["w1"]
    )["containers"]
    assert container["env"] == [
        {"name": "WORKER_SUBSCRIBE", "value": "flow"},
        {"name": "WORKER_SUBSCRIBE_TENANTS", "value": "tenant-abc,tenant-xyz"},
        {"name": "WORKER_SUBSCRIBE_WORKSPACES", "value": "w1"},
    ]


def test_placement_reaches_the_pod_as_it_is_written() -> None:
    placement: dict[str, Any] = {
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
        "nodeSelector": {"example.com/pool": "gpu"},
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}],
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app": "x"}},
            }
        ],
    }
    rendered = pod(**placement)
    assert {field: rendered[field] for field in placement} == placement


def test_a_pool_may_run_another_image_and_command_than_the_others() -> None:
    image = "registry.example.com/noxus/worker-gpu:2026.11.1"
    (own,) = pod(image=image, command=["exec-worker", "--loglevel", "info"])["containers"]
    assert (own["image"], own["command"]) == (image, ["exec-worker", "--loglevel", "info"])
    (shared,) = pod()["containers"]
    assert shared["image"] == SMALLEST["images"]["worker"]
    assert "command" not in shared


def test_pods_spread_over_zones_and_nodes_without_ever_waiting_for_room() -> None:
    constraints = pod()["topologySpreadConstraints"]
    assert [item["topologyKey"] for item in constraints] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    for item in constraints:
        assert (item["maxSkew"], item["whenUnsatisfiable"]) == (1, "ScheduleAnyway")
        assert item["labelSelector"] == {
            "matchLabels": {"app.kubernetes.io/name": "flow", "app.kubernetes.io/instance": "acme"}
        }
        assert item["matchLabelKeys"] == ["pod-template-hash"]


def test_a_pools_own_settings_are_literals_and_routing_still_wins() -> None:
    (container,) = pod(env={"PREFETCH": 1, "BUCKET": "at ${bucket.name}"}, workerSubscribe="kb")["containers"]
    assert {item["name"]: item["value"] for item in container["env"]} == {
        "PREFETCH": "1",
        "BUCKET": "at noxus",
        "WORKER_SUBSCRIBE": "kb",
        "WORKER_SUBSCRIBE_TENANTS": "",
        "WORKER_SUBSCRIBE_WORKSPACES": "",
    }


def test_empty_placement_is_left_out() -> None:
    rendered = pod(affinity={}, nodeSelector={}, tolerations=[], topologySpreadConstraints=[])
    assert not rendered.keys() & {"affinity", "nodeSelector", "tolerations", "topologySpreadConstraints"}


def test_a_pod_gets_its_longest_task_and_half_a_minute_to_end_and_pulumi_waits_for_that() -> None:
    deployed = run_program(with_pool(maxTaskSeconds=7200))
    assert _workload(deployed)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 7230
    assert deployed.one(DEPLOYMENT, "noxus-acme/acme-flow").delete_timeout == "7830s"


KEEP = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "karpenter.sh/do-not-disrupt": "true"}


@pytest.mark.parametrize(("seconds", "expected"), [(570, {}), (571, KEEP), (7200, KEEP)])
def test_pods_that_outlast_a_node_autoscaler_keep_their_nodes(seconds: int, expected: dict[str, str]) -> None:
    template = _workload(run_program(with_pool(maxTaskSeconds=seconds)))["spec"]["template"]
    annotations = template["metadata"]["annotations"]
    assert {key: value for key, value in annotations.items() if "autoscaler" in key or "karpenter" in key} == expected


def test_a_pool_that_says_nothing_of_its_tasks_pins_no_node() -> None:
    template = _workload(run_program(with_pool()))["spec"]["template"]
    assert template["spec"]["terminationGracePeriodSeconds"] == 600
    assert "karpenter.sh/do-not-disrupt" not in template["metadata"]["annotations"]


def test_every_workload_can_be_told_the_one_visibility_time_out() -> None:
    raw = with_pool(maxTaskSeconds=7200)
    raw |= {"env": {"VISIBILITY": "${tasks.visibilityTimeoutSeconds}"}}
    deployed = run_program(raw)
    for secret in ("noxus/noxus-app-env", "noxus-acme/acme-app-env"):
        assert deployed.one("kubernetes:core/v1:Secret", secret).inputs["stringData"]["VISIBILITY"] == "14460"


def test_a_disabled_pool_has_no_object_at_all() -> None:
    raw = with_pool()
    raw["workers"]["acme"]["pools"]["off"] = {"enabled": False}
    assert not any("acme-off" in name for name in run_program(raw).inventory)


def test_a_pool_is_reached_by_nobody_so_its_service_is_headless() -> None:
    service = run_program(with_pool()).one("kubernetes:core/v1:Service", "noxus-acme/acme-flow").inputs
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["ports"] == [{"name": "http", "port": 8080, "targetPort": "http"}]


def test_a_drain_takes_one_pod_at_a_time_unless_the_pool_says_otherwise() -> None:
    def budget(**pool: object) -> dict[str, Any]:
        found = run_program(with_pool(**pool)).one("kubernetes:policy/v1:PodDisruptionBudget", "noxus-acme/acme-flow")
        return {key: found.inputs["spec"].get(key) for key in ("minAvailable", "maxUnavailable")}

    assert budget() == {"minAvailable": None, "maxUnavailable": 1}
    assert budget(podDisruptionBudget={"maxUnavailable": "25%"}) == {"minAvailable": None, "maxUnavailable": "25%"}
    assert budget(podDisruptionBudget={"minAvailable": 2}, replicaCount=3) == {
        "minAvailable": 2,
        "maxUnavailable": None,
    }


def test_a_container_that_hangs_is_stopped_soon_however_long_its_tasks_may_take() -> None:
    spec = _workload(run_program(with_pool(maxTaskSeconds=7200)))["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert spec["terminationGracePeriodSeconds"] == 7230
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["terminationGracePeriodSeconds"] == 30


@pytest.mark.parametrize(("seconds", "checks"), [(300, 60), (7, 2), (1200, 240)])
def test_how_long_a_container_may_take_to_start_can_be_set(seconds: int, checks: int) -> None:
    fields = {} if seconds == 300 else {"startupSeconds": seconds}
    (container,) = _workload(run_program(with_pool(**fields)))["spec"]["template"]["spec"]["containers"]
    assert (container["startupProbe"]["periodSeconds"], container["startupProbe"]["failureThreshold"]) == (5, checks)


def test_probes_and_metrics_use_what_the_platform_documents() -> None:
    deployed = run_program(with_pool())
    template = _workload(deployed)["spec"]["template"]
    (container,) = template["spec"]["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/status/health", "port": "http"}
    assert container["ports"] == [{"name": "http", "containerPort": 8080}]
    annotations = template["metadata"]["annotations"]
    assert {key: annotations[f"prometheus.io/{key}"] for key in ("scrape", "port", "path")} == {
        "scrape": "true",
        "port": "8080",
        "path": "/metrics",
    }


def test_pull_secrets_and_user_reach_every_workload() -> None:
    images = {**SMALLEST["images"], "pullSecrets": ["regcred"], "runAsUser": 1001}
    for workload in run_program({**with_pool(), "images": images}).all(DEPLOYMENT):
        spec = workload.inputs["spec"]["template"]["spec"]
        assert spec["imagePullSecrets"] == [{"name": "regcred"}]
        assert spec["securityContext"]["runAsUser"] == 1001
