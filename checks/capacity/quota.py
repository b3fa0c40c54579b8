"""Whether a release fits into its quota when all its workloads are at their maximum and are being rolled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from checks.capacity.peak import most_pods, most_replicas
from checks.finding import Finding, error
from config import StackSettings
from config.quantity import amount, written
from config.releases import QuotaSettings, ReleaseSettings
from config.workloads import ResourceSettings, WorkloadSettings

_UNITS: Final = {"cpu": "", "memory": "Mi", "pods": ""}


@dataclass(frozen=True)
class Demand:
    """The most that a workload asks for."""

    name: str
    pods: int
    requests: Mapping[str, Fraction]
    """Of one pod, by resource."""

    def of(self, resource: str) -> Fraction:
        """Of all its pods."""
        return self.pods * (Fraction(1) if resource == "pods" else self.requests[resource])


def quotas_hold_every_pod(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a quota that would hold up a rollout or the last replicas that an autoscaler wants."""
    for path, _, release in settings.releases():
        quota = release.quota
        if quota is None:
            continue
        demands = list(_demands(settings, release, quota))
        for resource, unit in _UNITS.items():
            allowed = amount(str(getattr(quota, resource)))
            needed = sum((demand.of(resource) for demand in demands), Fraction(0))
            if needed > allowed:
                table = ", ".join(f"{d.name} {written(d.of(resource), unit)} ({d.pods} pods)" for d in demands)
                yield error(
                    f"{path}.quota.{resource}",
                    f"is {written(allowed, unit)}, and with every workload at its maximum and in a rollout "
                    f"{written(needed, unit)} is asked for: {table}; raise it, or lower replicas or requests",
                )


def _demands(settings: StackSettings, release: ReleaseSettings, quota: QuotaSettings) -> Iterator[Demand]:
    primary = settings.primary
    workloads: dict[str, WorkloadSettings] = {**release.enabled_pools}
    if release is primary:
        workloads |= {"backend": primary.backend, "frontend": primary.frontend}
        if primary.relays.enabled:
            workloads["relays"] = primary.relays
        if primary.scheduler.enabled:
            yield Demand("scheduler", 1, _requests(primary.scheduler.resources, quota))
        if primary.migrations.enabled:
            yield Demand("migrations", 1, _requests(primary.migrations.resources, quota))
    for name, workload in workloads.items():
        yield Demand(name, most_pods(most_replicas(name, workload).most), _requests(workload.resources, quota))


def _requests(resources: ResourceSettings, quota: QuotaSettings) -> Mapping[str, Fraction]:
    """What one pod counts as: its request, else its limit, as Kubernetes has it, else the LimitRange's default."""
    defaults = {"cpu": quota.default_requests.cpu, "memory": quota.default_requests.memory}
    return {
        resource: amount(resources.requests.get(resource) or resources.limits.get(resource) or default)
        for resource, default in defaults.items()
    }
