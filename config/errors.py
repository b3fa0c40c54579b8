"""What is wrong with a stack file, and how one problem is phrased: setting, rule, what was found, what to write."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

import pulumi

_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to fix. `path` is the setting as the stack file spells it, such as `workers.acme.pools.flow`."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class ConfigError(pulumi.RunError):
    """Everything that is wrong with a stack's configuration. Pulumi prints a RunError without a stack trace."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"{source} is not valid:{lines}")


def found(value: object) -> str:
    """Show a value that was refused, shortened. Only plain settings come here, never a secret."""
    text = repr(value)
    return f"(got {text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + '...'})"


def nearest(name: str, known: Collection[str]) -> str:
    """Say what could have been meant: the nearest known name, or all of them."""
    matches = get_close_matches(name, known, n=1)
    return f"did you mean {matches[0]}?" if matches else f"known are {', '.join(sorted(known))}"
