"""The difference between two versions of an object's inputs: an update, or a replacement, and of which fields."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pulumi.runtime.proto.provider_pb2 import PropertyDiff

from sandbox.plugins.kubernetes.cluster import Object
from sandbox.plugins.kubernetes.inputs import annotation
from sandbox.plugins.properties import Path

_IDENTITY: Final = ("metadata.name", "metadata.namespace")

# Fields that the API server cannot change in place (pulumi-kubernetes, provider/pkg/provider/diff.go).
_IMMUTABLE: Final[dict[str, tuple[str, ...]]] = {
    "apps/Deployment": ("spec.selector",),
    "apps/StatefulSet": ("spec.selector", "spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates"),
    "batch/Job": ("spec.selector", "spec.template", "spec.completions", "spec.parallelism"),
    "/ConfigMap": ("data", "binaryData"),
    "/Secret": ("type", "data", "stringData"),
    "/Service": ("spec.clusterIP",),
    "/ResourceQuota": ("spec.scopes",),
    "/PersistentVolumeClaim": ("spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"),
    "/Pod": ("spec",),
    "rbac.authorization.k8s.io/RoleBinding": ("roleRef",),
    "rbac.authorization.k8s.io/ClusterRoleBinding": ("roleRef",),
    "storage.k8s.io/StorageClass": ("parameters", "provisioner"),
}

_CONTENT: Final = ("data", "binaryData", "stringData")


@dataclass(frozen=True)
class Mutability:
    """Which objects' content may change in place instead of being replaced."""

    secrets: bool
    config_maps: bool

    def covers(self, obj: Object) -> bool:
        """Whether this object's may."""
        return not obj.get("immutable") and {"Secret": self.secrets, "ConfigMap": self.config_maps}.get(
            obj["kind"], False
        )


def detailed_diff(old: Object, new: Object, mutability: Mutability) -> dict[str, PropertyDiff]:
    """Every changed field by its path, each said to be an update or a replacement."""
    group = new["apiVersion"].rpartition("/")[0]
    fixed = (*_IDENTITY, *_IMMUTABLE.get(f"{group}/{new['kind']}", ()))
    if mutability.covers(new) and not old.get("immutable"):
        fixed = tuple(field for field in fixed if field not in _CONTENT)
    replaced = re.compile("|".join(rf"{re.escape(field)}(?=[.\[]|$)" for field in fixed))
    diff: dict[str, PropertyDiff] = {}
    for path, kind in _changes(old, new, ()):
        name = _written(path)
        diff[name] = PropertyDiff(kind=PropertyDiff.Kind.Value(f"{kind}_REPLACE" if replaced.match(name) else kind))
    return diff


def must_delete_first(old: Object, new: Object) -> bool:
    """Whether old and new cannot exist side by side: the program itself fixed the name both have."""
    same = all(old["metadata"].get(field) == new["metadata"].get(field) for field in ("name", "namespace"))
    return same and not annotation(new, "autonamed")


def _changes(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if key not in new:
                yield (*path, key), "DELETE"
            elif key not in old:
                yield (*path, key), "ADD"
            else:
                yield from _changes(old[key], new[key], (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index, (mine, theirs) in enumerate(zip(old, new, strict=False)):
            yield from _changes(mine, theirs, (*path, index))
        for index in range(len(new), len(old)):
            yield (*path, index), "DELETE"
        for index in range(len(old), len(new)):
            yield (*path, index), "ADD"
    elif old != new:
        yield path, "UPDATE"


def _written(path: Path) -> str:
    """A path as the engine writes it: `spec.containers[0].env`, `metadata.labels["app.kubernetes.io/name"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[\w-]+", step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text
