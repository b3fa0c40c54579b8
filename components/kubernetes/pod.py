"""A pod: what the `restricted` Pod Security Standard asks of it, and what the stack file says of its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    PodTemplateSpecArgsDict,
    SecurityContextArgsDict,
    VolumeArgsDict,
)

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
    containers: Sequence[ContainerArgsDict]
    init_containers: Sequence[ContainerArgsDict] = ()
    volumes: Sequence[VolumeArgsDict] = ()
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


def stated(**fields: object) -> Any:
    """Fields of an object but for those that are None: in a mapping the engine would take them for a null."""
    return {name: value for name, value in fields.items() if value is not None}


def pod_template(args: PodArgs) -> PodTemplateSpecArgsDict:
    """The pods, restricted and placed. Where a cluster gives ids itself, none is written."""
    settings, ids = args.settings, not args.namespace.assigns_ids
    return {
        "metadata": stated(
            labels={**settings.pod_labels, **args.labels},
            annotations={**args.annotations, **settings.pod_annotations} or None,
        ),
        "spec": stated(
            service_account_name=args.service_account,
            automount_service_account_token=False,
            enable_service_links=False,  # `NOXUS_BACKEND_PORT=tcp://...` would be taken for a setting
            security_context=stated(
                run_as_non_root=True,
                run_as_user=args.user_id if ids else None,
                fs_group=args.group_id if ids else None,
                seccomp_profile={"type": "RuntimeDefault"},
            ),
            image_pull_secrets=[{"name": name} for name in args.namespace.logins] or None,
            priority_class_name=settings.priority_class_name,
            restart_policy="Never" if args.once else None,
            termination_grace_period_seconds=args.grace_seconds,
            init_containers=args.init_containers or None,
            containers=args.containers,
            affinity=settings.affinity.manifest() or None,
            node_selector=settings.node_selector or None,
            tolerations=[toleration.manifest() for toleration in settings.tolerations] or None,
            topology_spread_constraints=_spread(args) or None,
            volumes=args.volumes or None,
        ),
    }


def restricted_container(*, read_only: bool = False) -> SecurityContextArgsDict:
    """What the `restricted` standard asks of a container."""
    read_only_root: SecurityContextArgsDict = {"read_only_root_filesystem": True} if read_only else {}
    return {"allow_privilege_escalation": False, "capabilities": {"drop": ["ALL"]}, **read_only_root}


def _spread(args: PodArgs) -> list[Mapping[str, object]]:
    own, written = selecting(args.labels), args.settings.topology_spread_constraints
    if written is None:
        return even_spread(own) if args.spreads else []
    return [constraint.manifest_of(own) for constraint in written]


def even_spread(selected: Mapping[str, str]) -> list[Mapping[str, object]]:
    """Over zones and over nodes as evenly as there is room, and never at the cost of a pod that cannot start.

    With one replica it says nothing; with fifty it keeps the loss of a zone or node small. Only pods of the current
    revision are counted: during a rollout the old ones are about to go.
    """
    return [
        {
            "max_skew": 1,
            "topology_key": key,
            "when_unsatisfiable": "ScheduleAnyway",
            "label_selector": {"match_labels": selected},
            "match_label_keys": ["pod-template-hash"],
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
