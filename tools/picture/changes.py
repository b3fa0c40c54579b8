"""What a preview would change, by the parts of a picture.

Each object belongs to the component that makes it, and each part of a picture is a component or more. So an object is
found by the components around it, as the engine prints them, and never by what its name looks like.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from components.releases.release import PRIMARY_TYPE, WORKER_TYPE
from components.workloads import migrations, pool, scheduler, service
from tools.picture.installation import Changes, Component, Gone, Installation, Mark, Op
from tools.picture.reach import BUCKET, POOLER, POSTGRES, REDIS, SETUP
from tools.preview import PreviewError, Step, parse

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
_SAID: Final[Mapping[Op, str]] = {
    "create": "is created",
    "update": "changes",
    "replace": "is replaced",
    "delete": "is deleted",
}
_WORST: Final[Sequence[Op]] = ("replace", "update", "delete", "create")


def _component(step: Step) -> Component:
    """Type token and logical name."""
    return step.type, step.name


def _said(step: Step) -> str:
    """The object and what happens to it."""
    return f"{step.label} {'stays' if step.op == 'same' else _SAID[step.op]}"


@dataclass
class _Part:
    """What is touched of one part of the picture."""

    own: Op | None = None
    """What happens to the component itself."""
    objects: list[Step] = field(default_factory=list[Step])

    def mark(self) -> Mark:
        """One word for all of it: the component's own if it comes or goes, else the worst of its objects'."""
        ops = {found.op for found in self.objects}
        within = next((op for op in _WORST if op in ops), "update")
        op = self.own if self.own in ("create", "delete") else "replace" if within == "replace" else "update"
        return Mark(op=op, objects=[_said(found) for found in self.objects])


def changes(found: Installation, preview: str) -> Changes:
    """Read what `pulumi preview --json` has printed. Raises `PreviewError`."""
    try:
        read = parse(preview)
    except PreviewError:
        raise PreviewError("is no preview; make it by `pulumi preview --json`") from None
    if read.errors:
        raise PreviewError("ends with an error, so it does not say all that would change; correct that first")
    objects = {step.urn: step for step in read.steps}
    if other := {each.stack for each in objects.values()} - {found.stack}:
        raise PreviewError(f"is of the stack {', '.join(sorted(other))}, and the picture of {found.stack}")
    known = _keys(found)
    parts, elsewhere = dict[str, _Part](), list[Step]()
    gone = dict[str, _Part]()
    for each in objects.values():
        if each.op == "same":
            continue
        key, owner = _owner(each, objects, known)
        if key is not None:
            part = parts.setdefault(key, _Part())
        elif owner is not None:
            part = gone.setdefault(owner.urn, _Part())
        else:
            if each.is_real:
                elsewhere.append(each)
            continue
        if not each.is_real:
            part.own = each.op if owner is each else part.own
        else:
            part.objects.append(each)
    return Changes(
        marks={key: part.mark() for key, part in parts.items() if part.objects},
        gone=[_gone(objects[urn], part, known) for urn, part in gone.items()],
        elsewhere=[_said(each) for each in elsewhere],
        counts=_counts(objects),
    )


def _keys(found: Installation) -> Mapping[Component, str]:
    """The parts of a picture by their components."""
    releases = {release.component: release.path for release in found.releases}
    return {**releases, **{w.component: w.path for release in found.releases for w in release.workloads}}


def _counts(objects: Mapping[str, Step]) -> Mapping[Op, int]:
    counted = Counter(each.op for each in objects.values() if each.op != "same" and each.is_real)
    return {op: counted[op] for op in _SAID}


def _owner(each: Step, objects: Mapping[str, Step], known: Mapping[Component, str]) -> tuple[str | None, Step | None]:
    """The part that an object belongs to: its key, or else the component of a workload or release that is gone."""
    for around in _upwards(each, objects):
        if (key := known.get(_component(around))) is not None:
            return key, around
        if around.op == "delete" and around.type in _PARTS:
            return None, around
    types = [type_ for around in _upwards(each, objects) for type_ in (around.type, *reversed(around.parents))]
    nouns = (type_.rpartition(":")[2] for type_ in types if type_.startswith(_OURS))
    return next(((_NOUNS[noun], None) for noun in nouns if noun in _NOUNS), (None, None))


def _upwards(each: Step, objects: Mapping[str, Step]) -> Iterator[Step]:
    """An object and the components around it, the innermost first."""
    at: Step | None = each
    while at is not None:
        yield at
        parent = at.parent
        at = None if parent is None else objects.get(parent, Step(op="same", urn=parent))


def _gone(component: Step, part: _Part, known: Mapping[Component, str]) -> Gone:
    release = known.get(_component(Step(op="same", urn=component.parent))) if component.parent else None
    return Gone(name=component.name, release=release, objects=[_said(each) for each in part.objects])
