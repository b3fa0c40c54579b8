"""Azure: what holds data, what its properties mean (docs/azure.md, "Change"), and what its roles allow."""

from collections.abc import Iterator
from typing import Final

from tools.preview import UNKNOWN, Inputs
from tools.report.clouds.properties import Properties
from tools.report.grant import Grant

_SERVER: Final = "azure-native:dbforpostgresql:Server"
_CLUSTER: Final = "azure-native:redisenterprise:RedisEnterprise"
_DATABASE: Final = "azure-native:redisenterprise:Database"
_ACCOUNT: Final = "azure-native:storage:StorageAccount"
_BLOBS: Final = "azure-native:storage:BlobServiceProperties"
_VAULT: Final = "azure-native:keyvault:Vault"


def _role(inputs: Inputs, name: str) -> Iterator[Grant]:
    """One principal's role in one scope."""
    principal, scope = str(inputs.get("principalId")), str(inputs.get("scope"))
    who = name if UNKNOWN in principal else principal
    role = str(inputs.get("roleDefinitionId")).rpartition("/")[2]
    yield Grant(who, f"role {role} on {name if UNKNOWN in scope else scope}")


def _federation(inputs: Inputs, name: str) -> Iterator[Grant]:
    """Who may become an identity."""
    yield Grant(f"{inputs.get('subject')} of {inputs.get('issuer')}", f"become {inputs.get('resourceName', name)}")


def _open(inputs: Inputs, name: str) -> Iterator[Grant]:
    """Whether something is reached from outside its network."""
    for part in (inputs, inputs.get("properties") or {}, inputs.get("network") or {}):
        if str(part.get("publicNetworkAccess", "Disabled")) != "Disabled":
            yield Grant("everybody", f"reach {name} from the internet")
    for key, means in (("allowBlobPublicAccess", "be given blobs of"), ("allowSharedKeyAccess", "use keys of")):
        if inputs.get(key):
            yield Grant("everybody", f"{means} {name}")


PROPERTIES: Final = Properties(
    holds=frozenset(
        {
            _SERVER,
            _CLUSTER,
            _DATABASE,
            _ACCOUNT,
            _VAULT,
            "azure-native:authorization:ManagementLockByScope",
            "azure-native:keyvault:Key",
            "azure-native:storage:BlobContainer",
        }
    ),
    keeps={
        _SERVER: {"backup.backupRetentionDays": "postgres.backupDays"},
        _BLOBS: {
            "deleteRetentionPolicy.days": "storage.deleteRetentionDays",
            "containerDeleteRetentionPolicy.days": "storage.deleteRetentionDays",
        },
        "azure-native:storage:ManagementPolicy": {
            "policy.rules[].definition.actions.version.delete.daysAfterCreationGreaterThan": (
                "storage.noncurrentVersionDays"
            )
        },
        _VAULT: {"properties.softDeleteRetentionInDays": ""},
    },
    guards={
        _SERVER: {"backup.geoRedundantBackup": ("Enabled", "postgres.geoBackup")},
        _DATABASE: {"persistence.rdbEnabled": (True, "redis.persistence")},
        _BLOBS: {"isVersioningEnabled": (True, ""), "deleteRetentionPolicy.enabled": (True, "")},
        _VAULT: {"properties.enablePurgeProtection": (True, ""), "properties.enableSoftDelete": (True, "")},
    },
    restarts={
        _SERVER: {
            "sku.name": "postgres.sku",
            "version": "postgres.version",
            "highAvailability.mode": "postgres.standby",
        },
        _CLUSTER: {"sku.name": "redis.sku", "highAvailability": "redis.highAvailability"},
        "azure-native:dbforpostgresql:Configuration": {"value": "postgres.maxConnections"},
    },
    sizes={
        _SERVER: {
            "sku.name": "postgres.sku",
            "highAvailability.mode": "postgres.standby",
            "storage.storageSizeGB": "postgres.storageGib",
        },
        _CLUSTER: {"sku.name": "redis.sku", "highAvailability": "redis.highAvailability"},
        _ACCOUNT: {"sku.name": "storage.redundancy"},
    },
    grants={
        "azure-native:authorization:RoleAssignment": _role,
        "azure-native:managedidentity:FederatedIdentityCredential": _federation,
        _ACCOUNT: _open,
        _SERVER: _open,
        _CLUSTER: _open,
        _VAULT: _open,
    },
    secrets={"azure-native:keyvault:Secret": "properties.value"},
)
