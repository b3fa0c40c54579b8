"""AWS: what holds data, what its properties mean (docs/aws.md, "Change"), and what IAM allows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from tools.preview import UNKNOWN, Inputs
from tools.report.clouds.properties import ANY, Properties
from tools.report.grant import Grant, unknown

_INSTANCE: Final = "aws:rds/instance:Instance"
_CACHE: Final = "aws:elasticache/replicationGroup:ReplicationGroup"
_ACCESS: Final = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"


def _policy(key: str, inputs: Inputs, name: str) -> Iterator[Grant]:
    """A policy document as single rights: one for each principal, action, resource and set of conditions."""
    text = inputs.get(key)
    if not isinstance(text, str) or UNKNOWN in text:
        yield from unknown(name)
        return
    for statement in _listed(json.loads(text).get("Statement")):
        when = _conditions(statement.get("Condition") or {})
        for principal in _principals(statement):
            of = f" of {name}" if principal else ""
            for action in _listed(statement.get("Action")):
                for resource in _listed(statement.get("Resource") or ""):
                    what = f"{action}{f' on {resource}' if resource else ''}{when}{of}"
                    yield Grant(principal or name, what, statement.get("Effect") == "Deny")


def _conditions(condition: Mapping[str, Mapping[str, Any]]) -> str:
    parts = [
        f"{key} {operator} {', '.join(sorted(map(str, _listed(values))))}"
        for operator, keys in condition.items()
        for key, values in keys.items()
    ]
    return f" if {' and '.join(sorted(parts))}" if parts else ""


def _principals(statement: Mapping[str, Any]) -> Sequence[str]:
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        return [
            f"{kind} {each}" for kind, every in cast("dict[str, Any]", principal).items() for each in _listed(every)
        ]
    return ["everybody"] if principal == "*" else [""]


def _listed(value: Any) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, list) else [] if value is None else [value]


def _trust(inputs: Inputs, name: str) -> Iterator[Grant]:
    yield from _policy("assumeRolePolicy", inputs, f"role {inputs.get('name', name)}")


def _rights(inputs: Inputs, name: str) -> Iterator[Grant]:
    yield from _policy("policy", inputs, f"role {inputs.get('role', name)}")


def _resource(inputs: Inputs, name: str) -> Iterator[Grant]:
    yield from _policy("policy", inputs, f"{inputs.get('bucket') or name}")


def _rule(inputs: Inputs, name: str) -> Iterator[Grant]:
    """A rule of a security group."""
    sources = ("referencedSecurityGroupId", "cidrIpv4", "cidrIpv6", "prefixListId")
    source = next((str(inputs[key]) for key in sources if inputs.get(key)), "anywhere")
    yield Grant(source, f"reach {name} on {inputs.get('ipProtocol')}/{inputs.get('fromPort')}-{inputs.get('toPort')}")


def _association(inputs: Inputs, name: str) -> Iterator[Grant]:
    who = f"ServiceAccount {inputs.get('namespace')}/{inputs.get('serviceAccount')} of {inputs.get('clusterName')}"
    yield Grant(who, f"take up role {name}")


def _public(inputs: Inputs, name: str) -> Iterator[Grant]:
    for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
        if not inputs.get(key):
            yield Grant("everybody", f"be given {name}: {key} is off")


def _instance(inputs: Inputs, name: str) -> Iterator[Grant]:
    if inputs.get("publiclyAccessible"):
        yield Grant("everybody", f"reach {name} from the internet")


PROPERTIES: Final = Properties(
    holds=frozenset({"aws:kms/key:Key", "aws:s3/bucket:Bucket", _INSTANCE, _CACHE}),
    keeps={
        _INSTANCE: {"backupRetentionPeriod": "postgres.backupDays"},
        _CACHE: {"snapshotRetentionLimit": "redis.snapshotDays"},
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
            "rules[].noncurrentVersionExpiration.noncurrentDays": "storage.noncurrentVersionDays"
        },
        "aws:cloudwatch/logGroup:LogGroup": {"retentionInDays": "aws.logDays"},
        "aws:kms/key:Key": {"deletionWindowInDays": ""},
    },
    guards={
        _INSTANCE: {"deletionProtection": (True, "protect"), "skipFinalSnapshot": (False, "protect")},
        _CACHE: {"finalSnapshotIdentifier": (ANY, "protect")},
        "aws:s3/bucketVersioning:BucketVersioning": {"versioningConfiguration.status": ("Enabled", "")},
        "aws:s3/bucket:Bucket": {"forceDestroy": (False, "protect")},
    },
    restarts={
        _INSTANCE: {
            "instanceClass": "postgres.instanceClass",
            "engineVersion": "postgres.version",
            "parameterGroupName": "postgres.version",
        },
        _CACHE: {"nodeType": "redis.nodeType", "engine": "redis.engine", "engineVersion": "redis.engine"},
    },
    sizes={
        _INSTANCE: {
            "instanceClass": "postgres.instanceClass",
            "multiAz": "postgres.standby",
            "allocatedStorage": "postgres.storageGib",
            "maxAllocatedStorage": "postgres.maxStorageGib",
        },
        _CACHE: {"nodeType": "redis.nodeType", "numCacheClusters": "redis.replicas"},
    },
    grants={
        "aws:iam/role:Role": _trust,
        "aws:iam/rolePolicy:RolePolicy": _rights,
        "aws:kms/key:Key": _resource,
        "aws:s3/bucketPolicy:BucketPolicy": _resource,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule,
        "aws:eks/podIdentityAssociation:PodIdentityAssociation": _association,
        _ACCESS: _public,
        _INSTANCE: _instance,
    },
    secrets={"aws:secretsmanager/secretVersion:SecretVersion": "secretString"},
)
