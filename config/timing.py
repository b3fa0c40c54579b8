"""How soon a pool follows its queue and how slowly it shrinks: what follows from its longest task and its target.

Pure arithmetic. What the stack file states itself always wins; these are the values of what it leaves out.
"""

from dataclasses import dataclass
from typing import Final

from config.autoscaling import LONGEST_STABILIZATION_SECONDS, BehaviorSettings, KedaAutoscaling

HPA_SYNC_SECONDS: Final = 15
"""How often the HorizontalPodAutoscaler looks (kube-controller-manager, `--horizontal-pod-autoscaler-sync-period`)."""

POLLING_SECONDS: Final = 30
"""KEDA's default `pollingInterval` (KEDA, ScaledObject specification)."""

COOLDOWN_SECONDS: Final = 300
"""KEDA's default `cooldownPeriod` (the same)."""

LONGEST_COOLDOWN_SECONDS: Final = 3600
"""Longest derived cool-down: an idle replica is kept for an hour at most, however long a task may take."""

VISIBILITY_SECONDS: Final = 3600
"""After how long kombu delivers a task again that nobody has acknowledged, unless told otherwise (Celery, "Using
Redis", visibility timeout)."""

_MINUTE_SECONDS: Final = 60


def polling_seconds(scaler: KedaAutoscaling, response_target_seconds: int | None) -> int:
    """Seconds between two counts of KEDA: its default, or as many fewer as the target asks for."""
    if scaler.polling_interval_seconds is not None:
        return scaler.polling_interval_seconds
    if response_target_seconds is None:
        return POLLING_SECONDS
    return min(POLLING_SECONDS, max(1, response_target_seconds - follow_up_seconds(scaler)))


def response_seconds(scaler: KedaAutoscaling, polling: int) -> int:
    """Longest time from the arrival of a task until a worker is wanted for it. How long one takes to start is not in.

    KEDA itself wakes the first replica, with its count. All further ones come from the HorizontalPodAutoscaler, which
    looks at that count, or, without cached metrics, makes one of its own.
    """
    first = polling if scaler.min_replicas == 0 else 0
    counted = polling if scaler.use_cached_metrics else 0
    grows = scaler.max_replicas > max(scaler.min_replicas, 1)
    return max(first, counted + follow_up_seconds(scaler) if grows else 0)


def follow_up_seconds(scaler: KedaAutoscaling) -> int:
    """Longest time from a count until the HorizontalPodAutoscaler acts on it."""
    return HPA_SYNC_SECONDS + (scaler.behavior.scale_up_stabilization_seconds or 0)


def cooldown_seconds(scaler: KedaAutoscaling, max_task_seconds: int) -> int:
    """Seconds without work before the last replica goes: at least KEDA's default, and a longest task up to an hour."""
    if scaler.cooldown_seconds is not None:
        return scaler.cooldown_seconds
    return max(COOLDOWN_SECONDS, min(max_task_seconds, LONGEST_COOLDOWN_SECONDS))


@dataclass(frozen=True)
class ScaleDown:
    """How a workload shrinks. None: as Kubernetes does by default."""

    stabilization_seconds: int | None
    """How long the need must stay low first."""
    pods_per_minute: int | None
    """Most pods removed in a minute."""


def scale_down(behavior: BehaviorSettings, max_replicas: int, max_task_seconds: int) -> ScaleDown:
    """How a pool shrinks: after a longest task, and then from its maximum to nothing within another one."""
    window, step = behavior.scale_down_stabilization_seconds, behavior.scale_down_pods_per_minute
    return ScaleDown(
        stabilization_seconds(max_task_seconds) if window is None else window,
        pods_per_minute(max_replicas, max_task_seconds) if step is None else step,
    )


def stabilization_seconds(max_task_seconds: int) -> int:
    """How long the need must stay low before a pod goes: as long as a task may take, within what an HPA accepts."""
    return min(max_task_seconds, LONGEST_STABILIZATION_SECONDS)


def pods_per_minute(max_replicas: int, max_task_seconds: int) -> int:
    """Fewest pods to remove in a minute so that a pool can go from its maximum to nothing within a longest task.

    An autoscaler cannot choose an idle pod: the slower it takes them, the more tasks have ended by themselves.
    """
    return -(-max_replicas * _MINUTE_SECONDS // max(_MINUTE_SECONDS, max_task_seconds))


def visibility_seconds(longest_seconds: int) -> int:
    """The broker's visibility time-out: the first whole minute above the longest a task may go unacknowledged.

    Never below kombu's own hour, which tasks with a countdown may rely on.
    """
    return max(VISIBILITY_SECONDS, (longest_seconds // _MINUTE_SECONDS + 1) * _MINUTE_SECONDS)
