"""Who owns an object's fields. Objects are created by one manager and updated by server-side apply under another.

Before the first apply the creator's fields are handed over; otherwise apply would meet a conflict with ourselves, and a
field that the program drops would stay, still owned by the creator.
"""

import copy
from collections.abc import Sequence
from typing import Any, Final

from sandbox.plugins.kubernetes.cluster import CREATOR, Object

_MANAGED_FIELDS: Final = "/metadata/managedFields"


def handover(live: Object, manager: str) -> list[Object]:
    """The JSON patch that gives what `CREATOR` owns of `live` to `manager`; empty where there is nothing to give."""
    entries = live["metadata"].get("managedFields", [])
    mine = [entry for entry in entries if _is_creators(entry) or _is_applied_by(entry, manager)]
    if not any(map(_is_creators, mine)):
        return []
    fields: dict[str, Any] = {}
    for entry in mine:
        fields = _union(fields, entry["fieldsV1"])
    ours = {**mine[0], "manager": manager, "operation": "Apply", "fieldsV1": fields}
    others = [entry for entry in entries if entry not in mine]
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
        {"op": "replace", "path": _MANAGED_FIELDS, "value": [*others, ours]},
    ]


def without_ignored(wanted: Object, live: Object, manager: str, paths: Sequence[str]) -> Object:
    """What to apply when the program ignores changes of some fields: never another value than the live one.

    A field that somebody else owns is left out, and so given up; any other is sent as it is on the cluster. Paths into
    lists are not understood, as in the official plugin.
    """
    applied = copy.deepcopy(wanted)
    others = [
        entry for entry in live["metadata"].get("managedFields", []) if entry["manager"] not in (manager, CREATOR)
    ]
    for path in paths:
        *parents, field = path.split(".")
        holder, found = applied, live
        for parent in parents:
            holder, found = holder.get(parent, {}), found.get(parent, {})
        if any(_owns(entry["fieldsV1"], (*parents, field)) for entry in others):
            holder.pop(field, None)
        elif field in holder and field in found:
            holder[field] = found[field]
    return applied


def _owns(fields: dict[str, Any], path: Sequence[str]) -> bool:
    for step in path:
        if f"f:{step}" not in fields:
            return False
        fields = fields[f"f:{step}"]
    return True


def _is_creators(entry: Object) -> bool:
    return entry["manager"] == CREATOR and entry["operation"] == "Update" and "subresource" not in entry


def _is_applied_by(entry: Object, manager: str) -> bool:
    return entry["manager"] == manager and entry["operation"] == "Apply"


def _union(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return one | {key: _union(one.get(key, {}), value) for key, value in other.items()}
