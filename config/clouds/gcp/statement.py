"""Further rights of a release's service account, in the words of Google's IAM."""

import re
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from config.section import Section
from config.statements import Statement

_LEADS_ON: Final = re.compile(r"roles/(owner|editor|viewer|iam\.|resourcemanager\.)")
"""Basic roles, and roles that give rights."""

_OF_THE_STACK: Final = re.compile(rf"{_LEADS_ON.pattern}|roles/(cloudkms|cloudsql|redis|secretmanager|storage)\.")
"""Roles that, in the stack's own project, are about what it has there."""


class GcpCondition(Section):
    """When a right holds."""

    title: str = Field(min_length=1, examples=["this year"])
    """What it is called."""
    expression: str = Field(min_length=1, examples=["request.time < timestamp('2027-01-01T00:00:00Z')"])
    """In the Common Expression Language."""


class GcpStatement(Statement):
    """A role that a release's account has besides."""

    role: Annotated[
        str, StringConstraints(pattern=r"^(roles|(projects|organizations)/[^/\s]+/roles)/[A-Za-z0-9_.]+$")
    ] = Field(examples=["roles/aiplatform.user"])
    """A role of Google's, or one of yours by its full name. What it permits is not known here."""
    on: Annotated[
        str,
        StringConstraints(pattern=r"^projects/([a-z][-a-z0-9]{4,28}[a-z0-9](/secrets/[^/\s]+)?|_/buckets/[^/\s]+)$"),
    ] = Field(examples=["projects/example-models"])
    """On what: `projects/<id>`, `projects/<id>/secrets/<id>` or `projects/_/buckets/<name>`."""
    condition: GcpCondition | None = None
    """When. Unset: always."""

    @property
    def key(self) -> str:
        """Role, thing, and the condition's title."""
        return ":".join((self.role, self.on, *([self.condition.title] if self.condition else ())))

    @property
    def breadth(self) -> Sequence[str]:
        """Basic roles, roles that give rights, whole projects."""
        return [*filter(_LEADS_ON.match, [self.role]), *([self.on] if self.on.count("/") == 1 else ())]

    def reaches(self, own: str) -> bool:
        """Whether it is on that bucket or secret, in any project, or on the project with a role for what is there."""
        return self.on.endswith(f"/{own}") or (self.on == own and bool(_OF_THE_STACK.match(self.role)))


GcpStatements = tuple[GcpStatement, ...]
