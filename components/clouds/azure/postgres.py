"""Postgres by Flexible Server: encrypted, with a standby in another zone, backed up, in a subnet of its own."""

from typing import Final

import pulumi
from pulumi_azure_native import dbforpostgresql

from components.clouds.azure.lock import delete_lock
from components.clouds.azure.vault import AzureKeeping
from components.clouds.managed import managed_postgres
from components.data.database_setup import Admin
from components.kubernetes.endpoints import PostgresEndpoint
from components.secrets.password import generated_password
from config.clouds.azure.postgres import DAYS, AzurePostgres

TYPE: Final = "noxus:azure:Postgres"

_STANDBY: Final = {"zoneRedundant": "ZoneRedundant", "sameZone": "SameZone", "none": "Disabled"}

MOVES: Final = (
    "storage.storageSizeGB",  # it grows by itself, and Azure refuses to shrink it
    "availabilityZone",  # a fail-over changes the two zones
    "highAvailability.standbyAvailabilityZone",
)
"""What Azure changes by itself, and nothing else: more would hide what somebody changes by hand."""


class Postgres(pulumi.ComponentResource):
    """The one Postgres, in a Flexible Server."""

    access: tuple[PostgresEndpoint, Admin]
    """Where it is, and the administrator's login."""

    def __init__(self, name: str, settings: AzurePostgres, keeping: AzureKeeping, opts: pulumi.ResourceOptions) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account = keeping.account
        master = generated_password(f"{name}-master-password", child, mixed=True)
        server = self._server(name, settings, keeping, master)
        last = self._parameters(name, settings, server, account.resource_group)
        delete_lock(name, server.id, [last], child, protect=keeping.protect)
        self.access = managed_postgres(
            name,
            settings,
            master,
            host=server.fully_qualified_domain_name,
            cidrs=[account.postgres_subnet_cidr],
            made=self,
            mixed=True,
        )
        self.register_outputs({})

    def _server(
        self, name: str, settings: AzurePostgres, keeping: AzureKeeping, master: pulumi.Output[str]
    ) -> dbforpostgresql.Server:
        account, encryption = keeping.account, keeping.key
        return dbforpostgresql.Server(
            name,
            server_name=account.server_name,
            resource_group_name=account.resource_group,
            location=account.location,
            version=settings.version,
            sku={"name": settings.sku, "tier": settings.tier},
            storage={"storage_size_gb": settings.storage_gib, "auto_grow": "Enabled"},
            # Args and no mapping where the SDK writes defaults of its own, which are in the state of every stack.
            high_availability=dbforpostgresql.HighAvailabilityArgs(mode=_STANDBY[settings.standby]),
            backup={
                "backup_retention_days": settings.backup_days,
                "geo_redundant_backup": "Enabled" if settings.geo_backup else "Disabled",
            },
            network={
                "delegated_subnet_resource_id": account.postgres_subnet_id,
                "private_dns_zone_arm_resource_id": account.postgres_dns_zone_id,
                "public_network_access": "Disabled",
            },
            administrator_login=settings.admin_role,
            administrator_login_password=master,
            # Logins of Entra have short-lived tokens, which the platform's and KEDA's connection strings cannot hold.
            auth_config=dbforpostgresql.AuthConfigArgs(
                password_auth=dbforpostgresql.PasswordBasedAuth.ENABLED, active_directory_auth="Disabled"
            ),
            identity={"type": "UserAssigned", "user_assigned_identities": {encryption.identity: {}}},
            data_encryption={
                # The SDK's other word, SystemAssigned, is none of the service's.
                "type": "AzureKeyVault",
                "primary_key_uri": encryption.key.key_uri_with_version,
                "primary_user_assigned_identity_id": encryption.identity,
            },
            maintenance_window={
                "custom_window": "Enabled",
                "day_of_week": DAYS.index(settings.maintenance.day),
                "start_hour": settings.maintenance.hour,
                "start_minute": settings.maintenance.minute,
            },
            tags=account.all_tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=keeping.protect,
                depends_on=[encryption.ready],
                ignore_changes=[*MOVES],
                additional_secret_outputs=["administratorLoginPassword"],  # the provider marks nothing as secret
            ),
        )

    def _parameters(
        self, name: str, settings: AzurePostgres, server: dbforpostgresql.Server, group: str
    ) -> pulumi.Resource:
        """Set each parameter after the one before it, as Azure takes one change at a time; return the last."""
        before: pulumi.Resource = server
        for parameter, value in parameters(settings).items():
            before = dbforpostgresql.Configuration(
                f"{name}-{parameter}",
                configuration_name=parameter,
                server_name=server.name,
                resource_group_name=group,
                source="user-override",
                value=value,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[before]),
            )
        return before


def parameters(settings: AzurePostgres) -> dict[str, str]:
    """Parameters of the server, in the order in which they are set."""
    connections = settings.connections
    return {
        "azure.extensions": "VECTOR",  # what CREATE EXTENSION may ask for
        "require_secure_transport": "on",
        "log_connections": "on",
        "log_disconnections": "on",
        "log_lock_waits": "on",
        "log_min_duration_statement": "1000",  # ms
        # Azure's default stays that of the first size, however the server grows.
        **({"max_connections": str(connections)} if connections else {}),
    }
