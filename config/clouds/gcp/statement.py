"""Further rights of a release's service account, in the words of Google's IAM."""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from config.section import Section
from config.statements import Binding, each_once
from config.types import Text

_BASIC: Final = ("roles/owner", "roles/editor", "roles/viewer")
_OF_IDENTITIES: Final = ("roles/iam.", "roles/resourcemanager.")
_OF_THE_STACK: Final = (
    *_BASIC,
    *_OF_IDENTITIES,
    "roles/cloudkms.",
    "roles/cloudsql.",
    "roles/redis.",
    "roles/secretmanager.",
    "roles/storage.",
)
"""Roles that, in the stack's own project, are about what the stack has in it."""


class GcpCondition(Section):
    """When a right holds."""

    title: Text = Field(min_length=1, examples=["until the migration ends"])
    """What it is called."""
    expression: Text = Field(min_length=1, examples=['request.time < timestamp("2027-01-01T00:00:00Z")'])
    """In the Common Expression Language."""


class GcpStatement(Binding):
    """A role that the account of a release has on one thing besides."""

    role: Annotated[
        str, StringConstraints(pattern=r"^(roles|(projects|organizations)/[^/\s]+/roles)/[A-Za-z0-9_.]+$")
    ] = Field(examples=["roles/aiplatform.user"])
    """A role of Google's, or one of yours by its full name. What it permits is not known here."""
    on: Annotated[str, StringConstraints(pattern=r"^projects/[^/\s]+(/(buckets|secrets)/[^/\s]+)?$")] = Field(
        examples=["projects/example-models"]
    )
    """On what: `projects/<id>`, `projects/<id>/secrets/<id>`, or `projects/_/buckets/<name>`."""
    condition: GcpCondition | None = None
    """When. Unset: always."""

    @property
    def key(self) -> str:
        """Role, thing and the title of the condition."""
        return ":".join((self.role, self.on, *([self.condition.title] if self.condition else ())))

    def breadths(self) -> Iterator[str]:
        """Basic roles, rights that lead to others, whole projects."""
        if self.role in _BASIC:
            yield f"gives {self.role}, which is about everything; name a role of one service"
        elif self.role.startswith(_OF_IDENTITIES):
            yield f"gives {self.role}, which can lead to further rights; leave it out"
        if self.on.count("/") == 1:
            yield f"is about all of {self.on}; name a bucket or a secret"

    def reaches(self, own: str) -> bool:
        """Whether it is on that, or, if that is a project, on it with a role for what the stack has there."""
        return self.on == own and (own.count("/") > 1 or self.role.startswith(_OF_THE_STACK))


GcpStatements = Annotated[tuple[GcpStatement, ...], AfterValidator(each_once)]
