"""Further rights of a release's identity: what a statement is, whichever cloud's words it is written in."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from config.section import Section


class Statement(Section, ABC):
    """A right besides those on the stack's bucket and entries, which the stack gives itself."""

    reason: str | None = Field(default=None, min_length=1)
    """Why it is wider than the stack's own rights, or leads to further ones. Required where it does."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What tells it from others, however they are ordered."""

    @property
    @abstractmethod
    def breadth(self) -> Sequence[str]:
        """What of it is wider than the stack's own rights, or leads to further ones."""

    @abstractmethod
    def reaches(self, own: str) -> bool:
        """Whether it is about one of the things that `StackSettings.own_things` names."""

    @model_validator(mode="after")
    def _breadth_has_a_reason(self) -> Self:
        if self.breadth and not self.reason:
            rule = "gives {}, which is wider than it need be or leads to further rights; name less, or write a reason"
            raise ValueError(rule.format(", ".join(self.breadth)))
        return self


Statements = Sequence[Statement]
"""Those of one release; a stack's cloud says of which kind."""
