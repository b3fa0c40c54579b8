"""A workload of the platform: a Deployment whose pods pass the `restricted` Pod Security Standard, and its budget.

What only a pool or only a web service has is in `pool.py` and `service.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    EnvVarArgsDict,
    PodTemplateSpecArgsDict,
    ResourceRequirementsArgsDict,
    VolumeArgsDict,
)

from components.kubernetes.endpoints import Identity
from components.kubernetes.labels import Component, labels, selector
from components.kubernetes.namespace_ref import NamespaceRef
from components.kubernetes.pod import PodArgs, pod_template, restricted_container, stated
from components.network.policies import Selection, allow_further_egress
from components.secrets.app_env import AppEnv, Layer
from components.workloads.disruption import disruption_budget
from components.workloads.probes import asked
from config.authorities import CA_FOLDERS
from config.connections import Service
from config.pods import AUTHORITY_FOLDER, AUTHORITY_VOLUME, FileSource
from config.sections import ImageSettings
from config.workloads import STARTUP_SECONDS, DisruptionSettings, ResourceSettings, RunSettings

PORT: Final = 8080
"""Port of every service of the platform (platform.md section 2, "Ports")."""

METRICS_PATH: Final = "/metrics"

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

_RELOADED: Final = {"reloader.stakater.com/auto": "true"}

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
    authorities: Mapping[Service, pulumi.Output[str]]
    """ConfigMaps with the certificates of private authorities of data services."""
    after: Sequence[pulumi.Resource]
    """What must be up before the workload starts."""


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
    settings: RunSettings
    replicas: int | None = 1
    """Number of pods; None where an autoscaler says it."""
    budget: DisruptionSettings = field(default_factory=DisruptionSettings)
    """How many pods a node drain may take at once."""
    startup_seconds: int = STARTUP_SECONDS
    """How long a container may take to answer for the first time."""
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


def scraped(port: int) -> dict[str, str]:
    """Annotations by which Prometheus finds a pod's metrics."""
    return {"prometheus.io/scrape": "true", "prometheus.io/port": str(port), "prometheus.io/path": METRICS_PATH}


def resource_requirements(settings: ResourceSettings) -> ResourceRequirementsArgsDict | None:
    """Requests and limits, or nothing at all if neither is set."""
    return stated(requests=settings.requests or None, limits=settings.limits or None) or None


def workload(args: WorkloadArgs, opts: pulumi.ResourceOptions) -> Deployment:
    """Make the Deployment `{release}-{role}` and its disruption budget."""
    context, serves = args.context, args.mode == "serving"
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
        spec=stated(
            replicas=args.replicas,
            strategy={"type": "Recreate"} if args.mode == "singleton" else None,
            selector={"match_labels": selected},
            template=workload_template(
                args,
                {
                    CHECKSUM: context.app_env.checksum(args.env_secret_ref),
                    **(scraped(PORT) if serves and context.annotate_metrics else {}),
                    **args.pod_annotations,
                },
            ),
        ),
        opts=options,
    )
    allow_further_egress(f"{name}-", args.settings.egress, context.namespace, Selection(labels=selected), opts)
    if args.budget.enabled:
        disruption_budget(name, context.namespace, selected, args.budget, opts)
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
        ignore_changes=["spec.replicas"] if args.replicas is None else None,
    )


def workload_template(
    args: WorkloadArgs, annotations: Mapping[str, pulumi.Input[str]] | None = None
) -> PodTemplateSpecArgsDict:
    """The pods of a workload."""
    context = args.context
    described = labels(context.name, args.role, args.component)
    return pod_template(
        PodArgs(
            namespace=context.namespace,
            settings=args.settings,
            labels={**described, **context.identity.pod_labels},
            annotations=annotations or {},
            service_account=context.service_account,
            user_id=args.settings.run_as_user or context.images.run_as_user,
            once=args.mode == "once",
            grace_seconds=args.grace_seconds,
            spreads=args.mode == "serving",
            containers=[_container(args)],
            volumes=[volume for _, volume in _files(args)],
        )
    )


def _files(args: WorkloadArgs) -> Iterator[tuple[str, VolumeArgsDict]]:
    """Read-only volumes by where they are mounted."""
    settings = args.settings
    for service, config_map in args.context.authorities.items():
        # What runs once does not talk to Redis, and a Job cannot change.
        if service == "postgres" or args.mode != "once":
            yield CA_FOLDERS[service], {"name": f"{service}-ca", "config_map": {"name": config_map}}
    if settings.certificate_authority:
        yield AUTHORITY_FOLDER, _volume(AUTHORITY_VOLUME, settings.certificate_authority)
    for name, volume in settings.volumes.items():
        yield volume.mount_path, _volume(name, volume)


def _volume(name: str, source: FileSource) -> VolumeArgsDict:
    if source.secret:
        return {"name": name, "secret": {"secret_name": source.secret}}
    return {"name": name, "config_map": stated(name=source.config_map)}


def _container(args: WorkloadArgs) -> ContainerArgsDict:
    layers = args.context.app_env.layers(args.env_secret_ref)
    literals = {**args.settings.authority_env, **args.env}
    mounts = [{"name": volume["name"], "mount_path": path, "read_only": True} for path, volume in _files(args)]
    probes = {}
    if args.mode == "serving" or args.liveness_command:
        probes = asked(args.settings.probes, args.startup_seconds, args.liveness_command)
    return stated(
        name=args.component,
        image=args.image,
        command=args.command or None,
        env_from=[{"secret_ref": {"name": layer.secret}} for layer in layers],
        env=[*_marks(args, layers), *(_literal(name, value) for name, value in literals.items())] or None,
        ports=[{"name": "http", "container_port": PORT}] if args.mode == "serving" else None,
        resources=resource_requirements(args.settings.resources),
        security_context=restricted_container(),
        volume_mounts=mounts or None,
        # The kubelet keeps the last lines of a failed container's log where Pulumi finds them.
        termination_message_policy="FallbackToLogsOnError" if args.mode == "once" else None,
        lifecycle={"pre_stop": {"sleep": {"seconds": args.pre_stop_seconds}}} if args.pre_stop_seconds else None,
        **probes,
    )


def escaped(text: str) -> str:
    """Text that the kubelet hands on as it is: it would take `$(NAME)` for a variable and `$$` for one sign."""
    return text.replace("$", "$$")


def _literal(name: str, value: pulumi.Input[str]) -> EnvVarArgsDict:
    known = isinstance(value, str)
    return {"name": name, "value": escaped(value) if known else pulumi.Output.from_input(value).apply(escaped)}


def _marks(args: WorkloadArgs, layers: Sequence[Layer]) -> Iterator[EnvVarArgsDict]:
    """Variables whose only use is that a pod cannot start before its Secrets are those of this deployment.

    Not in a Job: it cannot change, so every change of a setting would run it again.
    """
    marks = [(layer.secret, layer.mark) for layer in layers if layer.mark] if args.mode != "once" else []
    for variable, (secret, mark) in zip(MARKS, marks, strict=False):
        yield {"name": variable, "value_from": {"secret_key_ref": {"name": secret, "key": mark}}}
