"""Further rights of a release's identity, in the words of Azure."""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from config.clouds.azure.store import Guid
from config.statements import Binding, each_once

_WIDE: Final = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
"""Roles about everything, or that can give themselves others (Azure, "Built-in roles", Privileged)."""


class AzureStatement(Binding):
    """A role that the identity of a release has on one thing besides."""

    role: Guid = Field(examples=["5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"])
    """GUID of a role, as `az role definition list --query "[].{role: roleName, guid: name}"` prints it. What it permits
    is not known here."""
    scope: Annotated[
        str,
        StringConstraints(
            pattern=r"^/subscriptions/[0-9a-fA-F-]{36}(/resourceGroups/[^/\s]+(/providers(/[^/\s]+){3,})?)?$"
        ),
    ] = Field(
        examples=[
            "/subscriptions/<id>/resourceGroups/models/providers/Microsoft.CognitiveServices/accounts/example-models"
        ]
    )
    """Id of what it is on."""

    @property
    def key(self) -> str:
        """Role and scope."""
        return f"{self.role}:{self.scope.lower()}"

    def breadths(self) -> Iterator[str]:
        """Privileged roles, whole subscriptions and groups."""
        if self.role in _WIDE:
            yield f"gives the role {_WIDE[self.role]}, which is about everything; name a role of one service"
        if "/providers/" not in self.scope:
            yield f"is about all of {self.scope}; name what is in it"

    def reaches(self, own: str) -> bool:
        """Whether it is on that, on what it is in, or on a part of it."""
        one, other = f"{self.scope}/".lower(), f"{own}/".lower()
        return one.startswith(other) or other.startswith(one)


AzureStatements = Annotated[tuple[AzureStatement, ...], AfterValidator(each_once)]
