"""Labels: what selects a workload's pods, and what only describes them. Pure functions."""

from collections.abc import Mapping
from typing import Final, Literal

Component = Literal["backend", "frontend", "relays", "scheduler", "worker", "job", "data"]
"""What a pod is in the platform; network policies choose pods by it."""

PART_OF: Final = "app.kubernetes.io/part-of"
COMPONENT: Final = "app.kubernetes.io/component"
NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"
"""Label that the API server itself puts on every namespace; it cannot be claimed by another one."""


def selector(release: str, role: str) -> dict[str, str]:
    """The two labels that select a workload's pods. They never change: a Deployment's selector is immutable."""
    return {"app.kubernetes.io/name": role, "app.kubernetes.io/instance": release}


def selecting(described: Mapping[str, str]) -> dict[str, str]:
    """Of a workload's labels those that select its pods."""
    return {name: described[name] for name in selector("", "")}


def labels(release: str, role: str, component: Component) -> dict[str, str]:
    """The selector and what describes the workload beside it."""
    return {
        **selector(release, role),
        COMPONENT: component,
        PART_OF: "noxus",
        "app.kubernetes.io/managed-by": "pulumi",
    }
