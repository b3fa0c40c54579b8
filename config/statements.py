"""Further rights of a release's identity: what a statement is, whichever cloud's words it is written in."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import Field, model_validator

from config.section import Section


class Statement(Section, ABC):
    """A right besides those on the stack's bucket and entries, which the stack gives itself."""

    WIDE: ClassVar[re.Pattern[str]]
    """Parts that are wider than any of the stack's own rights, or lead to further ones."""

    reason: str | None = Field(default=None, min_length=1)
    """Why it is wider than the stack's own rights, or leads to further ones. Required where it does."""

    @property
    @abstractmethod
    def parts(self) -> Sequence[str]:
        """What is given, and on what."""

    @property
    def key(self) -> str:
        """What tells it from others, however they are ordered."""
        return ":".join(self.parts)

    @abstractmethod
    def reaches(self, own: str) -> bool:
        """Whether it is about one of the things that `StackSettings.own_things` names."""

    @model_validator(mode="after")
    def _what_is_wide_has_a_reason(self) -> Self:
        if not self.reason and (wide := ", ".join(filter(self.WIDE.match, self.parts))):
            rule = f"gives {wide}, which is wider than it need be or leads to further rights"
            raise ValueError(f"{rule}; name less, or write a reason")
        return self


Statements = Sequence[Statement]
"""Those of one release; a stack's cloud says of which kind."""
