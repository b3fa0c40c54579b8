"""What the GCP validator lets pass and what it must catch."""

from typing import Any, Final

import pytest

from tests.clouds.discovery import Quoted
from tests.clouds.examples import Inputs, changed, resource
from tests.clouds.gcp_names import MODELS
from tests.clouds.validator import problems

SQL, REDIS, BUCKET = "sql/databaseInstance:DatabaseInstance", "redis/instance:Instance", "storage/bucket:Bucket"
RING, KEY = "kms/keyRing:KeyRing", "kms/cryptoKey:CryptoKey"
KEY_RIGHT, BUCKET_RIGHT = "kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "storage/bucketIAMMember:BucketIAMMember"
AGENT, ACCOUNT = "projects/serviceIdentity:ServiceIdentity", "serviceaccount/account:Account"
ACCOUNT_RIGHT, SECRET = "serviceaccount/iAMMember:IAMMember", "secretmanager/secret:Secret"
PROJECT_RIGHT = "projects/iAMMember:IAMMember"
VERSION, SECRET_RIGHT = "secretmanager/secretVersion:SecretVersion", "secretmanager/secretIamMember:SecretIamMember"

KEY_NAME = "projects/p/locations/europe-west1/keyRings/noxus/cryptoKeys/data"
NETWORK = "projects/p/global/networks/prod"
RELEASE = "serviceAccount:acme@p.iam.gserviceaccount.com"

CORRECT: Final[dict[str, Inputs]] = {
    SQL: {
        "name": "noxus-prod-1a2b",
        "project": "p",
        "region": "europe-west1",
        "databaseVersion": "POSTGRES_16",
        "encryptionKeyName": KEY_NAME,
        "deletionProtection": True,
        "deletionPolicy": "PREVENT",
        "rootPassword": "generated",
        "settings": {
            "tier": "db-custom-2-8192",
            "edition": "ENTERPRISE",
            "availabilityType": "REGIONAL",
            "diskType": "PD_SSD",
            "diskSize": 100,
            "diskAutoresize": True,
            "diskAutoresizeLimit": 1000,
            "deletionProtectionEnabled": True,
            "retainBackupsOnDelete": True,
            "finalBackupConfig": {"enabled": True, "retentionDays": 30},
            "userLabels": {"owner": "platform"},
            "databaseFlags": [{"name": "max_connections", "value": "400"}],
            "insightsConfig": {"queryInsightsEnabled": True, "queryStringLength": 1024},
            "maintenanceWindow": {"day": 7, "hour": 3, "updateTrack": "stable"},
            "ipConfiguration": {
                "ipv4Enabled": False,
                "privateNetwork": NETWORK,
                "sslMode": "ENCRYPTED_ONLY",
                "serverCaMode": "GOOGLE_MANAGED_INTERNAL_CA",
                "pscConfigs": [{"pscEnabled": True, "allowedConsumerProjects": ["p"]}],
            },
            "backupConfiguration": {
                "enabled": True,
                "startTime": "01:00",
                "pointInTimeRecoveryEnabled": True,
                "transactionLogRetentionDays": 7,
                "backupRetentionSettings": {"retainedBackups": 30, "retentionUnit": "COUNT"},
            },
            "denyMaintenancePeriod": {"startDate": "2026-12-20", "endDate": "2027-01-02", "time": "00:00:00"},
        },
    },
    REDIS: {
        "name": "noxus-prod",
        "region": "europe-west1",
        "tier": "STANDARD_HA",
        "memorySizeGb": 5,
        "redisVersion": "REDIS_7_2",
        "authEnabled": True,
        "transitEncryptionMode": "SERVER_AUTHENTICATION",
        "connectMode": "PRIVATE_SERVICE_ACCESS",
        "authorizedNetwork": NETWORK,
        "customerManagedKey": KEY_NAME,
        "deletionProtection": True,
        "labels": {"owner": "platform"},
        "redisConfigs": {"maxmemory-policy": "noeviction", "maxmemory-gb": "4"},
        "persistenceConfig": {"persistenceMode": "RDB", "rdbSnapshotPeriod": "TWELVE_HOURS"},
        "maintenancePolicy": {"weeklyMaintenanceWindows": [{"day": "SUNDAY", "startTime": {"hours": 3, "minutes": 0}}]},
    },
    BUCKET: {
        "name": "example-noxus-prod",
        "location": "EUROPE-WEST1",
        "storageClass": "STANDARD",
        "forceDestroy": False,
        "publicAccessPrevention": "enforced",
        "uniformBucketLevelAccess": True,
        "encryption": {"defaultKmsKeyName": KEY_NAME},
        "versioning": {"enabled": True},
        "softDeletePolicy": {"retentionDurationSeconds": 604800},
        "logging": {"logBucket": "example-logs"},
        "lifecycleRules": [
            {
                "action": {"type": "Delete"},
                "condition": {"daysSinceNoncurrentTime": 30, "withState": "ARCHIVED", "sendAgeIfZero": False},
            },
            {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}},
        ],
    },
    RING: {"name": "noxus-prod-1a2b", "location": "europe-west1", "project": "p"},
    KEY: {
        "name": "data",
        "keyRing": "projects/p/locations/europe-west1/keyRings/noxus",
        "purpose": "ENCRYPT_DECRYPT",
        "rotationPeriod": "7776000s",
        "destroyScheduledDuration": "2592000s",
        "deletionPolicy": "PREVENT",
        "versionTemplate": {"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protectionLevel": "SOFTWARE"},
    },
    KEY_RIGHT: {
        "cryptoKeyId": KEY_NAME,
        "role": "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "member": "serviceAccount:service-123456789012@cloud-redis.iam.gserviceaccount.com",
    },
    AGENT: {"service": "sqladmin.googleapis.com", "project": "p"},
    ACCOUNT: {"accountId": "noxus-prod-acme", "displayName": "Release acme of noxus-prod", "project": "p"},
    ACCOUNT_RIGHT: {
        "serviceAccountId": "projects/p/serviceAccounts/acme@p.iam.gserviceaccount.com",
        "role": "roles/iam.workloadIdentityUser",
        "member": "serviceAccount:p.svc.id.goog[noxus-acme/acme]",
    },
    BUCKET_RIGHT: {
        "bucket": "example-noxus-prod",
        "role": "roles/storage.objectUser",
        "member": RELEASE,
        "condition": {"title": "own objects", "expression": "true"},
    },
    PROJECT_RIGHT: {
        "project": "example-models",
        "role": "roles/aiplatform.user",
        "member": RELEASE,
        "condition": {"title": "this year", "expression": "true"},
    },
    SECRET: {
        "secretId": "noxus-acme",
        "replication": {
            "userManaged": {
                "replicas": [
                    {"location": "europe-west1", "customerManagedEncryption": {"kmsKeyName": KEY_NAME}},
                    {"location": "europe-west4"},
                ]
            }
        },
        "labels": {"owner": "platform"},
        "versionDestroyTtl": "86400s",
        "deletionProtection": True,
    },
    VERSION: {"secret": "projects/p/secrets/noxus-acme", "secretData": "{}", "deletionPolicy": "DISABLE"},
    SECRET_RIGHT: {
        "secretId": "projects/p/secrets/noxus-acme",
        "role": "roles/secretmanager.secretAccessor",
        "member": "principal://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/p.svc.id.goog"
        "/subject/ns/noxus-acme/sa/acme",
    },
}

WRONG: Final[list[tuple[str, str, Any, str]]] = [
    (SQL, "databaseVersion", "POSTGRES_16_4", "is none of"),
    (SQL, "settings.edition", "enterprise", "is none of"),
    (SQL, "settings.availabilityType", "MULTI_ZONE", "is none of"),
    (SQL, "settings.availabilityType", "SQL_AVAILABILITY_TYPE_UNSPECIFIED", "nothing is said"),
    (SQL, "settings.diskType", "pd-ssd", "is none of"),
    (SQL, "settings.diskSize", "large", "is no int64"),
    (SQL, "settings.diskSize", 5, "is not between"),
    (SQL, "settings.dataDiskSizeGib", 100, "no such field"),
    (SQL, "settings.ipConfiguration.sslMode", "REQUIRED", "is none of"),
    (SQL, "settings.ipConfiguration.ipv4Enabled", "false", "is no boolean"),
    (SQL, "settings.ipConfiguration.pscConfigs", [{}, {}], "exactly one"),
    (SQL, "settings.maintenanceWindow.updateTrack", "weekly", "is none of"),
    (SQL, "settings.maintenanceWindow.day", 0, "is not between"),
    (SQL, "settings.maintenanceWindow.hour", 24, "is not between"),
    (SQL, "settings.backupConfiguration.startTime", "1:00", "does not match"),
    (SQL, "settings.backupConfiguration.transactionLogRetentionDays", 30, "is not between"),
    (SQL, "settings.backupConfiguration.backupTier", "STANDARD", "only the service writes it"),
    (SQL, "settings.backupConfiguration.backupRetentionSettings.retentionUnit", "DAYS", "is none of"),
    (SQL, "settings.databaseFlags", {"max_connections": "400"}, "is no list"),
    (SQL, "settings.databaseFlags.0.value", 400, "is no string"),
    (SQL, "settings.userLabels.owner", 1, "is no string"),
    (SQL, "settings", "db-custom-2-8192", "is no object"),
    (SQL, "dnsName", "x.example.com", "only the service writes it"),
    (SQL, "deletionPolicy", "KEEP", "is none of"),
    (SQL, "deletionProtection", "yes", "is no boolean"),
    (REDIS, "tier", "HA", "is none of"),
    (REDIS, "transitEncryptionMode", "ENABLED", "is none of"),
    (REDIS, "redisVersion", "REDIS_7_1", "does not match"),
    (REDIS, "redisConfigs.timeout", "300", "does not match"),
    (REDIS, "memorySizeGb", "5", "is no integer"),
    (REDIS, "memorySizeGb", 2.5, "is no integer"),
    (REDIS, "memorySizeGb", None, "memorySizeGb is required"),
    (REDIS, "name", "Noxus", "does not match"),
    (REDIS, "name", "n" * 41, "does not match"),
    (REDIS, "host", "10.0.0.1", "only the service writes it"),
    (REDIS, "engine", "valkey", "no such field"),
    (REDIS, "persistenceConfig.rdbSnapshotPeriod", "ONE_DAY", "is none of"),
    (REDIS, "maintenancePolicy.weeklyMaintenanceWindows.0.day", "SUN", "is none of"),
    (REDIS, "maintenancePolicy.weeklyMaintenanceWindows.0.day", None, "day is required"),
    (REDIS, "maintenancePolicy.weeklyMaintenanceWindows.0.duration", "3600s", "only the service writes it"),
    (BUCKET, "publicAccessPrevention", "Enforced", "does not match"),
    (BUCKET, "lifecycleRules.0.action.type", "DELETE", "does not match"),
    (BUCKET, "lifecycleRules.0.condition.withState", "NONCURRENT", "is none of"),
    (BUCKET, "lifecycleRules.0.condition.daysSinceNoncurrent", 30, "no such field"),
    (BUCKET, "lifecycleRules.1.condition.age", "7d", "is no integer"),
    (BUCKET, "lifecycleRules.1.condition.createdBefore", "yesterday", "is no date"),
    (BUCKET, "storageClass", "COLD", "does not match"),
    (BUCKET, "softDeletePolicy.retentionDurationSeconds", "604800s", "is no int64"),
    (BUCKET, "encryption.kmsKeyName", KEY_NAME, "no such field"),
    (BUCKET, "acl", "private", "is no list"),
    (RING, "name", "noxus.prod", "does not match"),
    (RING, "name", "n" * 64, "does not match"),
    (RING, "createTime", "2026-01-01T00:00:00Z", "only the service writes it"),
    (KEY, "purpose", "ENCRYPTION", "is none of"),
    (KEY, "rotationPeriod", "90d", "is no google-duration"),
    (KEY, "rotationPeriod", "3600s", "is not between"),
    (KEY, "destroyScheduledDuration", "30 days", "is no google-duration"),
    (KEY, "versionTemplate.protectionLevel", "HARDWARE", "is none of"),
    (KEY, "versionTemplate.algorithm", None, "algorithm is required"),
    (KEY, "keyRing", "noxus", "does not match"),
    (KEY_RIGHT, "cryptoKeyId", "data", "does not match"),
    (KEY_RIGHT, "role", "cloudkms.cryptoKeyEncrypterDecrypter", "has none of the forms"),
    (KEY_RIGHT, "member", "service-1@cloud-redis.iam.gserviceaccount.com", "has none of the forms"),
    (KEY_RIGHT, "member", "serviceAccount:None", "has none of the forms"),
    (AGENT, "service", "sql.googleapis.com", "no document is of the API"),
    (AGENT, "region", "europe-west1", "no such field"),
    (ACCOUNT, "accountId", "acme", "does not match"),
    (ACCOUNT, "accountId", "noxus-prod-a-release-of-a-very-long-name", "does not match"),
    (ACCOUNT, "accountId", None, "accountId is required"),
    (ACCOUNT, "displayName", "d" * 101, "101 bytes are more than 100"),
    (ACCOUNT, "email", "acme@p.iam.gserviceaccount.com", "no such field"),
    (ACCOUNT_RIGHT, "serviceAccountId", "acme@p.iam.gserviceaccount.com", "does not match"),
    (ACCOUNT_RIGHT, "member", "serviceAccount:p.svc.id.goog[acme]", "has none of the forms"),
    (BUCKET_RIGHT, "role", "roles/storage/objectUser", "has none of the forms"),
    (BUCKET_RIGHT, "condition.where", "true", "no such field"),
    (PROJECT_RIGHT, "role", "aiplatform.user", "has none of the forms"),
    (PROJECT_RIGHT, "condition.name", "x", "no such field"),
    (SECRET, "secretId", "noxus/acme", "does not match"),
    (SECRET, "secretId", "s" * 256, "does not match"),
    (SECRET, "replication.userManaged.replicas", None, "replicas is required"),
    (SECRET, "replication.automatically", {}, "no such field"),
    (SECRET, "versionDestroyTtl", "24h", "is no google-duration"),
    (SECRET, "expireTime", "next year", "is no google-datetime"),
    (VERSION, "secretData", "x" * 65537, "65537 bytes are more than 65536"),
    (VERSION, "secretData", None, "payload is required"),
    (VERSION, "secret", "noxus-acme", "does not match"),
    (SECRET_RIGHT, "secretId", "projects/p/noxus-acme", "does not match"),
    (SECRET_RIGHT, "member", "principal://iam.googleapis.com/projects/p/subject/x", "has none of the forms"),
]


def test_every_mapped_type_has_a_correct_example() -> None:
    assert {f"gcp:{type_}" for type_ in CORRECT} == set(MODELS)


@pytest.mark.parametrize("type_", CORRECT)
def test_a_correct_resource_passes(type_: str) -> None:
    assert problems(resource(f"gcp:{type_}", CORRECT[type_])) == []


@pytest.mark.parametrize(("type_", "path", "value", "said"), WRONG, ids=lambda value: str(value)[:50])
def test_a_wrong_value_is_caught_and_nothing_else(type_: str, path: str, value: Any, said: str) -> None:
    found = problems(resource(f"gcp:{type_}", changed(CORRECT[type_], path, value)))
    assert len(found) == 1, found
    assert said in found[0]


def test_what_a_preview_does_not_know_is_not_wrong() -> None:
    inputs = changed(CORRECT[KEY_RIGHT], "member", "unknown")
    assert problems(resource(f"gcp:{KEY_RIGHT}", changed(inputs, "cryptoKeyId", "unknown"))) == []


def test_the_id_of_another_mocked_resource_is_not_held_to_a_form() -> None:
    assert problems(resource(f"gcp:{KEY}", changed(CORRECT[KEY], "keyRing", "ring-id"))) == []


def test_a_type_without_a_model_is_a_problem() -> None:
    (problem,) = problems(resource("gcp:memorystore/instance:Instance", {}))
    assert "no discovery document is mapped for gcp:memorystore/instance:Instance" in problem


def test_a_sentence_that_left_the_document_is_a_problem() -> None:
    assert list(Quoted("at most 3", between=(0, 3)).problems("at most 4", 2)) == [
        "the document no longer says 'at most 3'"
    ]
