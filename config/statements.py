"""Further rights of a release's identity: what a statement is, whichever cloud's words it is written in."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Self, TypeVar

from pydantic import Field, model_validator

from config.section import Section
from config.types import Text


class Statement(Section, ABC):
    """One right in a cloud besides those on the stack's own bucket and entries, which the stack gives itself."""

    reason: Text | None = Field(default=None, min_length=1, examples=["the service knows no narrower scope"])
    """Why it must be as wide as it is. Required where it is wider than any right that the stack gives itself."""

    @abstractmethod
    def breadths(self) -> Iterator[str]:
        """In what it is wider than the stack's own rights, and what to write instead."""

    @abstractmethod
    def reaches(self, own: str) -> bool:
        """Whether it is about something of the stack's own, which is named as the cloud names it."""

    @model_validator(mode="after")
    def _breadth_has_a_reason(self) -> Self:
        if self.reason is None and (breadth := next(self.breadths(), None)):
            raise ValueError(f"{breadth}, or say in reason why it must be so")
        return self


class Binding(Statement, ABC):
    """A right that is one resource of its own: a role on one thing."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What tells it from others: part of its name in the state, so that their order does not matter."""


_Binding = TypeVar("_Binding", bound=Binding)


def each_once(bindings: tuple[_Binding, ...]) -> tuple[_Binding, ...]:
    """Refuse what is given twice."""
    keys = [binding.key for binding in bindings]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"must give each right once, and {twice} is there twice; remove one")
    return bindings


Statements = Sequence[Statement]
"""Those of one release; a stack's cloud says of which kind."""
