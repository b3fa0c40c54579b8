"""Which part of a stack file a resource belongs to: a pool, a service, a release, or a data service."""

import re
from typing import Final

from config import StackSettings
from tools.preview import Step

Path = tuple[str, ...]

_SERVICES: Final = ("backend", "frontend", "relays", "scheduler", "migrations")
_DATA: Final = {"pooler": "postgres", "postgres": "postgres", "redis": "redis", "bucket": "storage"}
"""Words of logical names and of components, with the section that they are about."""
_WORD: Final = re.compile(r"[A-Za-z]+")


class Owners:
    """The parts of one or two stack files, by the names of what they make."""

    def __init__(self, *sides: StackSettings) -> None:
        self._names = dict[str, Path]()
        self._namespaces = dict[str, Path]()
        self._releases = dict[str, Path]()
        self._clouds = [side.cloud for side in sides]
        for side in sides:
            self._add(side)

    def of(self, step: Step) -> Path:
        """The part that a resource belongs to; nothing for what all share."""
        if step.type.startswith("pulumi:providers:"):
            return ("cluster",)
        named, _, name = step.name.rpartition("/")
        namespace = named or _namespace(step)
        _, _, user = name.rpartition("-from-")
        return (
            self._releases.get(user)  # a release's own policy at a data service
            or self._names.get(step.name)
            or self._workload(namespace, name)
            or self._namespaces.get(namespace or step.name)
            or self._section(step)
            or self._release(name)
            or ()
        )

    def of_namespace(self, namespace: str) -> Path:
        """The release of a namespace."""
        return self._namespaces.get(namespace, ())

    def _release(self, name: str) -> Path | None:
        """What a resource of a cloud is made for, whose name begins with a release's."""
        found = (release for release in self._releases if name == release or name.startswith(f"{release}-"))
        longest = max(found, key=len, default=None)
        return self._releases[longest] if longest else None

    def _workload(self, namespace: str, name: str) -> Path | None:
        """What an object is made for whose name begins with a workload's, as a policy's does."""
        place = f"{namespace}/" if namespace else ""
        while "-" in name:
            name = name.rpartition("-")[0]
            if found := self._names.get(f"{place}{name}"):
                return found
        return None

    def _section(self, step: Step) -> Path | None:
        """The data service of a resource: by its component, else by its name."""
        for type_ in reversed(step.parents):
            if section := _DATA.get(type_.rpartition(":")[2].lower()):
                return (section,)
        words = _WORD.findall(step.name.rpartition("/")[2])
        return next(((_DATA[word],) for word in words if word in _DATA), None)

    def _add(self, side: StackSettings) -> None:
        for path, name, release in side.releases():
            parts = tuple(path.split("."))
            self._namespaces[release.namespace] = parts
            self._releases[name] = parts
            for pool in release.pools:
                self._both(release.namespace, f"{name}-{pool}", (*parts, "pools", pool))
        for role in _SERVICES:
            self._both(side.primary.namespace, f"{side.primary.name}-{role}", ("primary", role))
        self._names["scheduler"] = ("primary", "scheduler")

    def _both(self, namespace: str, name: str, path: Path) -> None:
        self._names[f"{namespace}/{name}"] = path
        self._names[name] = path


def _namespace(step: Step) -> str:
    """Where an object is whose logical name does not tell."""
    metadata = (step.new or step.old).get("metadata")
    return str(metadata.get("namespace", "")) if isinstance(metadata, dict) else ""
