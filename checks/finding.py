"""What a check says about a configuration."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

Severity = Literal["error", "warning", "note"]

_ORDER: Final[tuple[Severity, ...]] = ("error", "warning", "note")


@dataclass(frozen=True, order=True)
class Finding:
    """One answer of a check. An error stops the preview, a warning is shown in it, a note is for reports."""

    rank: int = field(init=False, repr=False)
    severity: Severity
    path: str
    """The setting it is about, as the stack file spells it."""
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "rank", _ORDER.index(self.severity))


def error(path: str, message: str) -> Finding:
    """Something that must be fixed before anything is deployed."""
    return Finding("error", path, message)


def note(path: str, message: str) -> Finding:
    """Something worth knowing, for reports."""
    return Finding("note", path, message)


def warning(path: str, message: str) -> Finding:
    """Something that works and is probably not what was meant."""
    return Finding("warning", path, message)


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names as a sentence has them, the first few of many."""
    *before, last = list(names)
    if len(before) >= most:
        return f"{', '.join(before[:most])} and {len(before) + 1 - most} more"
    return f"{', '.join(before)} and {last}" if before else last
