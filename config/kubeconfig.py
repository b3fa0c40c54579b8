"""Which cluster a kubeconfig means, read as kubectl and the provider read it. Nothing is asked, no plugin is run."""

import base64
import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import yaml

if sys.platform != "win32":
    import pwd

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod has the token of its service account, and the certificate authority of its cluster."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """An API server, as one client configuration describes it."""

    context: str
    """Name of that configuration; empty for a pod's own."""
    server: str
    """Its address."""
    fingerprint: str
    """Tells one cluster from another: of its certificate authority, which moves with it, else of its address. The path
    counts too: behind some proxies it is all that differs."""
    proxy: str | None
    """Proxy that the kubeconfig names."""


def paths(kubeconfig: str | None) -> Sequence[Path]:
    """Where the provider and kubectl look: the setting, else $KUBECONFIG, else the home folder."""
    if kubeconfig:
        return [_expanded(kubeconfig)]
    listed = [Path(part) for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    return listed or [Path("~/.kube/config").expanduser()]


def merged(files: Sequence[Path]) -> dict[str, Any]:
    """All kubeconfig files as one; of two entries of one name the first file's counts, as with kubectl."""
    whole: dict[str, Any] = {}
    for path in files:
        for key, value in _document(path).items():
            whole[key] = [*whole.get(key, []), *value] if isinstance(value, list) else whole.get(key) or value
    return whole


def named(kubeconfig: Mapping[str, Any], section: str, key: str) -> dict[str, dict[str, Any]]:
    """The named entries of one section, the first of each name."""
    return {entry["name"]: entry.get(key) or {} for entry in reversed(kubeconfig.get(section) or [])}


def cluster(entry: Mapping[str, Any], context: str = "") -> Cluster:
    """The cluster of a context that an entry under `clusters` describes."""
    server = str(entry.get("server", ""))
    authority = base64.b64decode(entry.get("certificate-authority-data") or "")
    if not authority and (file := entry.get("certificate-authority")) and Path(file).is_file():
        authority = Path(file).read_bytes()
    known_by = b"".join(authority.split()) or server.encode()
    digest = hashlib.sha256(known_by + urlsplit(server).path.rstrip("/").encode()).hexdigest()
    return Cluster(context=context, server=server, fingerprint=f"sha256:{digest[:32]}", proxy=entry.get("proxy-url"))


def of_this_pod() -> Cluster | None:
    """The cluster that the program runs in, if it runs in a pod with a service account."""
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{part}") for part in ("HOST", "PORT"))
    if not (host and port and (SERVICE_ACCOUNT / "token").is_file()):
        return None
    server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    return cluster({"server": server, "certificate-authority": str(SERVICE_ACCOUNT / "ca.crt")})


def _expanded(path: str) -> Path:
    """As the provider expands it: the account's own home folder, whatever $HOME says."""
    if sys.platform != "win32" and path.startswith("~/"):
        with suppress(KeyError):
            return Path(pwd.getpwuid(os.getuid()).pw_dir, path[2:])
    return Path(path).expanduser()


def _document(path: Path) -> dict[str, Any]:
    """One kubeconfig file, files that it names made absolute; nothing, if there is none or it is not one."""
    try:
        document: object = yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    found = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    for entry in named(found, "clusters", "cluster").values():
        if file := entry.get("certificate-authority"):
            entry["certificate-authority"] = str(path.parent / file)
    return found
