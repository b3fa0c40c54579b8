"""What is in a cluster: Kubernetes objects as plain data, however they were read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

Manifest = Mapping[str, Any]
"""A Kubernetes object or a part of one, in Kubernetes' own spelling."""


def at(manifest: Manifest | None, *path: str) -> Any:
    """What a manifest holds at a path, or None: the API server leaves out whatever is empty."""
    found: Any = manifest
    for key in path:
        holder: Manifest = found or {}
        found = holder.get(key)
    return found


def part(manifest: Manifest | None, *path: str) -> Manifest:
    """The object at a path; empty, if there is none."""
    return at(manifest, *path) or {}


def parts(manifest: Manifest | None, *path: str) -> Sequence[Manifest]:
    """The list of objects at a path; empty, if there is none."""
    return at(manifest, *path) or ()


def conditions(manifest: Manifest) -> Mapping[str, Manifest]:
    """What an object's status says about it, by type of condition."""
    return {condition["type"]: condition for condition in parts(manifest, "status", "conditions")}


class Namespace:
    """What was observed of one namespace: itself, if there is one, and the objects in it."""

    def __init__(self, name: str, objects: Iterable[Manifest], time: datetime) -> None:
        self.name = name
        self.time = time
        """When it was observed."""
        self._by_kind: dict[str, dict[str, Manifest]] = {}
        self.add(objects)

    def add(self, objects: Iterable[Manifest]) -> None:
        """Take further objects in."""
        for manifest in objects:
            self._by_kind.setdefault(manifest["kind"], {})[manifest["metadata"]["name"]] = manifest

    @property
    def exists(self) -> bool:
        """Whether there is such a namespace."""
        return self.name in self.all("Namespace")

    def all(self, kind: str) -> Mapping[str, Manifest]:
        """Objects of a kind, by name."""
        return self._by_kind.get(kind, {})

    def get(self, kind: str, name: str) -> Manifest | None:
        """One object, if it is there."""
        return self.all(kind).get(name)

    def labelled(self, kind: str, labels: Mapping[str, str]) -> Iterator[Manifest]:
        """Objects of a kind that have all these labels."""
        for manifest in self.all(kind).values():
            if labels.items() <= part(manifest, "metadata", "labels").items():
                yield manifest


Observed = Mapping[str, Namespace]
"""Every namespace of a stack, by name."""
