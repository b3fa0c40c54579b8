"""Whether every scaler knows what to count and does what its settings say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from checks.finding import Finding, error, listed, warning
from checks.routing.fleet import Fleet, target_query_value
from checks.scaling.shares import counts_nothing, share
from checks.scaling.sql import NOTHING, count_query
from config import StackSettings
from config.routing import TAKES

_FOR_ZERO: Final = {"activation_query_value": "activationQueryValue", "cooldown_seconds": "cooldownSeconds"}
"""Settings about going to zero and coming back."""


@dataclass(frozen=True)
class Count:
    """What KEDA asks for one pool."""

    query: str
    """SQL that gives the number of tasks."""
    target: str
    """Tasks of one replica, as the text that KEDA wants."""


def scale_counts(settings: StackSettings) -> Mapping[str, Count]:
    """What KEDA asks for each of its pools, by workload name: a query of the stack file, else the one that is derived.

    A pool with a query of its own keeps its tasks: the derived queries of others leave them out. Of a pool that is
    paused nothing counts; others that take its tasks count them.
    """
    fleet, scaling = Fleet.of(settings), settings.scaling
    counting = {pool.name: pool for pool in fleet.members(fleet.counting)}

    def derived(name: str) -> str:
        if scaling.queue is None or name not in counting:
            return NOTHING
        return count_query(scaling.queue, share(fleet, counting[name]))

    return {
        name: Count(scaler.query or scaling.query or derived(name), f"{target_query_value(settings, pool) or 1:g}")
        for _, name, pool, scaler in settings.scaled_pools()
    }


def keda_knows_what_to_count(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a KEDA pool without query or target, and warn of one that scales on everybody's tasks."""
    for path, _, pool, scaler in settings.scaled_pools():
        if (scaler.query, settings.scaling.query, settings.scaling.queue) == (None, None, None):
            yield error(
                f"{path}.autoscaling.query",
                "required with type keda, not set; describe the platform's table in scaling.queue, or write the SQL "
                "that counts this pool's waiting and running tasks here",
            )
        if target_query_value(settings, pool) is None:
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
                "remove scaling.query and describe the table in scaling.queue, so that each pool's query is derived",
            )


def types_have_values(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a derived query that would have no value of the queue's column for a type that its pool takes."""
    queue = settings.scaling.queue
    if queue is None:
        return
    if settings.scaling.query is not None:
        yield warning("scaling.queue", "is used by no pool: scaling.query takes its place; remove one of the two")
        return
    for path, _, pool, scaler in settings.scaled_pools():
        for type_ in sorted(TAKES[pool.worker_subscribe]):
            if not scaler.query and not queue.types.get(type_):
                yield error(
                    f"scaling.queue.types.{type_}",
                    f"not set, and {path} takes {type_} tasks and counts them; write the values of "
                    f"{queue.type_column} that stand for them, such as [{type_}]",
                )


def values_have_one_type(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a value of the queue's column that stands for two types: such a task would count twice."""
    places: dict[str, list[str]] = {}
    for type_, values in settings.scaling.queue.types.items() if settings.scaling.queue else ():
        for value in values:
            places.setdefault(value, []).append(type_)
    for value, types in places.items():
        if len(types) > 1:
            yield error("scaling.queue.types", f"has {value!r} for {listed(types)}; a task has one type, write it once")


def pools_have_tasks_of_their_own(settings: StackSettings) -> Iterator[Finding]:
    """Warn of a KEDA pool all of whose tasks count for others, so that it never scales."""
    fleet = Fleet.of(settings)
    for pool in fleet.members(fleet.counting):
        if counts_nothing(fleet, pool):
            rivals = fleet.names(fleet.overlapping(pool) & fleet.more_specific(pool))
            yield warning(
                f"{pool.path}.autoscaling",
                f"counts nothing: all tasks that the pool takes count for {listed(rivals)}, which are more specific; "
                "give it a replicaCount instead, or remove it",
            )


def scalers_do_what_they_say(settings: StackSettings) -> Iterator[Finding]:
    """Warn of a KEDA pool that is paused, and of settings that only a pool that goes to zero would use."""
    for path, _, _, scaler in settings.scaled_pools():
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
