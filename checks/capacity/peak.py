"""How many pods a workload can have: as many as its scaler or the stack file may ask for, and those of a rollout.

What is left out: pods that a rollout or a scaler has told to end and that still finish a long task. How many there are
depends on how often a pool is rolled, not on a setting.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from config.autoscaling import KedaAutoscaling
from config.workloads import WorkloadSettings

_SURGE: Final = Fraction(1, 4)
"""Pods that a rollout adds, rounded up: Kubernetes' default `maxSurge`. A shared secret rolls all workloads at once."""


@dataclass(frozen=True)
class Replicas:
    """The most replicas that a workload can have outside a rollout, and what says so."""

    most: int
    setting: str
    """The setting that is this number, as the stack file spells it."""
    least: int
    """What the setting can be lowered to without another one in the way, and never to no pod at all."""


def most_replicas(path: str, workload: WorkloadSettings) -> Replicas:
    """How far a workload can grow; one that is paused at a number has that number."""
    scaler = workload.autoscaling
    if scaler is None:
        return Replicas(workload.replica_count, f"{path}.replicaCount", 1)
    least = scaler.min_replicas
    if isinstance(scaler, KedaAutoscaling):
        if scaler.paused_replicas is not None:
            return Replicas(scaler.paused_replicas, f"{path}.autoscaling.pausedReplicas", 1)
        least = max(least, scaler.fallback.replicas or 0)
    return Replicas(scaler.max_replicas, f"{path}.autoscaling.maxReplicas", max(least, 1))


def most_pods(replicas: int) -> int:
    """Pods of a Deployment of this many replicas during a rollout."""
    return replicas + -int(-(replicas * _SURGE) // 1)
