"""The picture as one page that needs nothing else: no network, and no script to be read.

The browser lays it out, so it also fits a telephone; the lines past the workloads are the same as in the drawing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from config.routing import TASK_TYPES, TaskType
from tools.picture.icons import ICONS
from tools.picture.installation import Caller, Gone, Installation, Mark, Release, Target, Workload
from tools.picture.layout import PAST, SAID, cells
from tools.picture.palette import DARK, FONT, LIGHT, variables

_FOLDER: Final = Path(__file__).parent
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""Asked of the browser: nothing is fetched, whatever the page holds."""

_COLOURS: Final = f"""
:root {{ {variables(LIGHT)} --hover: #eef2f8; color-scheme: light; }}
:root[data-theme="dark"] {{ {variables(DARK)} --hover: #1e2732; color-scheme: dark; }}
@media screen and (prefers-color-scheme: dark) {{
:root:not([data-theme="light"]) {{ {variables(DARK)} --hover: #1e2732; color-scheme: dark; }} }}
body, input, button {{ font-family: {FONT}; }}
"""

_MOST_OPEN: Final = 40
"""Workloads up to which all releases are shown unfolded: more are easier to find by the name of their release."""


def page(found: Installation) -> str:
    """The whole page."""
    root = Element("html", {"lang": "en"})
    _head(root, found)
    body = SubElement(root, "body", {"style": f"--in: {_Rails.of(found).calling}; --out: {len(found.targets)}"})
    _Writer(found).write(body)
    SubElement(body, "script").text = (_FOLDER / "page.js").read_text()
    return f"<!doctype html>\n{tostring(root, encoding='unicode', method='html')}\n"


def _head(root: Element, found: Installation) -> None:
    head = SubElement(root, "head")
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY})
    SubElement(head, "title").text = f"Installation {found.stack}"
    SubElement(head, "style").text = _COLOURS + (_FOLDER / "page.css").read_text()


def _text(parent: Element, tag: str, text: str, class_: str = "", **more: str) -> Element:
    element = SubElement(parent, tag, {**({"class": class_} if class_ else {}), **more})
    element.text = text
    return element


def _icon(parent: Element, name: str) -> None:
    svg = SubElement(parent, "svg", {"class": "icon", "viewBox": "0 0 16 16", "aria-hidden": "true"})
    SubElement(svg, "path", {"d": ICONS[name]})


@dataclass(frozen=True)
class _Rails:
    """The lines past the workloads: which there are, and how far down each has something to do."""

    calls: Sequence[str]
    targets: Sequence[Target]
    last: Mapping[str, str]
    """Path of the last workload of each."""
    order: Mapping[str, int]

    @classmethod
    def of(cls, found: Installation) -> "_Rails":
        calls = [*(caller.id for caller in found.callers if caller.target is None), "frontend"]
        workloads = [workload for release in found.releases for workload in release.workloads]
        last = {id_: w.path for w in workloads for id_ in (*w.reached_by, *w.reaches)}
        paths = [path for r in found.releases for path in (r.path, *(w.path for w in r.workloads))]
        return cls(calls, found.targets, last, {path: place for place, path in enumerate(paths)})

    @property
    def calling(self) -> int:
        return len(self.calls)

    def passes(self, id_: str, path: str) -> bool:
        """Whether a line goes on below a part."""
        return id_ in self.last and self.order[path] < self.order[self.last[id_]]


class _Writer:
    """Writes the parts of one page."""

    def __init__(self, found: Installation) -> None:
        self._found = found
        self._rails = _Rails.of(found)
        workloads = [w for release in found.releases for w in release.workloads]
        self._most = max((w.scale.high for w in workloads), default=1) or 1
        self._all_open = len(workloads) <= _MOST_OPEN

    def write(self, body: Element) -> None:
        self._title(body)
        main = SubElement(body, "main")
        self._around(main)
        for release in self._found.releases:
            self._release(main, release)
        if self._found.changes:
            self._left(main)
        self._routes(main)
        if self._found.findings:
            panel = self._panel(main, "What the checks say")
            listed = SubElement(panel, "ul")
            for finding in self._found.findings:
                _text(listed, "li", finding)
        self._legend(body)

    def _title(self, body: Element) -> None:
        header = SubElement(body, "header")
        words = SubElement(header, "div")
        _text(words, "h1", self._found.stack)
        _text(words, "span", f"on {self._found.cloud}", "muted")
        _text(words, "p", " · ".join(self._found.facts), "muted")
        if self._found.changes:
            counted = [f"{n} {PAST[op]}" for op, n in self._found.changes.counts.items() if n]
            line = _text(words, "p", "")
            _text(line, "b", "Preview: ")
            _text(line, "span", ", ".join(counted) or "nothing changes")
        controls = SubElement(header, "div", {"class": "controls", "role": "search"})
        label = SubElement(controls, "label")
        SubElement(
            label,
            "input",
            {
                "id": "search",
                "type": "search",
                "placeholder": "Find a pool or tenant",
                "aria-label": "Find a pool, release or tenant",
                "autocomplete": "off",
            },
        )
        _text(controls, "button", "Collapse all" if self._all_open else "Expand all", id="fold", type="button")
        _text(controls, "button", "Dark", id="theme", type="button", title="Light or dark")
        _text(controls, "div", "", id="found", role="status")

    def _around(self, main: Element) -> None:
        around = SubElement(main, "section", {"class": "around", "aria-label": "What is around the releases"})
        calling = [caller for caller in self._found.callers if caller.target is None]
        using = [caller for caller in self._found.callers if caller.target is not None]
        targets = self._found.targets
        rows = max(len(targets), len(calling) + len(using))
        row_of = {target.id: rows - place for place, target in enumerate(targets)}
        for place, caller in enumerate(calling):
            self._card(around, caller, "calls inbound", place + 1)
            self._lead(around, "lead inbound", place, place + 1)
        for place, caller in enumerate(using):
            row = rows - len(using) + 1 + place
            self._card(around, caller, "calls inbound", row)
            down = row_of[caller.target or ""] - row
            style = f"--row: {row}; --down: {down}"
            SubElement(around, "i", {"class": "uses data" + (" bent" if down else ""), "style": style})
        for place, target in reversed(list(enumerate(targets))):
            look = "data" if target.inside else "outward"
            self._card(around, target, f"called {look}", row_of[target.id])
            self._lead(around, f"lead {look}", place, row_of[target.id])

    @staticmethod
    def _lead(around: Element, class_: str, place: int, row: int) -> None:
        SubElement(around, "i", {"class": class_, "style": f"--place: {place}; --row: {row}"})

    def _card(self, around: Element, shown: Target | Caller, class_: str, row: int) -> None:
        mark = self._found.mark(shown.id)
        side, look = class_.split()
        card = SubElement(
            around,
            "div",
            {
                "class": f"card {side}{self._marked(mark)}",
                "style": f"grid-row: {row}",
                "title": "\n".join((shown.name, shown.where, *shown.facts, *(mark.objects if mark else ()))),
            },
        )
        _icon(SubElement(card, "span", {"class": look, "style": "display: flex"}), shown.id)
        words = SubElement(card, "div")
        first = SubElement(words, "p")
        _text(first, "b", shown.name)
        _text(first, "span", shown.where, "muted")
        if mark:
            _text(first, "span", f" {' '.join(SAID[mark.op])}", f"mark {mark.op}")
        _text(words, "p", ", ".join(shown.facts), "muted")

    @staticmethod
    def _marked(mark: Mark | None) -> str:
        return f" marked {mark.op}" if mark else ""

    def _release(self, main: Element, release: Release) -> None:
        changes = self._found.changes
        gone = [g for g in changes.gone if g.release == release.path] if changes else []
        mark = self._found.mark(release.path)
        touched = bool(mark or gone or any(self._found.mark(w.path) for w in release.workloads))
        details = SubElement(main, "details", {"class": f"release{self._marked(mark)}"})
        if self._all_open or release.primary or touched:
            details.set("open", "open")
        line = SubElement(SubElement(details, "summary"), "div", {"class": "line head"})
        used = {id_ for workload in release.workloads for id_ in (*workload.reached_by, *workload.reaches)}
        self._cells(line, release.path, icons=used)
        text = SubElement(line, "div", {"class": "text"})
        _text(text, "h2", release.name, "name")
        kind = "primary release" if release.primary else "worker release"
        _text(text, "span", " · ".join((kind, *release.facts)), "muted")
        if mark:
            _text(text, "span", " ".join(SAID[mark.op]), f"mark {mark.op}")
        for workload in release.workloads:
            self._workload(details, release, workload)
        for workload in gone:
            self._gone(details, release.path, workload)
        end = SubElement(details, "div", {"class": "line end"})
        if release.workloads:
            self._cells(end, release.workloads[-1].path)

    def _cells(
        self, line: Element, path: str, *, workload: Workload | None = None, icons: set[str] | None = None
    ) -> None:
        """The lines that pass a part, each with a sign if it has something to do with it."""
        places = {id_: place + 2 for place, id_ in enumerate(self._rails.calls)}
        looks = dict.fromkeys(self._rails.calls, "inbound")
        for place, target in enumerate(self._rails.targets):
            places[target.id] = place + self._rails.calling + 5
        looks |= {target.id: "data" if target.inside else "outward" for target in self._rails.targets}
        callers = frozenset(workload.reached_by) if workload else frozenset[str]()
        reached = frozenset(workload.reaches) if workload else frozenset[str]()
        for id_, place in places.items():
            passes = self._rails.passes(id_, path)
            ends = self._rails.last.get(id_) == path and workload is not None
            classes = [looks[id_]]
            if id_ == "frontend":
                starts = workload is not None and workload.path == "primary.frontend" and passes
                passes = starts
                classes += ["use", "first"] if starts else []
            if id_ in callers:
                classes.append("called")
            if id_ in reached:
                classes.append("use")
            if ends:
                classes.append("last")
            elif not passes:
                classes.append("off")
            icon = icons is not None and id_ in icons and id_ in ICONS
            if len(classes) > 1 or passes or icon:
                cell = SubElement(line, "i", {"class": " ".join(classes), "style": f"--at: {place}"})
                if icon:
                    _icon(cell, id_)

    def _workload(self, details: Element, release: Release, workload: Workload) -> None:
        mark = self._found.mark(workload.path)
        row = SubElement(details, "details", {"class": f"row{self._marked(mark)}"})
        row.set("data-find", _findable(release, workload))
        line = SubElement(SubElement(row, "summary"), "div", {"class": "line"})
        self._cells(line, workload.path, workload=workload)
        text = SubElement(line, "div", {"class": "text"})
        name = _text(text, "div", "")
        _text(name, "span", workload.name, "name")
        if mark:
            _text(name, "span", " ".join(SAID[mark.op]), f"mark {mark.op}")
        elif workload.kind == "pool":
            _text(name, "small", f"tasks up to {workload.facts['longest task']}")
        else:
            _text(name, "small", workload.kind)
        if workload.kind == "pool":
            self._tasks(text, workload.types)
            whose = _text(text, "div", ", ".join(workload.tenants) or "all tenants", "whose")
            if workload.workspaces:
                _text(whose, "small", f"workspaces {', '.join(workload.workspaces)}")
        else:
            about = _text(text, "div", workload.about, "about")
            if "what" in workload.facts:
                _text(about, "small", workload.facts["what"])
        self._scale(text, workload)
        below = SubElement(row, "div", {"class": "line"})
        self._cells(below, workload.path)
        self._more(SubElement(below, "dl", {"class": "more text"}), workload, mark)

    @staticmethod
    def _tasks(parent: Element, types: frozenset[TaskType]) -> None:
        said = f"takes {', '.join(type_ for type_ in TASK_TYPES if type_ in types)}"
        tasks = SubElement(parent, "div", {"class": "tasks", "role": "img", "aria-label": said, "title": said})
        for type_ in TASK_TYPES:
            _text(tasks, "span", type_ if type_ in types else "", "on" if type_ in types else "no")

    def _scale(self, text: Element, workload: Workload) -> None:
        scale = workload.scale
        if workload.kind == "job":
            _text(_text(text, "div", scale.by), "small", scale.why)
            return
        box = SubElement(text, "div")
        _text(box, "span", scale.pods if scale.by == "fixed" else f"{scale.pods}, {scale.by}")
        bar = SubElement(box, "span", {"class": "bar"})
        for class_, number in (("reserve", scale.high), ("always", scale.low)):
            if number:
                SubElement(bar, "b", {"class": class_, "style": f"width: {100 * number / self._most:.3g}%"})
        if scale.why:
            _text(box, "small", scale.why)

    def _more(self, listed: Element, workload: Workload, mark: Mark | None) -> None:
        names = {shown.id: shown.name for shown in (*self._found.targets, *self._found.callers)}
        names["frontend"] = "frontend"
        facts = {
            "Deployment" if workload.kind != "job" else "Job": workload.deployment,
            "setting": workload.path,
            "uses": ", ".join(names[id_] for id_ in workload.reaches) or "no data service",
            "called by": ", ".join(names[id_] for id_ in workload.reached_by),
            **workload.facts,
            **({"preview": "; ".join(mark.objects)} if mark else {}),
        }
        if workload.name == "frontend" and workload.kind == "service":
            facts["uses"] = "backend"
        for name, value in facts.items():
            _text(listed, "dt", name)
            _text(listed, "dd", value)

    def _gone(self, parent: Element, path: str, gone: Gone) -> None:
        row = SubElement(parent, "details", {"class": "row marked delete", "data-find": gone.name.lower()})
        line = SubElement(SubElement(row, "summary"), "div", {"class": "line"})
        self._cells(line, path if not self._found.releases else self._last_of(path))
        text = SubElement(line, "div", {"class": "text"})
        name = _text(text, "div", "")
        _text(name, "span", gone.name, "name")
        _text(name, "span", " ".join(SAID["delete"]), "mark delete")
        _text(text, "div", "no longer in the stack file", "about")
        below = SubElement(row, "div", {"class": "line"})
        listed = SubElement(below, "dl", {"class": "more text"})
        _text(listed, "dt", "preview")
        _text(listed, "dd", "; ".join(gone.objects))

    def _last_of(self, path: str) -> str:
        """The last part of a release, below which lines go on as below all of it."""
        found = [release for release in self._found.releases if release.path == path]
        return next((w.path for release in found for w in reversed(release.workloads)), path)

    def _left(self, main: Element) -> None:
        """What a preview would change besides."""
        changes = self._found.changes
        if changes is None:
            return
        if releases := [gone for gone in changes.gone if gone.release is None]:
            panel = self._panel(main, "No longer in the stack file")
            listed = SubElement(panel, "ul")
            for gone in releases:
                item = _text(listed, "li", "")
                _text(item, "b", gone.name)
                _text(item, "span", f" {' '.join(SAID['delete'])}", "mark delete")
                _text(item, "span", f" {'; '.join(gone.objects)}", "muted")
        if changes.elsewhere:
            panel = self._panel(main, "Other objects that change")
            listed = SubElement(panel, "ul")
            for words in changes.elsewhere:
                _text(listed, "li", words)

    @staticmethod
    def _panel(main: Element, heading: str) -> Element:
        panel = SubElement(main, "details", {"class": "panel", "open": "open"})
        _text(SubElement(panel, "summary"), "h2", heading)
        return panel

    def _routes(self, main: Element) -> None:
        panel = self._panel(main, "Who serves whom")
        table = SubElement(panel, "table")
        headings = ("of tenants", "of workspaces", "run in", "KEDA counts for")
        head = SubElement(SubElement(table, "thead"), "tr")
        for heading in ("tasks", *headings):
            _text(head, "th", heading, scope="col")
        body = SubElement(table, "tbody")
        for route in self._found.routes:
            said = list(cells(route, self._found.routes))
            found = " ".join((*route.types, *(words for words, _ in said))).lower()
            row = SubElement(body, "tr", {"data-find": found})
            self._tasks(SubElement(row, "td"), frozenset(route.types))
            for heading, (words, tone) in zip(headings, said, strict=True):
                cell = SubElement(row, "td", {"data-is": heading})
                _text(cell, "span", words, "nobody" if tone == "delete" else "")

    def _legend(self, body: Element) -> None:
        footer = SubElement(body, "footer", {"class": "legend"})
        for class_, words in _legend():
            entry = SubElement(footer, "span")
            SubElement(entry, "i", {"class": class_, **(_BARS.get(class_, {}))})
            _text(entry, "span", words)
        _text(
            footer,
            "span",
            "Every pod resolves names with the cluster's DNS. Network policies allow nothing that is not shown here.",
        )


_BARS: Final = {
    "bar always": {"style": "background: var(--bar)"},
    "bar reserve": {"style": "background: var(--reserve)"},
}


def _legend() -> Iterator[tuple[str, str]]:
    yield "called inbound", "is called by"
    yield "data", "uses a data service"
    yield "outward", "may reach addresses outside"
    yield "bar always", "always"
    yield "bar reserve", "when needed"


def _findable(release: Release, workload: Workload) -> str:
    """What a search looks through."""
    words = (
        workload.name,
        workload.deployment,
        release.name,
        release.namespace,
        workload.about,
        workload.scale.by,
        *sorted(workload.types),
        *workload.tenants,
        *workload.workspaces,
    )
    return " ".join(words).lower()
