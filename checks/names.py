"""Whether names fit, are distinct, and every namespace is one release's own."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from checks.finding import Finding, error
from config import StackSettings
from config.names import MIGRATIONS, app_env_secret, credentials_secret, scaler_credential
from config.types import LABEL_LIMIT

WORKLOAD_NAME_LIMIT: Final = 54
"""Longest `<release>-<pool>`, in characters: KEDA puts `keda-hpa-` before it and the result must be a label (63).

It holds for pools without KEDA too, so that switching one to KEDA later never asks for a rename.
"""

SERVICE_ROLES: Final = frozenset({"backend", "frontend", "migrations", "relays", "scheduler"})
"""Workloads of a release that are not pools; a pool of that name would be a second `<release>-<role>`."""

_SYSTEM_NAMESPACES: Final = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})


def _pools(settings: StackSettings) -> Iterator[tuple[str, str, str]]:
    """Every pool, enabled or not, as (path, release, pool)."""
    for path, release, release_settings in settings.releases():
        for pool in release_settings.pools:
            yield f"{path}.pools.{pool}", release, pool


def names_fit(settings: StackSettings) -> Iterator[Finding]:
    """Refuse workload names that Kubernetes or KEDA would refuse during the update."""
    for path, release, pool in _pools(settings):
        name = f"{release}-{pool}"
        if len(name) > WORKLOAD_NAME_LIMIT:
            yield error(
                path,
                f"makes the name {name!r} of {len(name)} characters, and at most {WORKLOAD_NAME_LIMIT} fit into "
                f"KEDA's keda-hpa-<name>; shorten the pool's or the release's name",
            )
    yield from _jobs(settings)


def _jobs(settings: StackSettings) -> Iterator[Finding]:
    name = f"{settings.primary.name}-{MIGRATIONS}-{'0' * 8}"
    if settings.primary.migrations.enabled and len(name) > LABEL_LIMIT:
        yield error(
            "primary.name",
            f"makes the migrations' Job name {len(name)} characters long, and {LABEL_LIMIT} fit; "
            f"shorten the release's name by {len(name) - LABEL_LIMIT}",
        )


def names_are_distinct(settings: StackSettings) -> Iterator[Finding]:
    """Refuse two workloads of one name: names are the keys of the state, in all namespaces together."""
    if settings.primary.name in settings.workers:
        yield error(f"workers.{settings.primary.name}", "has the name of the primary release; rename one of the two")
    owners = Counter(f"{release}-{pool}" for _, release, pool in _pools(settings))
    for path, release, pool in _pools(settings):
        if pool in SERVICE_ROLES:
            yield error(
                path, f"is the name of a service, and both would be {release}-{pool}; call it {pool}-tasks, for example"
            )
        elif owners[f"{release}-{pool}"] > 1:
            yield error(
                path, f"makes the name {release}-{pool}, which another release's pool has too; rename one of the two"
            )


def namespaces_are_apart(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a namespace that two releases share, or that is somebody else's: the stack makes its own."""
    cluster, gateway = settings.cluster, settings.primary.ingress.gateway
    taken = {
        **dict.fromkeys(_SYSTEM_NAMESPACES, "Kubernetes itself"),
        cluster.keda_namespace: "KEDA (cluster.kedaNamespace)",
        cluster.ingress_namespace: "the ingress controller (cluster.ingressNamespace)",
        cluster.monitoring_namespace: "monitoring (cluster.monitoringNamespace)",
        **({gateway.namespace: "the Gateway (primary.ingress.gateway.namespace)"} if gateway else {}),
    }
    ours = {
        **({"cluster.dataNamespace": cluster.data_namespace} if settings.has_data_namespace else {}),
        **{f"{path}.namespace": release.namespace for path, _, release in settings.releases()},
    }
    for path, namespace in ours.items():
        if namespace in taken:
            yield error(path, f"{namespace!r} is the namespace of {taken[namespace]}; give it one of its own")
        else:
            taken[namespace] = path


def secrets_keep_their_place(settings: StackSettings) -> Iterator[Finding]:
    """Refuse pool Secrets that would be, or be layered over, the ones that every release has anyway."""
    for path, name, release in settings.releases():
        own = {
            app_env_secret(name): "the release's shared settings",
            credentials_secret(name): "what the stack generated",
            scaler_credential(name): "KEDA's credential",
        }
        for secret in own.keys() & settings.images.registries.keys():
            yield error(f"images.registries.{secret}", f"is the name of {own[secret]}; choose another")
        own |= dict.fromkeys(settings.images.registries, "a registry's login")
        for secret in own.keys() & release.secrets.keys():
            yield error(f"{path}.secrets.{secret}", f"is the name of {own[secret]}; choose another")
        for pool, pool_settings in release.pools.items():
            if pool_settings.env_secret_ref in own:
                yield error(
                    f"{path}.pools.{pool}.envSecretRef",
                    f"is {own[pool_settings.env_secret_ref]}, not a layer on top; name another Secret or leave it out",
                )
