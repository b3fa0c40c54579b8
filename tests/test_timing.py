"""What follows from a longest task and a response target, as arithmetic, and the sentence where it cannot be kept."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import findings
from config.autoscaling import LONGEST_STABILIZATION_SECONDS, BehaviorSettings, KedaAutoscaling
from config.timing import (
    ScaleDown,
    cooldown_seconds,
    pods_per_minute,
    polling_seconds,
    response_seconds,
    scale_down,
    stabilization_seconds,
    visibility_seconds,
)
from tests.programs import settings, with_pool

POOL = "workers.acme.pools.flow"
KEDA = {"type": "keda", "maxReplicas": 4, "query": "SELECT 1", "targetQueryValue": 2}
SECONDS = st.integers(min_value=1, max_value=10**7)


def keda(**fields: object) -> KedaAutoscaling:
    return KedaAutoscaling.model_validate({"type": "keda", "maxReplicas": 20, **fields})


def warned(scaler: dict[str, Any] | None = None, **pool: object) -> list[str]:
    """Every warning of a pool on KEDA."""
    raw = with_pool(autoscaling={**KEDA, **(scaler or {})}, **pool)
    return [f"{f.path}: {f.message}" for f in findings(settings(raw)) if f.severity == "warning"]


def test_without_a_target_keda_counts_as_often_as_it_does_by_default() -> None:
    assert polling_seconds(keda(), None) == 30


@given(target=st.integers(min_value=16, max_value=10**6), least=st.integers(0, 3), cached=st.booleans())
def test_a_target_that_can_be_kept_is_kept(*, target: int, least: int, cached: bool) -> None:
    scaler = keda(minReplicas=least, useCachedMetrics=cached)
    polling = polling_seconds(scaler, target)
    assert 1 <= polling <= 30
    assert response_seconds(scaler, polling) <= target


@given(st.integers(1, 3600), st.integers(0, 3600), st.integers(1, 5))
def test_no_polling_is_slower_than_it_has_to_be(target: int, window: int, most: int) -> None:
    scaler = keda(maxReplicas=most, behavior={"scaleUpStabilizationSeconds": window})
    polling = polling_seconds(scaler, target)
    soonest = response_seconds(scaler, 1)
    assert polling == 1 or response_seconds(scaler, polling) <= target
    assert response_seconds(scaler, polling) >= soonest


def test_the_first_replica_waits_for_the_count_only_and_the_others_for_the_autoscaler_too() -> None:
    assert response_seconds(keda(maxReplicas=1), 30) == 30
    assert response_seconds(keda(), 30) == 45
    assert response_seconds(keda(minReplicas=1), 30) == 45
    assert response_seconds(keda(minReplicas=1, useCachedMetrics=False), 30) == 15, "the autoscaler counts itself"
    assert response_seconds(keda(useCachedMetrics=False), 30) == 30
    assert response_seconds(keda(minReplicas=20), 30) == 0, "there is nothing to wait for"


@given(SECONDS)
def test_an_idle_replica_stays_for_a_longest_task_within_five_minutes_and_an_hour(longest: int) -> None:
    cooldown = cooldown_seconds(keda(), longest)
    assert 300 <= cooldown <= 3600
    assert cooldown == longest or longest < 300 or longest > 3600


@given(SECONDS)
def test_the_scale_down_window_covers_the_task_as_far_as_kubernetes_allows(longest: int) -> None:
    window = stabilization_seconds(longest)
    assert window == longest or (window == LONGEST_STABILIZATION_SECONDS and longest > window)


@given(st.integers(min_value=1, max_value=10**5), SECONDS)
def test_the_step_is_the_smallest_that_empties_a_pool_within_a_longest_task(most: int, longest: int) -> None:
    step, minutes = pods_per_minute(most, longest), max(longest, 60) / 60
    assert 1 <= step <= most
    assert step * minutes >= most - 1e-6
    assert (step - 1) * minutes < most


@given(st.integers(1, 100), SECONDS, st.integers(0, 3600), st.integers(1, 100))
def test_a_pace_that_is_stated_is_the_pace(most: int, longest: int, window: int, step: int) -> None:
    stated = {"scaleDownStabilizationSeconds": window, "scaleDownPodsPerMinute": step}
    assert scale_down(BehaviorSettings.model_validate(stated), most, longest) == ScaleDown(window, step)


@given(st.integers(min_value=0, max_value=10**7))
def test_the_visibility_time_out_is_longer_than_the_longest_wait_and_never_below_kombus_own(longest: int) -> None:
    timeout = visibility_seconds(longest)
    assert timeout > longest or timeout == 3600 > longest
    assert timeout >= 3600
    assert timeout % 60 == 0
    assert timeout == 3600 or timeout <= longest + 60


def test_one_visibility_time_out_covers_the_enabled_pools_of_all_releases() -> None:
    raw = with_pool(maxTaskSeconds=3600)
    raw["primary"] = {
        "namespace": "noxus",
        "pools": {"long": {"maxTaskSeconds": 7200}, "off": {"enabled": False, "maxTaskSeconds": 90000}},
    }
    assert settings(raw).visibility_timeout_seconds == 14460, "above 7200 + 7230, in whole minutes"
    assert settings(with_pool()).visibility_timeout_seconds == 3600


@pytest.mark.parametrize(
    ("scaler", "pool", "warning"),
    [
        (
            {},
            {"responseTargetSeconds": 10},
            f"{POOL}.responseTargetSeconds: is 10, and it may take 16 s until a worker is wanted: KEDA counts every "
            "1 s, and the autoscaler follows within 15 s; write at least 16",
        ),
        (
            {"behavior": {"scaleUpStabilizationSeconds": 60}},
            {"responseTargetSeconds": 45},
            f"{POOL}.responseTargetSeconds: is 45, and it may take 76 s until a worker is wanted: KEDA counts every "
            "1 s, and the autoscaler follows within 75 s; write at least 76",
        ),
        (
            {"pollingIntervalSeconds": 30, "minReplicas": 1},
            {"responseTargetSeconds": 40},
            f"{POOL}.autoscaling.pollingIntervalSeconds: is 30, so it may take 45 s until a worker is wanted, and "
            "responseTargetSeconds is 40; remove it, and 25 follows from the target",
        ),
        (
            {"pollingIntervalSeconds": 60, "maxReplicas": 1},
            {"responseTargetSeconds": 40},
            f"{POOL}.autoscaling.pollingIntervalSeconds: is 60, so it may take 60 s until a worker is wanted, and "
            "responseTargetSeconds is 40; remove it, and 25 follows from the target",
        ),
    ],
)
def test_a_target_that_is_not_kept_is_warned_of_with_what_would_keep_it(
    scaler: dict[str, Any], pool: dict[str, Any], warning: str
) -> None:
    assert warned(scaler, **pool) == [warning]


@pytest.mark.parametrize("polling", [None, 5, 25])
def test_a_target_that_is_kept_is_not_warned_of(polling: int | None) -> None:
    scaler = {} if polling is None else {"pollingIntervalSeconds": polling}
    assert warned(scaler, responseTargetSeconds=40) == []


@pytest.mark.parametrize(
    "pool",
    [
        {},
        {
            "autoscaling": {"type": "hpa", "maxReplicas": 4, "targetCpuUtilization": 70},
            "resources": {"requests": {"cpu": 1}},
        },
    ],
)
def test_a_target_is_for_pools_that_scale_on_the_queue(pool: dict[str, Any]) -> None:
    raw = with_pool(responseTargetSeconds=60, **pool)
    assert [f"{f.path}: {f.message}" for f in findings(settings(raw)) if f.severity == "warning"] == [
        f"{POOL}.responseTargetSeconds: is used with autoscaling type keda only; remove it"
    ]
