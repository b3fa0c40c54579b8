"""Which cluster a command reaches: the one that its user or its stack file names, else the sandbox's.

Only a preview may have the sandbox's in place of a named one, when that cannot be reached from here.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import yaml

from sandbox import REPOSITORY, SandboxError

_NAMES: Final = ("kubeconfig", "context", "inCluster")
"""Settings under noxus:cluster that name a cluster."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which cluster a command reaches."""

    kubeconfig: str | None
    """What KUBECONFIG has to be; nothing if it stays as it is."""
    sandboxed: bool
    """Whether it is the sandbox's cluster."""
    reason: str = ""
    """Why no cluster of the sandbox's is used, or why it is although the stack names another."""


def choose(root: Path, stack: str, *, preview: bool) -> Choice:
    """The cluster of a command on a stack. A preview changes nothing, so it needs no cluster of the stack's own."""
    own, users = str(root / "kubeconfig"), os.environ.get("KUBECONFIG")
    settings = _section(stack)
    name = _name(settings)
    if users and own not in users.split(os.pathsep):
        return Choice(kubeconfig=None, sandboxed=False, reason=f"KUBECONFIG is set to {users}")
    if not name:
        return Choice(kubeconfig=own, sandboxed=True)
    reason = f"the stack {stack} names its cluster: {name}"
    if not preview or settings.get("kubeconfig") or _reachable(settings):
        return Choice(kubeconfig=None, sandboxed=False, reason=reason)
    reason += ", which cannot be reached from here"
    backend = f"file://{root / 'state'}"
    deployed = os.environ.get("PULUMI_BACKEND_URL", backend) != backend  # perhaps: it is not the sandbox's own state
    if deployed or settings.get("inCluster") or settings.get("fingerprint"):
        return Choice(kubeconfig=os.devnull, sandboxed=False, reason=f"{reason}; this preview asks no cluster at all")
    reason += "; this preview asks the sandbox's in its place"
    return Choice(kubeconfig=f"{_alias(root, settings['context'])}{os.pathsep}{own}", sandboxed=True, reason=reason)


def named(stack: str) -> str:
    """How a stack file names its cluster; empty if it does not."""
    return _name(_section(stack))


def _name(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {settings[key]}" for key in _NAMES if settings.get(key))


def protected(stack: str) -> bool:
    """Whether a stack file keeps its data from being deleted: then nothing is changed without asking."""
    return str(_entries(stack).get("noxus:protect", True)).lower() != "false"


def _reachable(settings: Mapping[str, Any]) -> bool:
    from components.kubernetes.access import ClusterAccess  # with the SDK, which nothing else here needs
    from config.sections import ClusterSettings

    known = {key: settings[key] for key in _NAMES if key in settings}
    return not list(ClusterAccess(ClusterSettings.model_validate(known)).problems(connect=True))


def _alias(root: Path, context: str) -> Path:
    """A kubeconfig that gives the sandbox's cluster the name of another context."""
    path = root / f"{context.replace(os.sep, '-')}.kubeconfig"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(
        yaml.safe_dump({"contexts": [{"name": context, "context": {"cluster": "sandbox", "user": "admin"}}]})
    )
    return path


def _section(stack: str) -> Mapping[str, Any]:
    section = _entries(stack).get("noxus:cluster") or {}
    if not isinstance(section, dict):
        raise SandboxError(f"Pulumi.{stack}.yaml: noxus:cluster must be a mapping of settings")
    return cast("dict[str, Any]", section)


def _entries(stack: str) -> Mapping[str, Any]:
    """What a stack file says under `config`."""
    file = REPOSITORY / f"Pulumi.{stack}.yaml"
    try:
        return dict(yaml.safe_load(file.read_text())["config"])
    except FileNotFoundError:
        stacks = ", ".join(sorted(path.name.split(".")[1] for path in REPOSITORY.glob("Pulumi.*.yaml")))
        raise SandboxError(f"--stack {stack}: there is no {file.name}; the stacks here are: {stacks}") from None
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise SandboxError(f"{file.name} cannot be read as a stack file: {error}") from None
