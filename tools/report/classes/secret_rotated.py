"""Secret rotated: a secret has another value. Which one is said; neither value, nor anything made from it, ever is."""

from collections.abc import Iterator, Mapping
from typing import Final

from config import StackSettings
from tools.preview import Step
from tools.report.clouds import KNOWN
from tools.report.comparison import Comparison
from tools.report.finding import Finding

_GENERATED: Final = "RandomPassword"


def secret_rotated(comparison: Comparison) -> Iterator[Finding]:
    """Keys of the stack file, revisions of a store's values, and generated passwords that are made anew."""
    causes = comparison.causes
    users = _users(comparison.new)
    changed = [step for step in comparison.changes() if step.type in KNOWN.secrets and step.op != "delete"]
    for key in causes.rotated:
        if key in users:
            what = f"has another value, as {', '.join(users[key])}"
            steps = frozenset(step.urn for step in changed if _carries(step, users[key]))
            yield Finding(kind="secretRotated", subject=key, what=what, cause=causes.named((key,)), steps=steps)
    for it in causes.differences:
        if it.path[:2] == ("secrets", "revisions"):
            what = "is said to have another value in its store"
            yield Finding(kind="secretRotated", subject=it.path[-1], what=what, cause=causes.named(it.path))
    for step in comparison.changes():
        if step.kind == _GENERATED and step.op == "replace":
            what = "is generated anew"
            yield Finding(
                kind="secretRotated", subject=step.label, what=what, cause=causes.of(step), steps=frozenset({step.urn})
            )


def _users(settings: StackSettings) -> Mapping[str, list[str]]:
    """By secret key, the settings that name it."""
    found = dict[str, list[str]]()
    for path, key in (*settings.login_keys(), *settings.secret_keys()):
        found.setdefault(key, []).append(path)
    return found


def _carries(step: Step, users: list[str]) -> bool:
    """Whether one of its variables is a user's; what holds them all in one text carries every one of them."""
    if step.kind != "Secret" or not step.paths:
        return True
    return any(path.rpartition(".")[2].rstrip('"]') in user for path in step.paths for user in users)
