"""A workload of the platform: a Deployment whose pods pass the `restricted` Pod Security Standard, and its budget.

What only a pool or only a web service has is in `pool.py` and `service.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, cast

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, DeploymentSpecArgs, DeploymentStrategyArgs
from pulumi_kubernetes.core.v1 import (
    AffinityArgs,
    ConfigMapVolumeSourceArgs,
    ContainerArgs,
    ContainerPortArgs,
    EnvFromSourceArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    ExecActionArgs,
    HTTPGetActionArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    SecretEnvSourceArgs,
    SecretKeySelectorArgs,
    SleepActionArgs,
    TolerationArgs,
    TopologySpreadConstraintArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pydantic import JsonValue

from components.kubernetes.endpoints import Identity
from components.kubernetes.labels import Component, labels, selector
from components.kubernetes.namespace_ref import NamespaceRef
from components.kubernetes.pod_security import pull_logins, restricted_container, restricted_security
from components.secrets.app_env import AppEnv, Layer
from components.workloads.disruption import disruption_budget
from config.redis_access import CA_FOLDER
from config.sections import ImageSettings
from config.workloads import KubernetesObject, ResourceSettings, WorkloadSettings

PORT: Final = 8080
"""Port of every service of the platform (platform.md section 2, "Ports")."""

HEALTH_PATH: Final = "/status/health"
"""Liveness and readiness of every service (platform.md section 2, "Health")."""

METRICS_PATH: Final = "/metrics"

_SCRAPED: Final = {"prometheus.io/scrape": "true", "prometheus.io/port": str(PORT), "prometheus.io/path": METRICS_PATH}

CHECKSUM: Final = "noxus.ai/env-checksum"
"""Pod annotation that changes with the environment's values, which rolls the pods: they read it when they start."""

REPLACE_UNREADY: Final = "pulumi.com/replaceUnready"
"""Annotation of a Job by which the provider replaces one that has failed, instead of waiting for it again."""

MARKS: Final = ("NOXUS_APP_ENV_WRITTEN", "NOXUS_LAYER_WRITTEN")
"""Variables by which a pod waits for the Secrets that External Secrets writes."""

Mode = Literal["serving", "singleton", "once"]
"""`serving` answers on the port with health and metrics; `singleton` is one pod, stopped before its successor starts,
that nobody calls; `once` runs to its end."""

_PATCH_FORCE: Final = "pulumi.com/patchForce"
"""Takes stated fields from whoever owns them: an autoscaler keeps the replicas of a static pool."""

_CA_VOLUME: Final = "redis-ca"

_RELOADED: Final = {"reloader.stakater.com/auto": "true"}

_STUCK_SECONDS: Final = 30
"""What a container gets to end that no longer answers its probe. Its pod's own time is that of a whole task."""

_STARTUP_PERIOD_SECONDS: Final = 5
_COMMAND_SECONDS: Final = 10
"""What a command that asks for health may take, and how often it is asked while a container starts."""

_AWAIT_LIMIT_SECONDS: Final = 600
"""How long Pulumi waits for a Deployment by default."""


@dataclass(frozen=True, kw_only=True)
class ReleaseContext:
    """What every workload of a release is told about it."""

    name: str
    namespace: NamespaceRef
    service_account: pulumi.Output[str]
    app_env: AppEnv
    annotate_metrics: bool
    """Whether Prometheus finds the pods by their annotations."""
    reloader: bool
    """Whether Reloader restarts the pods when a Secret of theirs changes."""
    identity: Identity
    images: ImageSettings
    redis_ca: pulumi.Output[str] | None
    """ConfigMap with the certificates of the private authority of Redis, if it has one."""
    after: Sequence[pulumi.Resource]
    """What must be up before the workload starts."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Which nodes the pods may and should run on: parts of a pod's manifest, handed on as the stack file has them."""

    affinity: KubernetesObject = field(default_factory=dict[str, JsonValue])
    node_selector: Mapping[str, str] = field(default_factory=dict[str, str])
    tolerations: Sequence[KubernetesObject] = ()
    topology_spread_constraints: Sequence[KubernetesObject] | None = None
    """None: `even_spread`."""


@dataclass(frozen=True, kw_only=True)
class WorkloadArgs:
    """What is particular to one workload."""

    context: ReleaseContext
    role: str
    """Name within the release: a pool's name, or that of a service."""
    component: Component
    image: str
    command: Sequence[str] = ()
    """Overrides the image's entry point."""
    settings: WorkloadSettings
    mode: Mode = "serving"
    env: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Literal variables, which win over every Secret."""
    env_secret_ref: str = ""
    grace_seconds: int | None = None
    """Seconds between the decision that a pod goes and SIGKILL. None: Kubernetes' 30."""
    pre_stop_seconds: int = 0
    """Seconds of those before SIGTERM."""
    liveness_command: Sequence[str] = ()
    """How to ask a singleton whether it is frozen."""
    pod_annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    """Annotations of the pods beside those that every workload has."""
    placement: Placement = field(default_factory=Placement)


def resource_requirements(settings: ResourceSettings) -> ResourceRequirementsArgs | None:
    """Requests and limits, or nothing at all if neither is set."""
    if not settings.requests and not settings.limits:
        return None
    return ResourceRequirementsArgs(requests=dict(settings.requests) or None, limits=dict(settings.limits) or None)


def even_spread(selected: Mapping[str, str]) -> list[TopologySpreadConstraintArgs]:
    """Over zones and over nodes as evenly as there is room, and never at the cost of a pod that cannot start.

    With one replica it says nothing; with fifty it keeps the loss of a zone or node small. Only pods of the current
    revision are counted: during a rollout the old ones are about to go.
    """
    return [
        TopologySpreadConstraintArgs(
            max_skew=1,
            topology_key=key,
            when_unsatisfiable="ScheduleAnyway",
            label_selector=LabelSelectorArgs(match_labels=dict(selected)),
            match_label_keys=["pod-template-hash"],
        )
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def _spread(args: WorkloadArgs) -> list[TopologySpreadConstraintArgs] | None:
    written = args.placement.topology_spread_constraints
    if written is None and args.mode == "serving":
        return even_spread(selector(args.context.name, args.role))
    return [cast("TopologySpreadConstraintArgs", item) for item in written or ()] or None


def workload(args: WorkloadArgs, opts: pulumi.ResourceOptions) -> Deployment:
    """Make the Deployment `{release}-{role}` and its disruption budget."""
    context, settings, serves = args.context, args.settings, args.mode == "serving"
    name = f"{context.name}-{args.role}"
    selected = selector(context.name, args.role)
    described = labels(context.name, args.role, args.component)
    options = pulumi.ResourceOptions.merge(opts, _deployment_options(args))
    if args.mode == "singleton":
        options = pulumi.ResourceOptions.merge(options, context.namespace.only_one(name))
    deployment = Deployment(
        args.role if args.mode == "singleton" else context.namespace.key(name),
        metadata=context.namespace.metadata(
            name, labels=described, annotations={_PATCH_FORCE: "true", **(_RELOADED if context.reloader else {})}
        ),
        spec=DeploymentSpecArgs(
            replicas=None if settings.autoscaling else settings.replica_count,
            strategy=DeploymentStrategyArgs(type="Recreate") if args.mode == "singleton" else None,
            selector=LabelSelectorArgs(match_labels=selected),
            template=PodTemplateSpecArgs(
                metadata=ObjectMetaArgs(
                    labels={**described, **context.identity.pod_labels},
                    annotations={
                        CHECKSUM: context.app_env.checksum(args.env_secret_ref),
                        **(_SCRAPED if serves and context.annotate_metrics else {}),
                        **args.pod_annotations,
                    },
                ),
                spec=pod(args),
            ),
        ),
        opts=options,
    )
    if settings.pod_disruption_budget.enabled:
        disruption_budget(name, context.namespace, selected, settings.pod_disruption_budget, opts)
    return deployment


def _deployment_options(args: WorkloadArgs) -> pulumi.ResourceOptions:
    """Start after what the workload needs; wait long enough on deletion for its longest task to end.

    An autoscaled workload states no replicas. One that was static has stated them, and a field that is stated no more
    is set back to its default of 1 by the API server: ignoring its changes keeps it as it is until the autoscaler
    takes it over (docs/decisions/0007).
    """
    delete_seconds = (args.grace_seconds or 0) + _AWAIT_LIMIT_SECONDS
    return pulumi.ResourceOptions(
        depends_on=[*args.context.after, *args.context.app_env.writers(args.env_secret_ref)],
        custom_timeouts=pulumi.CustomTimeouts(delete=f"{delete_seconds}s"),
        ignore_changes=["spec.replicas"] if args.settings.autoscaling else None,
    )


def pod(args: WorkloadArgs) -> PodSpecArgs:
    """The pods of a workload."""
    images, placement, ca = args.context.images, args.placement, _authority(args)
    return PodSpecArgs(
        service_account_name=args.context.service_account,
        automount_service_account_token=False,
        enable_service_links=False,  # `NOXUS_BACKEND_PORT=tcp://...` would be taken for a setting
        security_context=restricted_security(images.run_as_user),
        image_pull_secrets=pull_logins(images.login_secrets),
        restart_policy="Never" if args.mode == "once" else None,
        termination_grace_period_seconds=args.grace_seconds,
        containers=[_container(args)],
        affinity=cast("AffinityArgs", placement.affinity) or None,
        node_selector=dict(placement.node_selector) or None,
        tolerations=[cast("TolerationArgs", item) for item in placement.tolerations] or None,
        topology_spread_constraints=_spread(args),
        volumes=[VolumeArgs(name=_CA_VOLUME, config_map=ConfigMapVolumeSourceArgs(name=ca))] if ca else None,
    )


def _authority(args: WorkloadArgs) -> pulumi.Output[str] | None:
    """The authority of Redis, for pods that talk to it. What runs once does not, and a Job cannot change."""
    return None if args.mode == "once" else args.context.redis_ca


def _container(args: WorkloadArgs) -> ContainerArgs:
    layers = args.context.app_env.layers(args.env_secret_ref)
    container = ContainerArgs(
        name=args.component,
        image=args.image,
        command=list(args.command) or None,
        env_from=[EnvFromSourceArgs(secret_ref=SecretEnvSourceArgs(name=layer.secret)) for layer in layers],
        env=[*_marks(args, layers), *(_literal(name, value) for name, value in args.env.items())] or None,
        resources=resource_requirements(args.settings.resources),
        security_context=restricted_container(),
        volume_mounts=[VolumeMountArgs(name=_CA_VOLUME, mount_path=CA_FOLDER, read_only=True)]
        if _authority(args)
        else None,
        # The kubelet keeps the last lines of a failed container's log where Pulumi finds them.
        termination_message_policy="FallbackToLogsOnError" if args.mode == "once" else None,
        lifecycle=LifecycleArgs(pre_stop=LifecycleHandlerArgs(sleep=SleepActionArgs(seconds=args.pre_stop_seconds)))
        if args.pre_stop_seconds
        else None,
    )
    if args.liveness_command:
        asked = ExecActionArgs(command=list(args.liveness_command))
        container.startup_probe = _startup_probe(args.settings, exec_=asked)
        container.liveness_probe = ProbeArgs(
            exec_=asked,
            period_seconds=30,
            timeout_seconds=_COMMAND_SECONDS,
            termination_grace_period_seconds=_STUCK_SECONDS,
        )
    if args.mode == "serving":
        health = HTTPGetActionArgs(path=HEALTH_PATH, port="http")
        container.ports = [ContainerPortArgs(name="http", container_port=PORT)]
        container.startup_probe = _startup_probe(args.settings, http_get=health)
        container.readiness_probe = ProbeArgs(http_get=health, period_seconds=10)
        container.liveness_probe = ProbeArgs(
            http_get=health,
            period_seconds=20,
            timeout_seconds=5,
            failure_threshold=6,
            termination_grace_period_seconds=_STUCK_SECONDS,
        )
    return container


def _startup_probe(
    settings: WorkloadSettings, http_get: HTTPGetActionArgs | None = None, exec_: ExecActionArgs | None = None
) -> ProbeArgs:
    period = _COMMAND_SECONDS if exec_ else _STARTUP_PERIOD_SECONDS
    return ProbeArgs(
        http_get=http_get,
        exec_=exec_,
        period_seconds=period,
        timeout_seconds=_COMMAND_SECONDS if exec_ else None,
        failure_threshold=-(-settings.startup_seconds // period),
        termination_grace_period_seconds=_STUCK_SECONDS,
    )


def escaped(text: str) -> str:
    """Text that the kubelet hands on as it is: it would take `$(NAME)` for a variable and `$$` for one sign."""
    return text.replace("$", "$$")


def _literal(name: str, value: pulumi.Input[str]) -> EnvVarArgs:
    known = isinstance(value, str)
    return EnvVarArgs(name=name, value=escaped(value) if known else pulumi.Output.from_input(value).apply(escaped))


def _marks(args: WorkloadArgs, layers: Sequence[Layer]) -> Iterator[EnvVarArgs]:
    """Variables whose only use is that a pod cannot start before its Secrets are those of this deployment.

    Not in a Job: it cannot change, so every change of a setting would run it again.
    """
    marks = [(layer.secret, layer.mark) for layer in layers if layer.mark] if args.mode != "once" else []
    for variable, (secret, mark) in zip(MARKS, marks, strict=False):
        source = SecretKeySelectorArgs(name=secret, key=mark)
        yield EnvVarArgs(name=variable, value_from=EnvVarSourceArgs(secret_key_ref=source))
