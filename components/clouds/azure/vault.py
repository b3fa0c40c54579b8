"""The stack's vault: the key that everything is encrypted with, and the releases' entries.

It has no lock. Soft delete and purge protection keep whatever is deleted for 90 days, and under a lock no release could
be removed: Azure then refuses to delete rights on what the vault holds too.
"""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import keyvault, managedidentity

from components.clouds.azure.endpoint import private_endpoint
from components.clouds.azure.rights import ENCRYPTION, assignment
from components.clouds.managed import Keeping
from config.clouds.azure.account import AzureSettings

TYPE: Final = "noxus:azure:Vault"

KEY_NAME: Final = "data"
_DAYS: Final = 90
"""Days for which a deleted vault, key or entry can be brought back: the most that Azure takes."""
_KEY_BITS: Final = 3072


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """How a service uses the key."""

    key: keyvault.Key
    identity: str
    """Id of what services read the key as; no pod can be it."""
    ready: pulumi.Resource
    """The right to use the key, without which a service cannot be made."""


AzureKeeping = Keeping[AzureSettings, Encryption]
"""How a stack keeps its data in Azure. Protected is the lock too."""


class Vault(pulumi.ComponentResource):
    """One vault, reached by its private endpoint and, for the key, by Azure's own services."""

    encryption: Encryption

    def __init__(self, name: str, account: AzureSettings, opts: pulumi.ResourceOptions, *, protect: bool) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        called = f"{account.name}-encryption"
        vault = keyvault.Vault(
            name,
            vault_name=account.vault_name,
            resource_group_name=account.resource_group,
            location=account.location,
            # Args and no mapping: the SDK writes defaults of its own, which are in the state of every stack.
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=account.tenant_id,
                sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                soft_delete_retention_in_days=_DAYS,
                enable_purge_protection=True,
                public_network_access="Disabled",
                # Postgres, Redis and storage read the key from outside the network, as services that Azure trusts.
                network_acls=keyvault.NetworkRuleSetArgs(default_action="Deny", bypass="AzureServices"),
            ),
            tags=account.all_tags,
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        private_endpoint(name, "vault", vault.id, account.vault_dns_zone_id, account, child)
        key = keyvault.Key(
            f"{name}-key",
            key_name=KEY_NAME,
            vault_name=vault.name,
            resource_group_name=account.resource_group,
            properties={"kty": "RSA", "key_size": _KEY_BITS, "key_ops": ["wrapKey", "unwrapKey"]},
            tags=account.all_tags,
            # Deleting it would need the vault's own network and rights; it goes with the vault.
            opts=pulumi.ResourceOptions(parent=self, protect=protect, retain_on_delete=True),
        )
        identity = managedidentity.UserAssignedIdentity(
            f"{name}-encryption",
            resource_name_=called,
            resource_group_name=account.resource_group,
            location=account.location,
            tags=account.all_tags,
            opts=child,
        )
        after = pulumi.ResourceOptions(parent=self, depends_on=[key])
        right = assignment(
            f"{name}-encryption", ENCRYPTION, f"{account.vault_id}/keys/{KEY_NAME}", identity, account, after
        )
        self.encryption = Encryption(
            key=key,
            # Written out, so that a preview shows who uses what; `ready` waits for it.
            identity=f"{account.providers_id}/Microsoft.ManagedIdentity/userAssignedIdentities/{called}",
            ready=right,
        )
        self.register_outputs({})
