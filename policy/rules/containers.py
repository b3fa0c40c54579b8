"""What Kubernetes must be told of a container to place it well and to know how it is."""

from collections.abc import Iterator

from .node import Node
from .rule import Finding, Violation, decided


def probed(pod: Node) -> Iterator[Finding]:
    """Containers that listen. One without a port gets no traffic, and nobody can say in general how it is asked."""
    for container in pod["containers"]:
        yield from decided(_probed(container))


def _probed(container: Node) -> Iterator[Finding]:
    if not any(True for _ in container["ports"]):
        return
    if not container["readinessProbe"].given:
        yield Violation(f"{container.path}.readinessProbe", "must be set: else traffic comes before it can be served")
    if not container["livenessProbe"].given:
        yield Violation(f"{container.path}.livenessProbe", "must be set: else nothing restarts one that hangs")


def asks_for_resources(container: Node) -> Iterator[Finding]:
    """Requests, which placement and autoscaling count. Where only a limit is set, that is the request, too."""
    resources = container["resources"]
    missing = [
        name for name in ("cpu", "memory") if not any(resources[of][name].given for of in ("requests", "limits"))
    ]
    if missing:
        yield Violation(
            f"{resources.path}.requests", f"must name {' and '.join(missing)}: nodes are filled by what pods ask for"
        )
