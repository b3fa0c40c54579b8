"""One pod with one volume: what Postgres, Redis and the bucket have in common when they run in the cluster.

The volume is a claim of its own instead of a StatefulSet's template: it can be enlarged and protected, and it
stays when the StatefulSet has to be replaced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    EmptyDirVolumeSourceArgsDict,
    PersistentVolumeClaim,
    PodTemplateSpecArgsDict,
    ProbeArgsDict,
    Service,
    VolumeArgsDict,
    VolumeMountArgsDict,
)

from components.kubernetes.labels import labels, selector
from components.kubernetes.namespace_ref import NamespaceRef
from components.kubernetes.pod import PodArgs, pod_template, restricted_container, stated
from components.network.policies import Selection, allow_further_egress
from components.secrets.digest import Digests
from config.data_services import ClusterPostgres, ClusterRedis, ClusterStorage

TYPE: Final = "noxus:cluster:StatefulService"

INSTANCE: Final = "data"
"""Instance label of the data services' pods."""

_GRACE_SECONDS: Final = 120
"""What a data service gets to write everything to its volume."""

_PROBE_SECONDS: Final = 10
_START_FAILURES: Final = 180
"""Half an hour to start: a first start makes a database, a later one may read a whole append-only file."""
_LIVENESS_FAILURES: Final = 6


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """How a stack keeps its data in the cluster."""

    namespace: NamespaceRef
    digests: Digests
    protect: bool
    """Whether the engine refuses to delete volumes."""


@dataclass(frozen=True, kw_only=True)
class StatefulServiceArgs:
    """What a `StatefulService` needs."""

    keeping: Keeping
    settings: ClusterPostgres | ClusterRedis | ClusterStorage
    port: int
    user_id: int
    """User and group of the process in the image; the group owns the volume."""
    data_path: str
    """Where the volume is mounted."""
    command: Sequence[str] = ()
    """Overrides the image's entry point."""
    arguments: Sequence[str] = ()
    env: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    env_secrets: Sequence[pulumi.Input[str]] = ()
    """Secrets whose keys become variables."""
    files: Mapping[str, VolumeArgsDict] = field(default_factory=dict[str, VolumeArgsDict])
    """Read-only volumes by the path they are mounted at."""
    scratch_paths: Sequence[str] = ("/tmp",)
    """Writable paths outside the volume; the root file system is read-only."""
    memory_paths: Mapping[str, int] = field(default_factory=dict[str, int])
    """Writable paths in memory by their size in MiB, which counts against the pod's limit."""
    init_command: Sequence[str] = ()
    """Runs in the same image before the service starts."""
    after_start: Sequence[str] = ()
    """Runs in the container when it has started; probes wait for it."""
    check: ProbeArgsDict
    """How to ask whether it serves."""
    checksum: pulumi.Input[str]
    """Changes when the pod must restart to read its files and variables again."""


class StatefulService(pulumi.ComponentResource):
    """A StatefulSet of one pod, its volume, and a headless Service that gives it a stable name."""

    def __init__(self, name: str, args: StatefulServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace, settings = args.keeping.namespace, args.settings
        key, described = namespace.key(name), labels(INSTANCE, name, "data")
        metadata = namespace.metadata(name, labels=described)
        selected = selector(INSTANCE, name)
        allow_further_egress(f"{name}-", settings.egress, namespace, Selection(labels=selected), child)
        # Many classes bind a volume only when a pod asks for it, so the claim is not waited for; the StatefulSet is.
        claim = PersistentVolumeClaim(
            key,
            metadata=namespace.metadata(name, labels=described, annotations={"pulumi.com/skipAwait": "true"}),
            spec=stated(
                access_modes=["ReadWriteOnce"],
                storage_class_name=settings.storage_class,
                resources={"requests": {"storage": f"{settings.storage_gib}Gi"}},
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=args.keeping.protect),
        )
        service = Service(
            key,
            metadata=metadata,
            spec={
                "cluster_ip": "None",
                "selector": selected,
                "ports": [{"name": name, "port": args.port, "target_port": name}],
            },
            opts=child,
        )
        StatefulSet(
            key,
            metadata=metadata,
            spec={
                "replicas": 1,
                # With the default policy a pod that never became ready keeps its successor from being made.
                "pod_management_policy": "Parallel",
                "service_name": service.metadata["name"],
                "selector": {"match_labels": selected},
                "template": _pods(name, args, described, claim.metadata["name"]),
            },
            # It cannot change without a replacement: a StatefulSet that exists keeps its own.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["spec.podManagementPolicy"]),
        )
        self.register_outputs({})


def _pods(
    name: str, args: StatefulServiceArgs, described: Mapping[str, str], claim: pulumi.Input[str]
) -> PodTemplateSpecArgsDict:
    memory = f"{args.settings.memory_mib}Mi"
    emptied: dict[str, EmptyDirVolumeSourceArgsDict] = {
        **{path: {} for path in args.scratch_paths},
        **{path: {"medium": "Memory", "size_limit": f"{size}Mi"} for path, size in args.memory_paths.items()},
    }
    mounts: list[VolumeMountArgsDict] = [
        {"name": "data", "mount_path": args.data_path},
        *({"name": f"scratch-{i}", "mount_path": path} for i, path in enumerate(emptied)),
        *({"name": volume["name"], "mount_path": path, "read_only": True} for path, volume in args.files.items()),
    ]
    volumes: list[VolumeArgsDict] = [
        {"name": "data", "persistent_volume_claim": {"claim_name": claim}},
        *({"name": f"scratch-{i}", "empty_dir": source} for i, source in enumerate(emptied.values())),
        *args.files.values(),
    ]
    common: dict[str, Any] = {
        "image": args.settings.image,
        "volume_mounts": mounts,
        "resources": {"requests": {"cpu": "100m", "memory": memory}, "limits": {"memory": memory}},
        "security_context": restricted_container(read_only=True),
    }
    check: ProbeArgsDict = {**args.check, "period_seconds": _PROBE_SECONDS, "timeout_seconds": 5}
    container: ContainerArgsDict = stated(
        name=name,
        command=args.command or None,
        args=args.arguments or None,
        env=[{"name": variable, "value": value} for variable, value in args.env.items()] or None,
        env_from=[{"secret_ref": {"name": secret}} for secret in args.env_secrets] or None,
        ports=[{"name": name, "container_port": args.port}],
        lifecycle={"post_start": {"exec_": {"command": args.after_start}}} if args.after_start else None,
        startup_probe={**check, "failure_threshold": _START_FAILURES},
        readiness_probe=check,
        liveness_probe={**check, "failure_threshold": _LIVENESS_FAILURES},
        **common,
    )
    init: ContainerArgsDict = stated(name="prepare", command=args.init_command, **common)
    return pod_template(
        PodArgs(
            namespace=args.keeping.namespace,
            settings=args.settings,
            labels=described,
            annotations={"noxus.ai/checksum": args.checksum},
            user_id=args.user_id,
            group_id=args.user_id,
            grace_seconds=_GRACE_SECONDS,
            init_containers=[init] if args.init_command else [],
            containers=[container],
            volumes=volumes,
        )
    )
