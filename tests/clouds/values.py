"""What a captured input may hold besides a value of its own: another resource's output, or nothing known yet."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

UNKNOWN: Final = "unknown"
"""How the harness writes what a preview cannot know (tests/harness.py)."""

_MADE_UP_ID: Final = re.compile(r"[\w.-]*[\w]-id")


def is_unknown(value: Any) -> bool:
    """Whether a preview does not know this value: nothing about it can be wrong."""
    return value == UNKNOWN


def is_made_up_id(value: Any) -> bool:
    """Whether this is the id that the harness gave another resource. Its form says nothing about the program."""
    return isinstance(value, str) and _MADE_UP_ID.fullmatch(value) is not None


def is_number(value: Any) -> bool:
    """Whether this is a number; `True` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """Whether this is a whole number; `True` is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def given(inputs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The inputs that are set. The engine's own, such as `__defaults`, are nobody's."""
    return ((key, value) for key, value in inputs.items() if value is not None and not key.startswith("__"))


def short(value: Any) -> str:
    """A value as a problem quotes it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
