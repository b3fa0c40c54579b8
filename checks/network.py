"""Whether every further egress has a name and a policy of its own."""

from collections.abc import Iterator
from typing import Final

from checks.finding import Finding, error
from config import StackSettings

_TAKEN: Final = frozenset({"bucket", "dns", "internet", "postgres", "redis"})
"""Targets that every release has a policy `to-<name>` for anyway."""


def egresses_have_names_of_their_own(settings: StackSettings) -> Iterator[Finding]:
    """Refuse names of policies that exist already: of the stack's own, or of another egress."""
    named = {"egress": settings.egress, **{f"{path}.egress": own.egress for path, _, own in settings.releases()}}
    for path, egress in named.items():
        for name in egress.keys() & _TAKEN:
            yield error(f"{path}.{name}", f"is the name of a policy that every release has, to-{name}; choose another")
        if path != "egress":
            for name in egress.keys() & settings.egress.keys():
                yield error(f"{path}.{name}", f"has the name of egress.{name}; choose another, both are allowed")
