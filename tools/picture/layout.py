"""Where everything in the drawing stands: plain arithmetic from facts to places.

Connections are not drawn from box to box, which nobody could follow with a hundred pools. Whatever is shared has one
line, which runs past all workloads: on the left those that call them, on the right what they call. A sign where a line
passes a workload says that the two are connected; so no two lines ever cross a text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from checks.routing.routes import Route
from config.routing import TASK_TYPES, TaskType
from tools.picture.installation import Caller, Gone, Installation, Mark, Op, Release, Target, Workload
from tools.picture.scene import FACES, Box, Label, Line, Scene, Sign
from tools.picture.text import width

WIDTH: Final = 960
"""Of the whole drawing, in pixels: what a README has, and a printed page."""
_MARGIN: Final = 24
_GAP: Final = 16
_PAD: Final = 16

_RAIL: Final = 22
"""Between two lines."""
_ROW: Final = 48
_HEAD: Final = 62
"""Of a release: its name, and what the columns are."""
_CARD: Final = 50
_ROUTE: Final = 30

_TASK: Final = 46
_NAME: Final = 160
_SCALE: Final = 168
_COLUMN_GAP: Final = 14
_BAR: Final = 5

_TASKS: Final = _TASK * len(TASK_TYPES)

SAID: Final[Mapping[Op, tuple[str, str]]] = {
    "create": ("+", "new"),
    "update": ("~", "changes"),
    "replace": ("±", "replaced"),
    "delete": ("\N{MINUS SIGN}", "goes"),
}
"""A sign and a word for what a preview would do, so that nobody needs to tell colours apart."""


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Where lines and columns are."""

    callers: Mapping[str, float]
    targets: Mapping[str, float]
    left: float
    """Where text begins."""
    right: float
    """Where text ends."""

    @classmethod
    def of(cls, found: Installation) -> "_Columns":
        """As many lines on either side as there are callers and targets."""
        calling = [caller.id for caller in found.callers if caller.target is None]
        first = _MARGIN + _PAD + 4
        last = WIDTH - _MARGIN - _PAD - 4
        callers = {id_: first + place * _RAIL for place, id_ in enumerate([*calling, "frontend"])}
        count = len(found.targets)
        targets = {target.id: last - (count - 1 - place) * _RAIL for place, target in enumerate(found.targets)}
        return cls(callers=callers, targets=targets, left=max(callers.values()) + 24, right=min(targets.values()) - 24)

    @property
    def tasks(self) -> float:
        return self.left + _NAME + _COLUMN_GAP

    @property
    def whose(self) -> float:
        return self.tasks + _TASKS + _COLUMN_GAP

    @property
    def scale(self) -> float:
        return self.right - _SCALE


def scene(found: Installation) -> Scene:
    """The whole drawing."""
    drawn = Scene(width=WIDTH)
    columns = _Columns.of(found)
    y = _title(drawn, found)
    top, y = _surroundings(drawn, found, columns, y)
    ends = dict[str, float]()
    most = max((w.scale.high for release in found.releases for w in release.workloads), default=1)
    for release in found.releases:
        gone = [g for g in found.changes.gone if g.release == release.path] if found.changes else []
        y = _release(drawn, found, release, gone, columns, y + _GAP, max(most, 1), ends)
    if found.changes and (gone := [g for g in found.changes.gone if g.release is None]):
        y = _gone_releases(drawn, gone, columns, y + _GAP)
    _rails(drawn, columns, found, top, ends)
    y = _routes(drawn, found, y + _GAP)
    drawn.height = _legend(drawn, found, y + _GAP) + _MARGIN
    return drawn


def _title(drawn: Scene, found: Installation) -> float:
    inner = WIDTH - 2 * _MARGIN
    used = drawn.label(_MARGIN, _MARGIN + 20, found.stack, "title", inner / 2)
    drawn.label(_MARGIN + used + 12, _MARGIN + 20, f"on {found.cloud}", "plain", inner / 2 - 12, "muted")
    drawn.label(_MARGIN, _MARGIN + 42, " · ".join(found.facts), "plain", inner, "muted")
    y = _MARGIN + 42.0
    if found.changes:
        y += 22
        counted = [f"{n} {PAST[op]}" for op, n in found.changes.counts.items() if n]
        x = _MARGIN + drawn.label(_MARGIN, y, "Preview:", "strong", inner) + 8
        rest = len(found.changes.elsewhere)
        words = ", ".join(counted) if counted else "nothing changes"
        if rest:
            words += f"; {rest} of them {'is' if rest == 1 else 'are'} not drawn here"
        drawn.label(x, y, words, "small", inner - x + _MARGIN, full="\n".join(found.changes.elsewhere))
    return y + 26


PAST: Final[Mapping[Op, str]] = {
    "create": "created",
    "update": "changed",
    "replace": "replaced",
    "delete": "deleted",
}


def _surroundings(drawn: Scene, found: Installation, columns: _Columns, y: float) -> tuple[dict[str, float], float]:
    """Who calls, on the left, and what is called, on the right; where each line begins, and where they end.

    The outermost line has the highest card, so that no line crosses another on its way to its card.
    """
    calling = [caller for caller in found.callers if caller.target is None]
    using = [caller for caller in found.callers if caller.target is not None]
    rows = max(len(found.targets), len(calling) + len(using))
    middle = (columns.left + columns.right) / 2
    space = middle - _PAD - columns.left
    step = _CARD + 10

    def at(row: int) -> float:
        return y + row * step

    tops = dict[str, float]()
    for row, caller in enumerate(calling):
        _card(drawn, caller, found.mark(caller.id), columns.left, at(row), space)
        tops[caller.id] = at(row) + _CARD / 2
    for place, target in enumerate(found.targets):
        row = rows - 1 - place
        _card(drawn, target, found.mark(target.id), middle + _PAD, at(row), space)
        tops[target.id] = at(row) + _CARD / 2
    for place, caller in enumerate(reversed(using)):
        row = rows - 1 - place
        _card(drawn, caller, found.mark(caller.id), columns.left, at(row), space)
        start, end = (columns.left + space, at(row) + _CARD / 2), (middle + _PAD - 3, tops[caller.target or ""])
        bend = [] if start[1] == end[1] else [(middle, start[1]), (middle, end[1])]
        drawn.lines.append(Line(points=[start, *bend, end], look="data", arrow=start[1] == end[1]))
    if "pooler" in tops:
        x = middle + _PAD + space / 2
        way = [(x, tops["pooler"] + _CARD / 2), (x, tops["postgres"] - _CARD / 2 - 2)]
        drawn.lines.append(Line(points=way, look="data", arrow=True))
    return tops, at(rows) - 10


def _look(target: Target) -> str:
    return "data" if target.inside else "outward"


def _card(drawn: Scene, shown: Target | Caller, mark: Mark | None, x: float, y: float, space: float) -> None:
    drawn.boxes.append(Box(x=x, y=y, width=space, height=_CARD, look=mark.op if mark else "card", radius=8))
    look = _look(shown) if isinstance(shown, Target) else "inbound"
    drawn.signs.append(Sign(x=x + 22, y=y + _CARD / 2, shape=shown.id, look=look))
    inner = space - 44 - 12
    badge = _badge(drawn, mark, x + space - 12, y + 20)
    used = drawn.label(x + 44, y + 21, shown.name, "name", inner - badge)
    left = inner - badge - used - 10
    if left > _SHORTEST:
        drawn.label(x + 44 + used + 10, y + 21, shown.where, "small", left, "muted")
    facts = ", ".join(shown.facts)
    if len(shown.facts) > 1 and width(facts, FACES["small"]) > inner:
        facts = f"{shown.facts[0]} and {len(shown.facts) - 1} more"
    drawn.label(x + 44, y + 39, facts, "small", inner, "muted", full="\n".join((shown.where, *shown.facts)))


_SHORTEST: Final = 40
"""Space that is worth writing into."""


def _badge(drawn: Scene, mark: Mark | None, right: float, baseline: float) -> float:
    """What a preview would do, written up to `right`; returns the space that it takes."""
    if mark is None:
        return 0
    text = " ".join(SAID[mark.op])
    taken = width(text, FACES["strong"])
    drawn.labels.append(
        Label(x=right - taken, y=baseline, text=text, face="strong", tone=mark.op, full="\n".join(mark.objects))
    )
    return taken + 10


def _release(
    drawn: Scene,
    found: Installation,
    release: Release,
    gone: Sequence[Gone],
    columns: _Columns,
    y: float,
    most: int,
    ends: dict[str, float],
) -> float:
    """A release with its workloads; notes in `ends` how far down each line has something to do."""
    height = _HEAD + _ROW * (len(release.workloads) + len(gone)) + 8
    mark = found.mark(release.path)
    drawn.boxes.append(
        Box(
            x=_MARGIN,
            y=y,
            width=WIDTH - 2 * _MARGIN,
            height=height,
            look=f"edge {mark.op}" if mark else "card",
            radius=10,
        )
    )
    inner = columns.right - columns.left
    badge = _badge(drawn, mark, columns.right, y + 27)
    x = columns.left + drawn.label(columns.left, y + 27, release.name, "heading", inner / 3) + 10
    kind = "primary release" if release.primary else "worker release"
    facts = " · ".join((kind, *release.facts))
    drawn.label(x, y + 27, facts, "small", columns.right - badge - x, "muted")
    used = {id_ for workload in release.workloads for id_ in (*workload.reached_by, *workload.reaches)}
    for target in found.targets:
        if target.id in used:
            drawn.signs.append(
                Sign(x=columns.targets[target.id], y=y + 23, shape=target.id, look=_look(target), plate=True)
            )
    for caller in found.callers:
        if caller.id in used:
            drawn.signs.append(
                Sign(x=columns.callers[caller.id], y=y + 23, shape=caller.id, look="inbound", plate=True)
            )
    if any(workload.kind == "pool" for workload in release.workloads):
        drawn.label(columns.tasks, y + 50, "takes", "small", _TASKS, "muted")
        drawn.label(columns.whose, y + 50, "of tenants", "small", columns.scale - columns.whose, "muted")
    drawn.label(columns.scale, y + 50, "pods", "small", _SCALE, "muted")
    y += _HEAD
    rows = {workload.name: y + place * _ROW for place, workload in enumerate(release.workloads)}
    for workload in release.workloads:
        _workload(drawn, found, workload, columns, rows[workload.name], most)
        middle = rows[workload.name] + _ROW / 2
        for id_ in (*workload.reached_by, *workload.reaches):
            ends[id_] = max(ends.get(id_, 0), middle)
    if "frontend" in rows and any("frontend" in w.reached_by for w in release.workloads):
        rail = columns.callers["frontend"]
        start, end = rows["frontend"] + _ROW / 2, rows["backend"] + _ROW / 2
        drawn.lines.append(Line(points=[(rail, start), (rail, end)], look="inbound"))
        drawn.signs.append(Sign(x=rail, y=start, shape="dot", look="inbound", title="frontend calls backend"))
    y += _ROW * len(release.workloads)
    for workload in gone:
        _separator(drawn, columns, y)
        _gone(drawn, workload, columns, y)
        y += _ROW
    return y + 8


def _separator(drawn: Scene, columns: _Columns, y: float) -> None:
    drawn.lines.append(Line(points=[(columns.left, y), (columns.right, y)], look="line"))


def _workload(drawn: Scene, found: Installation, workload: Workload, columns: _Columns, y: float, most: int) -> None:
    mark = found.mark(workload.path)
    if mark:
        left, right = columns.left - 10, columns.right + 10
        drawn.boxes.append(Box(x=left, y=y + 2, width=right - left, height=_ROW - 4, look=mark.op, radius=6))
    _separator(drawn, columns, y)
    space = columns.scale - _COLUMN_GAP - columns.tasks
    drawn.label(columns.left, y + 21, workload.name, "name", _NAME, full=workload.deployment)
    if mark:
        text = " ".join(SAID[mark.op])
        drawn.label(columns.left, y + 38, text, "strong", _NAME, mark.op, full="\n".join(mark.objects))
    elif workload.kind == "pool":
        drawn.label(columns.left, y + 38, f"tasks up to {workload.facts['longest task']}", "small", _NAME, "muted")
    else:
        drawn.label(columns.left, y + 38, workload.kind, "small", _NAME, "muted")
    if workload.kind == "pool":
        _tasks(drawn, workload.types, columns.tasks, y + 14)
        space = columns.scale - _COLUMN_GAP - columns.whose
        words = f"workspaces {', '.join(workload.workspaces)}" if workload.workspaces else ""
        _lines(drawn, columns.whose, y, (", ".join(workload.tenants) or "all", words), space)
    else:
        _lines(drawn, columns.tasks, y, (workload.about, workload.facts.get("what", "")), space)
    _scale(drawn, workload, columns.scale, y, most)
    _signs(drawn, workload, columns, y + _ROW / 2)


def _lines(drawn: Scene, x: float, y: float, texts: tuple[str, str], space: float) -> None:
    """One or two lines in the middle of a row."""
    first, second = texts
    drawn.label(x, y + (21 if second else 28), first, "small", space)
    drawn.label(x, y + 38, second, "small", space, "muted")


def _signs(drawn: Scene, workload: Workload, columns: _Columns, y: float) -> None:
    for id_ in workload.reached_by:
        title = f"{id_} calls {workload.deployment}"
        drawn.signs.append(Sign(x=columns.callers[id_], y=y, shape="arrow", look="inbound", title=title))
    looks = {"internet": "outward", "further": "outward"}
    for id_ in workload.reaches:
        title = f"{workload.deployment} uses {id_}"
        look = looks.get(id_, "data")
        drawn.signs.append(Sign(x=columns.targets[id_], y=y, shape="dot", look=look, title=title))


def _tasks(drawn: Scene, types: frozenset[TaskType] | set[TaskType], x: float, y: float) -> None:
    """A place for each type, filled if it is taken, so that the eye finds it down a column."""
    for place, type_ in enumerate(TASK_TYPES):
        left = x + place * _TASK
        if type_ in types:
            drawn.boxes.append(Box(x=left, y=y, width=_TASK - 6, height=20, look="chip", radius=5))
            taken = width(type_, FACES["strong"])
            drawn.label(left + (_TASK - 6 - taken) / 2, y + 14, type_, "strong", _TASK, "chip-ink")
        else:
            drawn.boxes.append(Box(x=left, y=y, width=_TASK - 6, height=20, look="hollow", radius=5))


def _scale(drawn: Scene, workload: Workload, x: float, y: float, most: int) -> None:
    """The numbers in words, and as a bar on a scale that all workloads share."""
    scale = workload.scale
    if workload.kind == "job":
        _lines(drawn, x, y, (scale.by, scale.why), _SCALE)
        return
    y += 0 if scale.why else 7
    drawn.label(x, y + 18, scale.pods if scale.by == "fixed" else f"{scale.pods}, {scale.by}", "small", _SCALE)
    start, end = _SCALE * scale.low / most, _SCALE * scale.high / most
    bars = [("track", 0.0, _SCALE), ("reserve", start, end), ("bar", 0.0, start)]
    for look, left, right in bars:
        if right > left:
            length = max(right - left, _BAR)
            drawn.boxes.append(Box(x=x + left, y=y + 24, width=length, height=_BAR, look=look, radius=_BAR / 2))
    drawn.label(x, y + 43, scale.why, "small", _SCALE, "muted")


def _gone(drawn: Scene, gone: Gone, columns: _Columns, y: float) -> None:
    left, right = columns.left - 10, columns.right + 10
    drawn.boxes.append(Box(x=left, y=y + 2, width=right - left, height=_ROW - 4, look="delete", radius=6))
    drawn.label(columns.left, y + 21, gone.name, "name", _NAME)
    drawn.label(columns.left, y + 38, " ".join(SAID["delete"]), "strong", _NAME, "delete", full="\n".join(gone.objects))
    words = f"no longer in the stack file; {_objects(len(gone.objects))} deleted"
    drawn.label(columns.tasks, y + 28, words, "small", columns.right - columns.tasks)


def _objects(count: int) -> str:
    return "1 object is" if count == 1 else f"{count} objects are"


def _gone_releases(drawn: Scene, gone: Sequence[Gone], columns: _Columns, y: float) -> float:
    height = _ROW * len(gone) + 16
    drawn.boxes.append(Box(x=_MARGIN, y=y, width=WIDTH - 2 * _MARGIN, height=height, look="card", radius=10))
    for place, release in enumerate(gone):
        _gone(drawn, release, columns, y + 8 + place * _ROW)
    return y + height


def _rails(
    drawn: Scene, columns: _Columns, found: Installation, tops: Mapping[str, float], ends: Mapping[str, float]
) -> None:
    """One line for everything that is shared: from or to its card, as far down as it has something to do."""
    for caller in found.callers:
        if (end := ends.get(caller.id)) is not None:
            x, top = columns.callers[caller.id], tops[caller.id]
            drawn.lines.append(Line(points=[(columns.left, top), (x, top), (x, end)], look="inbound"))
    for target in found.targets:
        if (end := ends.get(target.id)) is not None:
            x, top = columns.targets[target.id], tops[target.id]
            way = [(x, end), (x, top), (columns.right + 3, top)]
            drawn.lines.append(Line(points=way, look=_look(target), arrow=True))


def _routes(drawn: Scene, found: Installation, y: float) -> float:
    """Who serves whom: each class of tasks there can be, and the pools that take it."""
    height = 80 + _ROUTE * len(found.routes)
    drawn.boxes.append(Box(x=_MARGIN, y=y, width=WIDTH - 2 * _MARGIN, height=height, look="card", radius=10))
    left, right = _MARGIN + _PAD, WIDTH - _MARGIN - _PAD
    drawn.label(left, y + 27, "Who serves whom", "heading", right - left)
    whose = left + _TASKS + _COLUMN_GAP
    free = right - whose - 3 * _COLUMN_GAP
    places = [whose, whose + free * 0.26 + _COLUMN_GAP, whose + free * 0.42 + 2 * _COLUMN_GAP]
    places.append(whose + free * 0.74 + 3 * _COLUMN_GAP)
    spaces = [after - place - _COLUMN_GAP for place, after in zip(places, [*places[1:], right], strict=False)]
    spaces[-1] = right - places[-1]
    y += 54
    drawn.label(left, y, "tasks", "small", _TASKS, "muted")
    for place, space, words in zip(
        places, spaces, ("of tenants", "of workspaces", "run in", "KEDA counts for"), strict=True
    ):
        drawn.label(place, y, words, "small", space, "muted")
    y += 12
    for route in found.routes:
        drawn.lines.append(Line(points=[(left, y), (right, y)], look="line"))
        _tasks(drawn, set(route.types), left, y + 5)
        for place, space, (words, tone) in zip(places, spaces, cells(route, found.routes), strict=True):
            face = "strong" if tone == "delete" else "small"
            drawn.label(place, y + 19, words, face, space, tone)
        y += _ROUTE
    return y + 14


def cells(route: Route, routes: Sequence[Route]) -> Iterator[tuple[str, str]]:
    """What is said of a class of tasks, each text with its tone: tenants, workspaces, pools, and who scales."""
    siblings = [other for other in routes if other.tenants == route.tenants]
    yield _ids(route.tenants, named=any(other.tenants for other in routes)), "ink"
    yield _ids(route.workspaces, named=any(other.workspaces for other in siblings)), "ink"
    yield (", ".join(route.pools), "ink") if route.pools else ("nobody", "delete")
    yield ", ".join(route.counts_for) or "no pool", "muted"


def _ids(ids: tuple[str, ...] | None, *, named: bool) -> str:
    if ids is None:
        return "all others" if named else "all"
    return ", ".join(ids)


def _legend(drawn: Scene, found: Installation, y: float) -> float:
    """What the signs mean; returns where it ends."""
    entries: list[tuple[str, str, str]] = [
        ("arrow", "inbound", "is called by"),
        ("dot", "data", "uses a data service"),
        ("dot", "outward", "may reach addresses outside"),
    ]
    y += 12
    x = float(_MARGIN)
    for shape, look, words in entries:
        drawn.signs.append(Sign(x=x + 6, y=y - 4, shape=shape, look=look))
        x += 18 + drawn.label(x + 18, y, words, "small", 300, "muted") + 20
    drawn.boxes.append(Box(x=x, y=y - 7, width=22, height=_BAR, look="bar", radius=_BAR / 2))
    x += 28 + drawn.label(x + 28, y, "always", "small", 200, "muted") + 14
    drawn.boxes.append(Box(x=x, y=y - 7, width=22, height=_BAR, look="reserve", radius=_BAR / 2))
    drawn.label(x + 28, y, "when needed", "small", 200, "muted")
    y += 20
    words = "Every pod resolves names with the cluster's DNS. Network policies allow nothing that is not drawn here."
    drawn.label(_MARGIN, y, words, "small", WIDTH - 2 * _MARGIN, "muted")
    if found.changes:
        y += 20
        x = float(_MARGIN)
        for op, (sign, word) in SAID.items():
            x += drawn.label(x, y, f"{sign} {word}", "strong", 200, op) + 16
    return y + 4
