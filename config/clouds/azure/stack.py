"""The stack file of a stack on Azure."""

from collections.abc import Sequence

from pydantic import Field

from config.clouds.azure.account import AzureSettings
from config.clouds.azure.postgres import AzurePostgres
from config.clouds.azure.redis import AzureRedis
from config.clouds.azure.statement import AzureStatements
from config.clouds.azure.storage import AzureStorage
from config.data_services import PostgresSettings, RedisSettings, StorageSettings
from config.sections import StackSettings


class AzureStack(
    StackSettings[
        PostgresSettings[AzurePostgres], RedisSettings[AzureRedis], StorageSettings[AzureStorage], AzureStatements
    ]
):
    """Everything plain that the file of a stack on Azure says."""

    azure: AzureSettings = Field(examples=["{ name: acme-noxus-prod, location: westeurope, ... }"])
    """The subscription and network, with `cloud: azure`."""

    @property
    def account(self) -> AzureSettings:
        """The stack's cloud."""
        return self.azure

    @property
    def own_things(self) -> Sequence[str]:
        """The vault, the storage account, Postgres, Redis and the identities, by id."""
        account, providers = self.azure, f"{self.azure.group_id}/providers"
        names = [name for _, name, _ in self.releases()]
        owned = [
            f"Microsoft.KeyVault/vaults/{account.vault_name}",
            f"Microsoft.DBforPostgreSQL/flexibleServers/{account.server_name}",
            f"Microsoft.Cache/redisEnterprise/{account.name}-redis",
            *(f"Microsoft.ManagedIdentity/userAssignedIdentities/{account.name}-{name}" for name in names),
            *(
                [f"Microsoft.Storage/storageAccounts/{self.storage.account}"]
                if isinstance(self.storage, AzureStorage)
                else []
            ),
        ]
        return [f"{providers}/{one}" for one in owned]
