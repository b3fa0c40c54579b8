"""Settings of a protected stack that may not become just anything, because another value is another place for data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

RESTORE: Final = "restore a snapshot into a stack of its own and move over"


@dataclass(frozen=True, kw_only=True)
class Permanent:
    """A setting that is an identity: it never changes."""

    value: str
    instead: str
    """Why, and what to do instead."""

    def refusal(self, old: str) -> str | None:
        """Why a stack that was deployed with `old` cannot have this value; nothing if it can."""
        if old == self.value:
            return None
        deliberate = "to give the data up deliberately, deploy with protect: false first"
        return f"is {self.value!r}, and {old!r} is deployed; {self.instead}; {deliberate}"


@dataclass(frozen=True, kw_only=True)
class PostgresVersion(Permanent):
    """A version of Postgres: it may rise, to another major version deliberately, and it has no way back."""

    instead: str = RESTORE
    allow_major: bool
    """Whether this update may raise the major version."""

    def refusal(self, old: str) -> str | None:
        """Why a stack that was deployed with `old` cannot have this value; nothing if it can."""
        before, now = _parts(old), _parts(self.value)
        if now < before[: len(now)]:
            return f"is {self.value}, and {old} is deployed; Postgres has no way back: {self.instead}"
        if now[0] > before[0] and not self.allow_major:
            return f"is {self.value}, and {old} is deployed; write allowMajorUpgrade: true for this update"
        return None


Permanents = Mapping[str, Permanent]
"""By path in the stack file."""


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
