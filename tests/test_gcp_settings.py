"""What a stack file on GCP may say: what is refused before Google would refuse it half-way, and what never changes."""

from typing import Any

import pytest

from checks.interruption.drain import survival
from config.clouds.gcp.postgres import GcpPostgres
from config.clouds.gcp.redis import GcpRedis
from config.clouds.gcp.stack import GcpStack
from sandbox.plugins.cloud_outputs import cloud
from tests import programs
from tests.programs import EXTERNAL_SERVICES, LOGINS, ROOT, refused, run_program, settings, stack_file

PROD, SECRETS = stack_file(ROOT / "Pulumi.prod-gcp.yaml")
PLUS = {"edition": "ENTERPRISE_PLUS", "tier": "db-perf-optimized-N-8"}


def with_(section: str, **values: object) -> dict[str, Any]:
    return {**PROD, section: {**PROD[section], **values}}


def stack(raw: dict[str, Any]) -> GcpStack:
    read = settings(raw, *SECRETS, *LOGINS)
    assert isinstance(read, GcpStack)
    return read


def postgres(**values: object) -> GcpPostgres:
    read = stack(with_("postgres", **values)).postgres
    assert isinstance(read, GcpPostgres)
    return read


def redis(**values: object) -> GcpRedis:
    read = stack(with_("redis", **values)).redis
    assert isinstance(read, GcpRedis)
    return read


def problems(raw: dict[str, Any]) -> dict[str, str]:
    return refused(raw, *SECRETS, *LOGINS)


@pytest.mark.parametrize(
    ("section", "change", "path", "message"),
    [
        ("gcp", {"name": "n" * 29}, "gcp.name", "must match"),
        ("gcp", {"project": "Acme"}, "gcp.project", "must match"),
        ("gcp", {"projectNumber": "acme"}, "gcp.projectNumber", "must match"),
        ("gcp", {"region": "europe-west1-b"}, "gcp.region", "must match"),
        ("gcp", {"network": "main"}, "gcp.network", "must be the network's self link"),
        ("gcp", {"psaCidrs": []}, "gcp.psaCidrs", "must not be empty"),
        ("gcp", {"dataplane": "v1"}, "gcp.dataplane", "must be"),
        ("gcp", {"labels": {"Owner": "platform"}}, "gcp.labels.Owner", "must match"),
        ("gcp", {"labels": {"owner": "The Platform"}}, "gcp.labels.owner", "must match"),
        ("postgres", {"tier": "db.m7g.large"}, "postgres.tier", "must be a tier such as db-custom-4-15360"),
        ("postgres", {"tier": "db-custom-3-15360"}, "postgres.tier", "has 3 CPUs, and a custom tier has 1 or an even"),
        ("postgres", {"tier": "db-custom-98-400384"}, "postgres.tier", "has 98 CPUs"),
        ("postgres", {"tier": "db-custom-4-15361"}, "postgres.tier", "write 3840 to 26624, a multiple of 256"),
        ("postgres", {"tier": "db-custom-4-3584"}, "postgres.tier", "write 3840 to 26624, a multiple of 256"),
        ("postgres", {"tier": "db-custom-2-15360"}, "postgres.tier", "with 2 CPUs write 3840 to 13312"),
        ("postgres", {"tier": PLUS["tier"]}, "postgres", "write edition: ENTERPRISE_PLUS, or a tier such as db-custom"),
        ("postgres", {"edition": PLUS["edition"]}, "postgres", "or a tier such as db-perf-optimized-N-4"),
        ("postgres", {"version": "16.4"}, "postgres.version", "must be a major version in quotes, one of 15, 16"),
        ("postgres", {"version": "14"}, "postgres.version", "must be a major version in quotes"),
        ("postgres", {"backupDays": 8}, "postgres", "write backupDays: 7 and keep older daily backups by backups: 8"),
        ("postgres", {"backupDays": 5, "backups": 4}, "postgres", "write backups: 5 or more"),
        ("postgres", {**PLUS, "backupDays": 36}, "postgres.backupDays", "must be at most 35"),
        ("postgres", {"maxStorageGib": 99}, "postgres", "maxStorageGib must not be below storageGib; write 100"),
        (
            "postgres",
            {"edition": "ENTERPRISE_PLUS", "tier": "db-c4a-highmem-4", "storageGib": 19},
            "postgres",
            "the disk of db-c4a-highmem-4 has 20 or more",
        ),
        ("postgres", {"backupTime": "1:00"}, "postgres.backupTime", "must match"),
        ("postgres", {"maintenanceHour": "sun:03:30"}, "postgres.maintenanceHour", "must match"),
        ("postgres", {"database": "cloudsqladmin"}, "postgres.database", "Cloud SQL"),
        ("redis", {"version": "6.2"}, "redis.version", "must be one of '7.0' or '7.2'"),
        ("redis", {"engine": "valkey"}, "redis.engine", "no such setting"),
        ("redis", {"memoryGib": 301}, "redis.memoryGib", "must be at most 300"),
        ("redis", {"snapshotHours": 2}, "redis.snapshotHours", "must be"),
        ("storage", {"bucket": "acme.example.com"}, "storage.bucket", "must match"),
        ("storage", {"bucket": "my-google-bucket"}, "storage.bucket", "has 'google' in it"),
        ("storage", {"bucket": "goog-acme"}, "storage.bucket", "begins with 'goog'"),
        ("storage", {"location": "europe-west1"}, "storage.location", "must match"),
        ("storage", {"softDeleteDays": 3}, "storage", "write 7, or 0 for not at all"),
        ("storage", {"noncurrentVersionDays": 0}, "storage.noncurrentVersionDays", "must be at least 1"),
    ],
)
def test_what_google_would_refuse_is_refused_first(
    section: str, change: dict[str, Any], path: str, message: str
) -> None:
    found = problems(with_(section, **change))
    assert message in found.get(path, "nothing"), found


@pytest.mark.parametrize(
    ("name", "release", "message"),
    [
        ("n" * 25, "flows", "of 31 characters, and IAM takes 6 to 30; shorten the release's name or gcp.name"),
        ("n", "abc", "of 5 characters, and IAM takes 6 to 30; lengthen the release's name or gcp.name"),
    ],
)
def test_an_account_id_that_is_too_long_or_too_short_is_named_with_its_release(
    name: str, release: str, message: str
) -> None:
    raw = with_("gcp", name=name)
    raw["workers"] = {release: {"namespace": "noxus-abc", "pools": {"flow": {"workerSubscribe": "flow"}}}}
    assert message in problems(raw)[f"workers.{release}"]


def test_account_ids_at_both_ends_of_what_iam_takes_are_taken() -> None:
    for name, release in (("n" * 24, "flows"), ("n", "abcd")):
        raw = with_("gcp", name=name)
        raw["primary"] = {**PROD["primary"], "name": "main"}
        raw["workers"] = {release: {"namespace": "noxus-abc", "pools": {"flow": {"workerSubscribe": "flow"}}}}
        assert not {path for path, message in problems(raw).items() if "service account" in message}


def test_enterprise_plus_restores_any_moment_of_thirty_five_days() -> None:
    deployed = run_program(with_("postgres", **PLUS, backupDays=35, backups=60), SECRETS)
    made = deployed.one("gcp:sql/databaseInstance:DatabaseInstance").inputs["settings"]
    assert made["edition"] == "ENTERPRISE_PLUS"
    assert made["backupConfiguration"]["transactionLogRetentionDays"] == 35
    assert made["backupConfiguration"]["backupRetentionSettings"]["retainedBackups"] == 60
    assert made["diskType"] == "PD_SSD"


def test_a_series_that_has_hyperdisk_alone_gets_it() -> None:
    deployed = run_program(with_("postgres", edition="ENTERPRISE_PLUS", tier="db-c4a-highmem-8"), SECRETS)
    made = deployed.one("gcp:sql/databaseInstance:DatabaseInstance").inputs["settings"]
    assert made["diskType"] == "HYPERDISK_BALANCED"


@pytest.mark.parametrize(
    ("tier", "edition", "connections"),
    [
        ("db-f1-micro", "ENTERPRISE", 25),
        ("db-g1-small", "ENTERPRISE", 50),
        ("db-custom-1-3840", "ENTERPRISE", 100),
        ("db-custom-2-6144", "ENTERPRISE", 200),
        ("db-custom-2-7680", "ENTERPRISE", 400),
        ("db-custom-4-15360", "ENTERPRISE", 500),
        ("db-custom-4-15104", "ENTERPRISE", 400),
        ("db-custom-8-30720", "ENTERPRISE", 600),
        ("db-custom-16-61440", "ENTERPRISE", 800),
        ("db-custom-32-122880", "ENTERPRISE", 1000),
        ("db-perf-optimized-N-2", "ENTERPRISE_PLUS", 500),
        ("db-perf-optimized-N-128", "ENTERPRISE_PLUS", 1000),
        ("db-c4a-highmem-3", "ENTERPRISE_PLUS", 500),
    ],
)
def test_connections_follow_the_memory_of_the_tier(tier: str, edition: str, connections: int) -> None:
    limit = postgres(tier=tier, edition=edition).limit
    assert limit
    assert limit.connections == connections
    assert limit.available < connections, "sessions of Cloud SQL's own and of the administrator's are left"


def test_a_tier_that_is_too_small_is_refused_with_the_one_that_fits() -> None:
    message = problems(with_("postgres", tier="db-custom-2-7680"))["connections.postgres"]
    assert "the memory of db-custom-2-7680" in message
    limit = postgres(tier="db-custom-2-7680").limit
    assert limit
    assert dict(limit.larger) == {
        "db-custom-4-15360": 500,
        "db-custom-8-30720": 600,
        "db-custom-16-61440": 800,
        "db-custom-32-122880": 1000,
        "db-custom-64-245760": 1000,
    }
    written = postgres(tier="db-custom-2-7680", maxConnections=600).limit
    assert written
    assert written.connections == 600


def test_with_tls_every_size_of_redis_takes_as_many_clients_from_version_seven_on() -> None:
    for memory_gib, version in ((1, "7.0"), (300, "7.2")):
        limit = redis(memoryGib=memory_gib, version=version).limit
        assert limit
        assert limit.connections == 65_000


@pytest.mark.parametrize(
    ("memory_gib", "percent", "data_gib"), [(8, 80, 6), (5, 80, 4), (1, 80, 1), (10, 100, 10), (300, 10, 30)]
)
def test_data_fills_a_part_of_redis_so_that_exports_have_room(memory_gib: int, percent: int, data_gib: int) -> None:
    read = redis(memoryGib=memory_gib, dataPercent=percent)
    assert read.data_gib == data_gib
    assert read.memory
    assert read.memory.data_mib == data_gib * 1024


def test_runs_that_wait_for_the_bucket_are_held_against_the_memory_of_redis() -> None:
    queue = {"mode": "async", "peakRunsPerMinute": 4_000, "runKib": 2_000}
    message = problems({**PROD, "archive": queue})["redis.memoryGib"]
    assert message.startswith("is 8 GiB, of which data may fill 6144")
    assert "write at least" in message


def test_an_upgrade_of_nodes_waits_an_hour_and_an_ordinary_pod_has_fifteen_seconds_of_a_spot_notice() -> None:
    nodes = stack(PROD).nodes
    assert (nodes.upgrade_seconds, nodes.spot_seconds) == (3600, 15)
    rows = {row.event: row for row in survival(stack(PROD))["workers.acme.pools.flow"]}
    assert (rows["node upgrade"].outcome, rows["node upgrade"].limit_seconds) == ("cut off", 3600)
    assert "then it cuts off" in rows["node upgrade"].how
    assert rows["spot reclaim"].limit_seconds == 15
    hour = {**PROD, "workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": {"maxTaskSeconds": 3000}}}}}
    rows = {row.event: row for row in survival(stack(hour))["workers.acme.pools.flow"]}
    assert rows["node upgrade"].outcome == "survives"


# What never changes


def refusals(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return programs.refusals(stack(before), stack(after))


@pytest.mark.parametrize(
    "change",
    [
        with_("postgres", tier="db-custom-16-61440", storageGib=50, maxStorageGib=2000, maxConnections=900),
        with_("postgres", version="17", allowMajorUpgrade=True),
        with_("postgres", **PLUS, backupDays=30, standby=False, maintenanceHour="mon:01:00"),
        with_("redis", memoryGib=16, dataPercent=70, snapshotHours=0),
        with_("storage", noncurrentVersionDays=7, softDeleteDays=0, logBucket="logs-of-acme"),
        with_("gcp", labels={"x": "y"}, dataplane="calico", psaCidrs=["10.30.0.0/19"], clusterProject="clusters"),
        with_("gcp", network=f"https://www.googleapis.com/compute/v1/{PROD['gcp']['network']}"),
        {**PROD, "workers": {}},
    ],
)
def test_what_changes_in_place_may_change(change: dict[str, Any]) -> None:
    assert refusals(PROD, change) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (with_("gcp", name="another"), "gcp.name"),
        (with_("gcp", project="another-project"), "gcp.project"),
        (with_("gcp", region="europe-west4"), "gcp.region"),
        (with_("gcp", network="projects/example-noxus/global/networks/another"), "gcp.network"),
        (with_("gcp", psaRange="another"), "gcp.psaRange"),
        (with_("postgres", edition="ENTERPRISE_PLUS", tier="db-c4a-highmem-8"), "postgres.tier"),
        (with_("postgres", version="15"), "postgres.version"),
        (with_("postgres", database="another"), "postgres.database"),
        (with_("redis", standby=False), "redis.standby"),
        (with_("redis", version="7.0"), "redis.version"),
        (with_("storage", bucket="another-bucket"), "storage.bucket"),
        (with_("storage", location="EU"), "storage.location"),
        ({**PROD, "postgres": EXTERNAL_SERVICES["postgres"]}, "postgres.mode"),
        ({**PROD, "redis": EXTERNAL_SERVICES["redis"]}, "redis.mode"),
        ({**PROD, "storage": EXTERNAL_SERVICES["storage"]}, "storage.mode"),
    ],
)
def test_what_would_be_another_is_refused_with_what_to_do_instead(change: dict[str, Any], path: str) -> None:
    (refusal,) = refusals(PROD, change)
    assert refusal.startswith(f"{path}: is ")
    assert " is deployed; " in refusal
    assert len(refusal.partition(" is deployed; ")[2]) > 20


def test_a_major_upgrade_is_asked_for_and_redis_may_rise() -> None:
    (refusal,) = refusals(PROD, with_("postgres", version="17"))
    assert refusal == "postgres.version: is 17, and 16 is deployed; write allowMajorUpgrade: true for this update"
    assert refusals(with_("redis", version="7.0"), PROD) == []


def replaces(kind: str) -> set[str]:
    """Inputs that replace a resource; of a version of Redis only a lower one does, which is no part of the list."""
    return {*cloud("gcp")["types"][kind]["replaces"], *(("redisVersion",) if "redis" in kind else ())}


DATA = (
    *("gcp:sql/databaseInstance:DatabaseInstance", "gcp:redis/instance:Instance"),
    *("gcp:storage/bucket:Bucket", "gcp:kms/cryptoKey:CryptoKey"),
)


@pytest.mark.parametrize(
    "change",
    [
        with_("gcp", name="another", project="another-project", region="europe-west4"),
        with_("gcp", network="projects/example-noxus/global/networks/another", psaRange="another"),
        with_("redis", standby=False, version="7.0"),
        with_("storage", bucket="another-bucket", location="EU"),
    ],
)
def test_whatever_replaces_what_holds_data_is_refused_before(change: dict[str, Any]) -> None:
    assert replaced(PROD, change)
    assert refusals(PROD, change)


@pytest.mark.parametrize(
    "change",
    [
        with_("gcp", network=f"https://www.googleapis.com/compute/v1/{PROD['gcp']['network']}"),
        with_("gcp", labels={}, dataplane="calico", clusterName="another", clusterProject="clusters"),
        with_("gcp", projectNumber="210987654321"),
        with_("postgres", **PLUS, version="17", allowMajorUpgrade=True, storageGib=50, backupDays=20),
        with_("redis", memoryGib=16, dataPercent=50, snapshotHours=0, maintenanceHour="mon:01:00"),
        with_("storage", noncurrentVersionDays=1, softDeleteDays=90, logBucket="logs-of-acme"),
        {**PROD, "protect": False},
    ],
)
def test_what_is_let_through_replaces_nothing_that_holds_data(change: dict[str, Any]) -> None:
    assert refusals(PROD, change) == []
    assert replaced(PROD, change) == set()


def replaced(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """What of the data Google's provider would replace, as `type input`."""
    old, new = (run_program(raw, SECRETS) for raw in (before, after))
    found: set[str] = set()
    for kind in DATA:
        was = {resource.name: resource for resource in old.all(kind)}
        for resource in new.all(kind):
            if resource.name in was:
                one, other = was[resource.name].inputs, resource.inputs
                found.update(f"{kind} {key}" for key in replaces(kind) if one.get(key) != other.get(key))
    return found


# Somebody else's data services on GCP


def test_somebody_elses_memorystore_is_reached_on_its_port_with_its_authority() -> None:
    authority = "-----BEGIN CERTIFICATE-----\nb25l\n-----END CERTIFICATE-----\n"
    of_google = {
        **EXTERNAL_SERVICES["redis"],
        "host": "10.40.0.3",
        "port": 6378,
        "tls": True,
        "ca": authority,
        "cidrs": ["10.40.0.0/28"],
    }
    deployed = run_program({**PROD, "redis": of_google}, {**SECRETS, **LOGINS})
    policy = deployed.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "noxus-acme/to-redis").inputs
    (rule,) = policy["spec"]["egress"]
    assert [peer["ipBlock"]["cidr"] for peer in rule["to"]] == ["10.40.0.0/28"]
    assert [item["port"] for item in rule["ports"]] == [6378]
    held = deployed.one("kubernetes:core/v1:ConfigMap", "noxus-acme/acme-redis-ca").inputs["data"]
    assert held["ca.crt"] == authority
    assert deployed.all("gcp:redis/instance:Instance") == []


def test_somebody_elses_bucket_is_used_with_the_account_and_without_keys() -> None:
    of_google = {"mode": "external", "url": "https://storage.googleapis.com", "bucket": "somebody-elses"}
    deployed = run_program({**PROD, "storage": of_google}, SECRETS)
    assert deployed.all("gcp:storage/bucketIAMMember:BucketIAMMember") == [], "its owner gives the right"
    mark = deployed.one("kubernetes:core/v1:ServiceAccount", "noxus-acme/acme").inputs["metadata"]["annotations"]
    assert mark == {"iam.gke.io/gcp-service-account": "noxus-prod-acme@example-noxus.iam.gserviceaccount.com"}
    names = [item["secretKey"] for item in _read(deployed)]
    assert not [name for name in names if "ACCESS_KEY" in name]


def _read(deployed: Any) -> list[dict[str, Any]]:
    external = deployed.one("kubernetes:external-secrets.io/v1:ExternalSecret", "noxus-acme/acme-app-env")
    return external.inputs["spec"]["data"]


def test_entries_that_somebody_else_writes_are_read_with_the_releases_account_in_their_project() -> None:
    store = {
        "type": "gcpSecretManager",
        "projectId": "secrets-of-all",
        "clusterProjectId": "example-noxus",
        "clusterLocation": "europe-west1",
        "clusterName": "prod",
    }
    deployed = run_program({**PROD, "secrets": {"backend": "externalSecrets", "store": store}}, SECRETS)
    assert deployed.all("gcp:secretmanager/secret:Secret") == []
    for release in ("noxus", "acme"):
        right = deployed.one("gcp:secretmanager/secretIamMember:SecretIamMember", f"{release}-account").inputs
        assert (right["project"], right["secretId"]) == ("secrets-of-all", f"noxus-{release}")
