"""What the AWS validator lets pass and what it must catch."""

import json
from typing import Any

import pytest

from tests.clouds.aws_names import MODELS
from tests.clouds.examples import Inputs, changed, resource
from tests.clouds.test_stacks import registered
from tests.clouds.validator import problems
from tests.programs import ROOT, on_cloud, run_program, stack_file

INSTANCE, CACHE = "aws:rds/instance:Instance", "aws:elasticache/replicationGroup:ReplicationGroup"
KEY, ROLE, RIGHTS = "aws:kms/key:Key", "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
BUCKET_POLICY, SECRET = "aws:s3/bucketPolicy:BucketPolicy", "aws:secretsmanager/secret:Secret"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
GROUP, RULE = "aws:rds/parameterGroup:ParameterGroup", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
LOGS = "aws:cloudwatch/logGroup:LogGroup"
ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
LOGGING = "aws:s3/bucketLogging:BucketLogging"

BESIDE: dict[str, Inputs] = {
    ASSOCIATION: {
        "clusterName": "prod",
        "namespace": "noxus-acme",
        "serviceAccount": "acme",
        "roleArn": "arn:aws:iam::111122223333:role/noxus-prod-acme",
    },
    LOGGING: {"bucket": "example-noxus-prod", "targetBucket": "example-logs", "targetPrefix": "noxus/"},
}


@pytest.fixture
def correct() -> dict[str, Inputs]:
    """An example of each type: what the production stack registers, and what it does not."""
    return {one.type: one.inputs for one in registered(ROOT / "Pulumi.prod.yaml")} | BESIDE


def policy(**changes: Any) -> str:
    """A policy of one statement, with changes of it."""
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::b/*", **changes}
    return json.dumps({"Version": "2012-10-17", "Statement": [{k: v for k, v in statement.items() if v is not None}]})


def test_every_type_has_a_correct_example_and_passes(correct: dict[str, Inputs]) -> None:
    assert correct.keys() == MODELS.keys()
    assert {type_: found for type_ in correct if (found := problems(resource(type_, correct[type_])))} == {}


@pytest.mark.parametrize(
    ("type_", "path", "value", "problem"),
    [
        (INSTANCE, "instanceClass", "db.m9z.large", "DBInstanceClass"),
        (INSTANCE, "instanceClass", "db.x1.16xlarge", "DBInstanceClass"),
        (INSTANCE, "engineVersion", "16.99", "EngineVersion"),
        (INSTANCE, "engine", "postgresql", "Engine"),
        (INSTANCE, "backupRetentionPeriod", 36, "BackupRetentionPeriod"),
        (INSTANCE, "backupRetentionPeriod", "30", "is not a whole number"),
        (INSTANCE, "databaseInsightsMode", "full", "is none of standard, advanced"),
        (INSTANCE, "deletionProtection", "true", "is not true or false"),
        (INSTANCE, "instanceClass", None, "DBInstanceClass is required"),
        (INSTANCE, "storageEncypted", True, "no such field in CreateDBInstance"),
        (INSTANCE, "vpcSecurityGroupIds", "sg-1", "is no list"),
        (CACHE, "nodeType", "cache.m9z.large", "CacheNodeType"),
        (CACHE, "engineVersion", "8.9", "EngineVersion"),
        (CACHE, "engine", "keydb", "Engine"),
        (CACHE, "transitEncryptionMode", "optional", "is none of preferred, required"),
        (CACHE, "replicationGroupId", None, "ReplicationGroupId is required"),
        (KEY, "deletionWindowInDays", 400, "is above 365"),
        (KEY, "enableKeyRotation", "yes", "is no bool"),
        (KEY, "description", "x" * 8193, "is above 8192"),
        (KEY, "keySpec", "RSA", "is none of"),
        (ROLE, "name", "r" * 65, "is above 64"),
        (ROLE, "name", "a role", "does not match"),
        (ROLE, "assumeRolePolicy", "{", "is no JSON"),
        (RIGHTS, "policy", policy(Effect="Permit"), "Permit"),
        (RIGHTS, "policy", policy(Action=["s3:ReadObject"]), "s3:ReadObject is no action of AWS"),
        (RIGHTS, "policy", policy(Action=["dynamo:*"]), "dynamo:* is no action of AWS"),
        (RIGHTS, "policy", policy(Resources="*"), "Resources"),
        (RIGHTS, "policy", policy(Principal="*"), "Principal"),
        (BUCKET_POLICY, "policy", policy(Principal={"AWS": "acme"}), "acme"),
        (SECRET, "name", "n" * 513, "is above 512"),
        (SECRET, "recoveryWindowInDays", "7", "is not a whole number"),
        (ENCRYPTION, "rules.0.applyServerSideEncryptionByDefault.sseAlgorithm", "aws:aes", "is none of"),
        (ENCRYPTION, "rules.0.applyServerSideEncryptionByDefault.sseAlgorithm", None, "SSEAlgorithm is required"),
        (ENCRYPTION, "rules.0.bucketKey", True, "no such field"),
        (LIFECYCLE, "rules.0.status", "On", "is none of Enabled, Disabled"),
        (LIFECYCLE, "rules.0.noncurrentVersionExpiration.noncurrentDays", "30", "is not a whole number"),
        (LIFECYCLE, "rules.0.noncurrentVersionExpiration.days", 30, "no such field"),
        (OWNERSHIP, "rule.objectOwnership", "Owner", "is none of"),
        (GROUP, "parameters.0.applyMethod", "later", "is none of immediate, pending-reboot"),
        (GROUP, "parameters.0.apply", "immediate", "no such field"),
        (GROUP, "family", None, "DBParameterGroupFamily is required"),
        (RULE, "fromPort", "6379", "is not a whole number"),
        (RULE, "cidr", "10.0.0.0/8", "no such field"),
        (LOGS, "name", "l" * 513, "is above 512"),
        (LOGS, "retentionInDays", "90", "is not a whole number"),
        (ASSOCIATION, "roleArn", None, "roleArn is required"),
        (LOGGING, "targetPrefx", "x", "no such field"),
    ],
)
def test_a_wrong_value_is_caught(correct: dict[str, Inputs], type_: str, path: str, value: Any, problem: str) -> None:
    found = problems(resource(type_, changed(correct[type_], path, value)))
    assert any(problem in one for one in found), found


def test_a_class_that_the_region_lacks_is_caught(correct: dict[str, Inputs], monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.clouds import aws_model

    assert problems(resource(INSTANCE, correct[INSTANCE])) == []
    monkeypatch.setattr(aws_model, "REGION", "ap-southeast-6")
    lacking = changed(correct[INSTANCE], "instanceClass", "db.m5.large")
    assert any("ap-southeast-6" in problem for problem in problems(resource(INSTANCE, lacking)))


def test_a_stack_with_pod_identity_and_logs_passes_as_well() -> None:
    plain, secrets = stack_file(ROOT / "Pulumi.prod.yaml")
    section = {**on_cloud("prod")["aws"], "identity": "podIdentity", "clusterName": "prod"}
    storage = {**plain["storage"], "logBucket": "example-logs"}
    raw = {**plain, "aws": section, "storage": storage, "secrets": {"backend": "kubernetes"}}
    found = [one for one in run_program(raw, secrets).resources if one.type in (ASSOCIATION, LOGGING)]
    assert {one.type for one in found} == {ASSOCIATION, LOGGING}
    assert [problem for one in found for problem in problems(one)] == []
