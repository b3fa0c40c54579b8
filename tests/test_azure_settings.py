"""What a stack file on Azure may say: what is refused before Azure would refuse it half-way, and what never changes."""

from typing import Any

import pytest

from checks.interruption.drain import survival
from config.clouds.azure.postgres import AzurePostgres
from config.clouds.azure.stack import AzureStack
from tests import programs
from tests.programs import EXTERNAL_SERVICES, LOGINS, ROOT, refused, settings, stack_file

PROD, SECRETS = stack_file(ROOT / "Pulumi.prod-azure.yaml")
ZONES = PROD["azure"]["redisDnsZoneId"].rpartition("/")[0]


def with_(section: str, **values: object) -> dict[str, Any]:
    return {**PROD, section: {**PROD[section], **values}}


def stack(raw: dict[str, Any]) -> AzureStack:
    read = settings(raw, *SECRETS, *LOGINS)
    assert isinstance(read, AzureStack)
    return read


def problems(raw: dict[str, Any]) -> dict[str, str]:
    return refused(raw, *SECRETS, *LOGINS)


@pytest.mark.parametrize(
    ("section", "change", "path", "message"),
    [
        ("azure", {"oidcIssuerUrl": "https://x.example.com/tenant"}, "azure.oidcIssuerUrl", "with https:// before it"),
        ("azure", {"endpointSubnetId": PROD["azure"]["postgresSubnetId"]}, "azure", "is delegated to Postgres alone"),
        ("azure", {"redisDnsZoneId": None, "vaultDnsZoneId": None}, "azure", "needs redisDnsZoneId, vaultDnsZoneId"),
        ("azure", {"redisDnsZoneId": f"{ZONES}/redis.example.com"}, "azure.redisDnsZoneId", "must match"),
        ("azure", {"postgresDnsZoneId": f"{ZONES}/noxus.example.com"}, "azure.postgresDnsZoneId", "must match"),
        (
            "azure",
            {"postgresDnsZoneId": f"{ZONES}/{PROD['azure']['name']}-postgres.postgres.database.azure.com"},
            "azure.postgresDnsZoneId",
            "is the name of the server itself",
        ),
        ("azure", {"name": "noxus--prod"}, "azure.name", "must match"),
        ("azure", {"vaultName": "v" * 25}, "azure.vaultName", "at most 24 characters"),
        ("azure", {"tags": {"cost/center": "1"}}, "azure.tags.cost/center", "must match"),
        ("azure", {"tenantId": "acme.onmicrosoft.com"}, "azure.tenantId", "must match"),
        ("postgres", {"sku": "Standard_B2ms"}, "postgres", "is burstable, which has no standby"),
        ("postgres", {"sku": "db.m7g.large"}, "postgres.sku", "must match"),
        ("postgres", {"version": "16.4"}, "postgres.version", "must match"),
        ("postgres", {"backupDays": 6}, "postgres.backupDays", "must be at least 7"),
        ("postgres", {"backupDays": 36}, "postgres.backupDays", "must be at most 35"),
        ("postgres", {"storageGib": 100}, "postgres.storageGib", "must be one of 32, 64, 128"),
        ("postgres", {"maxConnections": 24}, "postgres.maxConnections", "must be at least 25"),
        ("postgres", {"maxConnections": 5001}, "postgres.maxConnections", "must be at most 5000"),
        ("postgres", {"database": "azure_pg_admin"}, "postgres.database", "Flexible Server"),
        ("redis", {"sku": "Balanced_B50"}, "redis.sku", "write Balanced_B20 at most"),
        ("redis", {"sku": "ComputeOptimized_X100"}, "redis.sku", "its transactions reach over several keys"),
        ("redis", {"sku": "Enterprise_E10"}, "redis.sku", "must be one of Balanced_B0"),
        ("storage", {"account": "acme-noxus"}, "storage.account", "must match"),
        ("storage", {"redundancy": "Premium_LRS"}, "storage.redundancy", "must be one of"),
    ],
)
def test_what_azure_would_refuse_is_refused_first(
    section: str, change: dict[str, Any], path: str, message: str
) -> None:
    assert message in problems(with_(section, **change)).get(path, "nothing")


def test_a_burstable_size_works_without_a_standby() -> None:
    raw = with_("postgres", sku="Standard_B2ms", standby="none")
    assert problems(raw) == {}
    assert stack(raw).postgres.mode == "managed"


def test_names_of_endpoints_may_be_a_policys() -> None:
    zones = dict.fromkeys(("redisDnsZoneId", "blobDnsZoneId", "vaultDnsZoneId"))
    assert problems(with_("azure", **zones, endpointDns="policy")) == {}


@pytest.mark.parametrize(
    ("sku", "connections"),
    [
        ("Standard_B1ms", 50),
        ("Standard_B2s", 429),
        ("Standard_D2s_v3", 859),
        ("Standard_D4ads_v5", 1718),
        ("Standard_D8ds_v4", 3437),
        ("Standard_D16ds_v5", 5000),
        ("Standard_D96ds_v5", 5000),
        ("Standard_E2ds_v5", 1718),
        ("Standard_E4ds_v4", 3437),
        ("Standard_E8ads_v5", 5000),
        ("Standard_DC2ads_v5", None),
    ],
)
def test_connections_are_those_of_azures_table_less_fifteen(sku: str, connections: int | None) -> None:
    standby = "none" if "_B" in sku else "zoneRedundant"
    postgres = stack(with_("postgres", sku=sku, standby=standby)).postgres
    assert isinstance(postgres, AzurePostgres)
    limit = postgres.limit
    assert (limit and limit.connections) == connections
    if limit:
        assert limit.available == limit.connections - 15


def test_a_size_that_is_too_small_is_refused_with_the_one_that_fits() -> None:
    raw = with_("postgres", sku="Standard_B2s", standby="none")
    message = problems(raw)["connections.postgres"]
    assert "there are 414 (429 by the size Standard_B2s, less 15 reserved)" in message
    assert "postgres.maxConnections: 497 (now 429) once Postgres has restarted" in message
    postgres = stack(raw).postgres
    assert isinstance(postgres, AzurePostgres)
    limit = postgres.limit
    assert limit
    assert dict(limit.larger) == {
        "Standard_B2ms": 859,
        "Standard_B4ms": 1718,
        "Standard_B8ms": 3437,
        "Standard_B12ms": 5000,
    }


@pytest.mark.parametrize(
    ("sku", "clients", "mib"),
    [
        ("Balanced_B0", 15_000, 409),
        ("Balanced_B10", 30_000, 9830),
        ("Balanced_B20", 75_000, 19660),
        ("MemoryOptimized_M10", 15_000, 9830),
        ("ComputeOptimized_X3", 30_000, 2457),
        ("ComputeOptimized_X20", 150_000, 19660),
    ],
)
def test_redis_takes_clients_and_data_by_its_size(sku: str, clients: int, mib: int) -> None:
    redis = stack(with_("redis", sku=sku)).redis
    assert redis.mode == "managed"
    assert redis.limit
    assert redis.memory
    assert (redis.limit.connections, redis.memory.data_mib) == (clients, mib)


@pytest.mark.parametrize(("kib", "instead"), [(1000, "write Balanced_B10"), (4000, "no undivided size holds as much")])
def test_runs_that_wait_for_the_bucket_are_held_against_the_size_of_redis(kib: int, instead: str) -> None:
    message = problems({**PROD, "archive": {"mode": "async", "peakRunsPerMinute": 4_000, "runKib": kib}})["redis.sku"]
    assert message.startswith("is Balanced_B5, of which data may fill 4915")
    assert instead in message


def test_an_upgrade_of_nodes_waits_half_an_hour_and_a_spot_node_half_a_minute() -> None:
    nodes = stack(PROD).nodes
    assert (nodes.upgrade_seconds, nodes.spot_seconds) == (1800, 30)
    rows = {row.event: row for row in survival(stack(PROD))["workers.acme.pools.flow"]}
    assert (rows["node upgrade"].outcome, rows["node upgrade"].limit_seconds) == ("survives", 1800)
    assert "the upgrade fails and the tasks live" in rows["node upgrade"].how


# What never changes


def refusals(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return programs.refusals(stack(before), stack(after))


def test_a_second_node_of_redis_may_be_switched_on() -> None:
    assert refusals(with_("redis", highAvailability=False), PROD) == []


@pytest.mark.parametrize(
    "change",
    [
        with_("postgres", sku="Standard_E4ds_v5", storageGib=512, maxConnections=2000, backupDays=14),
        with_("postgres", version="17", allowMajorUpgrade=True),
        with_("postgres", standby="sameZone", maintenance={"day": "friday"}),
        with_("redis", sku="Balanced_B10", persistence="rdb6h"),
        with_("storage", noncurrentVersionDays=7, deleteRetentionDays=14),
        with_("azure", tags={"x": "y"}, endpointDns="policy", endpointSubnetCidr="10.20.98.0/27"),
        {**PROD, "workers": {}},
    ],
)
def test_what_changes_in_place_may_change(change: dict[str, Any]) -> None:
    assert refusals(PROD, change) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (with_("azure", name="another"), "azure.name"),
        (with_("azure", location="northeurope"), "azure.location"),
        (with_("azure", resourceGroup="another"), "azure.resourceGroup"),
        (with_("azure", subscriptionId="00000000-0000-0000-0000-000000000002"), "azure.subscriptionId"),
        (with_("azure", vaultName="another"), "azure.vaultName"),
        (with_("azure", postgresSubnetId=PROD["azure"]["postgresSubnetId"] + "2"), "azure.postgresSubnetId"),
        (
            with_("azure", postgresDnsZoneId=f"{ZONES}/another.postgres.database.azure.com"),
            "azure.postgresDnsZoneId",
        ),
        (with_("postgres", geoBackup=True), "postgres.geoBackup"),
        (with_("postgres", version="15"), "postgres.version"),
        (with_("redis", highAvailability=False), "redis.highAvailability"),
        (with_("storage", account="another"), "storage.account"),
        (with_("storage", container="another"), "storage.container"),
        (with_("storage", redundancy="Standard_LRS"), "storage.redundancy"),
        ({**PROD, "redis": EXTERNAL_SERVICES["redis"]}, "redis.mode"),
        ({**PROD, "postgres": EXTERNAL_SERVICES["postgres"]}, "postgres.mode"),
        ({**PROD, "storage": EXTERNAL_SERVICES["storage"]}, "storage.mode"),
    ],
)
def test_what_would_be_another_is_refused_with_what_to_do_instead(change: dict[str, Any], path: str) -> None:
    (refusal,) = refusals(PROD, change)
    assert refusal.startswith(f"{path}: is ")
    assert len(refusal.partition(" is deployed; ")[2]) > 20
