"""How a kubelet asks whether a container is well: over HTTP where it serves, by a command where it does not."""

from collections.abc import Sequence
from typing import Any, Final

from pulumi_kubernetes.core.v1 import ContainerArgs, ExecActionArgs, HTTPGetActionArgs, ProbeArgs

from config.pods import ProbesSettings

HEALTH_PATH: Final = "/status/health"
"""Liveness and readiness of every service (platform.md section 2, "Health")."""

_COMMAND_SECONDS: Final = 10
"""What a command that asks for health may take, and how often it is asked while a container starts."""

_Times = dict[str, Any]
_HTTP: Final[_Times] = {"http_get": HTTPGetActionArgs(path=HEALTH_PATH, port="http")}

_STUCK: Final[_Times] = {"termination_grace_period_seconds": 30}
"""What a container gets to end that no longer answers. Its pod's own time is that of a whole task."""


def ask(container: ContainerArgs, settings: ProbesSettings, startup_seconds: int, command: Sequence[str] = ()) -> None:
    """Ask by a command, or without one over HTTP. What the stack file says wins: its names are a probe's."""
    period, liveness, asked = 5, {"period_seconds": 20, "timeout_seconds": 5, "failure_threshold": 6}, _HTTP
    if command:
        period, liveness = _COMMAND_SECONDS, {"period_seconds": 30}
        asked = {"exec_": ExecActionArgs(command=list(command)), "timeout_seconds": _COMMAND_SECONDS}
    starting = {"period_seconds": period, "failure_threshold": -(-startup_seconds // period)}
    container.startup_probe = _probe(asked, _STUCK, starting)
    container.liveness_probe = _probe(asked, _STUCK, liveness, settings.liveness.model_dump(exclude_unset=True))
    if not command:
        written = settings.readiness.model_dump(exclude_unset=True)
        container.readiness_probe = _probe(asked, {"period_seconds": 10}, written)


def _probe(*parts: _Times) -> ProbeArgs:
    """Later parts win."""
    return ProbeArgs(**dict(item for part in parts for item in part.items()))
