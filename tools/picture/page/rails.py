"""The lines past the workloads: which there are, and how far down each has something to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from tools.picture.installation import Installation, Release, Workload
from tools.picture.page.markup import put_icon
from tools.picture.reach import FRONTEND

_BEFORE = 2
"""Column of the grid that the first line is in."""
_BETWEEN = 3
"""Columns between the callers' lines and the targets': space, text, space."""


@dataclass(frozen=True)
class Rails:
    """All lines of a page; each part of it, a release or a workload, shows its piece of them."""

    looks: Mapping[str, str]
    """How each line looks, callers' first."""
    places: Mapping[str, int]
    """Column of each line."""
    calling: int
    """How many lines are callers'."""
    last: Mapping[str, str]
    """Path of the last workload that each has something to do with."""
    order: Mapping[str, int]
    """Places of all parts, by path."""

    @classmethod
    def of(cls, found: Installation) -> "Rails":
        """Those of an installation."""
        calls = [*(caller.id for caller in found.callers if caller.target is None), FRONTEND]
        looks = dict.fromkeys(calls, "inbound")
        looks |= {target.id: "data" if target.inside else "outward" for target in found.targets}
        shift = {id_: _BEFORE if id_ in calls else _BEFORE + _BETWEEN for id_ in looks}
        paths = [path for release in found.releases for path in (release.path, *(w.path for w in release.workloads))]
        workloads = [workload for release in found.releases for workload in release.workloads]
        return cls(
            looks=looks,
            places={id_: place + shift[id_] for place, id_ in enumerate(looks)},
            calling=len(calls),
            last={id_: w.path for w in workloads for id_ in (*w.reached_by, *w.reaches)},
            order={path: place for place, path in enumerate(paths)},
        )

    def goes_on(self, id_: str, path: str) -> bool:
        """Whether a line goes on below a part. The frontend's begins at it, not at a card."""
        if id_ not in self.last or (id_ == FRONTEND and self.order[path] < self.order[f"primary.{FRONTEND}"]):
            return False
        return self.order[path] < self.order[self.last[id_]]

    def below(self, line: Element, path: str) -> None:
        """Show the lines that go on below a part."""
        for id_ in self.looks:
            if self.goes_on(id_, path):
                self._piece(line, id_)

    def beside_release(self, line: Element, release: Release) -> None:
        """Show those that pass the head of a release, with icons of those that its workloads are connected to."""
        connected = {id_ for workload in release.workloads for id_ in (*workload.reached_by, *workload.reaches)}
        for id_ in self.looks:
            if self.goes_on(id_, release.path):
                piece = self._piece(line, id_)
                if id_ in connected:
                    put_icon(piece, id_)

    def beside_workload(self, line: Element, workload: Workload) -> None:
        """Show those that pass a workload, with a sign on those that it is connected to."""
        for id_ in self.looks:
            signs = ["called"] if id_ in workload.reached_by else ["use"] if id_ in workload.reaches else []
            if id_ == FRONTEND and workload.path == f"primary.{FRONTEND}":
                signs = ["use", "first"]
            if self.last.get(id_) == workload.path:
                signs.append("last")
            if signs or self.goes_on(id_, workload.path):
                self._piece(line, id_, *signs)

    def _piece(self, line: Element, id_: str, *signs: str) -> Element:
        style = f"--at: {self.places[id_]}"
        return SubElement(line, "i", {"class": " ".join((self.looks[id_], *signs)), "style": style})
