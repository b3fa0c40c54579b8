"""The releases on a page: each can be folded, and each workload opened for what else there is to know of it."""

from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from tools.picture.installation import Gone, Installation, Mark, Release, Workload
from tools.picture.page.markup import marked, put, put_mark, put_tasks
from tools.picture.page.rails import Rails
from tools.picture.reach import FRONTEND
from tools.picture.words import GONE, kind

_MOST_OPEN: Final = 40
"""Workloads up to which all releases are shown unfolded: more are easier to find by the name of their release."""


class Releases:
    """Writes the releases of one installation."""

    def __init__(self, found: Installation, rails: Rails) -> None:
        self._found = found
        self._rails = rails
        self._names = {shown.id: shown.name for shown in (*found.targets, *found.callers)} | {FRONTEND: FRONTEND}
        self.unfolded = sum(len(release.workloads) for release in found.releases) <= _MOST_OPEN
        """Whether all are unfolded at first."""

    def write(self, main: Element) -> None:
        """Write all of them."""
        changes = self._found.changes
        for release in self._found.releases:
            self._release(main, release, [g for g in changes.gone if g.release == release.path] if changes else [])

    def _release(self, main: Element, release: Release, gone: list[Gone]) -> None:
        mark = self._found.mark(release.path)
        touched = mark or gone or any(self._found.mark(workload.path) for workload in release.workloads)
        details = SubElement(main, "details", {"class": f"release{marked(mark)}"})
        if self.unfolded or release.primary or touched:
            details.set("open", "open")
        line = put(SubElement(details, "summary"), "div", "", "line head")
        self._rails.beside_release(line, release)
        text = put(line, "div", "", "text")
        put(text, "h2", release.name, "name")
        put(text, "span", kind(release), "muted")
        put_mark(text, mark)
        for workload in release.workloads:
            self._workload(details, release, workload)
        last = release.workloads[-1].path if release.workloads else release.path
        for workload in gone:
            self._gone(details, workload, last)
        self._rails.below(put(details, "div", "", "line end"), last)

    def _workload(self, details: Element, release: Release, workload: Workload) -> None:
        mark = self._found.mark(workload.path)
        row = SubElement(details, "details", {"class": f"row{marked(mark)}", "data-find": _findable(release, workload)})
        line = put(SubElement(row, "summary"), "div", "", "line")
        self._rails.beside_workload(line, workload)
        text = put(line, "div", "", "text")
        name = put(text, "div")
        put(name, "span", workload.name, "name")
        put_mark(name, mark)
        if not mark:
            put(name, "small", workload.note)
        if workload.kind == "pool":
            put_tasks(text, workload.types)
            whose = put(text, "div", ", ".join(workload.tenants) or "all tenants", "whose")
            if workload.workspaces:
                put(whose, "small", f"workspaces {', '.join(workload.workspaces)}")
        else:
            about = put(text, "div", workload.about, "about")
            if workload.role:
                put(about, "small", workload.role)
        self._scale(put(text, "div"), workload)
        below = put(row, "div", "", "line")
        self._rails.below(below, workload.path)
        _facts(below, self._facts(workload, mark))

    def _scale(self, box: Element, workload: Workload) -> None:
        scale = workload.scale
        put(box, "span", scale.by if workload.kind == "job" else scale.said)
        if workload.kind != "job":
            bar = put(box, "span", "", "bar")
            for part, number in (("reserve", scale.high), ("always", scale.low)):
                if number:
                    put(bar, "b", "", part, style=f"width: {100 * number / self._found.most_pods:.3g}%")
        if scale.why:
            put(box, "small", scale.why)

    def _facts(self, workload: Workload, mark: Mark | None) -> Mapping[str, str]:
        uses = [self._names[id_] for id_ in workload.reaches]
        if any(FRONTEND in w.reached_by for w in self._found.releases[0].workloads) and workload.name == FRONTEND:
            uses.append("backend")
        return {
            "Job" if workload.kind == "job" else "Deployment": workload.deployment,
            "setting": workload.path,
            "uses": ", ".join(uses),
            "called by": ", ".join(self._names[id_] for id_ in workload.reached_by),
            **workload.facts,
            **({"preview": "; ".join(mark.objects)} if mark else {}),
        }

    def _gone(self, details: Element, gone: Gone, last: str) -> None:
        row = SubElement(details, "details", {"class": "row marked delete", "data-find": gone.name.lower()})
        line = put(SubElement(row, "summary"), "div", "", "line")
        self._rails.below(line, last)
        text = put(line, "div", "", "text")
        name = put(text, "div")
        put(name, "span", gone.name, "name")
        put_mark(name, Mark(op="delete", objects=gone.objects))
        put(text, "div", GONE, "about")
        below = put(row, "div", "", "line")
        self._rails.below(below, last)
        _facts(below, {"preview": "; ".join(gone.objects)})


def _facts(line: Element, facts: Mapping[str, str]) -> None:
    listed = put(line, "dl", "", "more text")
    for name, value in facts.items():
        put(listed, "dt", name)
        put(listed, "dd", value)


def _findable(release: Release, workload: Workload) -> str:
    """What a search looks through."""
    names = (workload.name, workload.deployment, workload.about, release.name, release.namespace, workload.scale.by)
    return " ".join((*names, *sorted(workload.types), *workload.tenants, *workload.workspaces)).lower()
