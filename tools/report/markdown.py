"""A report as Markdown, for one comment of a pull request: worst first, one table a class, details folded.

A comment holds 65,536 characters. A report stays under `MOST` at any size: a table takes half of the room that is left
at most, rows that do not fit are counted in place of being shown, and `--json` has them all.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from tools.report.approval import label
from tools.report.finding import Finding
from tools.report.kind import KINDS, Class
from tools.report.report import Report

MOST: Final = 60_000
"""Characters of a report, at most."""

_OPEN_ROWS: Final = 5
"""Rows of a table that are shown unfolded."""

_ROWS: Final = 60
"""Rows of a table, at most."""

_CELL: Final = 1_500
"""Characters of a cell, at most. Long enough for every right of a role: what is cut off is not reviewed."""

_SUBJECTS: Final = 3
"""Subjects of a row, at most, where many have the same fate."""

_HEAD: Final = ("| what | what happens | setting |", "|---|---|---|")
_FRAME: Final = 400
"""Characters of a table without its rows, at most."""

_ROOM: Final = 600
"""Characters kept for what is said about what is left out."""


def markdown(report: Report) -> str:
    """The whole comment."""
    parts, left_out = [_summary(report)], list[str]()
    for kind in KINDS:
        if found := [finding for finding in report.findings if finding.kind == kind]:
            room = (MOST - _ROOM - sum(map(len, parts))) // 2  # a long table leaves as much to those after it
            if table := _table(report, kind, found, room):
                parts.append(table)
            else:
                left_out.append(f"{len(found)} of {KINDS[kind].title}")
    if left_out:
        parts.append(f"Left out, for a comment holds no more: {', '.join(left_out)}. `--json` has everything.\n")
    return "\n".join(parts)


def _summary(report: Report) -> str:
    lines = [f"### Report of `{report.stack}`", ""]
    if report.first:
        lines += ["Nothing is deployed yet: everything is made, and nothing can be lost.", ""]
    compared = report.compared_with
    lines += [
        f"Settings compared with {compared}." if compared else "No settings to compare with: name some by `--base`.",
        "",
    ]
    counts: dict[Class, int] = {kind: sum(1 for finding in report.findings if finding.kind == kind) for kind in KINDS}
    shown = [
        f"{number} {KINDS[kind].title.lower()}" for kind, number in counts.items() if number and kind != "harmless"
    ]
    lines.append(
        ", ".join(shown) + "." if shown else "Nothing but harmless changes." if counts["harmless"] else "No changes."
    )
    waiting: set[Class] = {finding.kind for finding in report.held}
    for kind in sorted(waiting, key=list(KINDS).index):
        lines.append(
            f'**{KINDS[kind].title} needs an approval**: the label `{label(kind)}`, or `accept: {{ {kind}: "why" }}`.'
        )
    for kind, who in report.approved.items():
        if counts[kind]:
            lines.append(f"{KINDS[kind].title} is approved ({_cell(who)}).")
    return "\n".join(lines) + "\n"


def _table(report: Report, kind: Class, found: Sequence[Finding], room: int) -> str | None:
    """As many rows as there is room for; nothing if there is none for one."""
    title = f"{KINDS[kind].title}: {KINDS[kind].meaning}"
    if kind == "harmless":
        said = ", ".join(f"{finding.subject} {finding.what}" for finding in found)
        return f"<details><summary>{title}</summary>\n\n{_cut(said, _CELL)}\n\n</details>\n"
    rows = _rows(report, found)
    sizes = accumulate((len(row) + 1 for row in rows), initial=_FRAME)
    fitting = rows[: min(_ROWS, sum(1 for size in sizes if size <= room) - 1)]
    if not fitting:
        return None
    shown, folded = fitting[:_OPEN_ROWS], fitting[_OPEN_ROWS:]
    lines = [f"#### {title}", "", *_HEAD, *shown, ""]
    if folded:
        lines += [f"<details><summary>{len(folded)} more</summary>", "", *_HEAD, *folded, "", "</details>", ""]
    if len(rows) > len(fitting):
        lines += [f"And {len(rows) - len(fitting)} more, which `--json` has.", ""]
    return "\n".join(lines)


def _rows(report: Report, found: Sequence[Finding]) -> Sequence[str]:
    """One row for all that has the same fate for the same reason."""
    grouped = dict[tuple[str, str], list[Finding]]()
    for finding in found:
        cause = finding.cause
        setting = f"`{cause.setting}` ({cause.place})" if cause else "none: the program or a plugin"
        grouped.setdefault((finding.what, setting), []).append(finding)
    ordered = sorted(grouped.items(), key=lambda item: not any(report.holds(finding) for finding in item[1]))
    return [f"| {_subjects(findings)} | {_cell(what)} | {_cell(setting)} |" for (what, setting), findings in ordered]


def _subjects(findings: Sequence[Finding]) -> str:
    names = list(dict.fromkeys(finding.subject for finding in findings))
    more = f" and {len(names) - _SUBJECTS} more" if len(names) > _SUBJECTS else ""
    return _cell(", ".join(names[:_SUBJECTS]) + more)


def _cell(text: str) -> str:
    """Text in a table: one line, and none of it is a mark or an address to whoever shows it."""
    for sign, instead in (("\n", " "), ("|", "\\|"), ("<", "&lt;"), ("@", "&#64;"), ("[", "&#91;")):
        text = text.replace(sign, instead)
    return _cut(text, _CELL)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 2]} …"
