"""How a kubelet asks whether a container is well: over HTTP where it serves, by a command where it does not."""

from collections.abc import Sequence
from typing import Any, Final

from config.pods import ProbesSettings

HEALTH_PATH: Final = "/status/health"
"""Liveness and readiness of every service (platform.md section 2, "Health")."""

_COMMAND_SECONDS: Final = 10
"""What a command that asks for health may take, and how often it is asked while a container starts."""

_Times = dict[str, Any]
_HTTP: Final[_Times] = {"http_get": {"path": HEALTH_PATH, "port": "http"}}

_STUCK: Final[_Times] = {"termination_grace_period_seconds": 30}
"""What a container gets to end that no longer answers. Its pod's own time is that of a whole task."""


def asked(settings: ProbesSettings, startup_seconds: int, command: Sequence[str] = ()) -> dict[str, _Times]:
    """Probes by a command, or without one over HTTP. What the stack file says wins: its names are a probe's."""
    period, liveness, how = 5, {"period_seconds": 20, "timeout_seconds": 5, "failure_threshold": 6}, _HTTP
    if command:
        period, liveness = _COMMAND_SECONDS, {"period_seconds": 30}
        how = {"exec_": {"command": list(command)}, "timeout_seconds": _COMMAND_SECONDS}
    starting = {"period_seconds": period, "failure_threshold": -(-startup_seconds // period)}
    probes = {
        "startup_probe": {**how, **_STUCK, **starting},
        "liveness_probe": {**how, **_STUCK, **liveness, **settings.liveness.model_dump(exclude_unset=True)},
    }
    if not command:
        probes["readiness_probe"] = {**how, "period_seconds": 10, **settings.readiness.model_dump(exclude_unset=True)}
    return probes
