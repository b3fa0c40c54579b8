"""What runs: the settings of every workload, of services and of worker pools."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from config.autoscaling import Autoscaling, HpaAutoscaling
from config.connections import PoolConnections
from config.pods import PodSettings
from config.quantity import amount
from config.references import EnvValue
from config.routing import QueueType
from config.section import Section
from config.types import EnvName, IdList, ImageReference, OptionalObjectName, PodShare, Quantity

_RESOURCES: Final = ("cpu", "memory", "ephemeral-storage")
"""Resources of every node; others have a domain or are huge pages."""

_MEBIBYTE: Final = 2**20

GRACE_MARGIN_SECONDS: Final = 30
"""What a pod gets after its longest task, to report the result and close its connections."""

NODE_AUTOSCALER_SECONDS: Final = 600
"""How long a node autoscaler waits for pods to end before it takes their node anyway: the cluster autoscaler's default
`--max-graceful-termination-sec`, and what managed clusters state for theirs."""


STARTUP_SECONDS: Final = 300
"""How long a container may take to answer for the first time, unless the stack file says."""


class ResourceSettings(Section):
    """CPU, memory and other resources, as Kubernetes quantities by resource name."""

    requests: Mapping[str, Quantity] = {}
    """What the scheduler keeps free for a pod, and what utilisation is measured against."""
    limits: Mapping[str, Quantity] = {}
    """What a pod may use at most. No default: no sizing of the platform is published."""

    @model_validator(mode="after")
    def _kubernetes_takes_them(self) -> Self:
        if wrong := [*self._unknown_names(), *self._too_little_memory(), *self._above_their_limits()]:
            raise ValueError("; ".join(wrong))
        return self

    def _unknown_names(self) -> Iterator[str]:
        for name in sorted({*self.requests, *self.limits}):
            if name not in _RESOURCES and not name.startswith("hugepages-") and "/" not in name:
                yield f"{name} is no resource; known are {', '.join(_RESOURCES)} and names such as nvidia.com/gpu"

    def _too_little_memory(self) -> Iterator[str]:
        for part, quantities in (("requests", self.requests), ("limits", self.limits)):
            memory = quantities.get("memory")
            if memory is not None and amount(memory) < _MEBIBYTE:
                yield f"{part}.memory {memory} is less than a mebibyte; write {memory.rstrip('m')}Mi"

    def _above_their_limits(self) -> Iterator[str]:
        for name in sorted(self.requests.keys() & self.limits.keys()):
            if amount(self.requests[name]) > amount(self.limits[name]):
                yield f"requests.{name} {self.requests[name]} is above limits.{name} {self.limits[name]}"


class DisruptionSettings(Section):
    """How many pods a drain may take at once. Unset: `maxUnavailable: 1`, which blocks no drain."""

    enabled: bool = True
    """Whether there is a budget. Without one, a drain takes all pods of a workload at once."""
    min_available: PodShare | None = None
    """Pods that must stay: a number or a share. With the number of pods itself, no drain ever ends."""
    max_unavailable: PodShare | None = None
    """Pods that may go at once: a number or a share."""

    @model_validator(mode="after")
    def _at_most_one_is_set(self) -> Self:
        if self.min_available is not None and self.max_unavailable is not None:
            raise ValueError("takes minAvailable or maxUnavailable, not both; maxUnavailable: 1 fits most pools")
        return self


class RunSettings(PodSettings):
    """What everything that runs the platform's images can be told."""

    resources: ResourceSettings = ResourceSettings()
    """Requests and limits of a pod."""


class WorkloadSettings(RunSettings):
    """What a service and a pool can both be told."""

    replica_count: int = Field(default=1, ge=0)
    """Number of pods; ignored when `autoscaling` is set, as the seed says."""
    autoscaling: Autoscaling = None
    """Who sets the number of pods: `type: hpa` or `type: keda`. Unset or `enabled: false`: `replicaCount` does."""
    pod_disruption_budget: DisruptionSettings = DisruptionSettings()
    """How many pods a node drain may take at once."""
    startup_seconds: int = Field(default=STARTUP_SECONDS, ge=5)
    """How long a container may take to answer its first health check, in seconds, before it is started again. How long
    the platform takes is not published."""

    @property
    def fixed_replicas(self) -> int | None:
        """Number of pods; None if an autoscaler says it."""
        return None if self.autoscaling else self.replica_count

    @model_validator(mode="after")
    def _utilisation_has_a_request(self) -> Self:
        if isinstance(self.autoscaling, HpaAutoscaling):
            targets = {
                "cpu": self.autoscaling.target_cpu_utilization,
                "memory": self.autoscaling.target_memory_utilization,
            }
            for resource, target in targets.items():
                if target is not None and resource not in self.resources.requests:
                    raise ValueError(
                        f"autoscaling on {resource} is a share of the {resource} request, which is not set; "
                        f"set resources.requests.{resource}"
                    )
        return self


Command = tuple[Annotated[str, Field(min_length=1)], ...]
"""A command, word by word. A shell must `exec` its last word, or the pod's end never reaches it."""


class ServiceSettings(WorkloadSettings):
    """A web service of the primary release."""

    replica_count: int = Field(default=2, ge=0)
    """Number of pods; ignored when `autoscaling` is set."""
    pre_stop_seconds: int = Field(default=10, ge=0, le=600)
    """How long a pod that is to go still takes requests before it is told to end, in seconds: load balancers learn of
    it a little later than the pod would. Kubernetes must be 1.30 or newer, or this 0."""
    stream_seconds: int = Field(default=300, ge=1, le=3600)
    """How long open streams and requests then get to end, in seconds. A pod whose server is done sooner goes sooner;
    until then it counts against a quota."""

    @property
    def grace_seconds(self) -> int:
        """Seconds a pod has between the decision that it goes and SIGKILL."""
        return self.pre_stop_seconds + self.stream_seconds

    @model_validator(mode="after")
    def _only_pools_scale_on_the_queue(self) -> Self:
        if self.autoscaling is not None and self.autoscaling.type == "keda":
            raise ValueError(
                "autoscaling.type keda counts queued tasks, which a web service does not take; use type: hpa"
            )
        return self


class PoolSettings(WorkloadSettings):
    """One pool of workers: the thirteen fields of the seed's table, and what long tasks and KEDA need beside them."""

    enabled: bool = True
    """Whether the pool exists."""
    worker_subscribe: QueueType = "all_but_kb"
    """Queue types the pool takes."""
    worker_subscribe_tenants: IdList = ()
    """Tenants whose tasks the pool takes: a comma-separated string or a list. Empty: all."""
    worker_subscribe_workspaces: IdList = ()
    """Workspaces whose tasks the pool takes: a comma-separated string or a list. Empty: all."""
    env_secret_ref: OptionalObjectName = ""
    """A Secret layered on top of the release's app-env, whose keys win. The release's `secrets` can make it."""
    env: Mapping[EnvName, EnvValue] = {}
    """Plain settings of this pool's pods. They are literals, so they win over app-env and `envSecretRef`."""
    image: ImageReference | None = None
    """Image of this pool, for a pool that needs other libraries or another version. Unset: `images.worker`."""
    command: Command = ()
    """Command of the container, word by word. Empty: the image's own entry point; no start command is published."""
    concurrency: int | None = Field(default=None, ge=1)
    """Tasks that one replica runs at once: KEDA's default target. It sets nothing in the worker itself."""
    max_task_seconds: int = Field(default=NODE_AUTOSCALER_SECONDS - GRACE_MARGIN_SECONDS, ge=1)
    """Longest task, in seconds. A pod that is scaled in or rolled gets this and 30 s more to end. With more than the
    default, which is what a node autoscaler waits for, the pods keep their nodes until they end (`make drain`)."""
    response_target_seconds: int | None = Field(default=None, ge=1)
    """How soon a waiting task should have a worker wanted for it, in seconds; 16 is the least that can be kept. KEDA
    counts as often as that takes. How long a worker takes to start comes on top."""
    interruptible: str | None = Field(default=None, min_length=1, examples=["batch imports, repeated at night"])
    """Why this pool may run on spot nodes although its tasks are longer than their notice: a written waiver. The tasks
    are cut off, and delivered again only if the platform acknowledges them late. Unset: such a pool is refused."""
    connections: PoolConnections = PoolConnections()
    """Connections of one pod, where this pool's pods open more or fewer than others. They set nothing in the worker."""

    @property
    def grace_seconds(self) -> int:
        """Seconds a pod has between SIGTERM and SIGKILL."""
        return self.max_task_seconds + GRACE_MARGIN_SECONDS

    @property
    def keeps_its_nodes(self) -> bool:
        """Whether the pods must ask node autoscalers to leave their nodes alone, since they take longer to end."""
        return self.grace_seconds > NODE_AUTOSCALER_SECONDS


class RelaySettings(ServiceSettings):
    """The optional service that takes webhooks and events of other systems."""

    enabled: bool = False
    """Whether the relays exist."""
    image: ImageReference | None = None
    """Image of the relays. Unset: `images.backend`, then with a `command`."""
    command: Command = ()
    """Command of the container. Empty: the image's own entry point."""

    @model_validator(mode="after")
    def _what_runs_is_named(self) -> Self:
        if self.enabled and self.image is None and not self.command:
            raise ValueError("needs an image or a command: with neither, the relays would be a second backend")
        return self


class SchedulerSettings(RunSettings):
    """What starts the periodic tasks: exactly one in the whole stack, never scaled, never two during a rollout."""

    enabled: bool = False
    """Whether the scheduler is a Deployment of its own."""
    embedded: bool = False
    """That the image of the backend or of a pool starts the periodic tasks itself, so that none is missing."""
    image: ImageReference | None = None
    """Image of the scheduler. Unset: `images.worker`."""
    command: Command = Field(default=(), examples=[["celery", "beat"]])
    """Command of the container; required when enabled, since none is published."""
    liveness_command: Command = Field(default=(), examples=[["noxus", "scheduler", "alive"]])
    """Command in the container that fails once the scheduler is frozen, which nobody else notices: it is asked every
    30 s, and after three failures the container starts again. Empty: nobody asks; none is published."""

    @model_validator(mode="after")
    def _it_runs_once_and_says_how(self) -> Self:
        if self.enabled and self.embedded:
            raise ValueError("takes enabled or embedded, not both: two schedulers start every periodic task twice")
        if self.enabled and not self.command:
            raise ValueError("needs a command when enabled: none is published, and a pool's image runs a worker")
        return self


class MigrationSettings(RunSettings):
    """The Job that brings the database's schema up to date, once for each image, before any workload starts."""

    enabled: bool = False
    """Whether there is such a Job."""
    image: ImageReference | None = None
    """Image of the Job. Unset: `images.backend`."""
    command: Command = Field(default=(), examples=[["noxus", "migrate"]])
    """Command of the container; required when enabled, since none is published."""
    revision: str = ""
    """Anything: another value runs the migrations again with the same image and command."""
    timeout_seconds: int = Field(default=1800, ge=10)
    """Seconds after which a migration that has not ended counts as failed."""

    @model_validator(mode="after")
    def _what_runs_is_named(self) -> Self:
        if self.enabled and not self.command:
            raise ValueError("needs a command when enabled: none is published; migrations stay off without one")
        return self
