"""A report for machines."""

from collections import Counter
from typing import Any

from tools.report.finding import Finding
from tools.report.report import Report


def plain(report: Report) -> dict[str, Any]:
    """The whole report; docs/report.md says what each key means."""
    return {
        "stack": report.stack,
        "comparedWith": report.compared_with,
        "first": report.first,
        "exitCode": report.code,
        "summary": dict(Counter(finding.kind for finding in report.findings)),
        "approved": dict(report.approved),
        "findings": [_finding(report, finding) for finding in report.findings],
    }


def _finding(report: Report, finding: Finding) -> dict[str, Any]:
    cause = finding.cause
    return {
        "class": finding.kind,
        "subject": finding.subject,
        "what": finding.what,
        "cause": {"setting": cause.setting, "file": cause.file, "line": cause.line} if cause else None,
        "held": report.holds(finding),
        "steps": sorted(finding.steps),
    }
