"""What a drawing is made of: boxes, labels, lines and dots at places that are final. Nothing of colours."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tools.picture.drawing.text import Face, fitted, width

FACES: Final = {
    "title": Face(22, bold=True),
    "heading": Face(15, bold=True),
    "name": Face(14, bold=True),
    "strong": Face(12, bold=True),
    "plain": Face(13),
    "small": Face(12),
}
"""Every way text is set in a drawing; nothing is smaller than 12 pixels."""

_ASCENT: Final = 0.8
_DESCENT: Final = 0.25
"""Of a line of text, above and below its baseline, in parts of its size."""


@dataclass(frozen=True, kw_only=True)
class Rectangle:
    """A part of the plane, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    def overlaps(self, other: "Rectangle") -> bool:
        """Whether the two share more than an edge."""
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom

    def holds(self, other: "Rectangle") -> bool:
        """Whether the other one is inside it."""
        across = self.x <= other.x and other.right <= self.right
        return across and self.y <= other.y and other.bottom <= self.bottom


@dataclass(frozen=True, kw_only=True)
class Box(Rectangle):
    """A filled shape; `look` says what it stands for."""

    look: str
    radius: float = 0


@dataclass(frozen=True, kw_only=True)
class Label:
    """One line of text."""

    x: float
    """Where it begins."""
    y: float
    """Its baseline."""
    text: str
    face: str
    tone: str = "ink"
    full: str = ""
    """The whole text, if it is cut."""

    @property
    def area(self) -> Rectangle:
        """What it takes at most."""
        face = FACES[self.face]
        return Rectangle(
            x=self.x,
            y=self.y - face.size * _ASCENT,
            width=width(self.text, face),
            height=face.size * (_ASCENT + _DESCENT),
        )


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line through points, with round corners."""

    points: Sequence[tuple[float, float]]
    look: str
    arrow: bool = False
    """Whether it ends in a head."""


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A small shape in the middle of a point: `dot`, `arrow`, or an icon."""

    x: float
    y: float
    shape: str
    look: str
    title: str = ""
    plate: bool = False
    """Whether it hides the line that it stands on."""


@dataclass(kw_only=True)
class Scene:
    """A drawing."""

    width: float
    height: float = 0
    boxes: list[Box] = field(default_factory=list[Box])
    labels: list[Label] = field(default_factory=list[Label])
    lines: list[Line] = field(default_factory=list[Line])
    signs: list[Sign] = field(default_factory=list[Sign])

    def label(
        self, x: float, y: float, text: str, face: str, space: float, tone: str = "ink", *, full: str = ""
    ) -> float:
        """Write a text, cut to `space`; returns how wide it has become."""
        shown = fitted(text, FACES[face], space)
        if not shown:
            return 0
        whole = full or (text if shown != text else "")
        self.labels.append(Label(x=x, y=y, text=shown, face=face, tone=tone, full=whole))
        return width(shown, FACES[face])
