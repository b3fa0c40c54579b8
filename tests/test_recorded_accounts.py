"""What the clouds' stand-ins remember between two runs of the engine, and refuse."""

import json
from pathlib import Path

import pytest

from sandbox.plugins.cloud_outputs import cloud_outputs
from sandbox.plugins.server import RefusedError
from tests.e2e.accounts import CloudAccount, Inputs, azure, gcp
from tests.e2e.accounts.aws import CACHE, INSTANCE, LOG_GROUP, ROLE_POLICY, SECRETS_MANAGER, Account

GROUP = "aws:rds/parameterGroup:ParameterGroup"


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "account.json")


def test_an_entry_that_can_be_restored_keeps_its_name(file: str) -> None:
    for days in (0, 30):
        Account(file).create(SECRETS_MANAGER, "noxus-acme", {})
        Account(file).delete(SECRETS_MANAGER, "noxus-acme", {"recoveryWindowInDays": days})
    with pytest.raises(RefusedError, match="already scheduled for deletion"):
        Account(file).create(SECRETS_MANAGER, "noxus-acme", {})


def test_rds_makes_the_log_groups_that_nobody_has_made(file: str) -> None:
    Account(file).create(LOG_GROUP, "/aws/rds/instance/db/upgrade", {})
    Account(file).create(INSTANCE, "db", {"enabledCloudwatchLogsExports": ["postgresql", "upgrade"]})
    with pytest.raises(RefusedError, match="ResourceAlreadyExistsException"):
        Account(file).create(LOG_GROUP, "/aws/rds/instance/db/postgresql", {})
    assert Account(file).holds(LOG_GROUP, "/aws/rds/instance/db/postgresql")


@pytest.mark.parametrize(
    ("kind", "word"), [(INSTANCE, "DBSnapshotAlreadyExists"), (CACHE, "SnapshotAlreadyExistsFault")]
)
def test_a_last_snapshot_outlives_what_it_was_taken_of(file: str, kind: str, word: str) -> None:
    last = {"finalSnapshotIdentifier": "db-final"}
    for inputs in (last, {}, {**last, "skipFinalSnapshot": True} if kind == INSTANCE else {}):
        Account(file).create(kind, "db", {})
        Account(file).delete(kind, "db", inputs)
    Account(file).create(kind, "db", {})
    with pytest.raises(RefusedError, match=word):
        Account(file).delete(kind, "db", last)


def test_a_parameter_group_is_in_use_until_an_upgrade_is_done(file: str) -> None:
    old = {"engineVersion": "16", "parameterGroupName": "db-16"}
    new = {"engineVersion": "17", "parameterGroupName": "db-17", "allowMajorVersionUpgrade": True}
    Account(file).create(GROUP, "db-16", {})
    Account(file).create(INSTANCE, "db", old)
    Account(file).update(INSTANCE, "db", old, new)
    with pytest.raises(RefusedError, match="InvalidDBParameterGroupState"):
        Account(file).delete(GROUP, "db-16", {})
    Account(file).update(INSTANCE, "db", new, {**new, "applyImmediately": True})
    Account(file).delete(GROUP, "db-16", {})
    with pytest.raises(RefusedError, match="AllowMajorVersionUpgrade"):
        Account(file).update(INSTANCE, "db", new, {"engineVersion": "18"})


def test_a_policy_of_a_role_has_a_statement_and_a_greatest_length(file: str) -> None:
    def rights(*actions: str) -> Inputs:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement] if actions else []}
        return {"role": "acme", "policy": json.dumps(policy, indent=4)}

    fits = 10_240 - len(json.dumps(json.loads(rights("s3:")["policy"]), separators=(",", ":")))
    Account(file).create(ROLE_POLICY, "acme:release", rights("s3:" + "A" * fits))
    with pytest.raises(RefusedError, match="LimitExceeded"):
        Account(file).update(ROLE_POLICY, "acme:release", rights("s3:GetObject"), rights("s3:A" + "A" * fits))
    with pytest.raises(RefusedError, match="MalformedPolicyDocument"):
        Account(file).create(ROLE_POLICY, "noxus:release", rights())


def test_names_are_taken_and_a_protected_instance_stays(file: str) -> None:
    Account(file).create(INSTANCE, "db", {})
    with pytest.raises(RefusedError, match="DBInstanceAlreadyExists"):
        Account(file).create(INSTANCE, "db", {})
    with pytest.raises(RefusedError, match="Cannot delete protected"):
        Account(file).delete(INSTANCE, "db", {"deletionProtection": True})
    assert Account(file).held() == {"Instance db"}


KMS_KEY = "projects/mine/locations/europe-west1/keyRings/ring/cryptoKeys/data"
AGENT_OF_SQL = "serviceAccount:service-123456789012@gcp-sa-cloud-sql.iam.gserviceaccount.com"
UNGUARDED: Inputs = {"databaseVersion": "POSTGRES_16", "deletionProtection": False}


def granted(file: str, service: str, member: str) -> gcp.Account:
    """A project in which a service may use the key."""
    project = gcp.Account(file)
    project.create(gcp.AGENT, f"projects/mine/services/{service}", {"service": service, "project": "mine"})
    grant = {"cryptoKeyId": KMS_KEY, "role": "roles/cloudkms.cryptoKeyEncrypterDecrypter", "member": member}
    project.create(gcp.GRANT, f"{KMS_KEY}/{member}", grant)
    return project


@pytest.mark.parametrize(
    ("guard", "said"),
    [
        ({"deletionProtection": True}, "deletion_protection is set to true"),
        ({"settings": {"deletionProtectionEnabled": True}}, "The instance is protected"),
        ({"deletionPolicy": "PREVENT"}, "without setting deletion_policy"),
    ],
)
def test_a_sql_instance_stays_while_its_state_has_a_guard(file: str, guard: Inputs, said: str) -> None:
    project = gcp.Account(file)
    project.create(gcp.SQL, "db", UNGUARDED)
    with pytest.raises(RefusedError, match=said):
        project.delete(gcp.SQL, "db", {**UNGUARDED, **guard})
    assert project.holds(gcp.SQL, "db")
    project.delete(gcp.SQL, "db", UNGUARDED)
    assert project.held() == set()


def test_cloud_sqls_own_guard_is_on_unless_it_is_off(file: str) -> None:
    gcp.Account(file).create(gcp.SQL, "db", {})
    with pytest.raises(RefusedError, match="deletion_protection is set to true"):
        gcp.Account(file).delete(gcp.SQL, "db", {})


def test_names_of_cloud_sql_and_of_keys_are_not_free_after_a_deletion(file: str) -> None:
    ring = KMS_KEY.partition("/cryptoKeys")[0]
    project = gcp.Account(file)
    for token, id_, said in (
        (gcp.SQL, "db", "you can't reuse the name"),
        (gcp.RING, ring, "already exists"),
        (gcp.KEY, KMS_KEY, "already exists"),
    ):
        project.create(token, id_, UNGUARDED)
        project.delete(token, id_, UNGUARDED)
        with pytest.raises(RefusedError, match=said):
            project.create(token, id_, UNGUARDED)
    assert project.held() == {f"KeyRing {ring}", f"CryptoKey {KMS_KEY}"}


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (gcp.SQL, {"encryptionKeyName": KMS_KEY}),
        (gcp.REDIS, {"customerManagedKey": KMS_KEY}),
        (gcp.BUCKET, {"encryption": {"defaultKmsKeyName": KMS_KEY}}),
        (
            gcp.SECRET,
            {"replication": {"userManaged": {"replicas": [{"customerManagedEncryption": {"kmsKeyName": KMS_KEY}}]}}},
        ),
    ],
)
def test_nothing_is_encrypted_with_a_key_before_its_own_services_agent_may_use_it(
    file: str, token: str, inputs: Inputs
) -> None:
    project = granted(file, "sqladmin.googleapis.com", AGENT_OF_SQL)
    if token == gcp.SQL:
        project.create(token, "made", inputs)
        return
    with pytest.raises(RefusedError, match="useToEncrypt"):
        project.create(token, "made", inputs)
    service = {gcp.REDIS: "redis", gcp.BUCKET: "storage", gcp.SECRET: "secretmanager"}[token]
    member = f"serviceAccount:service-123456789012@{gcp.AGENTS[token]}.iam.gserviceaccount.com"
    granted(file, f"{service}.googleapis.com", member).create(token, "made", inputs)


@pytest.mark.parametrize("member", [AGENT_OF_SQL, "serviceAccount:noxus-acme@mine.iam.gserviceaccount.com"])
def test_a_right_for_an_account_that_is_not_there_is_refused(file: str, member: str) -> None:
    grant = {"cryptoKeyId": KMS_KEY, "member": member}
    with pytest.raises(RefusedError, match=r"Service account \S+ does not exist"):
        gcp.Account(file).create(gcp.GRANT, "grant", grant)
    gcp.Account(file).create(gcp.GRANT, "grant", {**grant, "member": "serviceAccount:mine.svc.id.goog[noxus/noxus]"})


def test_a_bucket_stays_while_it_holds_an_object(file: str) -> None:
    project = gcp.Account(file)
    project.create(gcp.BUCKET, "objects", {})
    project.fill("objects")
    with pytest.raises(RefusedError, match="containing objects"):
        project.delete(gcp.BUCKET, "objects", {"forceDestroy": False})
    project.fill("objects", emptied=True)
    project.delete(gcp.BUCKET, "objects", {"forceDestroy": False})


def test_a_secret_has_a_version_while_one_takes_the_place_of_another(file: str) -> None:
    project, version = gcp.Account(file), "projects/mine/secrets/acme/versions/1"
    project.create(gcp.VERSION, version, {})
    project.create(gcp.VERSION, version, {})
    project.delete(gcp.VERSION, version, {})
    assert project.holds(gcp.VERSION, version)
    project.delete(gcp.VERSION, version, {})
    assert not project.holds(gcp.VERSION, version)


@pytest.mark.parametrize("token", [gcp.REDIS, gcp.SECRET])
def test_memorystore_and_an_entry_have_a_guard_of_their_own(file: str, token: str) -> None:
    project = gcp.Account(file)
    project.create(token, "made", {"replication": {}})
    with pytest.raises(RefusedError, match="deletion_protection=false"):
        project.delete(token, "made", {"deletionProtection": True})
    project.delete(token, "made", {})


def test_cloud_sql_has_no_way_back_to_a_lower_version(file: str) -> None:
    higher = {**UNGUARDED, "databaseVersion": "POSTGRES_17"}
    gcp.Account(file).update(gcp.SQL, "db", UNGUARDED, higher)
    with pytest.raises(RefusedError, match="POSTGRES_17 does not become POSTGRES_16"):
        gcp.Account(file).update(gcp.SQL, "db", higher, UNGUARDED)


GROUP_ID = "/subscriptions/s/resourceGroups/g/providers"
STORAGE = f"{GROUP_ID}/Microsoft.Storage/storageAccounts/noxus"
RIGHT_ID = f"{STORAGE}/providers/Microsoft.Authorization/roleAssignments"
RIGHT: Inputs = {"scope": STORAGE, "roleDefinitionId": "/x/roleDefinitions/ba92", "principalId": "one"}


def test_a_lock_keeps_what_it_is_on_and_all_below_it(file: str) -> None:
    account, container = azure.Account(file), f"{STORAGE}/blobServices/default/containers/c"
    lock = f"{STORAGE}/providers/Microsoft.Authorization/locks/noxus"
    account.create("azure-native:storage:StorageAccount", STORAGE, {})
    account.create("azure-native:storage:BlobContainer", container, {})
    account.create(azure.RIGHT, f"{RIGHT_ID}/9f1c", RIGHT)
    account.create(azure.LOCK, lock, {"level": "CanNotDelete", "scope": STORAGE.upper()})
    for id_ in (STORAGE, container, f"{RIGHT_ID}/9f1c"):
        with pytest.raises(RefusedError, match="ScopeLocked"):
            account.delete("azure-native:storage:BlobContainer", id_, {})
    account.delete("azure-native:storage:StorageAccount", f"{STORAGE}2", {})
    account.delete(azure.LOCK, lock, {})
    account.delete("azure-native:storage:StorageAccount", STORAGE, {})
    assert account.held() == set(), "what is below it goes with it"


def test_a_right_has_one_guid_and_a_guid_one_right(file: str) -> None:
    account = azure.Account(file)
    account.create(azure.RIGHT, f"{RIGHT_ID}/9f1c", RIGHT)
    with pytest.raises(RefusedError, match="RoleAssignmentExists"):
        account.create(azure.RIGHT, f"{RIGHT_ID}/9f1d", {**RIGHT, "scope": STORAGE.lower()})
    with pytest.raises(RefusedError, match="RoleAssignmentUpdateNotPermitted"):
        account.create(azure.RIGHT, f"{RIGHT_ID}/9f1c", {**RIGHT, "principalId": "two"})
    account.create(azure.RIGHT, f"{RIGHT_ID}/9f1d", {**RIGHT, "principalId": "two"})


def test_rights_of_an_identity_that_is_gone_stay_and_are_not_the_next_ones(file: str) -> None:
    account, identity = azure.Account(file), f"{GROUP_ID}/Microsoft.ManagedIdentity/userAssignedIdentities/acme"
    principal = cloud_outputs(azure.IDENTITY, identity, {})["principalId"]
    for left in (set[str](), {"RoleAssignment"}):
        assert {line.partition(" ")[0] for line in account.held()} == left
        account.create(azure.IDENTITY, identity, {})
        account.create(azure.RIGHT, f"{RIGHT_ID}/9f1c", {**RIGHT, "principalId": principal})
        account.delete(azure.IDENTITY, identity, {})


def test_what_is_there_is_not_made_again_but_for_what_always_is(file: str) -> None:
    entry, parameter = f"{GROUP_ID}/Microsoft.KeyVault/vaults/v/secrets/acme", f"{GROUP_ID}/server/configurations/x"
    account = azure.Account(file)
    account.create("azure-native:keyvault:Secret", entry, {})
    with pytest.raises(RefusedError, match="cannot create already existing resource"):
        azure.Account(file).create("azure-native:keyvault:Secret", entry, {})
    for _ in range(2):
        account.create("azure-native:dbforpostgresql:Configuration", parameter, {})


@pytest.mark.parametrize("purge_protected", [True, False])
def test_a_vault_with_purge_protection_keeps_its_name(file: str, *, purge_protected: bool) -> None:
    vault = f"{GROUP_ID}/Microsoft.KeyVault/vaults/v"
    inputs = {"vaultName": "v", "properties": {"enablePurgeProtection": purge_protected}}
    azure.Account(file).create(azure.VAULT, vault, inputs)
    azure.Account(file).delete(azure.VAULT, vault, inputs)
    if not purge_protected:
        azure.Account(file).create(azure.VAULT, vault, inputs)
        return
    with pytest.raises(RefusedError, match="already exists in deleted state"):
        azure.Account(file).create(azure.VAULT, vault, {**inputs, "vaultName": "V"})


def test_keys_are_told_of_a_database_that_is_there_and_has_some(file: str) -> None:
    account, database = azure.Account(file), f"{GROUP_ID}/Microsoft.Cache/redisEnterprise/c/databases/default"
    with pytest.raises(RefusedError, match="ResourceNotFound"):
        account.look_up(azure.DATABASE, database)
    account.create(azure.DATABASE, database, {})
    with pytest.raises(RefusedError, match="accessKeysAuthentication is Disabled"):
        account.look_up(azure.DATABASE, database)
    account.update(azure.DATABASE, database, {}, {"accessKeysAuthentication": "Enabled"})
    account.look_up(azure.DATABASE, database)
    account.update(azure.DATABASE, database, {}, {"accessKeysAuthentication": "Disabled"})
    with pytest.raises(RefusedError, match="accessKeysAuthentication is Disabled"):
        account.look_up(azure.DATABASE, database)


def test_redis_keeps_its_second_node(file: str) -> None:
    for old in ({}, {"highAvailability": "Enabled"}):
        with pytest.raises(RefusedError, match="never disabled"):
            azure.Account(file).update(azure.CLUSTER, "c", old, {"highAvailability": "Disabled"})
    azure.Account(file).update(azure.CLUSTER, "c", {"highAvailability": "Disabled"}, {})


def test_a_servers_zone_has_not_the_servers_own_name(file: str) -> None:
    def zone(name: str) -> Inputs:
        id_ = f"{GROUP_ID}/Microsoft.Network/privateDnsZones/{name}.postgres.database.azure.com"
        return {"serverName": "noxus", "network": {"privateDnsZoneArmResourceId": id_}}

    with pytest.raises(RefusedError, match="must not have the name of the server"):
        azure.Account(file).create(azure.SERVER, "server", zone("NOXUS"))
    azure.Account(file).create(azure.SERVER, "server", zone("noxus.private"))


@pytest.mark.parametrize("account", [Account, azure.Account, gcp.Account])
def test_every_cloud_remembers_in_its_file(file: str, account: type[Account | azure.Account | gcp.Account]) -> None:
    made: CloudAccount = account(file)
    made.create("any:index:Thing", "x", {})
    again: CloudAccount = account(file)
    assert again.holds("any:index:Thing", "x")
    assert again.held() == {"Thing x"}
