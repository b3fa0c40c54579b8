"""Azure Key Vault as External Secrets reads it."""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from config.store import Reader, Store
from config.types import StoreUrl

Guid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
"""A tenant or a subscription, as Azure prints it."""


CLIENT_ID_MARK: Final = "azure.workload.identity/client-id"
"""Annotation by which a ServiceAccount names its identity (Azure Workload Identity)."""


class AzureKeyVaultStore(Store):
    """Azure Key Vault, read with each release's own managed identity (Workload Identity)."""

    READER_MARK: ClassVar[str | None] = CLIENT_ID_MARK
    DOUBLED_MARK: ClassVar[str | None] = "azure.workload.identity/tenant-id"

    type: Literal["azureKeyVault"]
    """Azure Key Vault."""
    vault_url: StoreUrl = Field(examples=["https://noxus-prod.vault.azure.net"])
    """Address of the vault."""
    tenant_id: Guid = Field(examples=["00000000-0000-0000-0000-000000000000"])
    """Entra tenant of the vault. External Secrets needs it, and needs it once: no ServiceAccount names it too."""
    environment_type: Literal["PublicCloud", "USGovernmentCloud", "ChinaCloud"] = "PublicCloud"
    """Which of Azure's clouds the vault is in."""

    def provider(self, reader: Reader) -> dict[str, Any]:
        """The `provider` of a SecretStore."""
        return {
            "azurekv": {
                "vaultUrl": self.vault_url,
                "authType": "WorkloadIdentity",
                "tenantId": self.tenant_id,
                "environmentType": self.environment_type,
                **reader.account,
            }
        }
