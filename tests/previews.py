"""Previews without an engine: what the program declares for two stack files, in the form in which the engine prints it.

What a plugin decides is not in it: nothing is replaced unless a test says so, and a property is one that differs.
tests/e2e/test_report.py has the real engine and the official plugin say it.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tests.harness import Resource, is_secret
from tests.programs import PROJECT, run_program
from tools.preview import MASKED, Preview, differing, parse
from tools.report.report import Report, report
from tools.report.side import Side, of_file

Raw = Mapping[str, Any]


def preview_text(
    before: Raw,
    after: Raw,
    secrets: Mapping[str, str] | None = None,
    rotated: Mapping[str, str] | None = None,
    replaced: Mapping[str, Collection[str]] | None = None,
) -> str:
    """The preview of a stack that was deployed with `before`. `replaced` has, by name, the order of the two halves."""
    known = dict(secrets or {})
    old = {r.urn: r for r in run_program(before, known).resources}
    new = {r.urn: r for r in run_program(after, {**known, **(rotated or {})}).resources}
    steps = [step for urn in {**new, **old} for step in _steps(old.get(urn), new.get(urn), replaced or {})]
    return json.dumps({"config": {}, "steps": steps, "changeSummary": {}})


def preview(*arguments: Any, **named: Any) -> Preview:
    return parse(preview_text(*arguments, **named))


def side(raw: Raw, secrets: Mapping[str, str] | None = None) -> Side:
    """The settings of a stack file, with what its secrets are known by."""
    entries: dict[str, Any] = {f"{PROJECT}:{key}": value for key, value in raw.items()}
    entries |= {f"{PROJECT}:{key}": {"secure": value} for key, value in (secrets or {}).items()}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "Pulumi.x.yaml"
        file.write_text(yaml.safe_dump({"config": entries}))
        return replace(of_file(file), marks=dict(secrets or {}))


def reported(
    before: Raw,
    after: Raw,
    secrets: Mapping[str, str] | None = None,
    rotated: Mapping[str, str] | None = None,
    replaced: Mapping[str, Collection[str]] | None = None,
    **asked: Collection[str],
) -> Report:
    """The report of a change."""
    found = preview(before, after, secrets, rotated, replaced)
    now = {**(secrets or {}), **(rotated or {})}
    return report("x", found, side(before, secrets), side(after, now), **asked)


def classes(report: Report) -> dict[str, set[str | None]]:
    """The settings of each class that is found, without what is harmless."""
    found = dict[str, set[str | None]]()
    for finding in report.findings:
        if finding.kind != "harmless":
            found.setdefault(finding.kind, set()).add(finding.cause.setting if finding.cause else None)
    return found


def _steps(old: Resource | None, new: Resource | None, replaced: Mapping[str, Collection[str]]) -> Iterator[Raw]:
    there = new or old
    assert there
    states = {key: _state(r) for key, r in (("oldState", old), ("newState", new)) if r}
    paths = [path for path, _, _ in differing(old.inputs, new.inputs)] if old and new else []
    diff = {path: {"kind": "update"} for path in paths} if there.type.startswith("kubernetes:") else None
    ops: Collection[str] = ["update" if paths else "same"] if old and new else ["create" if new else "delete"]
    for op in replaced.get(there.name, ops) if there.custom else ops:
        yield {"op": op, "urn": there.urn, "detailedDiff": diff or None, **states}


def _state(resource: Resource) -> Raw:
    return {"urn": resource.urn, "type": resource.type, "protect": resource.protect, "inputs": _masked(resource.raw)}


def _masked(value: Any) -> Any:
    if is_secret(value):
        return MASKED
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value
