"""Who sets the number of a workload's pods, and how fast it may change."""

from typing import Annotated, Final, Literal, Self, cast

from pydantic import BeforeValidator, Field, model_validator

from config.section import Section

LONGEST_STABILIZATION_SECONDS = 3600
"""Longest window that the HorizontalPodAutoscaler accepts (autoscaling/v2, HPAScalingRules)."""

Window = Annotated[int, Field(ge=0, le=LONGEST_STABILIZATION_SECONDS)]


class BehaviorSettings(Section):
    """How fast the number of pods follows the need, with an HPA and with KEDA alike."""

    scale_up_stabilization_seconds: Window | None = None
    """How long the need must stay high before pods are added, in seconds. Unset: Kubernetes' 0."""
    scale_up_pods_per_minute: int | None = Field(default=None, ge=1)
    """Most pods added in a minute. Unset: Kubernetes' four pods or a doubling in 15 s, whichever is more."""
    scale_down_stabilization_seconds: Window | None = None
    """How long the need must stay low before pods go, in seconds. Unset: a pool's `maxTaskSeconds`, a service's 300."""
    scale_down_pods_per_minute: int | None = Field(default=None, ge=1)
    """Most pods removed in a minute. Unset: for a pool so many that it can go from its maximum to nothing within
    `maxTaskSeconds`, for a service as many as the need allows."""


class HpaAutoscaling(Section):
    """Scaling on CPU or memory by Kubernetes' HorizontalPodAutoscaler."""

    type: Literal["hpa"]
    """`hpa` for CPU and memory."""
    min_replicas: int = Field(default=1, ge=1)
    """An HPA cannot scale to zero; use `keda` for that."""
    max_replicas: int = Field(ge=1, examples=[8])
    """Most replicas."""
    target_cpu_utilization: int | None = Field(default=None, ge=1, le=1000)
    """Per cent of the requested CPU."""
    target_memory_utilization: int | None = Field(default=None, ge=1, le=1000)
    """Per cent of the requested memory."""
    behavior: BehaviorSettings = BehaviorSettings()
    """How fast the number of pods may change."""

    @model_validator(mode="after")
    def _the_range_is_not_empty(self) -> Self:
        _check_range(self.min_replicas, self.max_replicas)
        return self

    @model_validator(mode="after")
    def _something_is_measured(self) -> Self:
        if self.target_cpu_utilization is None and self.target_memory_utilization is None:
            raise ValueError("needs targetCpuUtilization or targetMemoryUtilization, such as targetCpuUtilization: 70")
        return self


class FallbackSettings(Section):
    """What KEDA does while its query fails: the number of pods may rise, and never falls.

    While Postgres cannot be reached at all, KEDA 2.21 changes nothing.
    """

    failure_threshold: int = Field(default=3, ge=1)
    """Counts in a row that must fail first."""
    replicas: int | None = Field(default=None, ge=0)
    """Pods to have then, if there are fewer. Unset: `minReplicas`, at least 1."""


class KedaAutoscaling(Section):
    """Scaling on the depth of the queue by KEDA's postgresql scaler; can scale to zero."""

    type: Literal["keda"]
    """`keda` for the queue in Postgres."""
    min_replicas: int = Field(default=0, ge=0)
    """Fewest replicas; 0 stops the pool while there is no work."""
    max_replicas: int = Field(ge=1, examples=[8])
    """Most replicas."""
    query: str | None = Field(default=None, min_length=1)
    """Overrides `scaling.query` for this pool."""
    target_query_value: float | None = Field(default=None, gt=0)
    """Overrides `scaling.targetQueryValue` for this pool: tasks per replica."""
    polling_interval_seconds: int | None = Field(default=None, ge=1)
    """Seconds between two counts. Unset: 30, or less where the pool's `responseTargetSeconds` asks for it."""
    cooldown_seconds: int | None = Field(default=None, ge=0)
    """Seconds without work before the last replica goes. Unset: the pool's `maxTaskSeconds`, at least 300 and at most
    3600. Unused while `minReplicas` is above 0."""
    activation_query_value: float | None = Field(default=None, ge=0)
    """Tasks that must be exceeded before the first replica comes. Unset: 0. Unused while `minReplicas` is above 0."""
    use_cached_metrics: bool = True
    """Whether the autoscaler reads KEDA's last count instead of asking Postgres every 15 s besides the polling."""
    fallback: FallbackSettings = FallbackSettings()
    """What happens while the query fails."""
    paused: bool = False
    """Stops scaling: the pool stays at the number of replicas it has."""
    paused_replicas: int | None = Field(default=None, ge=0)
    """Stops scaling at this number of replicas; with or without `paused`."""
    behavior: BehaviorSettings = BehaviorSettings()
    """How fast the number of pods may change."""

    @model_validator(mode="after")
    def _the_range_is_not_empty(self) -> Self:
        _check_range(self.min_replicas, self.max_replicas)
        return self

    @model_validator(mode="after")
    def _the_fallback_fits(self) -> Self:
        replicas = self.fallback.replicas
        if replicas is not None and replicas > self.max_replicas:
            raise ValueError(
                f"fallback.replicas {replicas} is above maxReplicas {self.max_replicas}; lower it or raise maxReplicas"
            )
        return self


def _check_range(low: int, high: int) -> None:
    if low > high:
        raise ValueError(f"minReplicas {low} is above maxReplicas {high}; lower minReplicas or raise maxReplicas")


class HelmAutoscaling(Section):
    """Scaling on CPU or memory as `helm create` writes it; the same as `type: hpa`."""

    enabled: bool = True
    """Whether anything scales. With false, the rest says nothing. Beside `type`, too."""
    min_replicas: int = Field(default=1, ge=1)
    """Fewest replicas."""
    max_replicas: int | None = Field(default=None, ge=1, examples=[8])
    """Most replicas; required when enabled."""
    target_cpu_utilization: int | None = Field(default=None, alias="targetCPUUtilizationPercentage", ge=1, le=1000)
    """Per cent of the requested CPU."""
    target_memory_utilization: int | None = Field(
        default=None, alias="targetMemoryUtilizationPercentage", ge=1, le=1000
    )
    """Per cent of the requested memory."""


def _from_helm(value: object) -> object:
    """A block as this program spells it: `enabled` and the names of the targets are Helm's."""
    if not isinstance(value, dict):
        return value
    block = {key: item for key, item in cast("dict[str, object]", value).items() if item is not None}
    match block.pop("enabled", True):
        case False:
            return None
        case True:
            pass
        case other:
            raise ValueError(f"enabled must be true or false (got {other!r})")
    for theirs, ours in _OF_HELM.items():
        if theirs in block and ours not in block:
            block[ours] = block.pop(theirs)
            block.setdefault("type", "hpa")
    return block


_OF_HELM: Final = {
    "targetCPUUtilizationPercentage": "targetCpuUtilization",
    "targetMemoryUtilizationPercentage": "targetMemoryUtilization",
}

Autoscaling = Annotated[
    Annotated[HpaAutoscaling | KedaAutoscaling, Field(discriminator="type")] | None,
    BeforeValidator(_from_helm, json_schema_input_type=HpaAutoscaling | KedaAutoscaling | HelmAutoscaling | None),
]
"""One of the two, told apart by `type`; none if it is not enabled."""
