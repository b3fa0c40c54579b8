"""Whether every workload says what it needs: pods that say nothing are the first that a full node ends."""

from collections.abc import Iterator, Mapping

from checks.finding import Finding, note
from config import StackSettings
from config.workloads import ResourceSettings


def workloads_request_memory(settings: StackSettings) -> Iterator[Finding]:
    """Name the workloads without a request for memory. No size is published, so none is made up here.

    In a release with a quota the LimitRange has defaults.
    """
    for path, _, release in settings.releases():
        if release.quota is not None:
            continue
        own = {f"{path}.pools.{pool}": known.resources for pool, known in release.enabled_pools.items()}
        for workload, resources in {**(_services(settings) if release is settings.primary else {}), **own}.items():
            if "memory" not in {*resources.requests, *resources.limits}:
                yield note(
                    f"{workload}.resources",
                    "requests no memory, so its pods are the first that a node short of memory ends; write "
                    "requests.memory, as measured",
                )


def _services(settings: StackSettings) -> Mapping[str, ResourceSettings]:
    primary = settings.primary
    optional = {"relays": primary.relays, "scheduler": primary.scheduler, "migrations": primary.migrations}
    enabled = {name: known.resources for name, known in optional.items() if known.enabled}
    always = {"backend": primary.backend.resources, "frontend": primary.frontend.resources}
    return {f"primary.{name}": resources for name, resources in (always | enabled).items()}
