"""Access to the Kubernetes cluster: the one explicit provider, and a plain word when there is no cluster to reach.

The official provider only warns in a preview, and fails an update in the middle, when it cannot reach its cluster. So
the program reads the kubeconfig itself, and before an update opens one connection to the API server
(docs/decisions/0003). A preview works without a cluster, as a pull request's check needs it.
"""

import base64
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import unquote, urlsplit

import pulumi
import pulumi_kubernetes as kubernetes
from requests.utils import get_environ_proxies

from config import ConfigError, Problem, kubeconfig
from config.kubeconfig import Cluster
from config.sections import ClusterSettings

_CONNECT_SECONDS: Final = 10


class ClusterAccess:
    """The way to the cluster of these settings. The kubeconfig is read once."""

    def __init__(self, settings: ClusterSettings) -> None:
        self._settings, self._found = settings, _found(settings)

    @property
    def fingerprint(self) -> str | None:
        """What tells the cluster from another; nothing where there is no way to any."""
        return self._found.fingerprint if isinstance(self._found, Cluster) else None

    def provider(self, after: pulumi.Output[object], opts: pulumi.ResourceOptions | None = None) -> kubernetes.Provider:
        """Make the provider that every Kubernetes resource of the stack inherits; all of them wait for `after`.

        Raises `ConfigError` if the kubeconfig has no such context and, during an update, if the cluster cannot be
        reached. Secrets and ConfigMaps are updated in place; checksum annotations roll the pods that read them.
        """
        problems = list(self.problems(connect=not pulumi.runtime.is_dry_run()))
        if problems:
            raise ConfigError("The stack's cluster", problems)
        return kubernetes.Provider(
            "kubernetes",
            # No path of one machine: the provider expands ~ itself, and for None the SDK would write $KUBECONFIG here.
            kubeconfig=self._settings.kubeconfig or "",
            context=after.apply(lambda _: self._settings.context),
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            opts=opts,
        )

    def problems(self, *, connect: bool) -> Iterator[Problem]:
        """Say why the cluster could not be used. `connect`: also by opening a connection to it."""
        settings, found = self._settings, self._found
        if isinstance(found, Problem):
            yield found
        elif found is None:
            if not connect:
                return
            if settings.in_cluster:
                yield Problem("cluster.inCluster", "is true, and this is no pod with the token of a service account")
                return
            places = ", ".join(str(path) for path in kubeconfig.paths(settings.kubeconfig))
            rule = f"no kubeconfig found (looked at {places}); write its path here or set KUBECONFIG"
            yield Problem("cluster.kubeconfig", rule)
        elif settings.fingerprint and settings.fingerprint != found.fingerprint:
            rule = f"is {settings.fingerprint}, and the cluster at {found.server} has {found.fingerprint}"
            yield Problem(
                "cluster.fingerprint", f"{rule}; name the right context, or write the latter (docs/clusters.md)"
            )
        elif connect:
            yield from _unreachable(found)


def _unreachable(cluster: Cluster) -> Iterator[Problem]:
    way = f" through the proxy {_address(proxy)}" if (proxy := _proxy(cluster)) else ""
    try:
        _connect(cluster.server, proxy)
    except (OSError, HTTPException, ValueError) as error:
        whose = f"of context {cluster.context!r}" if cluster.context else "of this pod"
        yield Problem(
            "cluster",
            f"cannot reach the Kubernetes API server {cluster.server} {whose}{way}: {error}; "
            "start the cluster, or name another in cluster.context or cluster.kubeconfig",
        )


def _found(settings: ClusterSettings) -> Cluster | Problem | None:
    """The cluster of these settings, why there is none, or nothing where there is no kubeconfig at all."""
    try:
        return _read(settings)
    except (AttributeError, KeyError, TypeError, ValueError):
        places = ", ".join(str(path) for path in kubeconfig.paths(settings.kubeconfig))
        rule = f"{places} is no kubeconfig that kubectl could read; `kubectl config view` says why"
        return Problem("cluster.kubeconfig", rule)


def _read(settings: ClusterSettings) -> Cluster | Problem | None:
    files = kubeconfig.paths(settings.kubeconfig)
    merged = kubeconfig.merged(files)
    if settings.in_cluster and merged:
        rule = f"is true, and the provider would use the kubeconfig {files[0]}; set KUBECONFIG=/dev/null"
        return Problem("cluster.inCluster", rule)
    if not merged:
        return None if settings.kubeconfig or settings.context else kubeconfig.of_this_pod()
    contexts = kubeconfig.named(merged, "contexts", "context")
    context = settings.context or merged.get("current-context") or ""
    if context not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        rule = f"no such context in the kubeconfig (got {context!r}); its contexts are {known}"
        return Problem("cluster.context", rule)
    entry = kubeconfig.named(merged, "clusters", "cluster").get(contexts[context].get("cluster", ""), {})
    if not urlsplit(str(entry.get("server", ""))).hostname:
        rule = f"context {context!r} names a cluster without a server address; fix the kubeconfig"
        return Problem("cluster.kubeconfig", rule)
    return kubeconfig.cluster(entry, context)


def _proxy(cluster: Cluster) -> str | None:
    """The proxy on the way to a cluster: the kubeconfig's, else the environment's, which is never used on loopback."""
    server = urlsplit(cluster.server)
    if cluster.proxy or server.hostname == "localhost" or (server.hostname or "").startswith(("127.", "::1")):
        return cluster.proxy
    return get_environ_proxies(cluster.server).get(server.scheme)


def _connect(address: str, proxy: str | None) -> None:
    """Open and close one connection to the API server. A proxy is asked for it, unless it speaks SOCKS."""
    server, via = urlsplit(address), urlsplit(proxy or address)
    kind = HTTPSConnection if proxy and via.scheme == "https" else HTTPConnection
    default = {"https": 443, "http": 80}.get(via.scheme, 1080)
    connection = kind(via.hostname or "", via.port or default, timeout=_CONNECT_SECONDS)
    if proxy and server.scheme == "https" and via.scheme in ("http", "https"):
        login = f"{unquote(via.username or '')}:{unquote(via.password or '')}".encode()
        headers = {"Proxy-Authorization": f"Basic {base64.b64encode(login).decode()}"} if via.username else {}
        connection.set_tunnel(server.hostname or "", server.port or 443, headers)
    connection.connect()
    connection.close()


def _address(url: str) -> str:
    """An address without the login in it."""
    return urlsplit(url).netloc.rpartition("@")[2]
