"""The bucket: a container of a storage account that has no keys, no public address, and keeps what is deleted."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import storage

from components.clouds.azure.endpoint import private_endpoint
from components.clouds.azure.lock import delete_lock
from components.clouds.azure.tags import tags
from components.clouds.azure.vault import KEY_NAME, Encryption
from components.kubernetes.endpoints import AddressTarget, BucketEndpoint
from config.clouds.azure.account import AzureSettings
from config.clouds.azure.storage import AzureStorage

TYPE: Final = "noxus:azure:Bucket"

_HTTPS_PORT: Final = 443


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """What a `Bucket` needs."""

    account: AzureSettings
    settings: AzureStorage
    encryption: Encryption
    protect: bool
    """Whether the engine refuses to delete account, container and lock."""


class Bucket(pulumi.ComponentResource):
    """The one bucket. Azure deletes a container with all its blobs unasked, so both are kept for days after that."""

    endpoint: BucketEndpoint

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        protected = pulumi.ResourceOptions(parent=self, protect=args.protect)
        account, settings = args.account, args.settings
        made = self._account(name, args)
        retention = storage.DeleteRetentionPolicyArgs(enabled=True, days=settings.delete_retention_days)
        blobs = storage.BlobServiceProperties(
            name,
            blob_services_name="default",
            account_name=made.name,
            resource_group_name=account.resource_group,
            is_versioning_enabled=True,
            delete_retention_policy=retention,
            container_delete_retention_policy=retention,
            opts=child,
        )
        policy = storage.ManagementPolicy(
            name,
            management_policy_name="default",
            account_name=made.name,
            resource_group_name=account.resource_group,
            policy=storage.ManagementPolicySchemaArgs(rules=[_old_versions(settings)]),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[blobs]),
        )
        container = storage.BlobContainer(
            name,
            container_name=settings.container,
            account_name=made.name,
            resource_group_name=account.resource_group,
            public_access=storage.PublicAccess.NONE,
            opts=pulumi.ResourceOptions.merge(protected, pulumi.ResourceOptions(depends_on=[blobs])),
        )
        way = private_endpoint(name, "blob", made.id, account.blob_dns_zone_id, account, child)
        delete_lock(name, made.id, [policy, container, way], child, protect=args.protect)
        self.endpoint = BucketEndpoint(
            name=settings.container,
            url=settings.url,
            region=account.location,
            target=AddressTarget(cidrs=account.bucket_cidrs, port=_HTTPS_PORT),
            made=self,
        )
        self.register_outputs({})

    def _account(self, name: str, args: BucketArgs) -> storage.StorageAccount:
        account, settings, encryption = args.account, args.settings, args.encryption
        identity = encryption.identity
        return storage.StorageAccount(
            name,
            account_name=settings.account,
            resource_group_name=account.resource_group,
            location=account.location,
            kind="StorageV2",
            sku=storage.SkuArgs(name=settings.redundancy),
            access_tier=storage.AccessTier.HOT,
            minimum_tls_version="TLS1_2",
            enable_https_traffic_only=True,
            allow_shared_key_access=False,
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            default_to_o_auth_authentication=True,
            is_local_user_enabled=False,
            public_network_access="Disabled",
            network_rule_set=storage.NetworkRuleSetArgs(default_action=storage.DefaultAction.DENY, bypass="None"),
            identity=storage.IdentityArgs(type="UserAssigned", user_assigned_identities=[identity]),
            encryption=storage.EncryptionArgs(
                key_source="Microsoft.Keyvault",
                key_vault_properties=storage.KeyVaultPropertiesArgs(
                    # Without a version: storage follows the key when it is rotated.
                    key_name=KEY_NAME,
                    key_vault_uri=account.store.vault_url,
                ),
                encryption_identity=storage.EncryptionIdentityArgs(encryption_user_assigned_identity=identity),
            ),
            tags=tags(account),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, depends_on=[encryption.ready]),
        )


def container_id(account: AzureSettings, settings: AzureStorage) -> str:
    """Id of the container."""
    of_account = f"{account.group_id}/providers/Microsoft.Storage/storageAccounts/{settings.account}"
    return f"{of_account}/blobServices/default/containers/{settings.container}"


def _old_versions(settings: AzureStorage) -> storage.ManagementPolicyRuleArgs:
    age = storage.DateAfterCreationArgs(days_after_creation_greater_than=settings.noncurrent_version_days)
    return storage.ManagementPolicyRuleArgs(
        name="old-versions",
        type="Lifecycle",
        enabled=True,
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(
                blob_types=["blockBlob"], prefix_match=[f"{settings.container}/"]
            ),
            actions=storage.ManagementPolicyActionArgs(version=storage.ManagementPolicyVersionArgs(delete=age)),
        ),
    )
