"""How pulumi-gcp's inputs are called in Google's documents, resource by resource, and what the documents only word.

An input that is not named here has the document's own name. What the documents do not hold, because the provider keeps
it for itself, is listed as `outside`. An input that is in none of the three is an error of the program, or a name that
somebody has to look up and add.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tests.clouds.discovery import Quoted, Schema


@dataclass(frozen=True)
class At:
    """Where an input is found in the document, if it has another shape there."""

    path: str
    """From the object that holds the input."""
    shape: Literal["same", "first", "list"] = "same"
    """`first`: the input is a list of one, the document has the one. `list`: the other way round."""
    words: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The provider's words for the document's values."""


@dataclass(frozen=True)
class Parameter:
    """An input that is part of the request's address: the method, and the parameter's name."""

    method: str
    name: str


@dataclass(frozen=True)
class Model:
    """One resource type of pulumi-gcp, in the words of a document. Paths are of inputs, without indices."""

    document: str
    schema: str
    """Id of the schema; nothing where the request has no body."""
    schema_document: str = ""
    """The document that holds the schema, if it is another."""
    method: str = ""
    """The method that demands what is required, as the document writes its id."""
    names: Mapping[str, str | At] = field(default_factory=dict[str, str | At])
    parameters: Mapping[str, Parameter] = field(default_factory=dict[str, Parameter])
    outside: Mapping[str, Schema] = field(default_factory=dict[str, Schema])
    """What only the provider knows, with its type."""
    filled: frozenset[str] = frozenset()
    """Required fields of the document that the provider fills in itself."""
    quoted: Mapping[str, Quoted] = field(default_factory=dict[str, Quoted])
    """Limits that the document words. `a{}` is about the keys of the map `a`."""


TEXT: Final[Schema] = {"type": "string"}
FLAG: Final[Schema] = {"type": "boolean"}
DELETION: Final[Schema] = {"type": "string", "enum": ["DELETE", "PREVENT", "ABANDON"]}
"""pulumi-gcp's docstring of `deletion_policy`."""

_GUARDS: Final = {"project": TEXT, "deletionPolicy": DELETION, "deletionProtection": FLAG}

_SQL: Final = Model(
    document="sqladmin.v1",
    schema="DatabaseInstance",
    method="sql.instances.insert",
    names={
        "encryptionKeyName": "diskEncryptionConfiguration.kmsKeyName",
        "encryptionConfidentialMode": "diskEncryptionConfiguration.confidentialMode",
        "rootPasswordWo": "rootPassword",
        "settings.diskSize": "dataDiskSizeGb",
        "settings.diskType": "dataDiskType",
        "settings.diskAutoresize": "storageAutoResize",
        "settings.diskAutoresizeLimit": "storageAutoResizeLimit",
        "settings.connectionPoolConfigs": At("connectionPoolConfig", "first"),
        "settings.denyMaintenancePeriod": At("denyMaintenancePeriods", "list"),
        "settings.ipConfiguration.pscConfigs": At("pscConfig", "first"),
        "settings.ipConfiguration.pscConfigs.pscAutoConnections.consumerServiceProjectId": "consumerProject",
        **{
            f"replicaConfiguration.{name}": f"mysqlReplicaConfiguration.{name}"
            for name in (
                "caCertificate",
                "clientCertificate",
                "clientKey",
                "connectRetryInterval",
                "dumpFilePath",
                "masterHeartbeatPeriod",
                "password",
                "sslCipher",
                "username",
                "verifyServerCertificate",
            )
        },
    },
    outside={**_GUARDS, "rootPasswordWoVersion": TEXT, "finalBackupDescription": TEXT},
    quoted={
        "settings.backupConfiguration.startTime": Quoted("24 hour format - `HH:MM`", r"([01]\d|2[0-3]):[0-5]\d"),
        "settings.backupConfiguration.transactionLogRetentionDays": Quoted("from 1-7", between=(1, 7)),
        "settings.maintenanceWindow.day": Quoted("an integer, 1 to 7", between=(1, 7)),
        "settings.maintenanceWindow.hour": Quoted("Hour of day - 0 to 23", between=(0, 23)),
        "settings.diskSize": Quoted("The data disk size minimum is 10GB", between=(10, 2**63)),
        "settings.insightsConfig.queryStringLength": Quoted("Range: 256-4500 bytes", between=(256, 4500)),
    },
)

_REDIS: Final = Model(
    document="redis.v1",
    schema="Instance",
    method="redis.projects.locations.instances.create",
    names={"maintenancePolicy.weeklyMaintenanceWindows": "weeklyMaintenanceWindow"},
    parameters={"name": Parameter("projects.locations.instances.create", "instanceId")},
    outside={**_GUARDS, "region": TEXT},
    filled=frozenset({"name", "tier"}),
    quoted={
        "name": Quoted(
            "Must contain only lowercase letters, numbers, and hyphens. * Must start with a letter. "
            "* Must be between 1-40 characters. * Must end with a number or a letter.",
            r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?",
        ),
        "redisVersion": Quoted(
            "the supported values are: * `REDIS_3_2` for Redis 3.2 compatibility * `REDIS_4_0` for Redis 4.0 "
            "compatibility * `REDIS_5_0` for Redis 5.0 compatibility * `REDIS_6_X` for Redis 6.x compatibility "
            "* `REDIS_7_0` for Redis 7.0 compatibility (default) * `REDIS_7_2` for Redis 7.2 compatibility",
            "REDIS_(3_2|4_0|5_0|6_X|7_0|7_2)",
        ),
        "redisConfigs{}": Quoted(
            "the only supported parameters are: Redis version 3.2 and newer: * maxmemory-policy "
            "* notify-keyspace-events Redis version 4.0 and newer: * activedefrag * lfu-decay-time * lfu-log-factor "
            "* maxmemory-gb Redis version 5.0 and newer: * stream-node-max-bytes * stream-node-max-entries",
            "maxmemory-policy|notify-keyspace-events|activedefrag|lfu-decay-time|lfu-log-factor|maxmemory-gb"
            "|stream-node-max-bytes|stream-node-max-entries",
        ),
    },
)

_STORAGE_CLASSES: Final = Quoted(
    "Values include MULTI_REGIONAL, REGIONAL, STANDARD, NEARLINE, COLDLINE, ARCHIVE, and DURABLE_REDUCED_AVAILABILITY",
    "MULTI_REGIONAL|REGIONAL|STANDARD|NEARLINE|COLDLINE|ARCHIVE|DURABLE_REDUCED_AVAILABILITY",
)

_BUCKET: Final = Model(
    document="storage.v1",
    schema="Bucket",
    method="storage.buckets.insert",
    names={
        "requesterPays": "billing.requesterPays",
        "cors.methods": "method",
        "cors.origins": "origin",
        "cors.responseHeaders": "responseHeader",
        "publicAccessPrevention": "iamConfiguration.publicAccessPrevention",
        "uniformBucketLevelAccess": "iamConfiguration.uniformBucketLevelAccess.enabled",
        "lifecycleRules": "lifecycle.rule",
        "lifecycleRules.condition.matchesPrefixes": "matchesPrefix",
        "lifecycleRules.condition.matchesSuffixes": "matchesSuffix",
        "lifecycleRules.condition.matchesStorageClasses": "matchesStorageClass",
        "lifecycleRules.condition.withState": At("isLive", words={"LIVE": True, "ARCHIVED": False, "ANY": None}),
    },
    parameters={"enableObjectRetention": Parameter("buckets.insert", "enableObjectRetention")},
    outside={
        "project": TEXT,
        "deletionPolicy": DELETION,
        "forceDestroy": FLAG,
        "lifecycleRules.condition.sendAgeIfZero": FLAG,
        "lifecycleRules.condition.sendDaysSinceCustomTimeIfZero": FLAG,
        "lifecycleRules.condition.sendDaysSinceNoncurrentTimeIfZero": FLAG,
        "lifecycleRules.condition.sendNumNewerVersionsIfZero": FLAG,
    },
    filled=frozenset({"name"}),
    quoted={
        "publicAccessPrevention": Quoted("Currently, 'inherited' and 'enforced' are supported", "inherited|enforced"),
        "lifecycleRules.action.type": Quoted(
            "only Delete, SetStorageClass, and AbortIncompleteMultipartUpload are supported",
            "Delete|SetStorageClass|AbortIncompleteMultipartUpload",
        ),
        "storageClass": _STORAGE_CLASSES,
        "autoclass.terminalStorageClass": Quoted("Valid values are NEARLINE and ARCHIVE", "NEARLINE|ARCHIVE"),
        "ipFilter.mode": Quoted("Valid values are 'Enabled' and 'Disabled'", "Enabled|Disabled"),
    },
)

_KEY_ID: Final = Quoted("match the regular expression `[a-zA-Z0-9_-]{1,63}`", r"[a-zA-Z0-9_-]{1,63}")

_KEY_RING: Final = Model(
    document="cloudkms.v1",
    schema="KeyRing",
    method="cloudkms.projects.locations.keyRings.create",
    parameters={"name": Parameter("projects.locations.keyRings.create", "keyRingId")},
    outside={"project": TEXT, "location": TEXT},
    quoted={"name": _KEY_ID},
)

_CRYPTO_KEY: Final = Model(
    document="cloudkms.v1",
    schema="CryptoKey",
    method="cloudkms.projects.locations.keyRings.cryptoKeys.create",
    parameters={
        "name": Parameter("projects.locations.keyRings.cryptoKeys.create", "cryptoKeyId"),
        "keyRing": Parameter("projects.locations.keyRings.cryptoKeys.create", "parent"),
        "skipInitialVersionCreation": Parameter(
            "projects.locations.keyRings.cryptoKeys.create", "skipInitialVersionCreation"
        ),
    },
    outside={"deletionPolicy": DELETION},
    quoted={
        "name": _KEY_ID,
        "rotationPeriod": Quoted(
            "Must be at least 24 hours and at most 876,000 hours", between=(24 * 3600, 876_000 * 3600)
        ),
    },
)

_SECRET_ID: Final = Quoted(
    "A secret ID is a string with a maximum length of 255 characters and can contain uppercase and lowercase letters, "
    "numerals, and the hyphen (`-`) and underscore (`_`) characters",
    r"[A-Za-z0-9_-]{1,255}",
)

_SECRET: Final = Model(
    document="secretmanager.v1",
    schema="Secret",
    method="secretmanager.projects.secrets.create",
    names={"replication.auto": "automatic"},
    parameters={"secretId": Parameter("projects.secrets.create", "secretId")},
    outside=_GUARDS,
    quoted={"secretId": _SECRET_ID},
)

_PAYLOAD: Final = Quoted("Must be no larger than 64KiB", bytes=64 * 1024)

_SECRET_VERSION: Final = Model(
    document="secretmanager.v1",
    schema="AddSecretVersionRequest",
    method="secretmanager.projects.secrets.addVersion",
    names={"secretData": "payload.data", "secretDataWo": "payload.data"},
    parameters={"secret": Parameter("projects.secrets.addVersion", "parent")},
    outside={
        "project": TEXT,
        "deletionPolicy": {"type": "string", "enum": [*DELETION["enum"], "DISABLE"]},
        "enabled": FLAG,  # set by versions.enable and versions.disable
        "isSecretDataBase64": FLAG,
        "secretDataWoVersion": TEXT,
    },
    quoted={"secretData": _PAYLOAD, "secretDataWo": _PAYLOAD},
)

_ACCOUNT: Final = Model(
    document="iam.v1",
    schema="CreateServiceAccountRequest",
    method="iam.projects.serviceAccounts.create",
    names={"displayName": "serviceAccount.displayName", "description": "serviceAccount.description"},
    outside={
        "project": TEXT,
        "deletionPolicy": DELETION,
        "createIgnoreAlreadyExists": FLAG,
        "disabled": FLAG,  # set by serviceAccounts.disable
    },
    quoted={
        "accountId": Quoted(
            "must be 6-30 characters long, and match the regular expression `[a-z]([-a-z0-9]*[a-z0-9])`",
            r"(?=.{6,30}$)[a-z]([-a-z0-9]*[a-z0-9])",
        ),
        "displayName": Quoted("The maximum length is 100 UTF-8 bytes", bytes=100),
        "description": Quoted("The maximum length is 256 UTF-8 bytes", bytes=256),
    },
)


def _member(document: str, target: str, method: str, name: str = "resource", **outside: Schema) -> Model:
    """A right: what one binding holds, on what the method's parameter addresses."""
    return Model(
        document=document,
        schema="Binding",
        schema_document="iam.v1",
        names={"member": At("members", "list")},
        parameters={target: Parameter(method, name)},
        outside=outside,
    )


MODELS: Final[Mapping[str, Model]] = {
    "gcp:sql/databaseInstance:DatabaseInstance": _SQL,
    "gcp:redis/instance:Instance": _REDIS,
    "gcp:storage/bucket:Bucket": _BUCKET,
    "gcp:storage/bucketIAMMember:BucketIAMMember": _member("storage.v1", "bucket", "buckets.setIamPolicy", "bucket"),
    "gcp:kms/keyRing:KeyRing": _KEY_RING,
    "gcp:kms/cryptoKey:CryptoKey": _CRYPTO_KEY,
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": _member(
        "cloudkms.v1", "cryptoKeyId", "projects.locations.keyRings.cryptoKeys.setIamPolicy"
    ),
    "gcp:projects/iAMMember:IAMMember": _member("cloudresourcemanager.v1", "project", "projects.setIamPolicy"),
    "gcp:projects/serviceIdentity:ServiceIdentity": Model(
        document="serviceusage.v1beta1", schema="", outside={"project": TEXT, "service": TEXT}
    ),
    "gcp:serviceaccount/account:Account": _ACCOUNT,
    "gcp:serviceaccount/iAMMember:IAMMember": _member(
        "iam.v1", "serviceAccountId", "projects.serviceAccounts.setIamPolicy"
    ),
    "gcp:secretmanager/secret:Secret": _SECRET,
    "gcp:secretmanager/secretVersion:SecretVersion": _SECRET_VERSION,
    "gcp:secretmanager/secretIamMember:SecretIamMember": _member(
        "secretmanager.v1", "secretId", "projects.secrets.setIamPolicy", project=TEXT
    ),
}
