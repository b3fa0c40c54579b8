"""What is around the releases: who calls, on the left, and what is called, on the right."""

from typing import Final

from tools.picture.drawing.scene import FACES, Box, Line
from tools.picture.drawing.sheet import PAD, Sheet, look
from tools.picture.drawing.text import width
from tools.picture.installation import Caller, Target
from tools.picture.reach import POOLER, POSTGRES

_CARD: Final = 50
_STEP: Final = _CARD + 10
_ICON: Final = 44
"""What stands before a card's text."""
_SHORTEST: Final = 40
"""Space that is worth writing into."""


def surroundings(sheet: Sheet, y: float) -> float:
    """Draw the cards and what connects them; returns where they end.

    The outermost line has the highest card, so that no line crosses another on its way to its card.
    """
    found, columns = sheet.found, sheet.columns
    calling = [caller for caller in found.callers if caller.target is None]
    using = [caller for caller in found.callers if caller.target is not None]
    rows = max(len(found.targets), len(calling) + len(using))
    middle = (columns.left + columns.right) / 2
    space = middle - PAD - columns.left
    called = middle + PAD
    for row, caller in enumerate(calling):
        _card(sheet, caller, columns.left, y + row * _STEP, space)
    for place, target in enumerate(found.targets):
        _card(sheet, target, called, y + (rows - 1 - place) * _STEP, space)
    for row, caller in enumerate(using, start=rows - len(using)):
        _card(sheet, caller, columns.left, y + row * _STEP, space)
        start, end = sheet.begins[caller.id], sheet.begins[caller.target or POSTGRES]
        bend = [] if start == end else [(middle, start), (middle, end)]
        way = [(columns.left + space, start), *bend, (called - 3, end)]
        sheet.drawn.lines.append(Line(points=way, look="data", arrow=start == end))
    if POOLER in sheet.begins:
        x, half = called + space / 2, _CARD / 2
        way = [(x, sheet.begins[POOLER] + half), (x, sheet.begins[POSTGRES] - half - 2)]
        sheet.drawn.lines.append(Line(points=way, look="data", arrow=True))
    return y + rows * _STEP - 10


def _card(sheet: Sheet, shown: Target | Caller, x: float, y: float, space: float) -> None:
    drawn, mark = sheet.drawn, sheet.found.mark(shown.id)
    sheet.begins[shown.id] = middle = y + _CARD / 2
    drawn.boxes.append(Box(x=x, y=y, width=space, height=_CARD, look=mark.op if mark else "card", radius=8))
    sheet.sign(x + _ICON / 2, middle, shown.id, look(shown) if isinstance(shown, Target) else "inbound")
    text, inner = x + _ICON, space - _ICON - 12
    name = y + (21 if shown.facts else 30)
    free = inner - sheet.badge(mark, x + space - 12, name)
    used = drawn.label(text, name, shown.name, "name", free) + 10
    if free - used > _SHORTEST:
        drawn.label(text + used, name, shown.where, "small", free - used, "muted")
    facts = ", ".join(shown.facts)
    if len(shown.facts) > 1 and width(facts, FACES["small"]) > inner:
        facts = f"{shown.facts[0]} and {len(shown.facts) - 1} more"
    drawn.label(text, y + 39, facts, "small", inner, "muted", full="\n".join((shown.where, *shown.facts)))
