"""Who says how many pods there are: the program or an autoscaler, never both."""

from collections.abc import Iterator, Sequence
from typing import Final

from .node import UnknownError
from .rule import Finding, Resource, Undecided, Violation, of

SCALERS: Final = (
    "kubernetes:keda.sh/v1alpha1:ScaledObject",
    "kubernetes:autoscaling/v1:HorizontalPodAutoscaler",
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
)
SCALED: Final = {
    "kubernetes:apps/v1:Deployment": "Deployment",
    "kubernetes:apps/v1:StatefulSet": "StatefulSet",
    "kubernetes:apps/v1:ReplicaSet": "ReplicaSet",
}

Key = tuple[str, str, str, str]
"""Provider, namespace, kind and name."""


def no_replicas_beside_a_scaler(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every update would set the number back that the autoscaler has chosen, and end pods at work."""
    targets = set[Key]()
    for scaler in resources:
        if scaler.type in SCALERS:
            try:
                targets.add(_target(scaler))
            except UnknownError as unknown:
                yield Undecided(unknown.path, scaler.urn)
    for workload in resources:
        if workload.type in SCALED and workload.declared:
            yield from of(workload.urn, _replicas(workload, targets))


def _target(scaler: Resource) -> Key:
    target = scaler.inputs.at("spec.scaleTargetRef")
    return scaler.provider, namespace(scaler), target["kind"].text or "Deployment", target["name"].text


def _replicas(workload: Resource, targets: set[Key]) -> Iterator[Finding]:
    replicas = workload.inputs.at("spec.replicas")
    name = workload.inputs.at("metadata.name").text
    if replicas.given and (workload.provider, namespace(workload), SCALED[workload.type], name) in targets:
        yield Violation(replicas.path, "must be left out: an autoscaler owns it, and every update would set it back")


def namespace(resource: Resource) -> str:
    """The namespace of an object."""
    return resource.inputs.at("metadata.namespace").text or "default"
