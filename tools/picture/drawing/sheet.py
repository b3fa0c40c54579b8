"""What a drawing is laid out on: where its lines and columns are, and how far down it has come."""

from dataclasses import dataclass, field
from typing import Final

from config.routing import TASK_TYPES
from tools.picture.drawing.scene import FACES, Box, Label, Scene, Sign
from tools.picture.drawing.text import width
from tools.picture.installation import Installation, Mark, Target
from tools.picture.reach import FRONTEND
from tools.picture.words import SAID

WIDTH: Final = 960
"""Of the whole drawing, in pixels: what a README has, and a printed page."""
MARGIN: Final = 24
PAD: Final = 16
GAP: Final = 16
COLUMN_GAP: Final = 14

TASK: Final = 46
"""Width of the place of one type of tasks."""
TASKS: Final = TASK * len(TASK_TYPES)
NAME: Final = 160
SCALE: Final = 168
"""Widths of columns."""
_RAIL: Final = 22
"""Between two lines."""
_BESIDE: Final = 24
"""Between the text and the line next to it."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where lines and columns are."""

    callers: dict[str, float]
    targets: dict[str, float]
    left: float
    """Where text begins."""
    right: float
    """Where text ends."""

    @classmethod
    def of(cls, found: Installation) -> "Columns":
        """As many lines on either side as there are callers and targets."""
        calling = [*(caller.id for caller in found.callers if caller.target is None), FRONTEND]
        callers = {id_: MARGIN + PAD + 4.0 + place * _RAIL for place, id_ in enumerate(calling)}
        last, count = WIDTH - MARGIN - PAD - 4.0, len(found.targets)
        targets = {target.id: last - (count - 1 - place) * _RAIL for place, target in enumerate(found.targets)}
        left, right = max(callers.values()) + _BESIDE, min(targets.values()) - _BESIDE
        return cls(callers=callers, targets=targets, left=left, right=right)

    @property
    def tasks(self) -> float:
        """Where it says what a pool takes, or what a service is."""
        return self.left + NAME + COLUMN_GAP

    @property
    def whose(self) -> float:
        """Where it says of which tenants."""
        return self.tasks + TASKS + COLUMN_GAP

    @property
    def scale(self) -> float:
        """Where it says how many pods there are."""
        return self.right - SCALE


@dataclass(kw_only=True)
class Sheet:
    """A drawing that is being made."""

    found: Installation
    columns: Columns
    drawn: Scene = field(default_factory=lambda: Scene(width=WIDTH))
    begins: dict[str, float] = field(default_factory=dict[str, float])
    """Where the line of each caller and target meets its card."""
    ends: dict[str, float] = field(default_factory=dict[str, float])
    """How far down it has something to do."""

    def frame(self, y: float, height: float, look: str = "card") -> None:
        """A card across the whole drawing."""
        self.drawn.boxes.append(Box(x=MARGIN, y=y, width=WIDTH - 2 * MARGIN, height=height, look=look, radius=10))

    def badge(self, mark: Mark | None, right: float, baseline: float) -> float:
        """Say what a preview would do, up to `right`; returns the space that it takes."""
        if mark is None:
            return 0
        text, tone = SAID[mark.op], str(mark.op)
        taken, full = width(text, FACES["strong"]), "\n".join(mark.objects)
        self.drawn.labels.append(Label(x=right - taken, y=baseline, text=text, face="strong", tone=tone, full=full))
        return taken + 10

    def tasks(self, types: frozenset[str], x: float, y: float) -> None:
        """A place for each type, filled if it is taken, so that the eye finds it down a column."""
        inner = TASK - 6
        for place, type_ in enumerate(TASK_TYPES):
            left, look = x + place * TASK, "chip" if type_ in types else "hollow"
            self.drawn.boxes.append(Box(x=left, y=y, width=inner, height=20, look=look, radius=5))
            if type_ in types:
                middle = left + (inner - width(type_, FACES["strong"])) / 2
                self.drawn.label(middle, y + 14, type_, "strong", TASK, "chip-ink")

    def sign(self, x: float, y: float, shape: str, look: str, *, title: str = "", plate: bool = False) -> None:
        """Put a small shape on a line."""
        self.drawn.signs.append(Sign(x=x, y=y, shape=shape, look=look, title=title, plate=plate))


def look(target: Target) -> str:
    """How the lines of a target look."""
    return "data" if target.inside else "outward"
