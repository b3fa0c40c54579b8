"""Rights: built-in roles, each given to one identity on exactly one thing."""

import uuid
from typing import Final

import pulumi
from pulumi_azure_native import authorization, managedidentity

from config.clouds.azure.account import AzureSettings

BLOBS: Final = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"  # Storage Blob Data Contributor
SECRETS: Final = "4633458b-17de-408a-b874-0445c86b69e6"  # Key Vault Secrets User
ENCRYPTION: Final = "e147488a-f6f5-4113-8e2d-b22465e65bf6"  # Key Vault Crypto Service Encryption User
"""GUIDs of roles that every subscription has (Azure, "Built-in roles")."""


def assignment(
    name: str,
    role: str,
    scope: pulumi.Input[str],
    identity: managedidentity.UserAssignedIdentity,
    account: AzureSettings,
    opts: pulumi.ResourceOptions,
) -> authorization.RoleAssignment:
    """Give an identity a role, by its GUID, on a scope, which is an id.

    All that an assignment says replaces it, and Azure neither takes the same triple under another name nor the same
    name for another triple. So its name is made of the three: it stays while they do.
    """
    return authorization.RoleAssignment(
        name,
        role_assignment_name=pulumi.Output.all(scope, identity.principal_id).apply(
            lambda known: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{known[0].lower()}|{role}|{known[1]}"))
        ),
        role_definition_id=(
            f"/subscriptions/{account.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        ),
        principal_id=identity.principal_id,
        # Without it Azure looks the principal up, and does not find one that is seconds old.
        principal_type="ServicePrincipal",
        scope=scope,
        opts=opts,
    )
