"""Further rights of a release's identity, in the words of Azure."""

import re
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints

from config.clouds.azure.store import Guid
from config.statements import Statement

_PRIVILEGED: Final = (
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",  # Owner
    "b24988ac-6180-42a0-ab88-20f7382dd24c",  # Contributor
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",  # User Access Administrator
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",  # Role Based Access Control Administrator
)
"""Roles about everything, and roles that give rights (Azure, "Built-in roles", Privileged)."""

_GROUP: Final = r"/subscriptions/[0-9a-fA-F-]{36}(/resourceGroups/[^/\s]+"


class AzureStatement(Statement):
    """A role that a release's identity has besides."""

    WIDE: ClassVar = re.compile("|".join((*_PRIVILEGED, "/(?!.*/providers/)")))

    role: Guid = Field(examples=["5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"])
    """GUID of a role, as `az role definition list --name` prints it. What it permits is not known here."""
    scope: Annotated[str, StringConstraints(pattern=rf"^{_GROUP}(/providers(/[^/\s]+){{3,}})?)?$")] = Field(
        examples=["/subscriptions/<id>/resourceGroups/models/providers/Microsoft.CognitiveServices/accounts/models"]
    )
    """Id of what it is on."""

    @property
    def parts(self) -> Sequence[str]:
        """Role and scope."""
        return (self.role, self.scope)

    def reaches(self, own: str) -> bool:
        """Whether it is on that, on what that is in, or on a part of it."""
        one, other = f"{self.scope}/".lower(), f"{own}/".lower()
        return one.startswith(other) or other.startswith(one)


AzureStatements = tuple[AzureStatement, ...]
