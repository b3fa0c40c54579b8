"""The releases: a card each, with a row for each workload."""

from collections.abc import Sequence
from typing import Final

from tools.picture.drawing.scene import Box, Line
from tools.picture.drawing.sheet import COLUMN_GAP, NAME, SCALE, TASKS, Sheet, look
from tools.picture.installation import Gone, Release, Workload
from tools.picture.reach import FRONTEND
from tools.picture.words import GONE, SAID, kind

_HEAD: Final = 62
"""Of a release: its name, and what the columns are."""
_ROW: Final = 48
_FOOT: Final = 8
_BAR: Final = 5
"""Height of the bar that shows numbers of pods."""
_OUT: Final = 10
"""How far a marked row stands out of its text."""


def release_card(sheet: Sheet, release: Release, gone: Sequence[Gone], y: float) -> float:
    """Draw a release with its workloads and those that it had; returns where it ends."""
    mark = sheet.found.mark(release.path)
    height = _HEAD + _ROW * (len(release.workloads) + len(gone)) + _FOOT
    sheet.frame(y, height, f"edge {mark.op}" if mark else "card")
    _head(sheet, release, y)
    rows = {workload.name: y + _HEAD + place * _ROW for place, workload in enumerate(release.workloads)}
    for workload in release.workloads:
        _workload(sheet, workload, rows[workload.name])
    for caller in (workload for workload in release.workloads if FRONTEND in workload.reached_by):
        _from_frontend(sheet, rows[FRONTEND] + _ROW / 2, rows[caller.name] + _ROW / 2)
    for place, workload in enumerate(gone, start=len(release.workloads)):
        _gone(sheet, workload, y + _HEAD + place * _ROW)
    return y + height


def gone_card(sheet: Sheet, gone: Sequence[Gone], y: float) -> float:
    """Draw releases that the stack file no longer has, and their workloads; returns where that ends."""
    height = _ROW * len(gone) + 2 * _FOOT
    sheet.frame(y, height)
    for place, release in enumerate(gone):
        _gone(sheet, release, y + _FOOT + place * _ROW)
    return y + height


def _head(sheet: Sheet, release: Release, y: float) -> None:
    drawn, columns = sheet.drawn, sheet.columns
    inner = columns.right - columns.left - sheet.badge(sheet.found.mark(release.path), columns.right, y + 27)
    used = drawn.label(columns.left, y + 27, release.name, "heading", inner / 2) + 10
    drawn.label(columns.left + used, y + 27, kind(release), "small", inner - used, "muted")
    connected = {id_ for workload in release.workloads for id_ in (*workload.reached_by, *workload.reaches)}
    for target in sheet.found.targets:
        if target.id in connected:
            sheet.sign(columns.targets[target.id], y + 23, target.id, look(target), plate=True)
    for caller in sheet.found.callers:
        if caller.id in connected:
            sheet.sign(columns.callers[caller.id], y + 23, caller.id, "inbound", plate=True)
    if any(workload.kind == "pool" for workload in release.workloads):
        drawn.label(columns.tasks, y + 50, "takes", "small", TASKS, "muted")
        drawn.label(columns.whose, y + 50, "of tenants", "small", columns.scale - columns.whose, "muted")
    drawn.label(columns.scale, y + 50, "pods", "small", SCALE, "muted")


def _workload(sheet: Sheet, workload: Workload, y: float) -> None:
    drawn, columns, mark = sheet.drawn, sheet.columns, sheet.found.mark(workload.path)
    if mark:
        _wash(sheet, mark.op, y)
    drawn.lines.append(Line(points=[(columns.left, y), (columns.right, y)], look="line"))
    drawn.label(columns.left, y + 21, workload.name, "name", NAME, full=workload.deployment)
    if mark:
        drawn.label(columns.left, y + 38, SAID[mark.op], "strong", NAME, mark.op, full="\n".join(mark.objects))
    else:
        drawn.label(columns.left, y + 38, workload.note, "small", NAME, "muted")
    if workload.kind == "pool":
        sheet.tasks(workload.types, columns.tasks, y + 14)
        space = columns.scale - COLUMN_GAP - columns.whose
        workspaces = f"workspaces {', '.join(workload.workspaces)}" if workload.workspaces else ""
        _lines(sheet, columns.whose, y, (", ".join(workload.tenants) or "all", workspaces), space)
    else:
        _lines(sheet, columns.tasks, y, (workload.about, workload.role), columns.scale - COLUMN_GAP - columns.tasks)
    _scale(sheet, workload, y)
    _signs(sheet, workload, y + _ROW / 2)


def _wash(sheet: Sheet, op: str, y: float) -> None:
    left, right = sheet.columns.left - _OUT, sheet.columns.right + _OUT
    sheet.drawn.boxes.append(Box(x=left, y=y + 2, width=right - left, height=_ROW - 4, look=op, radius=6))


def _lines(sheet: Sheet, x: float, y: float, texts: tuple[str, str], space: float) -> None:
    """One or two lines in the middle of a row."""
    first, second = texts
    sheet.drawn.label(x, y + (21 if second else 28), first, "small", space)
    sheet.drawn.label(x, y + 38, second, "small", space, "muted")


def _signs(sheet: Sheet, workload: Workload, y: float) -> None:
    columns = sheet.columns
    for id_ in workload.reached_by:
        sheet.sign(columns.callers[id_], y, "arrow", "inbound", title=f"{id_} calls {workload.deployment}")
    for target in sheet.found.targets:
        if target.id in workload.reaches:
            title = f"{workload.deployment} uses {target.name}"
            sheet.sign(columns.targets[target.id], y, "dot", look(target), title=title)
    for id_ in (*workload.reached_by, *workload.reaches):
        sheet.ends[id_] = y


def _from_frontend(sheet: Sheet, start: float, end: float) -> None:
    x = sheet.columns.callers[FRONTEND]
    sheet.drawn.lines.append(Line(points=[(x, start), (x, end)], look="inbound"))
    sheet.sign(x, start, "dot", "inbound", title="the frontend calls the backend")


def _scale(sheet: Sheet, workload: Workload, y: float) -> None:
    """The numbers in words, and as a bar on a scale that all workloads share."""
    scale, drawn, x = workload.scale, sheet.drawn, sheet.columns.scale
    if workload.kind == "job":
        _lines(sheet, x, y, (scale.by, scale.why), SCALE)
        return
    y += 0 if scale.why else 7
    drawn.label(x, y + 18, scale.said, "small", SCALE)
    start, end = (SCALE * number / sheet.found.most_pods for number in (scale.low, scale.high))
    for part, left, right in (("track", 0.0, float(SCALE)), ("reserve", start, end), ("bar", 0.0, start)):
        if right > left:
            length = max(right - left, _BAR)
            drawn.boxes.append(Box(x=x + left, y=y + 24, width=length, height=_BAR, look=part, radius=_BAR / 2))
    drawn.label(x, y + 43, scale.why, "small", SCALE, "muted")


def _gone(sheet: Sheet, gone: Gone, y: float) -> None:
    columns, full = sheet.columns, "\n".join(gone.objects)
    _wash(sheet, "delete", y)
    sheet.drawn.label(columns.left, y + 21, gone.name, "name", NAME)
    sheet.drawn.label(columns.left, y + 38, SAID["delete"], "strong", NAME, "delete", full=full)
    sheet.drawn.label(columns.tasks, y + 28, GONE, "small", columns.right - columns.tasks)
