"""What Azure's built-in roles permit, written down, and who may do what by the assignments that a stack declares.

Nothing of Azure's runs here: there is no emulator that knows rights. Source: Azure, "Built-in roles" for Security and
for Storage (MicrosoftDocs/azure-docs, articles/role-based-access-control/built-in-roles, as of February 2026).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from tests.harness import Deployment

_CONTAINERS: Final = "Microsoft.Storage/storageAccounts/blobServices/containers"
READ_SECRET: Final = "Microsoft.KeyVault/vaults/secrets/getSecret/action"
READ_BLOB: Final = f"{_CONTAINERS}/blobs/read"
WRITE_BLOB: Final = f"{_CONTAINERS}/blobs/write"
DELETE_BLOB: Final = f"{_CONTAINERS}/blobs/delete"
DELETE_CONTAINER: Final = f"{_CONTAINERS}/delete"
USE_KEY: Final = "Microsoft.KeyVault/vaults/keys/unwrap/action"

PERMITS: Final[Mapping[str, tuple[str, ...]]] = {
    # Storage Blob Data Contributor
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": (
        f"{_CONTAINERS}/delete",
        f"{_CONTAINERS}/read",
        f"{_CONTAINERS}/write",
        "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
        f"{_CONTAINERS}/blobs/delete",
        f"{_CONTAINERS}/blobs/read",
        f"{_CONTAINERS}/blobs/write",
        f"{_CONTAINERS}/blobs/move/action",
        f"{_CONTAINERS}/blobs/add/action",
    ),
    # Key Vault Secrets User
    "4633458b-17de-408a-b874-0445c86b69e6": (READ_SECRET, "Microsoft.KeyVault/vaults/secrets/readMetadata/action"),
    # Key Vault Crypto Service Encryption User
    "e147488a-f6f5-4113-8e2d-b22465e65bf6": (
        "Microsoft.EventGrid/eventSubscriptions/write",
        "Microsoft.EventGrid/eventSubscriptions/read",
        "Microsoft.EventGrid/eventSubscriptions/delete",
        "Microsoft.KeyVault/vaults/keys/read",
        "Microsoft.KeyVault/vaults/keys/wrap/action",
        USE_KEY,
    ),
}
"""Actions and data actions by role."""


@dataclass(frozen=True)
class Rights:
    """Every role assignment of a deployed stack."""

    deployed: Deployment

    def may(self, identity: str, action: str, on: str) -> bool:
        """Whether the identity of this logical name may do it on a resource id: on it, or above, it has a role."""
        principal = self.deployed.one("azure-native:managedidentity:UserAssignedIdentity", identity)
        (guid,) = {
            one.inputs["principalId"]
            for one in self.deployed.all("azure-native:authorization:RoleAssignment")
            if principal.urn in one.dependencies
        }
        return any(
            _covers(one.inputs["scope"], on) and any(fnmatchcase(action, permitted) for permitted in PERMITS[role])
            for one in self.deployed.all("azure-native:authorization:RoleAssignment")
            if one.inputs["principalId"] == guid
            for role in [one.inputs["roleDefinitionId"].rpartition("/")[2]]
        )

    def takes_up(self, identity: str, token: Mapping[str, str]) -> bool:
        """Whether Entra gives the identity to who shows this token, whose parts it compares as text."""
        principal = self.deployed.one("azure-native:managedidentity:UserAssignedIdentity", identity)
        return any(
            one.inputs["resourceName"] == principal.inputs["resourceName"]
            and one.inputs["issuer"] == token["iss"]
            and one.inputs["subject"] == token["sub"]
            and token["aud"] in one.inputs["audiences"]
            for one in self.deployed.all("azure-native:managedidentity:FederatedIdentityCredential")
        )


def _covers(scope: str, resource: str) -> bool:
    return f"{resource}/".lower().startswith(f"{scope}/".lower())
