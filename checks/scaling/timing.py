"""Whether a pool can answer as soon as it is asked to."""

from collections.abc import Iterator

from checks.finding import Finding, warning
from config import StackSettings
from config.autoscaling import KedaAutoscaling
from config.timing import follow_up_seconds, polling_seconds, response_seconds


def response_targets_are_kept(settings: StackSettings) -> Iterator[Finding]:
    """Warn of a response target that nothing keeps: a pool without KEDA, too slow a polling, or too short a target."""
    for path, _, pool in settings.pools():
        target, scaler = pool.response_target_seconds, pool.autoscaling
        if target is None:
            continue
        if not isinstance(scaler, KedaAutoscaling):
            yield warning(f"{path}.responseTargetSeconds", "is used with autoscaling type keda only; remove it")
            continue
        polling = polling_seconds(scaler, target)
        derived = polling_seconds(scaler.model_copy(update={"polling_interval_seconds": None}), target)
        slowest, soonest = response_seconds(scaler, polling), response_seconds(scaler, derived)
        if soonest > target:
            yield warning(
                f"{path}.responseTargetSeconds",
                f"is {target}, and it may take {soonest} s until a worker is wanted: KEDA counts every {derived} s, "
                f"and the autoscaler follows within {follow_up_seconds(scaler)} s; write at least {soonest}",
            )
        elif slowest > target:
            yield warning(
                f"{path}.autoscaling.pollingIntervalSeconds",
                f"is {polling}, so it may take {slowest} s until a worker is wanted, and responseTargetSeconds is "
                f"{target}; remove it, and {derived} follows from the target",
            )
