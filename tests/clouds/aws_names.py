"""How pulumi-aws' inputs are called in AWS' own APIs, resource by resource.

An input that is not named here is called as in the request, but for the case of its letters. What no request holds,
because the provider keeps it for itself, is `outside`. An input that is in none of the three is an error of the
program, or a name that somebody has to look up and add.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Model:
    """One resource type of pulumi-aws as requests of an API."""

    service: str
    operation: str
    """Makes it; what it requires must be given."""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """Places in requests: a dotted path, with `<operation>:` before it where it is another request's. Paths go through
    lists. Places of nested inputs are below those of what holds them."""
    outside: Mapping[str, type] = field(default_factory=dict[str, type])
    """What only the provider knows, with its type."""


_OF_BUCKET: Final = {"bucket": "Bucket"}
_LIFECYCLE: Final = "LifecycleConfiguration.Rules"

MODELS: Final[Mapping[str, Model]] = {
    "aws:cloudwatch/logGroup:LogGroup": Model(
        "logs", "CreateLogGroup", {"name": "logGroupName", "retentionInDays": "PutRetentionPolicy:retentionInDays"}
    ),
    "aws:ec2/securityGroup:SecurityGroup": Model("ec2", "CreateSecurityGroup", {"name": "GroupName"}),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Model(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        {
            "securityGroupId": "GroupId",
            "ipProtocol": "IpPermissions.IpProtocol",
            "fromPort": "IpPermissions.FromPort",
            "toPort": "IpPermissions.ToPort",
            "referencedSecurityGroupId": "IpPermissions.UserIdGroupPairs.GroupId",
            "description": "IpPermissions.UserIdGroupPairs.Description",
        },
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Model("eks", "CreatePodIdentityAssociation"),
    "aws:elasticache/parameterGroup:ParameterGroup": Model(
        "elasticache",
        "CreateCacheParameterGroup",
        {
            "name": "CacheParameterGroupName",
            "family": "CacheParameterGroupFamily",
            "parameters": "ModifyCacheParameterGroup:ParameterNameValues",
            "parameters.name": "ParameterName",
            "parameters.value": "ParameterValue",
        },
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Model(
        "elasticache",
        "CreateCacheSubnetGroup",
        {"name": "CacheSubnetGroupName", "description": "CacheSubnetGroupDescription"},
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Model(
        "elasticache",
        "CreateReplicationGroup",
        {
            "applyImmediately": "ModifyReplicationGroup:ApplyImmediately",
            "description": "ReplicationGroupDescription",
            "finalSnapshotIdentifier": "DeleteReplicationGroup:FinalSnapshotIdentifier",
            "maintenanceWindow": "PreferredMaintenanceWindow",
            "nodeType": "CacheNodeType",
            "parameterGroupName": "CacheParameterGroupName",
            "subnetGroupName": "CacheSubnetGroupName",
        },
    ),
    "aws:iam/role:Role": Model(
        "iam", "CreateRole", {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"}
    ),
    "aws:iam/rolePolicy:RolePolicy": Model(
        "iam", "PutRolePolicy", {"name": "PolicyName", "policy": "PolicyDocument", "role": "RoleName"}
    ),
    "aws:kms/alias:Alias": Model("kms", "CreateAlias", {"name": "AliasName"}),
    "aws:kms/key:Key": Model(
        "kms",
        "CreateKey",
        {"deletionWindowInDays": "ScheduleKeyDeletion:PendingWindowInDays"},
        {"enableKeyRotation": bool},
    ),
    "aws:rds/instance:Instance": Model(
        "rds",
        "CreateDBInstance",
        {
            "allowMajorVersionUpgrade": "ModifyDBInstance:AllowMajorVersionUpgrade",
            "applyImmediately": "ModifyDBInstance:ApplyImmediately",
            "backupWindow": "PreferredBackupWindow",
            "deleteAutomatedBackups": "DeleteDBInstance:DeleteAutomatedBackups",
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
            "finalSnapshotIdentifier": "DeleteDBInstance:FinalDBSnapshotIdentifier",
            "identifier": "DBInstanceIdentifier",
            "instanceClass": "DBInstanceClass",
            "maintenanceWindow": "PreferredMaintenanceWindow",
            "parameterGroupName": "DBParameterGroupName",
            "password": "MasterUserPassword",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
            "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
            "skipFinalSnapshot": "DeleteDBInstance:SkipFinalSnapshot",
            "username": "MasterUsername",
        },
    ),
    "aws:rds/parameterGroup:ParameterGroup": Model(
        "rds",
        "CreateDBParameterGroup",
        {
            "name": "DBParameterGroupName",
            "family": "DBParameterGroupFamily",
            "parameters": "ModifyDBParameterGroup:Parameters",
            "parameters.name": "ParameterName",
            "parameters.value": "ParameterValue",
        },
    ),
    "aws:rds/subnetGroup:SubnetGroup": Model(
        "rds", "CreateDBSubnetGroup", {"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"}
    ),
    "aws:s3/bucket:Bucket": Model("s3", "CreateBucket", _OF_BUCKET, {"forceDestroy": bool}),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Model(
        "s3", "PutBucketLifecycleConfiguration", {**_OF_BUCKET, "rules": _LIFECYCLE}
    ),
    "aws:s3/bucketLogging:BucketLogging": Model(
        "s3",
        "PutBucketLogging",
        {
            **_OF_BUCKET,
            "targetBucket": "BucketLoggingStatus.LoggingEnabled.TargetBucket",
            "targetPrefix": "BucketLoggingStatus.LoggingEnabled.TargetPrefix",
        },
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Model(
        "s3", "PutBucketOwnershipControls", {**_OF_BUCKET, "rule": "OwnershipControls.Rules"}
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Model("s3", "PutBucketPolicy", _OF_BUCKET),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Model(
        "s3",
        "PutPublicAccessBlock",
        {
            **_OF_BUCKET,
            **{
                name: f"PublicAccessBlockConfiguration.{name[0].upper()}{name[1:]}"
                for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
            },
        },
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Model(
        "s3", "PutBucketEncryption", {**_OF_BUCKET, "rules": "ServerSideEncryptionConfiguration.Rules"}
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Model("s3", "PutBucketVersioning", _OF_BUCKET),
    "aws:secretsmanager/secret:Secret": Model(
        "secretsmanager", "CreateSecret", {"recoveryWindowInDays": "DeleteSecret:RecoveryWindowInDays"}
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": Model("secretsmanager", "PutSecretValue"),
}
"""By type."""

DOCUMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "aws:iam/role:Role": {"assumeRolePolicy": "policy_trust"},
    "aws:iam/rolePolicy:RolePolicy": {"policy": "policy_identity"},
    "aws:kms/key:Key": {"policy": "policy_resource"},
    "aws:s3/bucketPolicy:BucketPolicy": {"policy": "policy_resource"},
}
"""Inputs that are policies, with cfn-lint's schema for them."""
