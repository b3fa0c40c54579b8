"""The stack file of a stack on Azure."""

from pydantic import Field

from config.clouds.azure.account import AzureSettings
from config.clouds.azure.postgres import AzurePostgres
from config.clouds.azure.redis import AzureRedis
from config.clouds.azure.storage import AzureStorage
from config.data_services import PostgresSettings, RedisSettings, StorageSettings
from config.sections import StackSettings


class AzureStack(
    StackSettings[PostgresSettings[AzurePostgres], RedisSettings[AzureRedis], StorageSettings[AzureStorage]]
):
    """Everything plain that the file of a stack on Azure says."""

    azure: AzureSettings = Field(examples=["{ name: acme-noxus-prod, location: westeurope, ... }"])
    """The subscription and network, with `cloud: azure`."""

    @property
    def account(self) -> AzureSettings:
        """The stack's cloud."""
        return self.azure
