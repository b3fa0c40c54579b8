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
        PostgresSettings[AzurePostgres],
        RedisSettings[AzureRedis],
        StorageSettings[AzureStorage],
        AzureStatements,
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
        """The vault, with key and entries, and the storage account, by id."""
        return [self.azure.vault_id, *([self.storage_id] if self.storage_id else [])]

    @property
    def storage_id(self) -> str | None:
        """Id of the storage account, if this stack makes it."""
        accounts = f"{self.azure.providers_id}/Microsoft.Storage/storageAccounts"
        return f"{accounts}/{self.storage.account}" if isinstance(self.storage, AzureStorage) else None
