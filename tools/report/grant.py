"""What is allowed, as sets: two policies that allow the same are the same, however they are written."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Grant:
    """Somebody may do one thing."""

    who: str
    what: str
    denied: bool = False
    """That they may not: one less of these allows more."""

    def __str__(self) -> str:
        return f"{self.what}{' (forbidden)' if self.denied else ''}"


def unknown(who: str) -> Iterator[Grant]:
    """Rights that only the update will know."""
    yield Grant(who, "do what only the update will know")
