"""Settings of a protected stack that may not become just anything, because another value is another place for data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

RESTORE: Final = "restore a snapshot into a stack of its own and move over"


@dataclass(frozen=True)
class Permanent:
    """A setting that is an identity: it never changes. A mark of a model's field, if it needs no other setting."""

    instead: str
    """Why, and what to do instead."""

    def refusal(self, new: str, old: str) -> str | None:
        """Why a stack that was deployed with `old` cannot have `new`; nothing if it can."""
        if old == new:
            return None
        deliberate = "to give the data up deliberately, deploy with protect: false first"
        return f"is {new!r}, and {old!r} is deployed; {self.instead}; {deliberate}"


@dataclass(frozen=True)
class Rising(Permanent):
    """It may rise, or be switched on, and has no way back. As text, 7.0 is before 7.2, and false before true."""

    def refusal(self, new: str, old: str) -> str | None:
        """Why a stack that was deployed with `old` cannot have `new`; nothing if it can."""
        return super().refusal(new, old) if new < old else None


@dataclass(frozen=True, kw_only=True)
class PostgresVersion(Permanent):
    """A version of Postgres: it may rise, to another major version deliberately, and it has no way back."""

    instead: str = RESTORE
    allow_major: bool
    """Whether this update may raise the major version."""

    def refusal(self, new: str, old: str) -> str | None:
        """Why a stack that was deployed with `old` cannot have `new`; nothing if it can."""
        before, now = _parts(old), _parts(new)
        if now < before[: len(now)]:
            return f"is {new}, and {old} is deployed; Postgres has no way back: {self.instead}"
        if now[0] > before[0] and not self.allow_major:
            return f"is {new}, and {old} is deployed; write allowMajorUpgrade: true for this update"
        return None


Permanents = Mapping[str, tuple[str, Permanent]]
"""Value and rule by path in the stack file."""


def marked(section: BaseModel, path: str) -> Permanents:
    """The settings of a section that are marked as permanent."""
    return {
        f"{path}.{field.alias}": (_written(getattr(section, name)), rule)
        for name, field in type(section).model_fields.items()
        for rule in field.metadata
        if isinstance(rule, Permanent)
    }


def _written(value: object) -> str:
    return "any" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
