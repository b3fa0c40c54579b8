"""Google Cloud: what holds data, what its properties mean (docs/gcp.md, "Change"), and what IAM allows."""

from collections.abc import Iterator
from typing import Final

from tools.preview import UNKNOWN, Inputs
from tools.report.clouds.properties import Properties
from tools.report.grant import Grant

_SQL: Final = "gcp:sql/databaseInstance:DatabaseInstance"
_REDIS: Final = "gcp:redis/instance:Instance"
_BUCKET: Final = "gcp:storage/bucket:Bucket"
_KEY: Final = "gcp:kms/cryptoKey:CryptoKey"
_ON: Final = ("bucket", "secretId", "cryptoKeyId", "serviceAccountId", "project")


def _member(inputs: Inputs, name: str) -> Iterator[Grant]:
    """One member's role on one thing."""
    on = next((str(inputs[key]) for key in _ON if inputs.get(key)), name)
    condition = inputs.get("condition")
    when = f" if {condition.get('expression')}" if isinstance(condition, dict) else ""
    yield Grant(_known(inputs.get("member"), name), f"{inputs.get('role')} on {_known(on, name)}{when}")


def _known(value: object, name: str) -> str:
    return name if not isinstance(value, str) or UNKNOWN in value else value


def _bucket(inputs: Inputs, name: str) -> Iterator[Grant]:
    if inputs.get("publicAccessPrevention") != "enforced":
        yield Grant("everybody", f"be given {name}: publicAccessPrevention is off")


def _instance(inputs: Inputs, name: str) -> Iterator[Grant]:
    network = (inputs.get("settings") or {}).get("ipConfiguration") or {}
    if network.get("ipv4Enabled"):
        yield Grant("everybody", f"reach {name} from the internet")
    for allowed in network.get("authorizedNetworks") or ():
        yield Grant(str(allowed.get("value")), f"reach {name}")


PROPERTIES: Final = Properties(
    holds=frozenset({_KEY, _BUCKET, _SQL, _REDIS}),
    keeps={
        _SQL: {
            "settings.backupConfiguration.backupRetentionSettings.retainedBackups": "postgres.backups",
            "settings.backupConfiguration.transactionLogRetentionDays": "postgres.backupDays",
            "settings.finalBackupConfig.retentionDays": "",
        },
        _BUCKET: {
            "softDeletePolicy.retentionDurationSeconds": "storage.softDeleteDays",
            "lifecycleRules[].condition.daysSinceNoncurrentTime": "storage.noncurrentVersionDays",
        },
    },
    guards={
        _SQL: {
            "settings.deletionProtectionEnabled": (True, "protect"),
            "settings.retainBackupsOnDelete": (True, "protect"),
            "settings.finalBackupConfig.enabled": (True, "protect"),
            "settings.backupConfiguration.enabled": (True, ""),
            "settings.backupConfiguration.pointInTimeRecoveryEnabled": (True, ""),
        },
        _REDIS: {
            "deletionProtection": (True, "protect"),
            "deletionPolicy": ("PREVENT", "protect"),
            "persistenceConfig.persistenceMode": ("RDB", "redis.snapshotHours"),
        },
        _BUCKET: {
            "deletionPolicy": ("PREVENT", "protect"),
            "forceDestroy": (False, "protect"),
            "versioning.enabled": (True, ""),
        },
        _KEY: {"deletionPolicy": ("PREVENT", "protect")},
    },
    restarts={
        _SQL: {
            "settings.tier": "postgres.tier",
            "settings.availabilityType": "postgres.standby",
            "settings.edition": "postgres.edition",
            "settings.databaseFlags[].value": "postgres.maxConnections",
            "databaseVersion": "postgres.version",
        },
        _REDIS: {"memorySizeGb": "redis.memoryGib", "redisVersion": "redis.version"},
    },
    sizes={
        _SQL: {
            "settings.tier": "postgres.tier",
            "settings.edition": "postgres.edition",
            "settings.availabilityType": "postgres.standby",
            "settings.diskSize": "postgres.storageGib",
            "settings.diskAutoresizeLimit": "postgres.maxStorageGib",
        },
        _REDIS: {"memorySizeGb": "redis.memoryGib", "tier": "redis.standby"},
    },
    grants={
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": _member,
        "gcp:serviceaccount/iAMMember:IAMMember": _member,
        "gcp:storage/bucketIAMMember:BucketIAMMember": _member,
        "gcp:secretmanager/secretIamMember:SecretIamMember": _member,
        _BUCKET: _bucket,
        _SQL: _instance,
    },
    secrets={"gcp:secretmanager/secretVersion:SecretVersion": "secretData"},
)
