"""From a stack's settings to the facts of its picture. Nothing is asked but the settings and the checks."""

from collections.abc import Iterator, Mapping
from typing import Final

import checks
from checks.routing.fleet import target_query_value
from checks.routing.routes import routes
from components.kubernetes.labels import Component
from components.releases.release import PRIMARY_TYPE, WORKER_TYPE
from components.workloads import migrations, scheduler, service
from components.workloads import pool as worker_pool
from config import StackSettings
from config.autoscaling import Autoscaling, HpaAutoscaling, KedaAutoscaling
from config.names import MIGRATIONS, SCHEDULER
from config.network import EgressSettings
from config.releases import ReleaseSettings
from config.routing import TAKES
from config.workloads import WorkloadSettings
from tools import expectations
from tools.picture.installation import FIXED, Installation, Release, Scale, Workload
from tools.picture.reach import (
    callers,
    callers_of,
    described,
    further_of,
    reached,
    targets,
)

_ABOUT: Final = {
    "frontend": "web application",
    "backend": "API",
    "relays": "webhooks and events",
    SCHEDULER: "starts periodic tasks, one pod only",
    MIGRATIONS: "bring the database up to date, before any pod starts",
}
_TYPES: Final = {"backend": service.TYPE, "frontend": service.TYPE, "relays": service.TYPE, SCHEDULER: scheduler.TYPE}
_ORDER: Final[tuple[Component, ...]] = ("frontend", "backend", "relays", "scheduler")
"""Services as a request meets them, so that the frontend stands next to the backend that it calls."""


def installation(stack: str, settings: StackSettings) -> Installation:
    """Everything that a stack's picture says."""
    shown = [finding for finding in checks.findings(settings) if finding.severity != "note"]
    return Installation(
        stack=stack,
        cloud=settings.cloud,
        facts=_facts(settings),
        releases=[_release(settings, path, name, own) for path, name, own in settings.releases()],
        targets=list(targets(settings)),
        callers=list(callers(settings)),
        routes=routes(settings),
        accepted=frozenset(settings.routing.accept_unserved),
        findings=[f"{finding.severity}: {finding.path}: {finding.message}" for finding in shown],
    )


def counted(number: int, noun: str) -> str:
    """A number of things, in words."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _facts(settings: StackSettings) -> list[str]:
    return [
        counted(len(list(settings.releases())), "release"),
        counted(len(list(settings.pools())), "pool"),
        "data protected" if settings.protect else "nothing protected",
        f"archive {settings.archive.mode}",
        f"secrets from {'External Secrets' if settings.secrets.external else 'Pulumi'}",
        *([f"isolated: {', '.join(isolated)}"] if (isolated := settings.routing.isolated_tenants) else []),
    ]


def _release(settings: StackSettings, path: str, name: str, own: ReleaseSettings) -> Release:
    primary = own is settings.primary
    facts = [f"namespace {own.namespace}", counted(len(own.enabled_pools), "pool")]
    if own.quota:
        facts.append(f"quota {own.quota.cpu} CPU, {own.quota.memory}, {own.quota.pods} pods")
    return Release(
        path=path,
        name=name,
        namespace=own.namespace,
        primary=primary,
        facts=facts,
        workloads=[*(_services(settings) if primary else ()), *_pools(settings, path, name, own)],
        component=(PRIMARY_TYPE if primary else WORKER_TYPE, name),
    )


def _services(settings: StackSettings) -> Iterator[Workload]:
    """What only the primary release has."""
    primary = settings.primary
    urls: dict[str, str | None] = {role: primary.public_url(role) for role in primary.public_hosts}
    found = {w.component: w for w in expectations.workloads(settings, primary.name, primary)}
    for workload in (found[role] for role in _ORDER if role in found):
        role = workload.role
        url = urls.get(role)
        further = further_of(settings, primary, workload.component, workload.pods)
        yield Workload(
            path=f"primary.{role}",
            name=role,
            deployment=workload.name,
            kind="service",
            about=url or _ABOUT[role],
            role=_ABOUT[role] if url else "",
            note="service",
            scale=_scale(workload.settings),
            facts={"image": workload.image, **_besides(further)},
            reaches=reached(settings, workload.component, further),
            reached_by=callers_of(workload.component),
            component=(_TYPES[role], workload.name),
        )
    if primary.migrations.enabled:
        name = f"{primary.name}-{MIGRATIONS}"
        further = further_of(settings, primary, "job", primary.migrations)
        yield Workload(
            path=f"primary.{MIGRATIONS}",
            name=MIGRATIONS,
            deployment=name,
            kind="job",
            about=_ABOUT[MIGRATIONS],
            note="Job",
            scale=Scale(low=1, high=1, by="Job", why="once for each image"),
            facts={"image": primary.migrations.image or settings.images.backend, **_besides(further)},
            reaches=reached(settings, "job", further),
            reached_by=callers_of("job"),
            component=(migrations.TYPE, name),
        )


def _pools(settings: StackSettings, path: str, release: str, own: ReleaseSettings) -> Iterator[Workload]:
    for name, pool in own.enabled_pools.items():
        further = further_of(settings, own, "worker", pool)
        longest = _duration(pool.max_task_seconds)
        yield Workload(
            path=f"{path}.pools.{name}",
            name=name,
            deployment=f"{release}-{name}",
            kind="pool",
            note=f"tasks up to {longest}",
            types=TAKES[pool.worker_subscribe],
            tenants=pool.worker_subscribe_tenants,
            workspaces=pool.worker_subscribe_workspaces,
            scale=_scale(pool, target_query_value(settings, pool)),
            facts={
                "image": pool.image or settings.images.worker,
                "longest task": longest,
                **({"spot nodes": pool.interruptible} if pool.interruptible else {}),
                **_besides(further),
            },
            reaches=reached(settings, "worker", further),
            reached_by=callers_of("worker"),
            component=(worker_pool.TYPE, f"{release}-{name}"),
        )


def _duration(seconds: int) -> str:
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def _besides(further: Mapping[str, EgressSettings]) -> Mapping[str, str]:
    return {"further addresses": described(further)} if further else {}


def _scale(settings: WorkloadSettings, target: float | None = None) -> Scale:
    scaler: Autoscaling = settings.autoscaling
    match scaler:
        case HpaAutoscaling():
            aims = {"CPU": scaler.target_cpu_utilization, "memory": scaler.target_memory_utilization}
            why = ", ".join(f"{name} {share} %" for name, share in aims.items() if share is not None)
            return Scale(low=scaler.min_replicas, high=scaler.max_replicas, by="HPA", why=why)
        case KedaAutoscaling(paused_replicas=int(held)):
            return Scale(low=held, high=held, by="KEDA", why="paused")
        case KedaAutoscaling():
            why = "paused where it is" if scaler.paused else f"{target or 1:g} tasks a pod"
            return Scale(low=scaler.min_replicas, high=scaler.max_replicas, by="KEDA", why=why)
        case _:
            return Scale(low=settings.replica_count, high=settings.replica_count, by=FIXED)
