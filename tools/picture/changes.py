"""What a preview would change, by the parts of a picture.

Each object belongs to the component that makes it, and each part of a picture is a component or more. So an object is
found by the components around it, as the engine prints them, and never by what its name looks like.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from components.releases.release import PRIMARY_TYPE, WORKER_TYPE
from components.workloads import migrations, pool, scheduler, service
from tools.picture.installation import Changes, Component, Gone, Installation, Mark, Op
from tools.picture.reach import BUCKET, POOLER, POSTGRES, REDIS, SETUP

_NOUNS: Final = {
    "Postgres": POSTGRES,
    "Redis": REDIS,
    "Bucket": BUCKET,
    "Pooler": POOLER,
    "DatabaseSetup": SETUP,
    "QueueAccess": SETUP,
}
"""Components of the data services, by the last part of their type: `noxus:<room>:<noun>`, whichever the room."""
_PARTS: Final = frozenset((pool.TYPE, service.TYPE, scheduler.TYPE, migrations.TYPE, PRIMARY_TYPE, WORKER_TYPE))
"""Components that a picture has a place for, while the stack file has them."""
_OURS: Final = "noxus:"
_OPS: Final[Mapping[str, Op]] = {
    "create": "create",
    "import": "create",
    "update": "update",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "delete": "delete",
}
_SAID: Final[Mapping[Op, str]] = {
    "create": "is created",
    "update": "changes",
    "replace": "is replaced",
    "delete": "is deleted",
}
_WORST: Final[Sequence[Op]] = ("replace", "update", "delete", "create")


class PreviewError(ValueError):
    """A text that is no preview."""


@dataclass(frozen=True)
class _Object:
    """One object that a preview is about."""

    urn: str
    parent: str | None
    op: Op | None
    """None: it stays as it is."""

    @property
    def stack(self) -> str:
        """Stack that it belongs to."""
        return self.urn.split("::")[0].rpartition(":")[2]

    @property
    def component(self) -> Component:
        """Type token and logical name: a URN's parts, as the engine defines them."""
        _, _, types, name = self.urn.split("::", 3)
        return types.rpartition("$")[2], name

    @property
    def chain(self) -> Sequence[str]:
        """Types of the components around it, the innermost first."""
        return self.urn.split("::")[2].split("$")[-2::-1]

    @property
    def is_component(self) -> bool:
        """Whether it stands for nothing outside the state."""
        return self.component[0].startswith((_OURS, "pulumi:"))

    def said(self) -> str:
        """The object and what happens to it."""
        kind, name = self.component
        return f"{kind.rpartition(':')[2]} {name} {_SAID[self.op] if self.op else 'stays'}"


@dataclass
class _Part:
    """What is touched of one part of the picture."""

    own: Op | None = None
    """What happens to the component itself."""
    objects: list[_Object] = field(default_factory=list[_Object])

    def mark(self) -> Mark:
        """One word for all of it: the component's own if it comes or goes, else the worst of its objects'."""
        ops = {found.op for found in self.objects}
        within = next((op for op in _WORST if op in ops), "update")
        op = self.own if self.own in ("create", "delete") else "replace" if within == "replace" else "update"
        return Mark(op=op, objects=[found.said() for found in self.objects])


def changes(found: Installation, preview: str) -> Changes:
    """Read what `pulumi preview --json` has printed. Raises `PreviewError`."""
    objects = _objects(preview)
    if other := {each.stack for each in objects.values()} - {found.stack}:
        raise PreviewError(f"is of the stack {', '.join(sorted(other))}, and the picture of {found.stack}")
    known = _keys(found)
    parts, elsewhere = dict[str, _Part](), list[_Object]()
    gone = dict[str, _Part]()
    for each in objects.values():
        if each.op is None:
            continue
        key, owner = _owner(each, objects, known)
        if key is not None:
            part = parts.setdefault(key, _Part())
        elif owner is not None:
            part = gone.setdefault(owner.urn, _Part())
        else:
            if not each.is_component:
                elsewhere.append(each)
            continue
        if each.is_component:
            part.own = each.op if owner is each else part.own
        else:
            part.objects.append(each)
    return Changes(
        marks={key: part.mark() for key, part in parts.items() if part.objects},
        gone=[_gone(objects[urn], part, known) for urn, part in gone.items()],
        elsewhere=[each.said() for each in elsewhere],
        counts=_counts(objects),
    )


def _keys(found: Installation) -> Mapping[Component, str]:
    """The parts of a picture by their components."""
    releases = {release.component: release.path for release in found.releases}
    return {**releases, **{w.component: w.path for release in found.releases for w in release.workloads}}


def _counts(objects: Mapping[str, _Object]) -> Mapping[Op, int]:
    counted = Counter(each.op for each in objects.values() if each.op and not each.is_component)
    return {op: counted[op] for op in _SAID}


def _owner(
    each: _Object, objects: Mapping[str, _Object], known: Mapping[Component, str]
) -> tuple[str | None, _Object | None]:
    """The part that an object belongs to: its key, or else the component of a workload or release that is gone."""
    for around in _upwards(each, objects):
        if (key := known.get(around.component)) is not None:
            return key, around
        if around.op == "delete" and around.component[0] in _PARTS:
            return None, around
    types = [type_ for around in _upwards(each, objects) for type_ in (around.component[0], *around.chain)]
    nouns = (type_.rpartition(":")[2] for type_ in types if type_.startswith(_OURS))
    return next(((_NOUNS[noun], None) for noun in nouns if noun in _NOUNS), (None, None))


def _upwards(each: _Object, objects: Mapping[str, _Object]) -> Iterator[_Object]:
    """An object and the components around it, the innermost first."""
    at: _Object | None = each
    while at is not None:
        yield at
        parent = at.parent
        at = None if parent is None else objects.get(parent, _Object(parent, None, None))


def _gone(component: _Object, part: _Part, known: Mapping[Component, str]) -> Gone:
    release = known.get(_Object(component.parent, None, None).component) if component.parent else None
    return Gone(name=component.component[1], release=release, objects=[each.said() for each in part.objects])


def _objects(preview: str) -> Mapping[str, _Object]:
    """The objects of a preview by URN; of the steps of one replacement, one."""
    try:
        printed = json.loads(preview)
        steps = [_step(step) for step in printed["steps"]]
        failed = any(said["severity"] == "error" for said in printed.get("diagnostics") or ())
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PreviewError("is no preview; make it by `pulumi preview --json`") from None
    if failed:
        raise PreviewError("ends with an error, so it does not say all that would change; correct that first")
    found = dict[str, _Object]()
    for step in steps:
        before = found.get(step.urn)
        if before is None or (step.op == "replace" and before.op != "replace"):
            found[step.urn] = step
    return found


def _step(step: Mapping[str, Any]) -> _Object:
    state = step.get("newState") or step.get("oldState") or {}
    return _Object(step["urn"], state.get("parent"), _OPS.get(step["op"]))
