"""Whether every scaler knows what to count and every pool can be drained."""

from collections.abc import Iterator
from typing import Final

from checks.finding import Finding, error, warning
from config import StackSettings
from config.autoscaling import KedaAutoscaling

_FOR_ZERO: Final = {"activation_query_value": "activationQueryValue", "cooldown_seconds": "cooldownSeconds"}
"""Settings about going to zero and coming back."""


def keda_knows_what_to_count(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a KEDA pool without query or target, and warn of one that scales on everybody's tasks."""
    for path, _, pool in settings.pools():
        scaler = pool.autoscaling
        if not isinstance(scaler, KedaAutoscaling):
            continue
        if scaler.query is None and settings.scaling.query is None:
            yield error(
                f"{path}.autoscaling.query",
                "required with type keda, not set; write the SQL that counts this pool's waiting and running tasks, "
                "here or for all pools in scaling.query",
            )
        if (scaler.target_query_value, settings.scaling.target_query_value, pool.concurrency) == (None, None, None):
            yield error(
                f"{path}.autoscaling.targetQueryValue",
                "required with type keda, not set; write the tasks per replica here, in scaling.targetQueryValue "
                "or as the pool's concurrency",
            )
        filters = pool.worker_subscribe_tenants or pool.worker_subscribe_workspaces or pool.worker_subscribe != "all"
        if filters and scaler.query is None and settings.scaling.query is not None:
            yield warning(
                f"{path}.autoscaling.query",
                "not set, so the pool scales on scaling.query, which counts tasks that this pool does not take; "
                "write a query with the pool's own queue type, tenants and workspaces",
            )


def scalers_do_what_they_say(settings: StackSettings) -> Iterator[Finding]:
    """Warn of a KEDA pool that is paused, and of settings that only a pool that goes to zero would use."""
    for path, _, pool in settings.pools():
        scaler = pool.autoscaling
        if not isinstance(scaler, KedaAutoscaling):
            continue
        if scaler.paused or scaler.paused_replicas is not None:
            where = "where it is" if scaler.paused_replicas is None else f"at {scaler.paused_replicas} replicas"
            setting = "paused" if scaler.paused_replicas is None else "pausedReplicas"
            yield warning(f"{path}.autoscaling.{setting}", f"holds the pool {where}, however much work there is")
        for field, setting in _FOR_ZERO.items():
            if scaler.min_replicas > 0 and field in scaler.model_fields_set:
                yield warning(
                    f"{path}.autoscaling.{setting}",
                    f"is used at minReplicas 0 only, and minReplicas is {scaler.min_replicas}; remove it",
                )


def drains_are_possible(settings: StackSettings) -> Iterator[Finding]:
    """Warn of a disruption budget that no drain can ever satisfy."""
    for path, _, pool in settings.pools():
        budget = pool.pod_disruption_budget
        lowest = pool.autoscaling.min_replicas if pool.autoscaling else pool.replica_count
        never = budget.max_unavailable in (0, "0%") or budget.min_available == "100%"
        if never or (isinstance(budget.min_available, int) and budget.min_available >= max(lowest, 1)):
            yield warning(
                f"{path}.podDisruptionBudget",
                f"lets no pod go while the pool has {max(lowest, 1)}, so drains wait for ever; write maxUnavailable: 1",
            )
