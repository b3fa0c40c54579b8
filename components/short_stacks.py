"""Keeps the call stack that the SDK records with each resource short.

Whole, it is a fifth of the state and of each checkpoint, most of it lines of Python and the SDK by their paths on the
machine that ran the update.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

_FRAMES: Final = 9
"""Six of the SDK's own, which it leaves out, and three of this program: the line that makes a resource, its callers."""


@contextmanager
def short_stacks() -> Generator[None]:
    """Record three lines of this program for each resource made in the block, and none of what runs the program.

    The SDK's recording heeds Python's own limit on stacks. An error shows its whole stack: it leaves the block first.
    """
    before = getattr(sys, "tracebacklimit", None)
    sys.tracebacklimit = _FRAMES
    try:
        yield
    finally:
        if before is None:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = before
