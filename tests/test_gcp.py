"""The production stack on GCP: what it makes in the project, who may do what there, and that nothing of it is lost."""

import json

import pulumi
import pulumi_gcp
import pytest

from components.clouds.gcp import Gcp
from components.clouds.gcp.key import AGENTS
from components.clouds.gcp.redis import authorities
from config.clouds.gcp.redis import GcpRedis
from config.clouds.gcp.stack import GcpStack
from tests.gcp_roles import PERMITS, TARGETS, Rights
from tests.harness import Deployment, deploy, is_secret
from tests.programs import ROOT, run_program, settings, stack_file

PROD, SECRETS = stack_file(ROOT / "Pulumi.prod-gcp.yaml")
GCP = PROD["gcp"]
PROJECT = GCP["project"]
BUCKET = PROD["storage"]["bucket"]
PSA = GCP["psaCidrs"]
KEY = f"projects/{PROJECT}/locations/{GCP['region']}/keyRings/noxus-prod-a1b2c3/cryptoKeys/data"

SQL = "gcp:sql/databaseInstance:DatabaseInstance"
REDIS = "gcp:redis/instance:Instance"
BUCKETS = "gcp:storage/bucket:Bucket"
CRYPTO_KEY = "gcp:kms/cryptoKey:CryptoKey"
SECRET = "gcp:secretmanager/secret:Secret"
VERSION = "gcp:secretmanager/secretVersion:SecretVersion"
ACCOUNT = "gcp:serviceaccount/account:Account"
AGENT = "gcp:projects/serviceIdentity:ServiceIdentity"
ON_KEY, ON_BUCKET = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "gcp:storage/bucketIAMMember:BucketIAMMember"
ON_ENTRY, ON_ACCOUNT = (
    "gcp:secretmanager/secretIamMember:SecretIamMember",
    "gcp:serviceaccount/iAMMember:IAMMember",
)
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
STATEFUL = (SQL, REDIS, BUCKETS, CRYPTO_KEY)
ENCRYPTED = {"sqladmin": [SQL], "redis": [REDIS], "storage": [BUCKETS], "secretmanager": [SECRET]}


@pytest.fixture(scope="module")
def prod() -> Deployment:
    return run_program(PROD, SECRETS)


@pytest.fixture(scope="module")
def preview() -> Deployment:
    return run_program(PROD, SECRETS, preview=True)


@pytest.fixture(scope="module")
def rights(prod: Deployment) -> Rights:
    return Rights(prod)


def with_(section: str, **values: object) -> Deployment:
    return run_program({**PROD, section: {**PROD[section], **values}}, SECRETS)


def unprotected() -> Deployment:
    return run_program({**PROD, "protect": False}, SECRETS)


def email(release: str) -> str:
    return f"noxus-prod-{release}@{PROJECT}.iam.gserviceaccount.com"


def pod(namespace: str, service_account: str, pool: str = PROJECT) -> str:
    return f"serviceAccount:{pool}.svc.id.goog[{namespace}/{service_account}]"


def account(release: str) -> str:
    return f"projects/{PROJECT}/serviceAccounts/{email(release)}"


def egress(deployed: Deployment, name: str) -> tuple[list[str], list[int]]:
    """Addresses and ports of the one rule of a policy of the release `acme`."""
    (rule,) = deployed.one(POLICY, f"noxus-acme/{name}").inputs["spec"]["egress"]
    return [peer["ipBlock"]["cidr"] for peer in rule["to"]], [item["port"] for item in rule["ports"]]


# Who may do what


@pytest.mark.parametrize(
    "permission", [f"storage.objects.{each}" for each in ("create", "get", "list", "update", "delete")]
)
def test_a_release_reads_writes_lists_and_deletes_in_its_bucket(rights: Rights, permission: str) -> None:
    assert rights.may(f"serviceAccount:{email('acme')}", permission, BUCKET)


@pytest.mark.parametrize(
    ("permission", "on"),
    [
        ("storage.objects.get", "somebody-elses"),
        ("storage.objects.setIamPolicy", BUCKET),
        ("storage.buckets.setIamPolicy", BUCKET),
        ("storage.buckets.delete", BUCKET),
        ("storage.buckets.update", BUCKET),
        ("storage.hmacKeys.create", BUCKET),
        ("secretmanager.versions.add", "noxus-acme"),
        ("secretmanager.secrets.delete", "noxus-acme"),
        ("cloudkms.cryptoKeyVersions.useToDecrypt", KEY),
        ("iam.serviceAccounts.getAccessToken", account("acme")),
        ("iam.serviceAccounts.getAccessToken", account("noxus")),
    ],
)
def test_a_release_may_do_nothing_else(rights: Rights, permission: str, on: str) -> None:
    assert not rights.may(f"serviceAccount:{email('acme')}", permission, on)


def test_a_release_reads_its_own_entry_and_not_every_secret_of_the_project(rights: Rights) -> None:
    for own, other in (("acme", "noxus"), ("noxus", "acme")):
        member = f"serviceAccount:{email(own)}"
        assert rights.may(member, "secretmanager.versions.access", f"noxus-{own}")
        assert not rights.may(member, "secretmanager.versions.access", f"noxus-{other}")


def test_an_account_is_taken_up_by_its_own_service_account_only(rights: Rights) -> None:
    takes_up = "iam.serviceAccounts.getAccessToken"
    assert rights.may(pod("noxus-acme", "acme"), takes_up, account("acme"))
    for other in (
        pod("noxus", "noxus"),
        pod("noxus-globex", "acme"),
        pod("noxus-acme", "default"),
        pod("noxus-acme", "acme", pool="another-project"),
    ):
        assert not rights.may(other, takes_up, account("acme"))
    assert not rights.may(pod("noxus-acme", "acme"), takes_up, account("noxus"))


def test_the_pool_is_that_of_the_clusters_project() -> None:
    elsewhere = with_("gcp", clusterProject="clusters-of-all")
    members = {one.name: one.inputs["member"] for one in elsewhere.all(ON_ACCOUNT)}
    assert members == {
        "acme-account": pod("noxus-acme", "acme", pool="clusters-of-all"),
        "noxus-account": pod("noxus", "noxus", pool="clusters-of-all"),
    }
    assert {one.inputs["project"] for one in elsewhere.all(ACCOUNT)} == {PROJECT}


def test_every_right_is_one_member_of_one_of_four_roles_on_one_thing(prod: Deployment, rights: Rights) -> None:
    assert {role for _, _, role, _ in rights.given} == set(PERMITS)
    assert len(rights.given) == 3 * 2 + len(AGENTS)
    in_iam = [r for r in prod.resources if r.type.startswith("gcp:") and "iam" in r.type.rpartition(":")[2].lower()]
    further = {"gcp:projects/iAMMember:IAMMember"}  # only a statement of the stack file gives one
    assert {r.type for r in in_iam} == TARGETS.keys() - further, (
        "no right on a project, and no list that takes others' rights away"
    )
    for _, member, _, target in rights.given:
        assert member.startswith("serviceAccount:"), "nobody is let in as everybody or as a domain"
        assert target
        assert "*" not in member + target


def test_only_googles_own_agents_use_the_key_and_they_do_nothing_else(rights: Rights) -> None:
    agents = {
        f"serviceAccount:service-{GCP['projectNumber']}@{project}.iam.gserviceaccount.com"
        for project in ("gcp-sa-cloud-sql", "cloud-redis", "gs-project-accounts", "gcp-sa-secretmanager")
    }
    assert {member for kind, member, _, _ in rights.given if kind == ON_KEY} == agents
    assert {kind for kind, member, _, _ in rights.given if member in agents} == {ON_KEY}


def test_a_release_has_no_key_that_somebody_could_carry_away(prod: Deployment) -> None:
    kinds = {resource.type for resource in prod.resources}
    assert not kinds & {"gcp:storage/hmacKey:HmacKey", "gcp:serviceaccount/key:Key"}
    assert not kinds & {"gcp:sql/user:User", "gcp:sql/database:Database"}, "the set-up Job makes them, as `postgres`"


# Encryption, and nothing public


def test_everything_is_encrypted_with_the_stacks_key_at_rest_and_in_transit(prod: Deployment) -> None:
    database, cache, bucket = (prod.one(kind).inputs for kind in (SQL, REDIS, BUCKETS))
    assert database["encryptionKeyName"] == KEY
    assert database["settings"]["ipConfiguration"]["sslMode"] == "ENCRYPTED_ONLY"
    assert cache["customerManagedKey"] == KEY
    assert cache["transitEncryptionMode"] == "SERVER_AUTHENTICATION"
    assert bucket["encryption"] == {"defaultKmsKeyName": KEY}
    for secret in prod.all(SECRET):
        (replica,) = secret.inputs["replication"]["userManaged"]["replicas"]
        assert replica == {"location": GCP["region"], "customerManagedEncryption": {"kmsKeyName": KEY}}
    assert len(prod.all(SECRET)) == 2


@pytest.mark.parametrize("service", sorted(ENCRYPTED))
def test_what_is_encrypted_waits_for_the_agent_and_then_for_its_grant(prod: Deployment, service: str) -> None:
    grant = prod.one(ON_KEY, f"key-{service}")
    assert grant.inputs["cryptoKeyId"] == KEY
    first = [agent for agent in prod.all(AGENT) if agent.name == grant.name]
    for agent in first:
        assert agent.inputs["service"] == f"{service}.googleapis.com"
        assert agent.urn in grant.dependencies, "a grant to an agent that is not there fails"
    held = [resource for kind in ENCRYPTED[service] for resource in prod.all(kind)]
    assert held
    for resource in held:
        assert {grant.urn, *(agent.urn for agent in first)} <= set(resource.dependencies), resource.name


def test_every_agent_is_made_but_that_of_storage_which_service_usage_cannot_make(prod: Deployment) -> None:
    made = {agent.inputs["service"].partition(".")[0] for agent in prod.all(AGENT)}
    assert made == AGENTS.keys() - {"storage"}
    assert "gcloud storage service-agent" in (ROOT / "docs" / "gcp.md").read_text(), "so it is a prerequisite"


def test_a_bucket_elsewhere_has_a_key_in_its_own_location_and_kms_calls_eu_europe() -> None:
    deployed = with_("storage", location="EU")
    ring = deployed.one("gcp:kms/keyRing:KeyRing", "key-europe")
    key = deployed.one(CRYPTO_KEY, "key-europe")
    assert ring.inputs["location"] == "europe"
    assert ring.urn in key.dependencies
    bucket = deployed.one(BUCKETS)
    assert "/locations/europe/" in bucket.inputs["encryption"]["defaultKmsKeyName"]
    assert deployed.one(ON_KEY, "key-europe-storage").urn in bucket.dependencies
    assert deployed.one(SQL).inputs["encryptionKeyName"] == KEY
    assert {one.name for one in deployed.all(ON_KEY)} == {
        "key-europe-storage",
        "key-sqladmin",
        "key-redis",
        "key-secretmanager",
    }
    assert key.protect


def test_nothing_is_public_because_a_public_address_is_the_default_of_cloud_sql(prod: Deployment) -> None:
    network = prod.one(SQL).inputs["settings"]["ipConfiguration"]
    assert network["ipv4Enabled"] is False
    assert network["privateNetwork"] == GCP["network"]
    assert not network.keys() & {"authorizedNetworks", "pscConfigs"}
    bucket = prod.one(BUCKETS).inputs
    assert bucket["publicAccessPrevention"] == "enforced"
    assert bucket["uniformBucketLevelAccess"] is True


def test_redis_is_on_private_services_access_where_direct_peering_is_the_default(prod: Deployment) -> None:
    cache = prod.one(REDIS).inputs
    assert cache["connectMode"] == "PRIVATE_SERVICE_ACCESS"
    assert cache["authorizedNetwork"] == GCP["network"]


def test_whatever_reaches_the_network_can_knock_so_redis_asks_for_a_password_and_postgres_for_tls(
    prod: Deployment,
) -> None:
    assert prod.one(REDIS).inputs["authEnabled"] is True, "no group of addresses guards it, and the default is none"
    assert prod.one(SQL).inputs["settings"]["ipConfiguration"]["sslMode"] == "ENCRYPTED_ONLY"


def test_the_connection_of_private_services_access_is_its_owners(prod: Deployment) -> None:
    kinds = {resource.type for resource in prod.resources}
    assert not {kind for kind in kinds if kind.startswith(("gcp:compute/", "gcp:servicenetworking/"))}
    assert "allocatedIpRange" not in prod.one(SQL).inputs["settings"]["ipConfiguration"]
    chosen = with_("gcp", psaRange="data-services")
    assert chosen.one(SQL).inputs["settings"]["ipConfiguration"]["allocatedIpRange"] == "data-services"
    assert chosen.one(REDIS).inputs["reservedIpRange"] == "data-services"


def test_verify_full_is_impossible_so_nobody_asks_for_it(prod: Deployment) -> None:
    assert prod.one(SQL).inputs["settings"]["ipConfiguration"]["serverCaMode"] == "GOOGLE_MANAGED_INTERNAL_CA"
    (job,) = [m for _, m in prod.objects if m["kind"] == "Job" and "postgres-setup" in m["metadata"]["name"]]
    env = {item["name"]: item.get("value") for item in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env["PGSSLMODE"] == "require"
    scaled = prod.one("kubernetes:keda.sh/v1alpha1:ScaledObject", "noxus-acme/acme-flow").inputs
    assert scaled["spec"]["triggers"][0]["metadata"]["sslmode"] == "require"


# The network of pods


def test_releases_reach_the_range_of_private_services_access_on_the_ports_of_gcp(prod: Deployment) -> None:
    assert egress(prod, "to-postgres") == (PSA, [5432])
    assert egress(prod, "to-redis") == (PSA, [6378])
    assert egress(with_("gcp", psaCidrs=["10.30.0.0/20", "10.31.0.0/20"]), "to-redis")[0] == [
        "10.30.0.0/20",
        "10.31.0.0/20",
    ]


@pytest.mark.parametrize(
    ("dataplane", "address", "ports"),
    [("v2", "169.254.169.254/32", [80, 8080]), ("calico", "169.254.169.252/32", [987, 988])],
)
def test_each_dataplane_meets_the_metadata_server_at_an_address_of_its_own(
    dataplane: str, address: str, ports: list[int]
) -> None:
    assert egress(with_("gcp", dataplane=dataplane), "to-gke-metadata") == ([address], ports)


def test_a_bucket_behind_private_google_access_is_reached_there() -> None:
    ranges = ["199.36.153.8/30", "199.36.153.4/30"]
    private = with_("gcp", privateAccessCidrs=ranges)
    assert egress(private, "to-bucket") == (ranges, [443])
    for number, cidr in enumerate(ranges):
        assert egress(private, f"to-google-apis-{number}") == ([cidr], [443])


# Guards


def test_what_holds_data_is_protected_twice(prod: Deployment) -> None:
    for kind in STATEFUL:
        assert prod.one(kind).protect, "by the engine"
        assert prod.one(kind).inputs["deletionPolicy"] == "PREVENT", "and by the provider"
    made = prod.one(SQL).inputs["settings"]
    assert prod.one(SQL).inputs["deletionProtection"] is True
    assert made["deletionProtectionEnabled"] is True, "in the console too"
    assert prod.one(BUCKETS).inputs["forceDestroy"] is False


def test_redis_says_its_deletion_protection_because_unset_it_can_be_deleted(prod: Deployment) -> None:
    assert prod.one(REDIS).inputs["deletionProtection"] is True
    assert unprotected().one(REDIS).inputs["deletionProtection"] is False


def test_an_update_without_protection_lifts_every_guard_so_that_a_destroy_after_it_can_delete() -> None:
    lifted = unprotected()
    for kind in STATEFUL:
        assert lifted.one(kind).inputs["deletionPolicy"] == "DELETE", "said, for it is read from the state"
    made = lifted.one(SQL).inputs["settings"]
    assert lifted.one(SQL).inputs["deletionProtection"] is False
    assert made["deletionProtectionEnabled"] is False
    assert made["retainBackupsOnDelete"] is False
    assert made["finalBackupConfig"] == {"enabled": False}
    assert not [resource.name for resource in lifted.resources if resource.protect]


def test_backups_outlive_a_protected_instance_and_a_last_one_is_taken(prod: Deployment) -> None:
    made = prod.one(SQL).inputs["settings"]
    assert made["retainBackupsOnDelete"] is True
    assert made["finalBackupConfig"] == {"enabled": True, "retentionDays": 30}


def test_a_destroyed_key_can_be_had_back_for_thirty_days(prod: Deployment) -> None:
    key = prod.one(CRYPTO_KEY).inputs
    assert key["destroyScheduledDuration"] == f"{30 * 24 * 3600}s"
    assert key["rotationPeriod"] == f"{90 * 24 * 3600}s"


def test_a_stack_that_is_made_again_meets_none_of_its_old_names(prod: Deployment) -> None:
    """An instance's name is taken for a week, and those of a ring and its keys for ever."""
    suffixes = {name: prod.one("random:index/randomId:RandomId", f"{name}-suffix") for name in ("postgres", "key")}
    assert prod.one(SQL).inputs["name"] == "noxus-prod-postgres-a1b2c3"
    assert suffixes["postgres"].urn in prod.one(SQL).dependencies
    ring = prod.one("gcp:kms/keyRing:KeyRing")
    assert ring.inputs["name"] == "noxus-prod-a1b2c3"
    assert suffixes["key"].urn in ring.dependencies


def test_the_drawn_parts_of_names_are_kept_whatever_else_changes(prod: Deployment) -> None:
    others = (
        unprotected(),
        with_("postgres", tier="db-custom-16-61440", version="17", allowMajorUpgrade=True),
        with_("gcp", labels={"owner": "another"}),
    )
    before = {r.urn: r.inputs for r in prod.all("random:index/randomId:RandomId")}
    assert len(before) == 2
    for deployed in others:
        assert {r.urn: r.inputs for r in deployed.all("random:index/randomId:RandomId")} == before
    assert not any("keepers" in inputs for inputs in before.values())


def test_a_release_that_was_removed_can_be_added_again_at_once(prod: Deployment) -> None:
    for secret in prod.all(SECRET):
        assert secret.inputs["deletionProtection"] is False
        assert secret.inputs["deletionPolicy"] == "DELETE"
        assert not secret.protect


def test_rights_go_with_an_account_because_one_made_again_does_not_get_them_back(prod: Deployment) -> None:
    for release in ("acme", "noxus"):
        made = prod.one(ACCOUNT, f"{release}-account")
        for kind in (ON_BUCKET, ON_ENTRY, ON_ACCOUNT):
            assert made.urn in prod.one(kind, f"{release}-account").dependencies, kind


# Postgres


def test_postgres_has_a_standby_and_backups_which_are_off_and_zonal_by_default(prod: Deployment) -> None:
    database = prod.one(SQL).inputs
    made = database["settings"]
    assert database["databaseVersion"] == "POSTGRES_16", "a major one alone: Cloud SQL knows no other"
    assert made["availabilityType"] == "REGIONAL"
    assert made["edition"] == "ENTERPRISE", "said, for newer versions default to the dearer one"
    assert made["backupConfiguration"] == {
        "enabled": True,
        "startTime": "01:00",
        "pointInTimeRecoveryEnabled": True,
        "transactionLogRetentionDays": 7,
        "backupRetentionSettings": {"retainedBackups": 30, "retentionUnit": "COUNT"},
    }
    assert made["maintenanceWindow"] == {"day": 7, "hour": 3, "updateTrack": "stable"}, "Sunday is the seventh"
    monday = with_("postgres", maintenanceHour="mon:23:00", standby=False).one(SQL).inputs["settings"]
    assert (monday["maintenanceWindow"]["day"], monday["maintenanceWindow"]["hour"]) == (1, 23)
    assert monday["availabilityType"] == "ZONAL"


def test_the_disk_grows_by_itself_to_a_bound_that_is_never_none(prod: Deployment) -> None:
    made = prod.one(SQL).inputs["settings"]
    assert made["diskAutoresize"] is True, "off, a smaller size would replace the instance"
    assert (made["diskSize"], made["diskAutoresizeLimit"]) == (100, 1000), "0 would be no limit"
    assert prod.one(SQL).ignored == (), "its provider clears the difference by itself"


def test_root_is_postgres_and_a_flag_is_text(prod: Deployment) -> None:
    root = prod.one("random:index/randomPassword:RandomPassword", "postgres-root-password")
    assert root.urn in prod.one(SQL).dependencies
    assert prod.one(SQL).secret("rootPassword")
    (setup,) = [m for _, m in prod.objects if m["kind"] == "Job" and "postgres-setup" in m["metadata"]["name"]]
    env = {item["name"]: item.get("value") for item in setup["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env["PGUSER"] == "postgres"
    assert "max_connections" not in flags(prod)
    assert flags(with_("postgres", maxConnections=600))["max_connections"] == "600"


def flags(deployed: Deployment) -> dict[str, str]:
    return {flag["name"]: flag["value"] for flag in deployed.one(SQL).inputs["settings"]["databaseFlags"]}


# Redis


def test_redis_is_in_two_zones_evicts_nothing_and_keeps_room_for_exports(prod: Deployment) -> None:
    cache = prod.one(REDIS).inputs
    assert cache["tier"] == "STANDARD_HA", "BASIC is the default"
    assert cache["redisConfigs"] == {"maxmemory-policy": "noeviction", "maxmemory-gb": "6"}, "of 8, and nothing unknown"
    assert cache["redisVersion"] == "REDIS_7_2", "before 7.0, TLS leaves 1,000 clients to a small one"
    window = {"day": "SUNDAY", "startTime": {"hours": 4, "minutes": 0}}
    assert cache["maintenancePolicy"] == {"weeklyMaintenanceWindows": [window]}
    assert with_("redis", standby=False).one(REDIS).inputs["tier"] == "BASIC"


def test_redis_is_neither_valkey_nor_a_cluster(prod: Deployment) -> None:
    kinds = {resource.type for resource in prod.resources}
    assert not {kind for kind in kinds if kind.startswith("gcp:memorystore/") or kind == "gcp:redis/cluster:Cluster"}


def test_snapshots_of_redis_end_by_being_disabled_because_left_out_they_stay(prod: Deployment) -> None:
    hourly = {"persistenceMode": "RDB", "rdbSnapshotPeriod": "ONE_HOUR"}
    assert prod.one(REDIS).inputs["persistenceConfig"] == hourly
    assert with_("redis", snapshotHours=0).one(REDIS).inputs["persistenceConfig"] == {"persistenceMode": "DISABLED"}
    daily = with_("redis", snapshotHours=24).one(REDIS).inputs["persistenceConfig"]
    assert daily["rdbSnapshotPeriod"] == "TWENTY_FOUR_HOURS"


def test_all_authorities_are_concatenated_because_the_next_one_comes_years_before() -> None:
    both = [
        pulumi_gcp.redis.outputs.InstanceServerCaCert(cert=text)
        for text in ("-----BEGIN A\n", "-----BEGIN B", None)  # a line's end of its own or none
    ]
    assert authorities(both[:2]) == "-----BEGIN A\n-----BEGIN B\n"
    assert authorities(both[2:]).strip() == ""


@pytest.mark.parametrize("release", ["noxus", "acme"])
def test_the_authority_is_mounted_in_every_pod_that_uses_redis(prod: Deployment, release: str) -> None:
    namespace = {"noxus": "noxus", "acme": "noxus-acme"}[release]
    held = prod.one("kubernetes:core/v1:ConfigMap", f"{namespace}/{release}-redis-ca").inputs["data"]
    assert held["ca.crt"].startswith("-----BEGIN CERTIFICATE-----\n")
    assert held["ca.crt"].endswith("-----END CERTIFICATE-----\n")
    mounted = 0
    for name, manifest in prod.objects:
        if manifest["kind"] != "Deployment" or manifest["metadata"]["namespace"] != namespace:
            continue
        if "frontend" in name:
            continue
        spec = manifest["spec"]["template"]["spec"]
        (volume,) = [v for v in spec["volumes"] if v.get("configMap", {}).get("name") == f"{release}-redis-ca"]
        (mount,) = [m for m in spec["containers"][0]["volumeMounts"] if m["name"] == volume["name"]]
        assert mount["mountPath"] == "/etc/noxus/redis"
        assert mount.get("readOnly") is True
        mounted += 1
    assert mounted >= 1


# The bucket


def test_no_condition_of_a_lifecycle_is_zero_because_zero_is_dropped_silently(prod: Deployment) -> None:
    shortest = with_("storage", noncurrentVersionDays=1)
    for deployed, days in ((prod, 30), (shortest, 1)):
        assert deployed.one(BUCKETS).inputs["lifecycleRules"] == [
            {"action": {"type": "Delete"}, "condition": {"daysSinceNoncurrentTime": days, "withState": "ARCHIVED"}},
            {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}},
        ]


def test_what_is_deleted_in_the_bucket_can_be_had_back(prod: Deployment) -> None:
    bucket = prod.one(BUCKETS).inputs
    assert bucket["versioning"] == {"enabled": True}
    assert bucket["softDeletePolicy"] == {"retentionDurationSeconds": 7 * 24 * 3600}
    assert with_("storage", softDeleteDays=0).one(BUCKETS).inputs["softDeletePolicy"] == {"retentionDurationSeconds": 0}


def test_access_logs_go_to_a_bucket_that_exists(prod: Deployment) -> None:
    assert "logging" not in prod.one(BUCKETS).inputs
    logged = with_("storage", logBucket="logs-of-acme")
    assert logged.one(BUCKETS).inputs["logging"] == {"logBucket": "logs-of-acme", "logObjectPrefix": BUCKET}
    assert len(logged.all(BUCKETS)) == 1


# Entries, secrets, previews


def test_an_entry_holds_what_its_release_uses_and_pods_get_it_from_there_alone(prod: Deployment) -> None:
    values = {
        release: json.loads(prod.one(VERSION, f"{release}-entry").inputs["secretData"]) for release in ("noxus", "acme")
    }
    assert values["noxus"].keys() == {"POSTGRESQL_URL", "REDIS_PASSWORD", "VECTOR_POSTGRESQL_URL", "openaiApiKey"}
    assert values["acme"].keys() == values["noxus"].keys() | {"acmeOpenaiApiKey", "SCALER_PASSWORD"}
    for release in ("noxus", "acme"):
        assert prod.one(VERSION, f"{release}-entry").secret("secretData")
    made = {manifest["metadata"]["name"] for _, manifest in prod.objects if manifest["kind"] == "Secret"}
    assert made == {"postgres-setup"}


def test_entries_are_in_the_stacks_region_only_and_a_replaced_version_can_be_had_back(prod: Deployment) -> None:
    for secret in prod.all(SECRET):
        assert "auto" not in secret.inputs["replication"]
        assert secret.inputs["versionDestroyTtl"] == "86400s", "Secret Manager's least"


def test_the_auth_string_is_secret_wherever_it_goes(prod: Deployment) -> None:
    auth = json.loads(prod.one(VERSION, "acme-entry").inputs["secretData"])["REDIS_PASSWORD"]
    assert len(auth) == 36, "what Google draws, not something of the stack's"
    holders = [(r, key) for r in prod.resources for key in r.inputs if auth in json.dumps(r.inputs[key])]
    assert {r.type for r, _ in holders} == {VERSION}
    assert all(r.secret(key) for r, key in holders)
    assert auth not in json.dumps(prod.outputs)

    def redis() -> None:
        stack = settings(PROD, *SECRETS)
        assert isinstance(stack, GcpStack)
        assert isinstance(stack.redis, GcpRedis)
        pulumi.export("password", Gcp(stack, pulumi.ResourceOptions()).redis(stack.redis).password)

    assert is_secret(deploy(redis).outputs["password"]), "whatever the provider says of it"


def test_external_secrets_is_told_the_clusters_project_because_it_would_ask_the_metadata_server(
    prod: Deployment,
) -> None:
    store = "kubernetes:external-secrets.io/v1:SecretStore"
    assert prod.one(store, "noxus-acme/acme").inputs["spec"]["provider"] == {
        "gcpsm": {
            "projectID": PROJECT,
            "auth": {
                "workloadIdentity": {
                    "clusterProjectID": PROJECT,
                    "clusterLocation": GCP["clusterLocation"],
                    "clusterName": GCP["clusterName"],
                    "serviceAccountRef": {"name": "acme"},
                }
            },
        }
    }
    shared = with_("gcp", clusterProject="clusters-of-all").one(store, "noxus-acme/acme").inputs["spec"]["provider"]
    assert shared["gcpsm"]["projectID"] == PROJECT
    assert shared["gcpsm"]["auth"]["workloadIdentity"]["clusterProjectID"] == "clusters-of-all"


def test_nothing_reads_an_entry_before_it_is_written_and_its_release_may(prod: Deployment) -> None:
    before = prod.awaited_by(prod.one("kubernetes:external-secrets.io/v1:SecretStore", "noxus-acme/acme"))
    for kind, name in (
        (VERSION, "acme-entry"),
        (ON_ENTRY, "acme-account"),
        (ON_ACCOUNT, "acme-account"),
        (ACCOUNT, "acme-account"),
    ):
        assert prod.one(kind, name).urn in before, "rights are known everywhere some time after they are given"


def test_pods_wait_for_their_rights(prod: Deployment) -> None:
    before = prod.awaited_by(prod.one("kubernetes:apps/v1:Deployment", "noxus-acme/acme-flow"))
    for kind in (ON_BUCKET, ON_ENTRY, ON_ACCOUNT):
        assert prod.one(kind, "acme-account").urn in before


def test_a_preview_knows_every_email_and_member(preview: Deployment) -> None:
    mark = preview.one("kubernetes:core/v1:ServiceAccount", "noxus-acme/acme").inputs["metadata"]["annotations"]
    assert mark == {"iam.gke.io/gcp-service-account": email("acme")}
    for kind in (ON_BUCKET, ON_ENTRY):
        assert preview.one(kind, "acme-account").inputs["member"] == f"serviceAccount:{email('acme')}"
    assert preview.one(ON_ACCOUNT, "acme-account").inputs["member"] == pod("noxus-acme", "acme")
    for one in preview.all(ON_KEY):
        assert one.inputs["member"].startswith(f"serviceAccount:service-{GCP['projectNumber']}@")
    assert preview.asked == ()


def test_a_pod_needs_a_mark_on_its_service_account_and_no_label(prod: Deployment) -> None:
    for _, manifest in prod.objects:
        if manifest["kind"] in ("Deployment", "Job"):
            assert "azure.workload.identity/use" not in manifest["spec"]["template"]["metadata"].get("labels", {})
    marks = prod.one("kubernetes:core/v1:ServiceAccount", "noxus-acme/acme").inputs["metadata"]["annotations"]
    assert marks == {"iam.gke.io/gcp-service-account": email("acme")}


def test_a_changed_value_rolls_the_pods_that_use_it_without_a_revision(prod: Deployment) -> None:
    changed = run_program(PROD, {**SECRETS, "acmeOpenaiApiKey": "plaintext-of-another"})
    before, after = (
        {r.urn: json.dumps(r.inputs, sort_keys=True) for r in deployed.resources} for deployed in (prod, changed)
    )
    touched = {urn.rpartition("::")[2] for urn in before if before[urn] != after[urn]}
    assert touched == {"acme-entry", "noxus-acme/acme-llm-keys", "noxus-acme/acme-flow"}


def test_a_changed_value_is_another_version_of_the_same_secret_and_old_ones_are_destroyed(prod: Deployment) -> None:
    """Pulumi makes the next version before the last one goes, so `latest` is never empty."""
    changed = run_program(PROD, {**SECRETS, "acmeOpenaiApiKey": "plaintext-of-another"})
    before, after = (deployed.one(VERSION, "acme-entry").inputs for deployed in (prod, changed))
    assert before["secretData"] != after["secretData"], "it replaces the version"
    assert before["secret"] == after["secret"] == f"projects/{PROJECT}/secrets/noxus-acme"
    assert "deletionPolicy" not in before, "DISABLE or ABANDON would keep every old value"


# Labels, provider


def test_everything_that_can_have_labels_has_the_stacks(prod: Deployment) -> None:
    labels = {"app": "noxus", "stack": GCP["name"], "owner": "platform"}
    provider = prod.one("pulumi:providers:gcp").inputs
    assert json.loads(provider["defaultLabels"]) == labels
    assert prod.one(SQL).inputs["settings"]["userLabels"] == labels, "the provider's do not reach this field"
    assert provider["addPulumiAttributionLabel"] == "false"


def test_the_provider_names_the_project_because_it_has_no_guard_against_another(prod: Deployment) -> None:
    assert prod.one("pulumi:providers:gcp").inputs["project"] == PROJECT
    with_project = [r for r in prod.resources if r.type.startswith("gcp:") and "project" in r.inputs]
    assert {r.inputs["project"] for r in with_project} == {PROJECT}
    assert {SQL, REDIS, BUCKETS, SECRET, ACCOUNT, AGENT, ON_ENTRY} <= {r.type for r in with_project}


def test_a_stack_without_entries_and_managed_services_makes_accounts_alone() -> None:
    in_cluster = {"postgres": {"maxConnections": 600}, "redis": {}, "storage": {}}
    plain = {name: text for name, text in PROD["env"].items() if name != "REDIS_CA_FILE"}
    deployed = run_program({**PROD, "env": plain, "secrets": {"backend": "kubernetes"}, **in_cluster}, SECRETS)
    assert {r.type for r in deployed.resources if r.type.startswith("gcp:")} == {ACCOUNT, ON_ACCOUNT}
