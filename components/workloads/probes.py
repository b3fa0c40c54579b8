"""How a kubelet asks whether a container is well: over HTTP where it serves, by a command where it does not."""

from collections.abc import Sequence
from typing import Final

from pulumi_kubernetes.core.v1 import ContainerArgs, ExecActionArgs, HTTPGetActionArgs, ProbeArgs

from config.pods import ProbeSettings, ProbesSettings

HEALTH_PATH: Final = "/status/health"
"""Liveness and readiness of every service (platform.md section 2, "Health")."""

_STUCK_SECONDS: Final = 30
"""What a container gets to end that no longer answers its probe. Its pod's own time is that of a whole task."""

_STARTUP_PERIOD_SECONDS: Final = 5
_COMMAND_SECONDS: Final = 10
"""What a command that asks for health may take, and how often it is asked while a container starts."""


def ask_over_http(container: ContainerArgs, settings: ProbesSettings, startup_seconds: int) -> None:
    """Ask a container that serves on its port `http`."""
    health = HTTPGetActionArgs(path=HEALTH_PATH, port="http")
    container.startup_probe = ProbeArgs(
        http_get=health,
        period_seconds=_STARTUP_PERIOD_SECONDS,
        failure_threshold=-(-startup_seconds // _STARTUP_PERIOD_SECONDS),
        termination_grace_period_seconds=_STUCK_SECONDS,
    )
    container.readiness_probe = _as_written(ProbeArgs(http_get=health, period_seconds=10), settings.readiness)
    liveness = ProbeArgs(
        http_get=health,
        period_seconds=20,
        timeout_seconds=5,
        failure_threshold=6,
        termination_grace_period_seconds=_STUCK_SECONDS,
    )
    container.liveness_probe = _as_written(liveness, settings.liveness)


def ask_by_command(
    container: ContainerArgs, command: Sequence[str], settings: ProbesSettings, startup_seconds: int
) -> None:
    """Ask a container that nobody calls."""
    asked = ExecActionArgs(command=list(command))
    container.startup_probe = ProbeArgs(
        exec_=asked,
        period_seconds=_COMMAND_SECONDS,
        timeout_seconds=_COMMAND_SECONDS,
        failure_threshold=-(-startup_seconds // _COMMAND_SECONDS),
        termination_grace_period_seconds=_STUCK_SECONDS,
    )
    liveness = ProbeArgs(
        exec_=asked,
        period_seconds=30,
        timeout_seconds=_COMMAND_SECONDS,
        termination_grace_period_seconds=_STUCK_SECONDS,
    )
    container.liveness_probe = _as_written(liveness, settings.liveness)


def _as_written(probe: ProbeArgs, settings: ProbeSettings) -> ProbeArgs:
    """A probe with the times that the stack file says instead of ours: both have the same names."""
    for name in settings.model_fields_set:
        setattr(probe, name, getattr(settings, name))
    return probe
