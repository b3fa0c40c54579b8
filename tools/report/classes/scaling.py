"""Scaling: how many pods a workload may have, what decides it, and what that does to connections."""

from collections.abc import Iterator, Mapping
from typing import Final

from checks.capacity.connections import SERVICES
from checks.capacity.ledger import ledger
from checks.routing.fleet import target_query_value
from config import StackSettings
from config.autoscaling import HpaAutoscaling, KedaAutoscaling
from config.connections import Service
from config.workloads import PoolSettings, WorkloadSettings
from tools.report.cause import Cause
from tools.report.comparison import Comparison
from tools.report.finding import Finding
from tools.report.workloads import workloads

_SETTINGS: Final = ("autoscaling", "replicaCount", "concurrency")
_SCALER: Final = "scaler"
_SIZES: Final = ("instanceClass", "nodeType", "sku", "tier", "memoryGib")
"""What the number of connections that a service takes follows from."""


def scaling(comparison: Comparison) -> Iterator[Finding]:
    """Workloads that are there before and after and scale in another way, and connections beside what there is."""
    if not comparison.old:
        return
    after, causes = workloads(comparison.new), comparison.causes
    for owner, before in workloads(comparison.old).items():
        if owner not in after:
            continue
        old, new = _scale(comparison.old, before), _scale(comparison.new, after[owner])
        if changes := list(_changes(old, new)):
            yield Finding(
                kind="scaling",
                subject=".".join(owner),
                what=", ".join(changes),
                cause=causes.at(owner, _SETTINGS) or causes.at("scaling"),
                steps=frozenset(
                    step.urn
                    for step in comparison.changes()
                    if step.kind in ("ScaledObject", "HorizontalPodAutoscaler", "Deployment")
                    and causes.owners.of(step) == owner
                ),
            )
    for service in SERVICES:
        yield from _connections(comparison, comparison.old, service)


def _scale(settings: StackSettings, workload: WorkloadSettings) -> Mapping[str, object]:
    """What decides the number of pods, by a word for it."""
    match workload.autoscaling:
        case HpaAutoscaling() as scaler:
            return {
                _SCALER: "HPA",
                "minimum": scaler.min_replicas,
                "maximum": scaler.max_replicas,
                "CPU target": scaler.target_cpu_utilization,
                "memory target": scaler.target_memory_utilization,
                "pace": scaler.behavior,
            }
        case KedaAutoscaling() as scaler:
            target = target_query_value(settings, workload) if isinstance(workload, PoolSettings) else None
            return {
                _SCALER: "KEDA",
                "minimum": scaler.min_replicas,
                "maximum": scaler.max_replicas,
                "tasks of one replica": target,
                "paused": scaler.paused,
                "paused at": scaler.paused_replicas,
                "query": scaler.query or settings.scaling.query,
                "fallback": scaler.fallback,
                "pace": (
                    scaler.behavior,
                    scaler.polling_interval_seconds,
                    scaler.cooldown_seconds,
                    scaler.activation_query_value,
                    scaler.use_cached_metrics,
                ),
            }
        case _:
            return {_SCALER: "nobody", "replicas": workload.replica_count}


def _changes(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    if old[_SCALER] != new[_SCALER]:
        yield f"handed over from {old[_SCALER]} to {new[_SCALER]}"
        return
    for word, before in old.items():
        if before != (after := new[word]):
            plain = isinstance(before, int | float | None) and isinstance(after, int | float | None)
            yield f"{word} {_shown(before)} → {_shown(after)}" if plain else f"another {word}"


def _shown(value: object) -> str:
    return "unset" if value is None else f"{value:g}" if isinstance(value, float) else str(value).lower()


def _connections(comparison: Comparison, old: StackSettings, service: Service) -> Iterator[Finding]:
    before, after = ledger(old, service), ledger(comparison.new, service)
    if not before or not after:
        return
    old_sum, new_sum = (
        f"{found.total} of {found.limit.available if found.limit else 'an unknown number'}" for found in (before, after)
    )
    if old_sum == new_sum:
        return
    yield Finding(
        kind="scaling",
        subject=f"connections to {service}",
        what=f"at most {old_sum} → {new_sum}",
        cause=_cause(comparison, service),
    )


def _cause(comparison: Comparison, service: Service) -> Cause | None:
    """The limit, what one pod opens, or else whatever makes more or fewer pods."""
    causes = comparison.causes
    direct = causes.at("connections") or causes.at(service, ("maxConnections", "maxClients", *_SIZES))
    if direct:
        return direct
    owners = {**workloads(comparison.new), **(workloads(comparison.old) if comparison.old else {})}
    found = (causes.at(owner, (*_SETTINGS, "connections", "enabled")) for owner in owners)
    return next((cause for cause in found if cause), None)
