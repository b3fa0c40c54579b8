"""How wide text is, so that a picture can be laid out without a browser, and text that is cut where it would not fit.

Nobody knows which font a viewer has. The widths are those of DejaVu Sans, which is wider than the system fonts of
Windows, macOS, Android and most Linux desktops: what fits in it fits in them.
"""

from dataclasses import dataclass
from typing import Final

_FIRST: Final = 32
_REGULAR: Final = (
    "32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 53 100 68 69 70 77 "
    "63 58 77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 50 61 63 55 63 62 35 63 63 28 28 "
    "58 28 97 63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84"
)
_BOLD: Final = (
    "35 46 52 84 70 100 87 31 46 46 52 84 38 42 38 37 70 70 70 70 70 70 70 70 70 70 40 40 84 84 84 58 100 77 76 73 83 "
    "68 68 82 84 37 37 77 64 100 84 85 73 85 77 72 68 81 77 110 77 72 73 46 37 46 84 50 50 67 72 59 72 68 44 72 71 34 "
    "34 67 34 104 71 69 72 72 49 60 48 71 65 92 65 65 58 71 37 71 84"
)
"""Advance widths of the printable characters of ASCII, in hundredths of the font's size."""
_WIDTHS: Final = {
    bold: {chr(_FIRST + place): int(width) / 100 for place, width in enumerate(widths.split())}
    for bold, widths in ((False, _REGULAR), (True, _BOLD))
}
_NARROW: Final = {"·": 0.38}
_OTHER: Final = 1.1
"""Any other character: ideographs and the widest letters are one em and a little."""
_ELLIPSIS: Final = "…"


@dataclass(frozen=True)
class Face:
    """How a text is set."""

    size: int
    """In pixels."""
    bold: bool = False


def width(text: str, face: Face) -> float:
    """Pixels that a text takes at most."""
    widths = _WIDTHS[face.bold]
    return face.size * sum(widths.get(c) or _NARROW.get(c, _OTHER) for c in text)


def fitted(text: str, face: Face, space: float) -> str:
    """The text if it fits, else so much of its beginning as does, with an ellipsis."""
    if width(text, face) <= space:
        return text
    left = space - width(_ELLIPSIS, face)
    kept = 0
    for character in text:
        left -= width(character, face)
        if left < 0:
            break
        kept += 1
    return f"{text[:kept].rstrip(' ,·')}{_ELLIPSIS}"
