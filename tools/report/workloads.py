"""The workloads of a stack by their path in the stack file: pools, and the web services that are on."""

from collections.abc import Mapping

from config import StackSettings
from config.workloads import WorkloadSettings

Path = tuple[str, ...]


def workloads(settings: StackSettings) -> Mapping[Path, WorkloadSettings]:
    """Whatever can have more than one pod."""
    primary = settings.primary
    services: dict[str, WorkloadSettings] = {"backend": primary.backend, "frontend": primary.frontend}
    if primary.relays.enabled:
        services["relays"] = primary.relays
    return {
        **{("primary", role): service for role, service in services.items()},
        **{tuple(path.split(".")): pool for path, _, pool in settings.pools()},
    }
