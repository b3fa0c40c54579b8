"""Autoscalers: who scales a pool, on what, and what it never does."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.workloads.autoscaling import fallback
from config import ConfigError
from config.autoscaling import KedaAutoscaling
from tests.harness import Deployment
from tests.programs import run_program, with_pool

SCALED_OBJECT = "kubernetes:keda.sh/v1alpha1:ScaledObject"
HPA = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
KEDA: dict[str, Any] = {"type": "keda", "maxReplicas": 20, "query": "SELECT 1"}
ON_CPU: dict[str, Any] = {"type": "hpa", "maxReplicas": 4, "targetCpuUtilization": 70}
REQUESTS = {"requests": {"cpu": "250m", "memory": "512Mi"}}


def keda_pool(scaler: dict[str, Any] | None = None, **pool: object) -> Deployment:
    """A pool on KEDA with a concurrency of 4."""
    return run_program(with_pool(concurrency=4, autoscaling={**KEDA, **(scaler or {})}, **pool))


def trigger(deployed: Deployment) -> dict[str, Any]:
    (only,) = deployed.one(SCALED_OBJECT).inputs["spec"]["triggers"]
    return only


@pytest.mark.parametrize(
    ("pool", "scalers"),
    [
        ({"replicaCount": 3}, []),
        ({"autoscaling": ON_CPU, "resources": REQUESTS}, [HPA]),
        ({"autoscaling": KEDA, "concurrency": 1}, [SCALED_OBJECT]),
    ],
)
def test_a_pool_has_the_one_scaler_that_it_asks_for_and_states_replicas_only_without_one(
    pool: dict[str, Any], scalers: list[str]
) -> None:
    deployed = run_program(with_pool(**pool))
    assert [r.type for r in deployed.resources if r.type in (SCALED_OBJECT, HPA)] == scalers
    deployment = deployed.one("kubernetes:apps/v1:Deployment", "noxus-acme/acme-flow")
    assert deployment.inputs["spec"].get("replicas") == (None if scalers else 3)
    assert deployment.ignored == (("spec.replicas",) if scalers else ()), "else a pool that was static drops to 1"
    assert deployment.inputs["metadata"]["annotations"]["pulumi.com/patchForce"] == "true"


def test_every_value_of_the_triggers_metadata_is_text_and_none_is_a_secret() -> None:
    assert trigger(keda_pool())["metadata"] == {
        "query": "SELECT 1",
        "targetQueryValue": "4",
        "host": "postgres.noxus-data.svc",
        "port": "5432",
        "userName": "keda",
        "dbName": "noxus",
        "sslmode": "disable",
    }


@pytest.mark.parametrize(
    ("own", "shared", "concurrency", "target"),
    [(2.5, 8, 4, "2.5"), (None, 8, 4, "8"), (None, None, 4, "4"), (3, None, None, "3")],
)
def test_the_target_is_the_pools_own_then_the_shared_one_then_its_concurrency(
    own: float | None, shared: float | None, concurrency: int | None, target: str
) -> None:
    scaler = KEDA if own is None else {**KEDA, "targetQueryValue": own}
    pool = with_pool(autoscaling=scaler, **({} if concurrency is None else {"concurrency": concurrency}))
    scaling = {} if shared is None else {"scaling": {"targetQueryValue": shared}}
    assert trigger(run_program({**pool, **scaling}))["metadata"]["targetQueryValue"] == target


def test_the_shared_query_is_used_by_pools_without_one() -> None:
    pool = with_pool(concurrency=1, autoscaling={"type": "keda", "maxReplicas": 2})
    deployed = run_program({**pool, "scaling": {"query": "SELECT count(*) FROM runs"}})
    assert trigger(deployed)["metadata"]["query"] == "SELECT count(*) FROM runs"


def test_keda_logs_in_with_a_secret_of_the_pools_own_namespace() -> None:
    deployed = keda_pool()
    authentication = deployed.one("kubernetes:keda.sh/v1alpha1:TriggerAuthentication").inputs
    assert trigger(deployed)["authenticationRef"] == {"name": authentication["metadata"]["name"]}
    assert authentication["spec"] == {
        "secretTargetRef": [{"parameter": "password", "name": "acme-scaler", "key": "password"}]
    }
    secret = deployed.one("kubernetes:core/v1:Secret", "noxus-acme/acme-scaler")
    assert secret.secret("stringData")
    assert secret.inputs["stringData"] == {"password": "generated-postgres-scaler-password"}


def test_only_releases_with_a_keda_pool_hold_its_credential_and_open_the_database_to_it() -> None:
    deployed = run_program(with_pool())
    assert deployed.all("kubernetes:keda.sh/v1alpha1:TriggerAuthentication") == []
    assert "noxus-data/postgres-from-keda" not in {r.name for r in deployed.resources}
    assert "noxus-data/postgres-from-keda" in {r.name for r in keda_pool().resources}


@pytest.mark.parametrize(("minimum", "fallback"), [(0, 1), (3, 3)])
def test_a_database_that_is_down_never_shrinks_a_pool(minimum: int, fallback: int) -> None:
    spec = keda_pool({"minReplicas": minimum}).one(SCALED_OBJECT).inputs["spec"]
    assert spec["fallback"] == {
        "failureThreshold": 3,
        "replicas": fallback,
        "behavior": "currentReplicasIfHigher",
    }
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (minimum, 20)


def test_the_fallback_is_the_pools_own_if_it_has_one() -> None:
    spec = keda_pool({"fallback": {"failureThreshold": 5, "replicas": 7}}).one(SCALED_OBJECT).inputs["spec"]
    assert spec["fallback"] == {"failureThreshold": 5, "replicas": 7, "behavior": "currentReplicasIfHigher"}
    with pytest.raises(ConfigError, match="replicas 21 is above maxReplicas 20"):
        keda_pool({"fallback": {"replicas": 21}})


KEDAS_FALLBACKS: dict[str, Callable[[int, int], int]] = {
    "static": lambda _, stated: stated,
    "currentReplicas": lambda live, _: live,
    "currentReplicasIfHigher": max,
    "currentReplicasIfLower": min,
}
"""What KEDA makes of live and stated replicas while it cannot count (KEDA, ScaledObject specification, `fallback`)."""


@given(st.data())
def test_no_fallback_setting_lowers_a_live_count(data: st.DataObject) -> None:
    most = data.draw(st.integers(1, 200))
    least = data.draw(st.integers(0, most))
    stated = data.draw(st.fixed_dictionaries({}, optional={"replicas": st.integers(0, most)}))
    scaler = {"type": "keda", "minReplicas": least, "maxReplicas": most, "fallback": stated}
    made = fallback(KedaAutoscaling.model_validate(scaler))
    live = data.draw(st.integers(0, 400))
    assert KEDAS_FALLBACKS[made["behavior"]](live, made["replicas"]) >= live


def test_how_the_fallback_behaves_is_no_setting() -> None:
    with pytest.raises(ConfigError, match=r"fallback\.behavior: no such setting"):
        keda_pool({"fallback": {"behavior": "static"}})


def test_the_first_replica_comes_when_the_activation_is_exceeded() -> None:
    assert "activationTargetQueryValue" not in trigger(keda_pool())["metadata"]
    assert trigger(keda_pool({"activationQueryValue": 5}))["metadata"]["activationTargetQueryValue"] == "5"
    assert trigger(keda_pool({"activationQueryValue": 0}))["metadata"]["activationTargetQueryValue"] == "0"


def test_kedas_last_count_is_used_unless_the_pool_says_otherwise() -> None:
    assert trigger(keda_pool())["useCachedMetrics"] is True
    assert trigger(keda_pool({"useCachedMetrics": False}))["useCachedMetrics"] is False


@pytest.mark.parametrize(
    ("scaler", "annotations"),
    [
        ({}, None),
        ({"paused": False}, None),
        ({"paused": True}, {"autoscaling.keda.sh/paused": "true"}),
        ({"pausedReplicas": 0}, {"autoscaling.keda.sh/paused-replicas": "0"}),
    ],
)
def test_a_pool_is_paused_where_it_is_or_at_a_number(
    scaler: dict[str, Any], annotations: dict[str, str] | None
) -> None:
    assert keda_pool(scaler).one(SCALED_OBJECT).inputs["metadata"].get("annotations") == annotations


@pytest.mark.parametrize("scaler", [ON_CPU, KEDA])
def test_how_fast_the_number_may_change_is_said_alike_for_both_scalers(scaler: dict[str, Any]) -> None:
    behavior = {
        "scaleUpStabilizationSeconds": 60,
        "scaleUpPodsPerMinute": 10,
        "scaleDownStabilizationSeconds": 0,
        "scaleDownPodsPerMinute": 1,
    }
    deployed = run_program(
        with_pool(autoscaling={**scaler, "behavior": behavior}, resources=REQUESTS, concurrency=1, maxTaskSeconds=900)
    )
    spec = deployed.one(HPA if scaler is ON_CPU else SCALED_OBJECT).inputs["spec"]
    found = spec["behavior"] if scaler is ON_CPU else spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert found == {
        "scaleUp": {
            "stabilizationWindowSeconds": 60,
            "policies": [{"type": "Pods", "value": 10, "periodSeconds": 60}],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": 0,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
        },
    }


def test_a_service_keeps_kubernetes_own_pace() -> None:
    backend = {"resources": REQUESTS, "autoscaling": ON_CPU}
    deployed = run_program({**with_pool(), "primary": {"namespace": "noxus", "backend": backend}})
    assert "behavior" not in deployed.one(HPA).inputs["spec"]


def test_zero_is_a_value_and_not_a_missing_one() -> None:
    spec = keda_pool({"minReplicas": 0, "cooldownSeconds": 0}).one(SCALED_OBJECT).inputs["spec"]
    assert (spec["minReplicaCount"], spec["cooldownPeriod"]) == (0, 0)


@pytest.mark.parametrize("scaler", [ON_CPU, KEDA])
def test_a_pool_shrinks_only_after_its_longest_task_could_have_ended(scaler: dict[str, Any]) -> None:
    deployed = run_program(with_pool(autoscaling=scaler, resources=REQUESTS, concurrency=1, maxTaskSeconds=900))
    spec = deployed.one(HPA if scaler is ON_CPU else SCALED_OBJECT).inputs["spec"]
    behavior = spec["behavior"] if scaler is ON_CPU else spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    step = 1 if scaler is ON_CPU else 2
    assert behavior == {
        "scaleDown": {
            "stabilizationWindowSeconds": 900,
            "policies": [{"type": "Pods", "value": step, "periodSeconds": 60}],
        }
    }, "4 pods and 20 pods may go within 15 minutes"


@pytest.mark.parametrize(
    ("pool", "polling", "cooldown"),
    [
        ({}, 30, 570),
        ({"maxTaskSeconds": 60}, 30, 300),
        ({"maxTaskSeconds": 7200}, 30, 3600),
        ({"responseTargetSeconds": 20}, 5, 570),
        ({"responseTargetSeconds": 300}, 30, 570),
    ],
)
def test_polling_and_cool_down_follow_from_the_longest_task_and_the_response_target(
    pool: dict[str, Any], polling: int, cooldown: int
) -> None:
    spec = keda_pool(**pool).one(SCALED_OBJECT).inputs["spec"]
    assert (spec["pollingInterval"], spec["cooldownPeriod"]) == (polling, cooldown)


def test_what_the_pool_states_itself_is_not_derived() -> None:
    stated = {"pollingIntervalSeconds": 40, "cooldownSeconds": 10}
    spec = keda_pool(stated, responseTargetSeconds=20).one(SCALED_OBJECT).inputs["spec"]
    assert (spec["pollingInterval"], spec["cooldownPeriod"]) == (40, 10)


def test_an_hpa_measures_what_it_is_told_and_nothing_else() -> None:
    both = {**ON_CPU, "targetMemoryUtilization": 80}
    metrics = run_program(with_pool(autoscaling=both, resources=REQUESTS)).one(HPA).inputs["spec"]["metrics"]
    assert [(m["resource"]["name"], m["resource"]["target"]["averageUtilization"]) for m in metrics] == [
        ("cpu", 70),
        ("memory", 80),
    ]


def test_a_trigger_changes_with_the_password_that_keda_does_not_watch() -> None:
    deployed = keda_pool()
    password = deployed.one("kubernetes:core/v1:Secret", "noxus-acme/acme-scaler").inputs["stringData"]["password"]
    text = json.dumps({"password": password}).encode()
    revision = hmac.new(b"generated-digest-salt", text, hashlib.sha256).hexdigest()
    assert trigger(deployed)["name"] == f"tasks-{revision[:8]}"
