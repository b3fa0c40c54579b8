"""Redis by Azure Managed Redis: one undivided database, encrypted, with an access key, and never evicting."""

from typing import Final

import pulumi
from pulumi_azure_native import redisenterprise

from components.clouds.azure.endpoint import private_endpoint
from components.clouds.azure.lock import delete_lock
from components.clouds.azure.vault import AzureKeeping
from components.kubernetes.endpoints import AddressTarget, RedisEndpoint
from config.clouds.azure.account import AzureSettings
from config.clouds.azure.redis import PORT, AzureRedis

TYPE: Final = "noxus:azure:Redis"

DATABASE: Final = "default"
"""The only name that Azure takes."""


class Redis(pulumi.ComponentResource):
    """The one Redis, in Azure Managed Redis. It is undivided: Celery's transport knows one primary (kombu)."""

    endpoint: RedisEndpoint

    def __init__(self, name: str, settings: AzureRedis, keeping: AzureKeeping, opts: pulumi.ResourceOptions) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account, encryption, protect = keeping.account, keeping.key, keeping.protect
        cluster = redisenterprise.RedisEnterprise(
            name,
            cluster_name=f"{account.name}-{name}",
            resource_group_name=account.resource_group,
            location=account.location,
            sku={"name": settings.sku},
            high_availability="Enabled" if settings.high_availability else "Disabled",
            minimum_tls_version="1.2",
            public_network_access="Disabled",
            identity={"type": "UserAssigned", "user_assigned_identities": [encryption.identity]},
            encryption={
                "customer_managed_key_encryption": {
                    "key_encryption_key_url": encryption.key.key_uri_with_version,
                    "key_encryption_key_identity": {
                        "identity_type": "userAssignedIdentity",
                        "user_assigned_identity_resource_id": encryption.identity,
                    },
                }
            },
            tags=account.all_tags,
            opts=pulumi.ResourceOptions(parent=self, protect=protect, depends_on=[encryption.ready]),
        )
        database = redisenterprise.Database(
            name,
            database_name=DATABASE,
            cluster_name=cluster.name,
            resource_group_name=account.resource_group,
            port=PORT,
            client_protocol="Encrypted",
            clustering_policy="NoCluster",
            # Queues and runs that wait for the bucket are here: what is evicted is lost.
            eviction_policy="NoEviction",
            # Without it there is no password at all.
            access_keys_authentication="Enabled",
            persistence=_persistence(settings),
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        way = private_endpoint(name, "redisEnterprise", cluster.id, account.redis_dns_zone_id, account, child)
        delete_lock(name, cluster.id, [database, way], child, protect=protect)
        self.endpoint = RedisEndpoint(
            host=cluster.host_name,
            access=settings.access,
            password=self._password(account, database),
            target=AddressTarget(cidrs=[account.endpoint_subnet_cidr], port=PORT),
            made=self,
        )
        self.register_outputs({})

    def _password(self, account: AzureSettings, database: redisenterprise.Database) -> pulumi.Output[str]:
        """The access key, which Azure makes and tells on request only (docs/decisions/0014).

        The request waits for the database's id: nobody asks for the keys of a database that is not there yet.
        """
        keys = redisenterprise.list_database_keys_output(
            cluster_name=database.id.apply(lambda id_: id_.split("/")[-3]),
            database_name=DATABASE,
            resource_group_name=account.resource_group,
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        return pulumi.Output.secret(keys.primary_key)


def _persistence(settings: AzureRedis) -> redisenterprise.PersistenceArgsDict:
    if settings.persistence == "none":
        return {"rdb_enabled": False, "aof_enabled": False}
    return {"rdb_enabled": True, "rdb_frequency": settings.persistence.removeprefix("rdb"), "aof_enabled": False}
