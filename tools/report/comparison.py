"""Everything that is judged: what the engine would do, and the settings before and after."""

from collections.abc import Iterator
from dataclasses import dataclass

from config import StackSettings
from tools.preview import Preview, Step
from tools.report.cause import Causes
from tools.report.side import Side


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One change."""

    preview: Preview
    before: Side | None
    """None: nothing is deployed and nothing was named to compare with."""
    after: Side
    causes: Causes

    @property
    def old(self) -> StackSettings | None:
        """Settings before."""
        return self.before.settings if self.before else None

    @property
    def new(self) -> StackSettings:
        """Settings after."""
        return self.after.settings

    def changes(self) -> Iterator[Step]:
        """Steps that change what is deployed. Of a stack that is made anew, none: there is nothing to lose yet."""
        return (step for step in self.everything() if step.op != "same")

    def everything(self) -> Iterator[Step]:
        """The same, and what stays as it is."""
        return (step for step in (() if self.preview.first else self.preview.steps) if step.is_real)
