"""The production stack on Azure: what it makes in the subscription, who may do what there, and that nothing is lost."""

import itertools
import json
from typing import Any

import pulumi
import pytest

from components.clouds.azure import Azure
from config.clouds.azure.redis import AzureRedis
from config.clouds.azure.stack import AzureStack
from sandbox.plugins.cloud_outputs import look_up
from tests.azure_roles import (
    DELETE_BLOB,
    DELETE_CONTAINER,
    PERMITS,
    READ_BLOB,
    READ_SECRET,
    USE_KEY,
    WRITE_BLOB,
    Rights,
)
from tests.harness import Deployment, Resource, deploy, is_secret
from tests.programs import ROOT, refused, run_program, settings, stack_file

PROD, SECRETS = stack_file(ROOT / "Pulumi.prod-azure.yaml")
AZURE = PROD["azure"]
GROUP = f"/subscriptions/{AZURE['subscriptionId']}/resourceGroups/{AZURE['resourceGroup']}/providers"
ACCOUNT = f"{GROUP}/Microsoft.Storage/storageAccounts/{PROD['storage']['account']}"
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/noxus"
VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/{AZURE['vaultName']}"
KEY = f"{VAULT}/keys/data"
ENCRYPTION = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/{AZURE['name']}-encryption"
_, _, KEYS = look_up(
    "azure-native:redisenterprise:listDatabaseKeys",
    {
        "clusterName": f"{AZURE['name']}-redis",
        "databaseName": "default",
        "resourceGroupName": AZURE["resourceGroup"],
    },
) or ("", "", {})
ACCESS_KEY = KEYS["primaryKey"]

SERVER = "azure-native:dbforpostgresql:Server"
CONFIGURATION = "azure-native:dbforpostgresql:Configuration"
CACHE = "azure-native:redisenterprise:RedisEnterprise"
DATABASE = "azure-native:redisenterprise:Database"
STORAGE = "azure-native:storage:StorageAccount"
BLOB_CONTAINER = "azure-native:storage:BlobContainer"
LOCK = "azure-native:authorization:ManagementLockByScope"
ASSIGNMENT = "azure-native:authorization:RoleAssignment"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
CREDENTIAL = "azure-native:managedidentity:FederatedIdentityCredential"
ENTRY = "azure-native:keyvault:Secret"
ENDPOINT = "azure-native:network:PrivateEndpoint"
DRAWN = "-a1b2c3"
"""The part of an entry's name that the harness draws."""


@pytest.fixture(scope="module")
def prod() -> Deployment:
    return run_program(PROD, SECRETS)


@pytest.fixture(scope="module")
def rights(prod: Deployment) -> Rights:
    return Rights(prod)


def with_(section: str, **values: object) -> dict[str, Any]:
    return {**PROD, section: {**PROD[section], **values}}


def with_release(name: str, namespace: str) -> dict[str, Any]:
    raw = json.loads(json.dumps(PROD))
    raw["workers"][name] = {"namespace": namespace, "pools": {"chat": {"workerSubscribe": "chat"}}}
    return raw


# Who may do what


def test_a_release_reads_writes_lists_and_deletes_in_its_container(rights: Rights) -> None:
    for action in (READ_BLOB, WRITE_BLOB, DELETE_BLOB):
        assert rights.may("acme-identity", action, f"{CONTAINER}/blobs/runs/1")


def test_a_release_reads_its_own_entry_and_no_other(rights: Rights) -> None:
    for own, other in (("acme", "noxus"), ("noxus", "acme")):
        assert rights.may(f"{own}-identity", READ_SECRET, f"{VAULT}/secrets/noxus-{own}{DRAWN}")
        assert not rights.may(f"{own}-identity", READ_SECRET, f"{VAULT}/secrets/noxus-{other}{DRAWN}")
        assert not rights.may(f"{own}-identity", READ_SECRET, f"{VAULT}/secrets/noxus-{own}-another")


@pytest.mark.parametrize(
    ("action", "on"),
    [
        (READ_BLOB, f"{ACCOUNT}/blobServices/default/containers/another"),
        (READ_BLOB, ACCOUNT),
        (WRITE_BLOB, f"{CONTAINER}2"),
        ("Microsoft.Storage/storageAccounts/delete", ACCOUNT),
        ("Microsoft.Storage/storageAccounts/listKeys/action", ACCOUNT),
        (USE_KEY, KEY),
        ("Microsoft.KeyVault/vaults/keys/read", KEY),
        (READ_SECRET, VAULT),
        ("Microsoft.KeyVault/vaults/secrets/setSecret/action", f"{VAULT}/secrets/noxus-acme{DRAWN}"),
    ],
)
def test_a_release_may_do_nothing_else(rights: Rights, action: str, on: str) -> None:
    assert not rights.may("acme-identity", action, on)


def test_what_reads_the_key_reads_no_entry_and_no_blob(rights: Rights) -> None:
    assert rights.may("vault-encryption", USE_KEY, KEY)
    assert not rights.may("vault-encryption", READ_SECRET, f"{VAULT}/secrets/noxus-acme{DRAWN}")
    assert not rights.may("vault-encryption", READ_BLOB, CONTAINER)


def test_every_role_is_one_of_three_on_one_thing_and_no_group(prod: Deployment) -> None:
    assignments = prod.all(ASSIGNMENT)
    assert len(assignments) == 5
    for one in assignments:
        assert one.inputs["roleDefinitionId"].rpartition("/")[2] in PERMITS
        assert one.inputs["scope"] in {
            CONTAINER,
            KEY,
            f"{VAULT}/secrets/noxus-noxus{DRAWN}",
            f"{VAULT}/secrets/noxus-acme{DRAWN}",
        }


def test_an_identity_is_taken_up_by_its_own_service_account_only(rights: Rights) -> None:
    token = {
        "iss": AZURE["oidcIssuerUrl"],
        "sub": "system:serviceaccount:noxus-acme:acme",
        "aud": "api://AzureADTokenExchange",
    }
    assert rights.takes_up("acme-identity", token)
    for other in (
        {"sub": "system:serviceaccount:noxus:noxus"},
        {"sub": "system:serviceaccount:noxus-globex:acme"},
        {"sub": "system:serviceaccount:noxus-acme:default"},
        {"aud": "sts.amazonaws.com"},
        {"iss": AZURE["oidcIssuerUrl"].rstrip("/")},
    ):
        assert not rights.takes_up("acme-identity", {**token, **other})
    assert not rights.takes_up("vault-encryption", token), "no pod is what reads the key"


def test_pods_wear_the_label_and_accounts_the_client_id_that_azure_draws(prod: Deployment) -> None:
    account = prod.one("kubernetes:core/v1:ServiceAccount", "noxus-acme/acme")
    identity = prod.one(IDENTITY, "acme-identity")
    (mark, client) = account.inputs["metadata"]["annotations"].popitem()
    assert mark == "azure.workload.identity/client-id"
    assert len(client) == 36
    assert identity.urn in account.dependencies
    for name, manifest in prod.objects:
        if manifest["kind"] == "Deployment":
            labels = manifest["spec"]["template"]["metadata"]["labels"]
            assert labels["azure.workload.identity/use"] == "true", name
    preview = run_program(PROD, SECRETS, preview=True).one("kubernetes:core/v1:ServiceAccount", "noxus-acme/acme")
    assert preview.inputs["metadata"]["annotations"] == {mark: "unknown"}, "known only after it is made"


def test_a_store_names_its_tenant_once(prod: Deployment) -> None:
    store = prod.one("kubernetes:external-secrets.io/v1:SecretStore", "noxus-acme/acme").inputs
    assert store["spec"]["provider"] == {
        "azurekv": {
            "vaultUrl": f"https://{AZURE['vaultName']}.vault.azure.net",
            "authType": "WorkloadIdentity",
            "tenantId": AZURE["tenantId"],
            "environmentType": "PublicCloud",
            "serviceAccountRef": {"name": "acme"},
        }
    }
    twice = {"annotations": {"azure.workload.identity/tenant-id": AZURE["tenantId"]}}
    problems = refused(with_("primary", identity=twice), *SECRETS)
    assert "External Secrets takes once; remove it" in problems["primary.identity.annotations"]


# Guards


def test_what_holds_data_is_locked_one_by_one_and_the_lock_goes_first(prod: Deployment) -> None:
    locked = {SERVER: "postgres", CACHE: "redis", STORAGE: "bucket"}
    assert [lock.name for lock in prod.all(LOCK)] == sorted(locked.values())
    inside = {
        "postgres": prod.all(CONFIGURATION),
        "redis": [prod.one(DATABASE), prod.one(ENDPOINT, "redis")],
        "bucket": [prod.one(BLOB_CONTAINER), prod.one(ENDPOINT, "bucket")],
    }
    for kind, name in locked.items():
        held, lock = prod.one(kind), prod.one(LOCK, name)
        assert (lock.inputs["level"], lock.protect, held.protect) == ("CanNotDelete", True, True)
        assert lock.inputs["scope"].lower().startswith(GROUP.lower()), "a locked group could delete nothing in it"
        assert held.urn in lock.dependencies
        for child in inside[name]:
            assert child.urn in prod.awaited_by(lock), "what depends on a resource is deleted before it"


def test_the_lock_stays_when_the_protection_is_lifted_because_a_protected_lock_cannot_go_in_that_update() -> None:
    unprotected = run_program({**PROD, "protect": False}, SECRETS)
    assert len(unprotected.all(LOCK)) == 3
    assert [r.name for r in unprotected.resources if r.protect] == []


def test_removing_a_release_deletes_no_right_under_a_lock(prod: Deployment) -> None:
    scopes = {lock.inputs["scope"] for lock in prod.all(LOCK)}
    for one in prod.all(ASSIGNMENT):
        under = any(one.inputs["scope"].startswith(scope) for scope in scopes)
        assert one.retained is under, "Azure refuses to delete an assignment on what is locked"


def test_an_assignment_has_a_name_of_its_own_that_says_what_replaces_it(prod: Deployment) -> None:
    def names(deployed: Deployment) -> dict[str, str]:
        return {one.name: one.inputs["roleAssignmentName"] for one in deployed.all(ASSIGNMENT)}

    before, moved = names(prod), names(run_program(with_("storage", container="another"), SECRETS))
    assert len(set(before.values())) == len(before)
    assert {name for name in before if before[name] != moved[name]} == {"acme-identity-blobs", "noxus-identity-blobs"}
    elsewhere = names(run_program(with_("azure", name="another"), SECRETS))
    assert not set(before.values()) & set(elsewhere.values()), "other identities, so other principals"
    assert names(run_program(PROD | {"protect": False}, SECRETS)) == before


def test_an_assignment_says_that_its_principal_is_a_service_principal(prod: Deployment) -> None:
    assert {one.inputs["principalType"] for one in prod.all(ASSIGNMENT)} == {"ServicePrincipal"}


def test_a_release_that_was_removed_can_be_added_again_at_once(prod: Deployment) -> None:
    assert len(prod.all(ENTRY)) == 2
    for entry in prod.all(ENTRY):
        assert entry.retained, "deleted, its name would be held for 90 days"


def test_the_vault_gives_back_what_is_deleted_and_destroying_needs_no_data_plane(prod: Deployment) -> None:
    vault = prod.one("azure-native:keyvault:Vault")
    properties = vault.inputs["properties"]
    assert properties["enableRbacAuthorization"] is True
    assert properties["enablePurgeProtection"] is True
    assert properties["softDeleteRetentionInDays"] == 90
    assert vault.protect
    key = prod.one("azure-native:keyvault:Key")
    assert (key.protect, key.retained) == (True, True)


def test_deleting_a_container_asks_nobody_so_it_can_be_brought_back(prod: Deployment, rights: Rights) -> None:
    assert rights.may("acme-identity", DELETE_CONTAINER, CONTAINER), "the built-in role has it: docs/azure.md says so"
    blobs = prod.one("azure-native:storage:BlobServiceProperties").inputs
    assert blobs["containerDeleteRetentionPolicy"] == {"enabled": True, "days": 30}
    assert blobs["deleteRetentionPolicy"] == {"enabled": True, "days": 30}
    assert blobs["isVersioningEnabled"] is True
    assert prod.one(BLOB_CONTAINER).protect


# Encryption, and nothing public


def test_everything_is_encrypted_with_the_stacks_key_at_rest_and_in_transit(prod: Deployment) -> None:
    key = f"https://{AZURE['vaultName']}.vault.azure.net/keys/data/"
    server, cache, account = (prod.one(kind).inputs for kind in (SERVER, CACHE, STORAGE))
    assert server["dataEncryption"]["primaryKeyURI"].startswith(key)
    assert server["dataEncryption"]["primaryUserAssignedIdentityId"] == ENCRYPTION
    of_cache = cache["encryption"]["customerManagedKeyEncryption"]
    assert of_cache["keyEncryptionKeyUrl"].startswith(key)
    assert of_cache["keyEncryptionKeyIdentity"]["userAssignedIdentityResourceId"] == ENCRYPTION
    assert account["encryption"]["keySource"] == "Microsoft.Keyvault"
    assert account["encryption"]["keyVaultProperties"] == {"keyName": "data", "keyVaultUri": key[: -len("/keys/data/")]}
    assert account["encryption"]["encryptionIdentity"] == {"encryptionUserAssignedIdentity": ENCRYPTION}
    right = prod.one(ASSIGNMENT, "vault-encryption")
    assert prod.one("azure-native:keyvault:Key").urn in right.dependencies, "its scope is written out, not an output"
    for kind in (SERVER, CACHE, STORAGE):
        assert right.urn in prod.one(kind).dependencies, "without the right none can be made"
    assert (account["enableHttpsTrafficOnly"], account["minimumTlsVersion"]) == (True, "TLS1_2")
    assert cache["minimumTlsVersion"] == "1.2"
    assert prod.one(DATABASE).inputs["clientProtocol"] == "Encrypted"
    assert parameters(prod)["require_secure_transport"] == "on"


def test_the_encryption_of_postgres_is_azure_key_vault_and_not_the_sdks_system_assigned(prod: Deployment) -> None:
    assert prod.one(SERVER).inputs["dataEncryption"]["type"] == "AzureKeyVault"


def test_nothing_is_public(prod: Deployment) -> None:
    account, vault = prod.one(STORAGE).inputs, prod.one("azure-native:keyvault:Vault").inputs["properties"]
    assert prod.one(SERVER).inputs["network"]["publicNetworkAccess"] == "Disabled"
    assert prod.one(CACHE).inputs["publicNetworkAccess"] == "Disabled"
    assert account["publicNetworkAccess"] == "Disabled"
    assert account["networkRuleSet"] == {"defaultAction": "Deny", "bypass": "None"}
    assert account["allowBlobPublicAccess"] is False
    assert prod.one(BLOB_CONTAINER).inputs["publicAccess"] == "None"
    assert vault["publicNetworkAccess"] == "Disabled"
    assert vault["networkAcls"] == {"defaultAction": "Deny", "bypass": "AzureServices"}


def test_storage_has_no_keys_that_somebody_could_carry_away(prod: Deployment) -> None:
    account = prod.one(STORAGE).inputs
    assert (account["allowSharedKeyAccess"], account["isLocalUserEnabled"]) == (False, False)
    assert account["allowCrossTenantReplication"] is False


def test_private_endpoints_are_in_their_subnet_and_have_names(prod: Deployment) -> None:
    groups = {"bucket": "blob", "redis": "redisEnterprise", "vault": "vault"}
    zones = {"bucket": "blobDnsZoneId", "redis": "redisDnsZoneId", "vault": "vaultDnsZoneId"}
    assert {endpoint.name for endpoint in prod.all(ENDPOINT)} == groups.keys()
    for service, group in groups.items():
        endpoint = prod.one(ENDPOINT, service).inputs
        (connection,) = endpoint["privateLinkServiceConnections"]
        assert connection["groupIds"] == [group]
        assert endpoint["subnet"]["id"] == AZURE["endpointSubnetId"]
        assert endpoint["subnet"]["privateEndpointNetworkPolicies"] == "NetworkSecurityGroupEnabled"
        (zone,) = prod.one("azure-native:network:PrivateDnsZoneGroup", service).inputs["privateDnsZoneConfigs"]
        assert zone["privateDnsZoneId"] == AZURE[zones[service]]
    by_policy = {**AZURE, "endpointDns": "policy"}
    deployed = run_program({**PROD, "azure": by_policy}, SECRETS)
    assert deployed.all("azure-native:network:PrivateDnsZoneGroup") == []


def test_releases_reach_the_subnets_on_the_ports_of_azure(prod: Deployment) -> None:
    ways = {"postgres": ("postgresSubnetCidr", 5432), "redis": ("endpointSubnetCidr", 10000)}
    for service, (cidr, port) in {**ways, "bucket": ("endpointSubnetCidr", 443)}.items():
        policy = prod.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", f"noxus-acme/to-{service}").inputs
        (rule,) = policy["spec"]["egress"]
        assert [peer["ipBlock"]["cidr"] for peer in rule["to"]] == [AZURE[cidr]], service
        assert [item["port"] for item in rule["ports"]] == [port]


# Data services


def parameters(deployed: Deployment) -> dict[str, str]:
    return {one.inputs["configurationName"]: one.inputs["value"] for one in deployed.all(CONFIGURATION)}


def test_parameters_are_set_one_after_another_and_the_set_up_waits_for_the_extension(prod: Deployment) -> None:
    chain = sorted(prod.all(CONFIGURATION), key=lambda one: len(prod.awaited_by(one)))
    for before, after in itertools.pairwise(chain):
        assert before.urn in after.dependencies, "Azure takes one change of a server at a time"
    assert parameters(prod)["azure.extensions"] == "VECTOR"
    setup = next(r for r in prod.resources if r.type == "kubernetes:batch/v1:Job" and "setup" in r.name)
    assert {one.urn for one in chain} <= prod.awaited_by(setup)


def test_the_connections_follow_the_size_because_azures_default_stays_that_of_the_first(prod: Deployment) -> None:
    assert parameters(prod)["max_connections"] == "859"
    larger = run_program(with_("postgres", sku="Standard_D8ds_v5"), SECRETS)
    assert parameters(larger)["max_connections"] == "3437"
    written = run_program(with_("postgres", maxConnections=1200), SECRETS)
    assert parameters(written)["max_connections"] == "1200"
    unknown = run_program(with_("postgres", sku="Standard_DC2ads_v5"), SECRETS)
    assert "max_connections" not in parameters(unknown)


def test_what_azure_changes_by_itself_is_ignored_and_nothing_else(prod: Deployment) -> None:
    assert set(prod.one(SERVER).ignored) == {
        "storage.storageSizeGB",
        "availabilityZone",
        "highAvailability.standbyAvailabilityZone",
    }
    assert [r.name for r in prod.resources if r.ignored and r.type.startswith("azure") and r.type != SERVER] == []


def test_postgres_has_a_standby_backups_and_logins_by_password(prod: Deployment) -> None:
    server = prod.one(SERVER).inputs
    assert server["highAvailability"]["mode"] == "ZoneRedundant"
    assert server["backup"] == {"backupRetentionDays": 30, "geoRedundantBackup": "Disabled"}
    assert server["authConfig"]["passwordAuth"] == "Enabled"
    assert server["authConfig"]["activeDirectoryAuth"] == "Disabled"
    assert server["sku"] == {"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"}
    assert server["storage"] == {"storageSizeGB": 128, "autoGrow": "Enabled"}
    window = run_program(with_("postgres", maintenance={"day": "saturday", "hour": 4, "minute": 30}), SECRETS)
    assert window.one(SERVER).inputs["maintenanceWindow"] == {
        "customWindow": "Enabled",
        "dayOfWeek": 6,
        "startHour": 4,
        "startMinute": 30,
    }


def test_every_generated_password_has_a_digit_a_capital_and_a_small_letter(prod: Deployment) -> None:
    made = [r for r in prod.all("random:index/randomPassword:RandomPassword") if r.name.startswith("postgres-")]
    assert len(made) == 3
    for password in made:
        assert [password.inputs[f"min{kind}"] for kind in ("Lower", "Upper", "Numeric")] == [1, 1, 1]
        assert password.inputs["special"] is False


def test_redis_evicts_nothing_is_undivided_and_has_a_password(prod: Deployment) -> None:
    database, cache = prod.one(DATABASE).inputs, prod.one(CACHE).inputs
    assert database["evictionPolicy"] == "NoEviction"
    assert database["clusteringPolicy"] == "NoCluster"
    assert database["accessKeysAuthentication"] == "Enabled", "the default is Disabled, and then there is no password"
    assert (database["databaseName"], database["port"]) == ("default", 10000)
    assert database["persistence"] == {"rdbEnabled": True, "rdbFrequency": "1h", "aofEnabled": False}
    assert cache["highAvailability"] == "Enabled"
    assert cache["sku"] == {"name": "Balanced_B5"}, "no capacity with these sizes"
    off = run_program(with_("redis", persistence="none"), SECRETS).one(DATABASE).inputs
    assert off["persistence"] == {"rdbEnabled": False, "aofEnabled": False}


def test_the_preview_of_a_new_stack_asks_for_no_key_and_an_update_once(prod: Deployment) -> None:
    assert run_program(PROD, SECRETS, preview=True).asked == ()
    assert prod.asked == ("azure-native:redisenterprise:listDatabaseKeys",)


def test_the_access_key_is_secret_wherever_it_goes(prod: Deployment) -> None:
    holders = [(r, key) for r in prod.resources for key in r.inputs if ACCESS_KEY in json.dumps(r.inputs[key])]
    assert {r.type for r, _ in holders} == {ENTRY}
    assert all(r.secret(key) for r, key in holders)
    assert ACCESS_KEY not in json.dumps(prod.outputs)

    def redis() -> None:
        stack = settings(PROD, *SECRETS)
        assert isinstance(stack, AzureStack)
        assert isinstance(stack.redis, AzureRedis)
        pulumi.export("password", Azure(stack, pulumi.ResourceOptions()).redis(stack.redis).password)

    assert is_secret(deploy(redis).outputs["password"]), "the provider does not say so by itself"


def test_old_versions_go_from_the_container_alone(prod: Deployment) -> None:
    (rule,) = prod.one("azure-native:storage:ManagementPolicy").inputs["policy"]["rules"]
    assert (rule["type"], rule["enabled"]) == ("Lifecycle", True)
    assert rule["definition"]["filters"] == {"blobTypes": ["blockBlob"], "prefixMatch": ["noxus/"]}
    assert rule["definition"]["actions"] == {"version": {"delete": {"daysAfterCreationGreaterThan": 30}}}


def test_storage_is_in_three_zones_at_once(prod: Deployment) -> None:
    assert prod.one(STORAGE).inputs["sku"] == {"name": "Standard_ZRS"}


# Names, tags, provider


def test_everything_that_can_have_tags_has_the_stacks(prod: Deployment) -> None:
    in_vault = (ENTRY, "azure-native:keyvault:Vault", "azure-native:keyvault:Key")
    tagged = (SERVER, CACHE, STORAGE, IDENTITY, ENDPOINT, *in_vault)
    found = [r for kind in tagged for r in prod.all(kind)]
    assert len(found) == 13
    for resource in found:
        assert resource.inputs["tags"] == {"app": "noxus", "stack": AZURE["name"], "owner": "platform"}, resource.name
    own = run_program(with_("azure", tags={"App": "ours"}), SECRETS).one(SERVER).inputs["tags"]
    assert own == {"App": "ours", "stack": AZURE["name"]}, "to Azure, App and app are one name"


def test_one_provider_names_subscription_and_tenant_and_waits_for_the_stacks_own_outputs(prod: Deployment) -> None:
    provider = prod.one("pulumi:providers:azure-native").inputs
    assert (provider["subscriptionId"], provider["tenantId"]) == (AZURE["subscriptionId"], AZURE["tenantId"])
    read = prod.one("pulumi:providers:azure-native").dependencies
    assert any("StackReference" in urn for urn in read)
    for resource in prod.resources:
        if resource.type.startswith("azure-native:"):
            assert "pulumi:providers:azure-native::azure-native" in resource.provider, resource.name


def test_every_name_is_written_so_that_azure_draws_none(prod: Deployment) -> None:
    names = {
        SERVER: "serverName",
        CACHE: "clusterName",
        STORAGE: "accountName",
        ENDPOINT: "privateEndpointName",
        IDENTITY: "resourceName",
        CREDENTIAL: "federatedIdentityCredentialResourceName",
        LOCK: "lockName",
    }
    for kind, name in names.items():
        for resource in prod.all(kind):
            assert resource.inputs[name], resource.name


# Releases


def test_an_entry_holds_what_its_release_uses_as_a_secret(prod: Deployment) -> None:
    values = {name: _values(prod.one(ENTRY, f"{name}-entry")) for name in ("noxus", "acme")}
    assert values["noxus"].keys() == {"POSTGRESQL_URL", "REDIS_PASSWORD", "VECTOR_POSTGRESQL_URL", "openaiApiKey"}
    assert values["acme"].keys() == values["noxus"].keys() | {"acmeOpenaiApiKey", "SCALER_PASSWORD"}
    assert values["acme"]["REDIS_PASSWORD"] == ACCESS_KEY
    for entry in prod.all(ENTRY):
        assert entry.secret("properties")
    store = prod.one("kubernetes:external-secrets.io/v1:SecretStore", "noxus-acme/acme")
    before = prod.awaited_by(store)
    for kind, name in ((ENTRY, "acme-entry"), (ASSIGNMENT, "acme-identity-entry"), (CREDENTIAL, "acme-identity")):
        assert prod.one(kind, name).urn in before
    assert prod.one(ENDPOINT, "vault").urn in before, "External Secrets reads the vault through it"


def _values(entry: Resource) -> dict[str, str]:
    return json.loads(entry.inputs["properties"]["value"])


def test_adding_a_worker_release_makes_its_own_things_and_touches_nothing(prod: Deployment) -> None:
    more = run_program(with_release("globex", "noxus-globex"), SECRETS)
    before, after = ({r.urn: (r.raw, r.dependencies) for r in deployed.resources} for deployed in (prod, more))
    assert [urn for urn in before if before[urn] != after[urn]] == []
    added = {(r.type, r.name) for r in more.resources if r.urn not in before and r.type.startswith("azure-native:")}
    assert added == {
        (IDENTITY, "globex-identity"),
        (CREDENTIAL, "globex-identity"),
        (ASSIGNMENT, "globex-identity-blobs"),
        (ASSIGNMENT, "globex-identity-entry"),
        (ENTRY, "globex-entry"),
    }


def test_each_release_has_one_credential_so_releases_do_not_wait_for_each_other() -> None:
    more = run_program(with_release("globex", "noxus-globex"), SECRETS)
    credentials = more.all(CREDENTIAL)
    assert len({one.inputs["resourceName"] for one in credentials}) == len(credentials) == 3
    for one in credentials:
        assert not {other.urn for other in credentials if other is not one} & more.awaited_by(one)


def test_a_changed_value_rolls_the_pods_that_use_it_without_a_revision(prod: Deployment) -> None:
    changed = run_program(PROD, {**SECRETS, "acmeOpenaiApiKey": "plaintext-of-another"})
    before, after = (
        {r.urn: json.dumps(r.inputs, sort_keys=True) for r in deployed.resources} for deployed in (prod, changed)
    )
    touched = {urn.rpartition("::")[2] for urn in before if before[urn] != after[urn]}
    assert touched == {"acme-entry", "noxus-acme/acme-llm-keys", "noxus-acme/acme-flow"}


def test_a_stack_without_entries_and_managed_services_makes_no_vault() -> None:
    in_cluster = {"postgres": {"maxConnections": 600}, "redis": {}, "storage": {}}
    raw = {**PROD, "secrets": {"backend": "kubernetes"}, **in_cluster}
    deployed = run_program(raw, SECRETS)
    assert {r.type for r in deployed.resources if r.type.startswith("azure-native:")} == {IDENTITY, CREDENTIAL}


def test_the_releases_are_byte_for_byte_those_of_aws() -> None:
    azure, aws = ((ROOT / file).read_text() for file in ("Pulumi.prod-azure.yaml", "Pulumi.prod.yaml"))
    releases = "  noxus:scaling:"
    assert azure.partition(releases)[2] == aws.partition(releases)[2]
    assert "  noxus:primary:" in azure.partition(releases)[2]
    encrypted = [[line for line in text.splitlines() if "secure:" in line or "salt" in line] for text in (azure, aws)]
    assert encrypted[0] == encrypted[1]
    assert len(encrypted[0]) == 3
