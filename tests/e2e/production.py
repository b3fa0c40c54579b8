"""The production stacks: how each cloud's account refuses, and what differs between their lives."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from sandbox.plugins.recording import ACCOUNT
from tests.e2e.accounts import CloudAccount, Inputs, aws, azure, gcp
from tests.e2e.dev_stack import DevStack

CREDENTIALS = ("AWS_", "ARM_", "AZURE_", "CLOUDSDK_", "GOOGLE_")
"""Variables by which SDKs and command lines of clouds find a login."""


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """What differs between the lives of the production stacks."""

    account: ModuleType
    """Module of what refuses as the cloud does."""
    package: str
    """The provider, as type tokens begin."""
    guarded: tuple[str, ...]
    """All that the engine refuses to delete, by type and name."""
    refusal: str | None
    """What is said, if there is anything, when the engine no longer guards what holds data and the cloud still does."""
    holder: str
    """Type of what holds a release's entry."""
    text: Callable[[Inputs], str]
    """Its text, of the holder's inputs."""
    postgres: str
    """Pattern of the address of Postgres."""
    elsewhere: Mapping[str, tuple[Any, str]]
    """The cloud's settings that never change: another value, and what is said of it."""
    besides: Inputs
    """What must be written beside those values, or they would be refused as no values at all."""
    left: frozenset[str]
    """Types of what the cloud still has when everything is destroyed."""
    again: Inputs
    """What must be changed before the stack is made again."""


DATABASE = ("another", "is 'another', and 'noxus' is deployed; the other name is another, empty database")
VERSION = ("15", "is 15, and 16 is deployed; Postgres has no way back")
NETWORK = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/network/providers/Microsoft.Network"

CLOUDS: Mapping[str, Cloud] = {
    "prod": Cloud(
        account=aws,
        package="aws",
        guarded=("Bucket bucket", "Instance postgres", "Key key", "ReplicationGroup redis"),
        refusal="InvalidParameterCombination: Cannot delete protected DB Instance",
        holder="SecretVersion",
        text=lambda inputs: inputs["secretString"],
        postgres=r"noxus-prod-postgres\.eu-west-1\.rds\.example\.com",
        elsewhere={
            "aws.name": ("another", "is 'another', and 'noxus-prod' is deployed; everything in the account is named"),
            "aws.region": ("eu-central-1", "is 'eu-central-1', and 'eu-west-1' is deployed; data does not move"),
            "aws.vpcId": ("vpc-0123456789abcdef9", "is 'vpc-0123456789abcdef9', and 'vpc-0123456789abcdef0' is"),
            "postgres.database": DATABASE,
            "postgres.version": VERSION,
            "redis.engine": ("redis", "is 'redis', and 'valkey' is deployed; Valkey has no way back"),
            "storage.bucket": ("another-bucket", "is 'another-bucket', and 'example-noxus-prod' is deployed"),
        },
        besides={},
        left=frozenset(),
        again={},
    ),
    "prod-gcp": Cloud(
        account=gcp,
        package="gcp",
        guarded=("Bucket bucket", "CryptoKey key", "DatabaseInstance postgres", "Instance redis"),
        refusal='without setting deletion_policy="DELETE"',
        holder="SecretVersion",
        text=lambda inputs: inputs["secretData"],
        postgres=r"10\.30\.0\.[0-9]+",
        elsewhere={
            "gcp.name": ("another", "is 'another', and 'noxus-prod' is deployed; everything in the project is named"),
            "gcp.project": ("another-project", "is 'another-project', and 'example-noxus' is deployed; data does not"),
            "gcp.region": ("europe-west4", "is 'europe-west4', and 'europe-west1' is deployed; data does not move"),
            "gcp.network": (
                "projects/example-noxus/global/networks/other",
                "is 'projects/example-noxus/global/networks/other', and",
            ),
            "gcp.psaRange": ("other-range", "is 'other-range', and 'any' is deployed; data services do not move"),
            "postgres.database": DATABASE,
            "postgres.tier": ("db-c4a-highmem-4", "whose disk is HYPERDISK_BALANCED, and PD_SSD is deployed"),
            "postgres.version": VERSION,
            "redis.standby": (False, "is 'false', and 'true' is deployed; the other tier is another, empty instance"),
            "redis.version": ("7.0", "is '7.0', and '7.2' is deployed; a lower one is another, empty instance"),
            "storage.bucket": ("another-bucket", "is 'another-bucket', and 'example-noxus-prod' is deployed"),
            "storage.location": ("EU", "is 'EU', and 'EUROPE-WEST1' is deployed; a bucket does not move"),
        },
        besides={"postgres.edition": "ENTERPRISE_PLUS"},
        left=frozenset({"CryptoKey", "KeyRing", "ServiceIdentity"}),
        again={},
    ),
    "prod-azure": Cloud(
        account=azure,
        package="azure-native",
        guarded=(
            "BlobContainer bucket",
            "Database redis",
            "Key vault-key",
            "ManagementLockByScope bucket",
            "ManagementLockByScope postgres",
            "ManagementLockByScope redis",
            "RedisEnterprise redis",
            "Server postgres",
            "StorageAccount bucket",
            "Vault vault",
        ),
        refusal=None,  # the engine takes its own locks away first
        holder="Secret",
        text=lambda inputs: inputs["properties"]["value"],
        postgres=r"example-noxus-prod-postgres\.postgres\.database\.azure\.com",
        elsewhere={
            "azure.name": ("another", "and 'example-noxus-prod' is deployed; everything in the group is named"),
            "azure.subscriptionId": ("00000000-0000-0000-0000-000000000009", "data does not move between subscr"),
            "azure.resourceGroup": ("another-group", "is 'another-group', and 'noxus-prod' is deployed; every id"),
            "azure.location": ("northeurope", "is 'northeurope', and 'westeurope' is deployed; data does not move"),
            "azure.postgresSubnetId": (f"{NETWORK}/virtualNetworks/prod/subnets/other", "does not leave its network"),
            "azure.postgresDnsZoneId": (
                f"{NETWORK}/privateDnsZones/other.private.postgres.database.azure.com",
                "does not leave its network",
            ),
            "azure.vaultName": ("another-vault", "it holds the key that everything is encrypted with"),
            "postgres.database": DATABASE,
            "postgres.geoBackup": (True, "is 'true', and 'false' is deployed; Azure takes it when a server is made"),
            "postgres.version": VERSION,
            "redis.highAvailability": (False, "is 'false', and 'true' is deployed; Azure never switches it off"),
            "storage.account": ("another", "is 'another', and 'examplenoxusprod' is deployed"),
            "storage.container": ("another", "is 'another', and 'noxus' is deployed"),
            "storage.redundancy": ("Standard_LRS", "is 'Standard_LRS', and 'Standard_ZRS' is deployed"),
        },
        besides={},
        left=frozenset(),
        again={"azure.vaultName": "example-noxus-prod-2"},
    ),
}


class ProdStack(DevStack):
    """A production stack in an account that refuses as its cloud does, without any login."""

    def __init__(self, folder: Path, environment: dict[str, str], name: str) -> None:
        self.cloud = CLOUDS[name]
        file = folder / "account.json"
        self.account: CloudAccount = self.cloud.account.Account(str(file))
        bare = {key: value for key, value in environment.items() if not key.startswith(CREDENTIALS)}
        super().__init__(folder, {**bare, ACCOUNT: f"{self.cloud.account.__name__}:{file}"}, name)

    def entry(self, release: str) -> dict[str, str]:
        """A release's entry as the stack has written it."""
        text = self.run("stack", "export", "--show-secrets").text
        resources = json.loads("{" + text.partition("{")[2])["deployment"]["resources"]
        (holder,) = [r for r in resources if r["urn"].endswith(f":{self.cloud.holder}::{release}-entry")]
        return json.loads(self.cloud.text(_plain(holder["inputs"])))

    def guarded(self) -> tuple[str, ...]:
        """Type and name of all that the engine refuses to delete."""
        resources = json.loads(self.export())["deployment"]["resources"]
        found = (r["urn"].rpartition("::") for r in resources if r.get("protect"))
        return tuple(sorted(f"{type_.rpartition(':')[2]} {name}" for type_, _, name in found))

    def ended(self, *changes: Callable[[Inputs], object]) -> None:
        """Destroy it on purpose, as the documents say."""
        self.configure(*changes, lambda config: config.update(protect=False))
        if self.resources():
            assert (let_go := self.up()).code == 0, let_go.text
            assert (gone := self.destroy()).code == 0, gone.text


def write(config: Inputs, settings: Inputs) -> None:
    """Write settings by their paths."""
    for path, value in settings.items():
        section, _, key = path.partition(".")
        config[section][key] = value


def _plain(value: Any) -> Any:
    """What the state holds, with the secrets in it in plain text."""
    if isinstance(value, dict):
        if "plaintext" in value:
            return _plain(json.loads(value["plaintext"]))
        return {key: _plain(item) for key, item in value.items()}
    return value
