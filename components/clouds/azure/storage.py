"""The bucket: a container of a storage account that has no keys, no public address, and keeps what is deleted."""

from typing import Final

import pulumi
from pulumi_azure_native import storage

from components.clouds.azure.endpoint import private_endpoint
from components.clouds.azure.lock import delete_lock
from components.clouds.azure.vault import KEY_NAME, AzureKeeping
from components.clouds.managed import HTTPS_PORT
from components.kubernetes.endpoints import AddressTarget, BucketEndpoint
from config.clouds.azure.storage import AzureStorage

TYPE: Final = "noxus:azure:Bucket"


class Bucket(pulumi.ComponentResource):
    """The one bucket. Azure deletes a container with all its blobs unasked, so both are kept for days after that."""

    endpoint: BucketEndpoint

    def __init__(self, name: str, settings: AzureStorage, keeping: AzureKeeping, opts: pulumi.ResourceOptions) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account, protect = keeping.account, keeping.protect
        made = self._account(name, settings, keeping)
        retention: storage.DeleteRetentionPolicyArgsDict = {"enabled": True, "days": settings.delete_retention_days}
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
            policy={"rules": [_old_versions(settings)]},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[blobs]),
        )
        container = storage.BlobContainer(
            name,
            container_name=settings.container,
            account_name=made.name,
            resource_group_name=account.resource_group,
            public_access=storage.PublicAccess.NONE,
            opts=pulumi.ResourceOptions(parent=self, protect=protect, depends_on=[blobs]),
        )
        way = private_endpoint(name, "blob", made.id, account.blob_dns_zone_id, account, child)
        delete_lock(name, made.id, [policy, container, way], child, protect=protect)
        self.endpoint = BucketEndpoint(
            name=settings.container,
            url=f"https://{settings.account}.blob.core.windows.net",
            region=account.location,
            target=AddressTarget(cidrs=account.bucket_cidrs, port=HTTPS_PORT),
            made=self,
        )
        self.register_outputs({})

    def _account(self, name: str, settings: AzureStorage, keeping: AzureKeeping) -> storage.StorageAccount:
        account, identity = keeping.account, keeping.key.identity
        return storage.StorageAccount(
            name,
            account_name=settings.account,
            resource_group_name=account.resource_group,
            location=account.location,
            kind="StorageV2",
            sku={"name": settings.redundancy},
            access_tier=storage.AccessTier.HOT,
            minimum_tls_version="TLS1_2",
            enable_https_traffic_only=True,
            allow_shared_key_access=False,
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            default_to_o_auth_authentication=True,
            is_local_user_enabled=False,
            public_network_access="Disabled",
            network_rule_set={"default_action": storage.DefaultAction.DENY, "bypass": "None"},
            identity={"type": "UserAssigned", "user_assigned_identities": [identity]},
            encryption={
                "key_source": "Microsoft.Keyvault",
                # Without a version: storage follows the key when it is rotated.
                "key_vault_properties": {"key_name": KEY_NAME, "key_vault_uri": account.store.vault_url},
                "encryption_identity": {"encryption_user_assigned_identity": identity},
            },
            tags=account.all_tags,
            opts=pulumi.ResourceOptions(parent=self, protect=keeping.protect, depends_on=[keeping.key.ready]),
        )


def _old_versions(settings: AzureStorage) -> storage.ManagementPolicyRuleArgsDict:
    return {
        "name": "old-versions",
        "type": "Lifecycle",
        "enabled": True,
        "definition": {
            "filters": {"blob_types": ["blockBlob"], "prefix_match": [f"{settings.container}/"]},
            "actions": {"version": {"delete": {"days_after_creation_greater_than": settings.noncurrent_version_days}}},
        },
    }
