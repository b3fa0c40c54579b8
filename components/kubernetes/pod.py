"""A pod: what the `restricted` Pod Security Standard asks of it, and what the stack file says of its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import pulumi
from pulumi_kubernetes.core.v1 import (
    AffinityArgs,
    CapabilitiesArgs,
    ContainerArgs,
    LocalObjectReferenceArgs,
    PodSecurityContextArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    SeccompProfileArgs,
    SecurityContextArgs,
    TolerationArgs,
    TopologySpreadConstraintArgs,
    VolumeArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.kubernetes.labels import selecting
from components.kubernetes.namespace_ref import NamespaceRef
from config.pods import PlacementSettings


@dataclass(frozen=True, kw_only=True)
class PodArgs:
    """What is particular to the pods of one workload, data service or Job."""

    namespace: NamespaceRef
    settings: PlacementSettings
    labels: Mapping[str, str]
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    containers: Sequence[ContainerArgs]
    init_containers: Sequence[ContainerArgs] = ()
    volumes: Sequence[VolumeArgs] = ()
    user_id: int | None = None
    """User of the processes. None: the image's own, which must be a number other than 0."""
    group_id: int | None = None
    """Group that owns the volumes."""
    service_account: pulumi.Input[str] | None = None
    once: bool = False
    """Whether a container that has ended stays so."""
    grace_seconds: int | None = None
    """Seconds between the decision that a pod goes and SIGKILL. None: Kubernetes' 30."""
    spreads: bool = False
    """Whether there may be several, which then spread evenly unless the stack file says how."""


def pod_template(args: PodArgs) -> PodTemplateSpecArgs:
    """The pods, restricted and placed. Where a cluster gives ids itself, none is written."""
    settings, ids = args.settings, not args.namespace.assigns_ids
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(
            labels={**settings.pod_labels, **args.labels},
            annotations={**args.annotations, **settings.pod_annotations} or None,
        ),
        spec=PodSpecArgs(
            service_account_name=args.service_account,
            automount_service_account_token=False,
            enable_service_links=False,  # `NOXUS_BACKEND_PORT=tcp://...` would be taken for a setting
            security_context=PodSecurityContextArgs(
                run_as_non_root=True,
                run_as_user=args.user_id if ids else None,
                fs_group=args.group_id if ids else None,
                seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
            ),
            image_pull_secrets=[LocalObjectReferenceArgs(name=name) for name in args.namespace.logins] or None,
            priority_class_name=settings.priority_class_name,
            restart_policy="Never" if args.once else None,
            termination_grace_period_seconds=args.grace_seconds,
            init_containers=list(args.init_containers) or None,
            containers=list(args.containers),
            affinity=cast("AffinityArgs", settings.affinity.manifest()) or None,
            node_selector=dict(settings.node_selector) or None,
            tolerations=[cast("TolerationArgs", it.manifest()) for it in settings.tolerations] or None,
            topology_spread_constraints=_spread(args) or None,
            volumes=list(args.volumes) or None,
        ),
    )


def restricted_container(*, read_only: bool = False) -> SecurityContextArgs:
    """What the `restricted` standard asks of a container."""
    return SecurityContextArgs(
        allow_privilege_escalation=False,
        capabilities=CapabilitiesArgs(drop=["ALL"]),
        read_only_root_filesystem=read_only or None,
    )


def _spread(args: PodArgs) -> list[TopologySpreadConstraintArgs]:
    own, written = selecting(args.labels), args.settings.topology_spread_constraints
    if written is None:
        return even_spread(own) if args.spreads else []
    return [cast("TopologySpreadConstraintArgs", constraint.manifest_of(own)) for constraint in written]


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
