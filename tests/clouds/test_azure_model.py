"""What the Azure validator lets pass and what it must catch, and that its models are of the SDK's API versions."""

import inspect
import re
from typing import Any, Final

import pytest

from tests.clouds.azure_fields import address, api_version, classes, fields, model, sdk_class
from tests.clouds.azure_types import ONLY_IN_THE_SDK, REQUESTS
from tests.clouds.examples import Inputs, changed, resource
from tests.clouds.validator import problems

SERVER, PARAMETER = "dbforpostgresql:Server", "dbforpostgresql:Configuration"
REDIS, DATABASE = "redisenterprise:RedisEnterprise", "redisenterprise:Database"
ACCOUNT, BLOBS = "storage:StorageAccount", "storage:BlobServiceProperties"
POLICY, CONTAINER = "storage:ManagementPolicy", "storage:BlobContainer"
IDENTITY, CREDENTIAL = "managedidentity:UserAssignedIdentity", "managedidentity:FederatedIdentityCredential"
VAULT, SECRET, KEY = "keyvault:Vault", "keyvault:Secret", "keyvault:Key"
RIGHT, LOCK = "authorization:RoleAssignment", "authorization:ManagementLockByScope"
ENDPOINT, ZONE_GROUP = "network:PrivateEndpoint", "network:PrivateDnsZoneGroup"
ZONE, LINK = "privatedns:PrivateZone", "privatedns:VirtualNetworkLink"

GROUP = {"resourceGroupName": "noxus-prod"}
IDS = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/noxus-prod/providers"
IDENTITY_ID = f"{IDS}/Microsoft.ManagedIdentity/userAssignedIdentities/acme"
ACCOUNT_ID = f"{IDS}/Microsoft.Storage/storageAccounts/examplenoxusprod"
VNET = f"{IDS}/Microsoft.Network/virtualNetworks/prod"
TENANT = "99999999-2222-3333-4444-555555555555"

CORRECT: Final[dict[str, Inputs]] = {
    SERVER: {
        **GROUP,
        "serverName": "noxus-prod-1a2b",
        "location": "westeurope",
        "version": "16",
        "administratorLogin": "noxus_admin",
        "administratorLoginPassword": "generated",
        "availabilityZone": "1",
        "sku": {"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"},
        "storage": {"storageSizeGB": 128, "autoGrow": "Enabled"},
        "highAvailability": {"mode": "ZoneRedundant", "standbyAvailabilityZone": "2"},
        "backup": {"backupRetentionDays": 30, "geoRedundantBackup": "Disabled"},
        "network": {
            "delegatedSubnetResourceId": f"{VNET}/subnets/postgres",
            "privateDnsZoneArmResourceId": "zone-id",
            "publicNetworkAccess": "Disabled",
        },
        "authConfig": {"passwordAuth": "Enabled", "activeDirectoryAuth": "Disabled"},
        "dataEncryption": {
            "type": "AzureKeyVault",
            "primaryKeyURI": "https://v.vault.azure.net/keys/data",
            "primaryUserAssignedIdentityId": IDENTITY_ID,
        },
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY_ID: {}}},
        "maintenanceWindow": {"customWindow": "Enabled", "dayOfWeek": 0, "startHour": 3, "startMinute": 0},
        "tags": {"owner": "platform"},
    },
    PARAMETER: {
        **GROUP,
        "serverName": "noxus-prod-1a2b",
        "configurationName": "azure.extensions",
        "value": "VECTOR",
        "source": "user-override",
    },
    REDIS: {
        **GROUP,
        "clusterName": "noxus-prod",
        "location": "westeurope",
        "sku": {"name": "Balanced_B5"},
        "highAvailability": "Enabled",
        "minimumTlsVersion": "1.2",
        "publicNetworkAccess": "Disabled",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY_ID]},
    },
    DATABASE: {
        **GROUP,
        "clusterName": "noxus-prod",
        "databaseName": "default",
        "port": 10000,
        "clientProtocol": "Encrypted",
        "clusteringPolicy": "NoCluster",
        "evictionPolicy": "NoEviction",
        "accessKeysAuthentication": "Enabled",
        "persistence": {"rdbEnabled": True, "rdbFrequency": "6h", "aofEnabled": False},
    },
    ACCOUNT: {
        **GROUP,
        "accountName": "examplenoxusprod",
        "location": "westeurope",
        "kind": "StorageV2",
        "sku": {"name": "Standard_ZRS"},
        "enableHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": False,
        "publicNetworkAccess": "Disabled",
        "networkRuleSet": {
            "bypass": "None",
            "defaultAction": "Deny",
            "ipRules": [{"iPAddressOrRange": "203.0.113.0/24"}],
        },
        "encryption": {
            "keySource": "Microsoft.Keyvault",
            "keyVaultProperties": {"keyName": "data", "keyVaultUri": "https://v.vault.azure.net"},
            "encryptionIdentity": {"encryptionUserAssignedIdentity": IDENTITY_ID},
        },
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY_ID]},
    },
    BLOBS: {
        **GROUP,
        "accountName": "examplenoxusprod",
        "blobServicesName": "default",
        "isVersioningEnabled": True,
        "deleteRetentionPolicy": {"enabled": True, "days": 30},
        "containerDeleteRetentionPolicy": {"enabled": True, "days": 30},
    },
    POLICY: {
        **GROUP,
        "accountName": "examplenoxusprod",
        "managementPolicyName": "default",
        "policy": {
            "rules": [
                {
                    "name": "old-versions",
                    "enabled": True,
                    "type": "Lifecycle",
                    "definition": {
                        "actions": {"version": {"delete": {"daysAfterCreationGreaterThan": 30}}},
                        "filters": {"blobTypes": ["blockBlob"], "prefixMatch": ["noxus/"]},
                    },
                }
            ]
        },
    },
    CONTAINER: {**GROUP, "accountName": "examplenoxusprod", "containerName": "noxus", "publicAccess": "None"},
    IDENTITY: {**GROUP, "resourceName": "noxus-prod-acme", "location": "westeurope", "tags": {"owner": "platform"}},
    CREDENTIAL: {
        **GROUP,
        "resourceName": "noxus-prod-acme",
        "federatedIdentityCredentialResourceName": "acme",
        "issuer": "https://westeurope.oic.prod-aks.azure.com/x/y/",
        "subject": "system:serviceaccount:noxus-acme:acme",
        "audiences": ["api://AzureADTokenExchange"],
    },
    VAULT: {
        **GROUP,
        "vaultName": "noxus-prod-1a2b",
        "location": "westeurope",
        "properties": {
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "enablePurgeProtection": True,
            "softDeleteRetentionInDays": 90,
            "publicNetworkAccess": "Disabled",
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
        },
    },
    SECRET: {
        **GROUP,
        "vaultName": "noxus-prod-1a2b",
        "secretName": "acme",
        "properties": {"value": "{}", "contentType": "application/json", "attributes": {"enabled": True}},
    },
    KEY: {
        **GROUP,
        "vaultName": "noxus-prod-1a2b",
        "keyName": "data",
        "properties": {
            "kty": "RSA",
            "keySize": 3072,
            "keyOps": ["wrapKey", "unwrapKey"],
            "rotationPolicy": {
                "lifetimeActions": [{"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "rotate"}}]
            },
        },
    },
    RIGHT: {
        "roleAssignmentName": "0a1b2c3d-1111-5222-8333-444455556666",
        "scope": f"{ACCOUNT_ID}/blobServices/default/containers/noxus",
        "roleDefinitionId": f"{IDS}/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "principalId": "unknown",
        "principalType": "ServicePrincipal",
    },
    ZONE: {**GROUP, "privateZoneName": "noxus-prod.postgres.database.azure.com", "location": "global"},
    LINK: {
        **GROUP,
        "privateZoneName": "noxus-prod.postgres.database.azure.com",
        "virtualNetworkLinkName": "cluster",
        "location": "global",
        "registrationEnabled": False,
        "virtualNetwork": {"id": VNET},
    },
    LOCK: {"scope": ACCOUNT_ID, "lockName": "noxus", "level": "CanNotDelete", "notes": "holds data"},
    ENDPOINT: {
        **GROUP,
        "privateEndpointName": "redis",
        "location": "westeurope",
        "subnet": {"id": f"{VNET}/subnets/endpoints"},
        "privateLinkServiceConnections": [
            {"name": "redis", "privateLinkServiceId": "redis-id", "groupIds": ["redisEnterprise"]}
        ],
    },
    ZONE_GROUP: {
        **GROUP,
        "privateEndpointName": "redis",
        "privateDnsZoneGroupName": "default",
        "privateDnsZoneConfigs": [{"name": "redis", "privateDnsZoneId": "zone-id"}],
    },
}

WRONG: Final[list[tuple[str, str, Any, str]]] = [
    (SERVER, "version", "16.4", "is none of"),
    (SERVER, "version", 16, "is none of"),
    (SERVER, "serverName", "pg", "outside min_length"),
    (SERVER, "serverName", "n" * 64, "outside max_length"),
    (SERVER, "serverName", "-noxus", "outside pattern"),
    (SERVER, "resourceGroupName", None, "resourceGroupName is required"),
    (SERVER, "sku.tier", "General", "is none of"),
    (SERVER, "sku.tier", None, "tier is required"),
    (SERVER, "storage.storageSizeGb", 128, "no such field"),
    (SERVER, "storage.storageSizeGB", "128", "is no int"),
    (SERVER, "storage.autoGrow", True, "is none of"),
    (SERVER, "highAvailability.mode", "Zonal", "is none of"),
    (SERVER, "highAvailability.state", "Healthy", "only the service writes it"),
    (SERVER, "backup.geoRedundantBackup", False, "is none of"),
    (SERVER, "dataEncryption.type", "SystemAssigned", "is none of"),
    (SERVER, "identity.type", "SystemAssignedUserAssigned", "is none of"),
    (SERVER, "network", f"{VNET}/subnets/postgres", "is no Network"),
    (SERVER, "network.publicNetworkAccess", "disabled", "is none of"),
    (SERVER, "maintenanceWindow.dayOfWeek", "Sunday", "is no int"),
    (SERVER, "fullyQualifiedDomainName", "x", "only the service writes it"),
    (SERVER, "tags.owner", 1, "is no str"),
    (SERVER, "tags", ["platform"], "is no map"),
    (SERVER, "multiAz", True, "no such field"),
    (PARAMETER, "configurationName", "azure extensions", "outside pattern"),
    (PARAMETER, "value", 400, "is no str"),
    (PARAMETER, "isDynamicConfig", True, "only the service writes it"),
    (REDIS, "sku.name", "Standard", "is none of"),
    (REDIS, "sku", None, "sku is required"),
    (REDIS, "minimumTlsVersion", "TLS1_2", "is none of"),
    (REDIS, "highAvailability", True, "is none of"),
    (REDIS, "clusterName", "noxus_prod", "outside pattern"),
    (REDIS, "clusterName", "n" * 61, "outside pattern"),
    (REDIS, "identity.userAssignedIdentities", {IDENTITY_ID: {}}, "is no list of ids"),
    (DATABASE, "clusterName", None, "clusterName is required"),
    (DATABASE, "port", "10000", "is no int"),
    (DATABASE, "clusteringPolicy", "None", "is none of"),
    (DATABASE, "evictionPolicy", "noeviction", "is none of"),
    (DATABASE, "accessKeysAuthentication", True, "is none of"),
    (DATABASE, "persistence.rdbFrequency", "24h", "is none of"),
    (DATABASE, "resourceState", "Running", "only the service writes it"),
    (ACCOUNT, "accountName", "example-noxus", "outside pattern"),
    (ACCOUNT, "accountName", "n" * 25, "outside max_length"),
    (ACCOUNT, "kind", "Storage2", "is none of"),
    (ACCOUNT, "kind", None, "kind is required"),
    (ACCOUNT, "sku.name", "ZRS", "is none of"),
    (ACCOUNT, "minimumTlsVersion", "1.2", "is none of"),
    (ACCOUNT, "allowSharedKeyAccess", "false", "is no bool"),
    (ACCOUNT, "supportsHttpsTrafficOnly", True, "no such field"),
    (ACCOUNT, "networkAcls", {}, "no such field"),
    (ACCOUNT, "networkRuleSet.defaultAction", "Block", "is none of"),
    (ACCOUNT, "networkRuleSet.defaultAction", None, "defaultAction is required"),
    (BLOBS, "deleteRetentionPolicy.days", 400, "outside maximum 365"),
    (BLOBS, "deleteRetentionPolicy.days", 0, "outside minimum 1"),
    (BLOBS, "versioning", True, "no such field"),
    (POLICY, "policy.rules.0.type", "lifecycle", "is none of"),
    (POLICY, "policy.rules.0.definition.filters.blobTypes", None, "blobTypes is required"),
    (POLICY, "policy.rules.0.definition.actions", None, "actions is required"),
    (POLICY, "policy.rules", None, "rules is required"),
    (CONTAINER, "publicAccess", "Private", "is none of"),
    (CONTAINER, "containerName", "nx", "outside min_length"),
    (CONTAINER, "hasLegalHold", False, "only the service writes it"),
    (IDENTITY, "clientId", TENANT, "only the service writes it"),
    (IDENTITY, "identityName", "acme", "no such field"),
    (CREDENTIAL, "federatedIdentityCredentialResourceName", "a", "outside pattern"),
    (CREDENTIAL, "federatedIdentityCredentialResourceName", "a" * 121, "outside pattern"),
    (CREDENTIAL, "audiences", "api://AzureADTokenExchange", "is no list"),
    (CREDENTIAL, "subjects", [], "no such field"),
    (VAULT, "vaultName", "kv", "outside pattern"),
    (VAULT, "vaultName", "noxus-prod-a-very-long-name", "outside pattern"),
    (VAULT, "properties.sku.family", "B", "is none of"),
    (VAULT, "properties.sku.name", "Standard", "is none of"),
    (VAULT, "properties.tenantId", None, "tenantId is required"),
    (VAULT, "properties.enableRbac", True, "no such field"),
    (VAULT, "properties.softDeleteRetentionInDays", "90", "is no int"),
    (SECRET, "secretName", "acme_llm", "outside pattern"),
    (SECRET, "properties", None, "properties is required"),
    (SECRET, "properties.secretUri", "https://x", "only the service writes it"),
    (KEY, "properties.kty", "rsa", "is none of"),
    (KEY, "properties.keyOps", ["wrap"], "is none of"),
    (KEY, "properties.curveName", "P-111", "is none of"),
    (RIGHT, "principalType", "ManagedIdentity", "is none of"),
    (RIGHT, "principalId", None, "principalId is required"),
    (RIGHT, "scope", None, "scope is required"),
    (RIGHT, "roleName", "Reader", "no such field"),
    (ZONE, "numberOfRecordSets", 1, "only the service writes it"),
    (LINK, "registrationEnabled", "false", "is no bool"),
    (LINK, "resolutionPolicy", "Redirect", "is none of"),
    (LINK, "virtualNetwork", VNET, "is no SubResource"),
    (LOCK, "level", "Delete", "is none of"),
    (LOCK, "level", None, "level is required"),
    (LOCK, "note", "x", "no such field"),
    (ENDPOINT, "subnet.subnetId", VNET, "no such field"),
    (ENDPOINT, "privateLinkServiceConnections.0.groupIds", "redisEnterprise", "is no list"),
    (ENDPOINT, "subnet.privateEndpointNetworkPolicies", "On", "is none of"),
    (ZONE_GROUP, "privateDnsZoneConfigs.0.zoneId", "x", "no such field"),
    (ZONE_GROUP, "privateEndpointName", None, "privateEndpointName is required"),
]


def test_every_mapped_type_has_a_correct_example() -> None:
    assert {f"azure-native:{type_}" for type_ in CORRECT} == REQUESTS.keys() | ONLY_IN_THE_SDK


@pytest.mark.parametrize("type_", CORRECT)
def test_a_correct_resource_passes(type_: str) -> None:
    assert problems(resource(f"azure-native:{type_}", CORRECT[type_])) == []


@pytest.mark.parametrize(("type_", "path", "value", "said"), WRONG, ids=lambda value: str(value)[:50])
def test_a_wrong_value_is_caught_and_nothing_else(type_: str, path: str, value: Any, said: str) -> None:
    found = problems(resource(f"azure-native:{type_}", changed(CORRECT[type_], path, value)))
    assert len(found) == 1, found
    assert said in found[0]


def test_a_type_without_a_model_is_a_problem() -> None:
    (problem,) = problems(resource("azure-native:network:VirtualNetwork", {}))
    assert "no request model is mapped for azure-native:network:VirtualNetwork" in problem


@pytest.mark.parametrize("type_", REQUESTS)
def test_the_model_is_of_the_api_version_that_the_sdk_calls(type_: str) -> None:
    said = re.search(r"Uses Azure REST API version (\S+)\.", inspect.getsource(sdk_class(type_)))
    assert said
    assert said.group(1) == api_version(REQUESTS[type_])


WRITTEN_BY_THE_SERVICE: Final = {
    "dataEncryption.geoBackupEncryptionKeyStatus",
    "dataEncryption.primaryEncryptionKeyStatus",
    "properties.provisioningState",
    "properties.vaultUri",
    "etag",
}
"""What the models would take though only the service knows it. The SDK has no such input."""


def names(class_: type, at: str = "", seen: frozenset[type] = frozenset()) -> set[str]:
    """Every path that may be given below a class."""
    found = set[str]()
    for name, field in fields(class_).items():
        if not field.read_only:
            found.add(f"{at}{name}")
            for below in classes(field.annotation, class_.__module__):
                if below not in seen:
                    found |= names(below, f"{at}{name}.", seen | {below})
    return found


@pytest.mark.parametrize("type_", REQUESTS)
def test_the_sdk_and_the_model_name_the_same_fields(type_: str) -> None:
    request = REQUESTS[type_]
    of_the_model = names(model(request)) | set(address(request))
    of_the_sdk = names(sdk_class(type_, "Args"))
    assert len(of_the_sdk) >= 3
    assert of_the_sdk ^ of_the_model <= WRITTEN_BY_THE_SERVICE


def test_the_comparison_of_names_goes_down_to_the_last_field() -> None:
    assert "encryption.keyVaultProperties.keyVaultUri" in names(
        sdk_class("azure-native:storage:StorageAccount", "Args")
    )
    assert "properties.rotationPolicy.lifetimeActions.trigger.timeAfterCreate" in names(
        model(REQUESTS["azure-native:keyvault:Key"])
    )
