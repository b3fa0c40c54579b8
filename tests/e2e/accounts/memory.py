"""What an account remembers, in a file: each run of the engine has a plugin process of its own."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.plugins.server import RefusedError


class Memory:
    """A JSON object in a file, which starts as `empty`; one thread at a time has it open."""

    def __init__(self, file: str, empty: Mapping[str, Any]) -> None:
        self._file = Path(file)
        self._empty = json.dumps(empty)
        self._lock = threading.Lock()

    @contextmanager
    def open(self) -> Iterator[dict[str, Any]]:
        """Read it, and keep what was changed, unless it ends in a refusal."""
        with self._lock:
            known = json.loads(self._file.read_text() if self._file.exists() else self._empty)
            yield known
            self._file.write_text(json.dumps(known))


class Named:
    """An account whose things are known by type and name."""

    _memory: Memory

    def holds(self, token: str, id_: str) -> bool:
        """Whether there is one of this name."""
        with self._memory.open() as known:
            return id_ in known["names"].get(token, [])

    def look_up(self, token: str, id_: str) -> None:
        """Nothing is: the stand-ins of clouds with such accounts have no look-up."""
        raise RefusedError(f"{token}: {id_} is not looked up")

    def held(self) -> set[str]:
        """All that has a name."""
        with self._memory.open() as known:
            return {f"{kind(token)} {id_}" for token, names in known["names"].items() for id_ in names}


def kind(token: str) -> str:
    """The last part of a type token."""
    return token.rpartition(":")[2]
