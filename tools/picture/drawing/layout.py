"""Where everything in the drawing stands: plain arithmetic from facts to places.

Connections are not drawn from box to box, which nobody could follow with a hundred pools. Whatever is shared has one
line, which runs past all workloads: on the left those that call them, on the right what they call. A sign where a line
passes a workload says that the two are connected; so no line ever crosses a text.
"""

from itertools import pairwise
from typing import Final

from tools.picture.drawing.releases import gone_card, release_card
from tools.picture.drawing.scene import Box, Line, Scene
from tools.picture.drawing.sheet import COLUMN_GAP, GAP, MARGIN, PAD, TASKS, WIDTH, Columns, Sheet, look
from tools.picture.drawing.surroundings import surroundings
from tools.picture.installation import Installation
from tools.picture.words import ALWAYS, CALLED, COLUMNS, OUTSIDE, RESERVE, REST, SAID, SERVED, USES, cells, previewed

_INNER: Final = WIDTH - 2 * MARGIN
_ROUTE: Final = 30
_SHARES: Final = (0.26, 0.16, 0.32, 0.26)
"""What columns of the table of routes have of its width: tenants, workspaces, pools, who counts."""


def scene(found: Installation) -> Scene:
    """The whole drawing."""
    sheet = Sheet(found=found, columns=Columns.of(found))
    y = surroundings(sheet, _title(sheet))
    changes = found.changes
    for release in found.releases:
        gone = [gone for gone in changes.gone if gone.release == release.path] if changes else []
        y = release_card(sheet, release, gone, y + GAP)
    if changes and (gone := [gone for gone in changes.gone if gone.release is None]):
        y = gone_card(sheet, gone, y + GAP)
    _rails(sheet)
    y = _routes(sheet, y + GAP)
    sheet.drawn.height = _legend(sheet, y + GAP) + MARGIN
    return sheet.drawn


def _title(sheet: Sheet) -> float:
    drawn, found, y = sheet.drawn, sheet.found, MARGIN + 42
    used = drawn.label(MARGIN, MARGIN + 20, found.stack, "title", _INNER / 2) + 12
    drawn.label(MARGIN + used, MARGIN + 20, f"on {found.cloud}", "plain", _INNER / 2, "muted")
    drawn.label(MARGIN, y, " · ".join(found.facts), "plain", _INNER, "muted")
    if found.changes:
        y += 22
        used = drawn.label(MARGIN, y, "Preview:", "strong", _INNER) + 8
        words, rest = previewed(found.changes.counts), len(found.changes.elsewhere)
        if rest:
            words = f"{words}; not drawn here: {rest}"
        drawn.label(MARGIN + used, y, words, "small", _INNER - used, full="\n".join(found.changes.elsewhere))
    return y + 26.0


def _rails(sheet: Sheet) -> None:
    """One line for everything that is shared: from or to its card, as far down as it has something to do."""
    columns = sheet.columns
    for caller in sheet.found.callers:
        if (end := sheet.ends.get(caller.id)) is not None:
            x, top = columns.callers[caller.id], sheet.begins[caller.id]
            sheet.drawn.lines.append(Line(points=[(columns.left, top), (x, top), (x, end)], look="inbound"))
    for target in sheet.found.targets:
        if (end := sheet.ends.get(target.id)) is not None:
            x, top = columns.targets[target.id], sheet.begins[target.id]
            way = [(x, end), (x, top), (columns.right + 3, top)]
            sheet.drawn.lines.append(Line(points=way, look=look(target), arrow=True))


def _routes(sheet: Sheet, y: float) -> float:
    """Who serves whom: each class of tasks there can be, and the pools that take it."""
    drawn, routes = sheet.drawn, sheet.found.routes
    sheet.frame(y, 80 + _ROUTE * len(routes))
    left, right = MARGIN + PAD, WIDTH - MARGIN - PAD
    drawn.label(left, y + 27, SERVED, "heading", right - left)
    edges = [float(left + TASKS + COLUMN_GAP)]
    free = right - edges[0] + COLUMN_GAP
    for share in _SHARES:
        edges.append(edges[-1] + free * share)
    places = [(start, end - start - COLUMN_GAP) for start, end in pairwise(edges)]
    y += 54
    first, *others = COLUMNS
    drawn.label(left, y, first, "small", TASKS, "muted")
    for (x, space), words in zip(places, others, strict=True):
        drawn.label(x, y, words, "small", space, "muted")
    y += 12
    for route in routes:
        drawn.lines.append(Line(points=[(left, y), (right, y)], look="line"))
        sheet.tasks(frozenset(route.types), left, y + 5)
        for (x, space), (words, tone) in zip(places, cells(sheet.found, route), strict=True):
            drawn.label(x, y + 19, words, "strong" if tone == "delete" else "small", space, tone)
        y += _ROUTE
    return y + 14


def _legend(sheet: Sheet, y: float) -> float:
    """What the signs mean; returns where it ends."""
    drawn = sheet.drawn
    y, x = y + 12, float(MARGIN)
    for shape, meaning, words in (("arrow", "inbound", CALLED), ("dot", "data", USES), ("dot", "outward", OUTSIDE)):
        sheet.sign(x + 6, y - 4, shape, meaning)
        x += 38 + drawn.label(x + 18, y, words, "small", 300, "muted")
    for part, words in (("bar", ALWAYS), ("reserve", RESERVE)):
        drawn.boxes.append(Box(x=x, y=y - 7, width=22, height=5, look=part, radius=2.5))
        x += 42 + drawn.label(x + 28, y, words, "small", 200, "muted")
    y += 20
    drawn.label(MARGIN, y, REST, "small", _INNER, "muted")
    if sheet.found.changes:
        y, x = y + 20, float(MARGIN)
        for op, words in SAID.items():
            x += 16 + drawn.label(x, y, words, "strong", 200, op)
    return y + 4
