"""Azure Key Vault as External Secrets reads it."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from config.store import Reader, Store
from config.types import StoreUrl


class AzureKeyVaultStore(Store):
    """Azure Key Vault, read with each release's own managed identity (Workload Identity)."""

    READER_MARK: ClassVar[str | None] = "azure.workload.identity/client-id"

    type: Literal["azureKeyVault"]
    """Azure Key Vault."""
    vault_url: StoreUrl = Field(examples=["https://noxus-prod.vault.azure.net"])
    """Address of the vault."""

    def provider(self, reader: Reader) -> dict[str, Any]:
        """The `provider` of a SecretStore."""
        return {"azurekv": {"vaultUrl": self.vault_url, "authType": "WorkloadIdentity", **reader.account}}
