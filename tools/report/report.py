"""What a change does, who has approved it, and how it ends for whoever asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tools.preview import Preview
from tools.report.approval import approvals
from tools.report.cause import Causes
from tools.report.classes import judged
from tools.report.comparison import Comparison
from tools.report.finding import Finding
from tools.report.kind import KINDS, Class
from tools.report.side import Side


@dataclass(frozen=True, kw_only=True)
class Report:
    """A judged change."""

    stack: str
    compared_with: str | None
    """Where the settings before come from; None: there are none."""
    first: bool
    """Whether nothing is deployed yet."""
    findings: Sequence[Finding]
    approved: Mapping[Class, str]
    """Classes that somebody has approved, with who."""
    denied: Collection[str] = ()
    """Further classes that need an approval."""

    def holds(self, finding: Finding) -> bool:
        """Whether a finding needs an approval and has none."""
        return (finding.held or finding.kind in self.denied) and finding.kind not in self.approved

    @cached_property
    def held(self) -> Sequence[Finding]:
        """Findings that wait for an approval."""
        return [finding for finding in self.findings if self.holds(finding)]

    @property
    def code(self) -> int:
        """Exit code: that of the worst class that waits for an approval, else 0."""
        return max((KINDS[finding.kind].code for finding in self.held), default=0)


def report(
    stack: str,
    preview: Preview,
    before: Side | None,
    after: Side,
    *,
    labels: Collection[str] = (),
    allowed: Collection[str] = (),
    denied: Collection[str] = (),
) -> Report:
    """Judge a change."""
    comparison = Comparison(preview=preview, before=before, after=after, causes=Causes(before, after))
    return Report(
        stack=stack,
        compared_with=before.source if before else None,
        first=preview.first,
        findings=judged(comparison),
        approved=approvals(comparison, labels, allowed),
        denied=denied,
    )
