"""Which request of which azure-mgmt package each resource type of pulumi-azure-native becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Request:
    """One request of a package: where it goes, and what it holds."""

    package: str
    """Below `azure.mgmt`, with the API version's folder where a package has several."""
    operations: str
    """Module below `operations` whose builder knows the address."""
    builder: str
    model: str
    """Class of the body."""
    identities_listed: bool = False
    """Whether the SDK takes `userAssignedIdentities` as a list of ids, where the model has a map of them."""


_POSTGRES: Final = "postgresqlflexibleservers"
_REDIS: Final = "redisenterprise"
_STORAGE: Final = "storage.v2024_01_01"
_MSI: Final = "msi.v2023_01_31"
_VAULT: Final = "keyvault.v2024_11_01"
_PUT: Final = "build_create_or_update_request"

REQUESTS: Final[Mapping[str, Request]] = {
    "azure-native:dbforpostgresql:Server": Request(_POSTGRES, "_servers_operations", _PUT, "Server"),
    "azure-native:dbforpostgresql:Configuration": Request(
        _POSTGRES, "_configurations_operations", "build_put_request", "ConfigurationForUpdate"
    ),
    "azure-native:redisenterprise:RedisEnterprise": Request(
        _REDIS, "_redis_enterprise_operations", "build_create_request", "Cluster", identities_listed=True
    ),
    "azure-native:redisenterprise:Database": Request(
        _REDIS, "_databases_operations", "build_create_request", "Database"
    ),
    "azure-native:storage:StorageAccount": Request(
        _STORAGE,
        "_storage_accounts_operations",
        "build_create_request",
        "StorageAccountCreateParameters",
        identities_listed=True,
    ),
    "azure-native:storage:BlobServiceProperties": Request(
        _STORAGE, "_blob_services_operations", "build_set_service_properties_request", "BlobServiceProperties"
    ),
    "azure-native:storage:ManagementPolicy": Request(
        _STORAGE, "_management_policies_operations", _PUT, "ManagementPolicy"
    ),
    "azure-native:storage:BlobContainer": Request(
        _STORAGE, "_blob_containers_operations", "build_create_request", "BlobContainer"
    ),
    "azure-native:managedidentity:UserAssignedIdentity": Request(
        _MSI, "_user_assigned_identities_operations", _PUT, "Identity"
    ),
    "azure-native:managedidentity:FederatedIdentityCredential": Request(
        _MSI, "_federated_identity_credentials_operations", _PUT, "FederatedIdentityCredential"
    ),
    "azure-native:keyvault:Vault": Request(_VAULT, "_vaults_operations", _PUT, "VaultCreateOrUpdateParameters"),
    "azure-native:keyvault:Secret": Request(_VAULT, "_secrets_operations", _PUT, "SecretCreateOrUpdateParameters"),
    "azure-native:keyvault:Key": Request(
        _VAULT, "_keys_operations", "build_create_if_not_exist_request", "KeyCreateParameters"
    ),
    "azure-native:authorization:RoleAssignment": Request(
        "authorization.v2022_04_01",
        "_role_assignments_operations",
        "build_create_request",
        "RoleAssignmentCreateParameters",
    ),
    "azure-native:privatedns:PrivateZone": Request(
        "privatedns", "_operations", "build_private_zones_create_or_update_request", "PrivateZone"
    ),
    "azure-native:privatedns:VirtualNetworkLink": Request(
        "privatedns", "_operations", "build_virtual_network_links_create_or_update_request", "VirtualNetworkLink"
    ),
}

ONLY_IN_THE_SDK: Final = frozenset(
    {
        "azure-native:authorization:ManagementLockByScope",
        "azure-native:network:PrivateEndpoint",
        "azure-native:network:PrivateDnsZoneGroup",
    }
)
"""Types that no installed azure-mgmt package has a request for: checked against the SDK's own argument types only."""
