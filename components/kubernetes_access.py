"""Access to the Kubernetes cluster: the one explicit provider, and a plain word when there is no cluster to reach.

The official provider only warns in a preview, and fails an update in the middle, when it cannot reach its cluster. So
the program reads the kubeconfig itself, and before an update opens one connection to the API server
(docs/decisions/0003). A preview works without a cluster, as a pull request's check needs it.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import pulumi
import pulumi_kubernetes as kubernetes
import yaml

from config import ConfigError, Problem
from config.sections import ClusterSettings

_CONNECT_SECONDS: Final = 10


def kubernetes_provider(settings: ClusterSettings, opts: pulumi.ResourceOptions | None = None) -> kubernetes.Provider:
    """Make the provider that every Kubernetes resource of the stack inherits.

    Raises `ConfigError` if the kubeconfig has no such context and, during an update, if the cluster cannot be reached.
    Secrets and ConfigMaps are updated in place; checksum annotations roll the pods that read them.
    """
    problems = list(cluster_problems(settings, connect=not pulumi.runtime.is_dry_run()))
    if problems:
        raise ConfigError("The stack's cluster", problems)
    return kubernetes.Provider(
        "kubernetes",
        kubeconfig=settings.kubeconfig and str(Path(settings.kubeconfig).expanduser()),
        context=settings.context,
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
        opts=opts,
    )


def cluster_problems(settings: ClusterSettings, *, connect: bool) -> Iterator[Problem]:
    """Say why the cluster of these settings could not be used. `connect`: also by opening a connection to it."""
    setting = "cluster.kubeconfig"
    merged = _merged_kubeconfig(settings)
    if not merged:
        if connect:
            places = ", ".join(str(path) for path in _kubeconfig_paths(settings))
            yield Problem(setting, f"no kubeconfig found (looked at {places}); write its path here or set KUBECONFIG")
        return
    contexts = _named(merged, "contexts", "context")
    context = settings.context or merged.get("current-context") or ""
    if context not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        yield Problem(
            "cluster.context", f"no such context in the kubeconfig (got {context!r}); its contexts are {known}"
        )
        return
    cluster = _named(merged, "clusters", "cluster").get(contexts[context].get("cluster", ""), {})
    server = urlsplit(str(cluster.get("server", "")))
    if not server.hostname:
        yield Problem(setting, f"context {context!r} names a cluster without a server address; mend the kubeconfig")
        return
    # Behind a proxy only the proxy knows whether the API server answers.
    if connect and "proxy-url" not in cluster:
        port = server.port or (443 if server.scheme == "https" else 80)
        try:
            socket.create_connection((server.hostname, port), timeout=_CONNECT_SECONDS).close()
        except OSError as error:
            yield Problem(
                "cluster",
                f"cannot reach the Kubernetes API server {server.geturl()} of context {context!r}: {error}; "
                "start the cluster, or name another in cluster.context or cluster.kubeconfig",
            )


def _kubeconfig_paths(settings: ClusterSettings) -> list[Path]:
    """Where the provider and kubectl look: the setting, else $KUBECONFIG, else the home folder."""
    if settings.kubeconfig:
        return [Path(settings.kubeconfig).expanduser()]
    listed = [Path(part) for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    return listed or [Path("~/.kube/config").expanduser()]


def _merged_kubeconfig(settings: ClusterSettings) -> dict[str, Any]:
    """All kubeconfig files as one; of two entries of one name the first file's counts, as with kubectl."""
    merged: dict[str, Any] = {}
    for path in _kubeconfig_paths(settings):
        for key, value in _document(path).items():
            merged[key] = [*merged.get(key, []), *value] if isinstance(value, list) else merged.get(key) or value
    return merged


def _document(path: Path) -> dict[str, Any]:
    """One kubeconfig file; nothing, if there is none or it is not one."""
    try:
        document: object = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError):
        return {}
    return cast("dict[str, Any]", document) if isinstance(document, dict) else {}


def _named(kubeconfig: Mapping[str, Any], section: str, key: str) -> dict[str, dict[str, Any]]:
    """The named entries of one section, the first of each name."""
    return {entry["name"]: entry.get(key) or {} for entry in reversed(kubeconfig.get(section) or [])}
