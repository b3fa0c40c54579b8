"""Further rights of a release's service account, in the words of Google's IAM."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from config.statements import Statement

_BASIC: Final = r"roles/(owner|editor|viewer|iam\.|resourcemanager\.)"
"""Basic roles, and roles that give rights."""

_OF_THE_STACK: Final = re.compile(rf"{_BASIC}|roles/(cloudkms|cloudsql|redis|secretmanager|storage)\.")
"""Roles that, in the stack's own project, are about what it has there."""


class GcpStatement(Statement):
    """A role that a release's account has besides."""

    WIDE: ClassVar = re.compile(rf"{_BASIC}|projects/[^/]+$")

    role: Annotated[
        str, StringConstraints(pattern=r"^(roles|(projects|organizations)/[^/\s]+/roles)/[A-Za-z0-9_.]+$")
    ] = Field(examples=["roles/aiplatform.user"])
    """A role of Google's, or one of yours by its full name. What it permits is not known here."""
    on: Annotated[
        str,
        StringConstraints(pattern=r"^projects/([a-z][-a-z0-9]{4,28}[a-z0-9](/secrets/[^/\s]+)?|_/buckets/[^/\s]+)$"),
    ] = Field(examples=["projects/example-models"])
    """On what: `projects/<id>`, `projects/<id>/secrets/<id>` or `projects/_/buckets/<name>`."""
    condition: Mapping[Literal["title", "expression"], str] = Field(default={}, min_length=2)
    """When: its `title`, and its `expression` in the Common Expression Language. Unset: always."""

    @property
    def parts(self) -> Sequence[str]:
        """Role, thing, and the condition's title."""
        return (self.role, self.on, *(text.replace(" ", "-") for key, text in self.condition.items() if key == "title"))

    def reaches(self, own: str) -> bool:
        """Whether it is on that bucket or secret, in any project, or on the project with a role for what is there."""
        return self.on.endswith(f"/{own}") or (self.on == own and bool(_OF_THE_STACK.match(self.role)))


GcpStatements = tuple[GcpStatement, ...]
