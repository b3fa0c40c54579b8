"""One judgement about a change."""

from dataclasses import dataclass, field

from tools.report.cause import Cause
from tools.report.kind import KINDS, Class


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a reviewer should see."""

    kind: Class
    subject: str
    """What it happens to."""
    what: str
    """What happens, without any value of a secret."""
    cause: Cause | None = None
    """The setting behind it; None: no setting, so another version of the program or of a plugin."""
    cuts_off: bool = False
    """Of an interruption: whether it cuts tasks off, or nobody knows that it does not."""
    steps: frozenset[str] = field(default=frozenset())
    """URNs of the steps that it explains."""

    @property
    def held(self) -> bool:
        """Whether it needs an approval."""
        return KINDS[self.kind].held or self.cuts_off
