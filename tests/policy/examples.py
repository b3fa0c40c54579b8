"""Inputs that a rule is content with, and what is wrong with them when one value of theirs is another.

Every type that a rule is bound to has an example for that rule. A path leads to the value; numbers are places in lists.
"""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from policy.rules.pods import LASTING, SPECS


@dataclass(frozen=True)
class Example:
    """One type of resource under one rule."""

    good: Mapping[str, Any]
    bad: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    """Values by path that the rule refuses."""
    optional: frozenset[str] = frozenset()
    """Paths that may be left out."""
    derived: frozenset[str] = frozenset()
    """Paths whose value may be unknown, as any will do."""
    guarded: bool = False
    """Whether the resource must be protected by the engine."""


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


NAMED = document(Action=["s3:GetObject"], Resource="arn:aws:s3:::bucket/*")
READS = document(Action=["s3:ListAllMyBuckets", "ec2:DescribeSubnets"], Resource="*")
WIDE = [
    document(Action="*", Resource="arn:aws:s3:::bucket/*"),
    document(Action=["s3:GetObject", "s3:*"], Resource="arn:aws:s3:::bucket/*"),
    document(Action=["s3:GetObject"], Resource="*"),
    document(Action=["s3:GetObject"], Resource=["arn:aws:s3:::bucket/*", "*"]),
    document(NotAction="iam:*", Resource="arn:aws:s3:::bucket/*"),
    json.dumps({"Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "arn:x"}}),
]
ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/A"


def trust(condition: Any) -> str:
    principal = {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"}
    return document(Principal=principal, Action="sts:AssumeRoleWithWebIdentity", Condition=condition)


EXACT = trust({"StringEquals": {f"{ISSUER}:sub": "system:serviceaccount:noxus:noxus"}})
LOOSE = [
    trust({"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"}}),
    trust({"StringLike": {f"{ISSUER}:sub": "system:serviceaccount:noxus:*"}}),
    trust({"StringEquals": {f"{ISSUER}:sub": ["system:serviceaccount:noxus:noxus", "system:serviceaccount:*"]}}),
    document(Principal="*", Action="sts:AssumeRole"),
    document(Principal={"AWS": ["arn:aws:iam::1:root", "*"]}, Action="sts:AssumeRole"),
]
OWNERS = document(Principal={"AWS": "arn:aws:iam::111122223333:root"}, Action="s3:GetObject", Resource="*")
EVERYBODY = [document(Principal=who, Action="s3:GetObject", Resource="*") for who in ("*", {"AWS": "*"})]
EVERYBODY.append(document(NotPrincipal={"AWS": "arn:aws:iam::1:root"}, Action="s3:GetObject", Resource="*"))

PROTECTED: dict[str, Example] = {
    type_: Example(good, bad, frozenset(optional), frozenset(derived), guarded=True)
    for type_, (good, bad, optional, derived) in {
        **dict.fromkeys(
            ("aws:rds/instance:Instance", "aws:rds/cluster:Cluster"),
            (
                {"deletionProtection": True, "skipFinalSnapshot": False},
                {"deletionProtection": [False], "skipFinalSnapshot": [True]},
                {"skipFinalSnapshot"},
                {},
            ),
        ),
        "aws:dynamodb/table:Table": (
            {"deletionProtectionEnabled": True},
            {"deletionProtectionEnabled": [False]},
            {},
            {},
        ),
        **dict.fromkeys(
            ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2", "gcp:storage/bucket:Bucket"),
            ({"forceDestroy": False}, {"forceDestroy": [True]}, {"forceDestroy"}, {}),
        ),
        "aws:elasticache/replicationGroup:ReplicationGroup": (
            {"finalSnapshotIdentifier": "last"},
            {"finalSnapshotIdentifier": []},
            {},
            {"finalSnapshotIdentifier"},
        ),
        **dict.fromkeys(
            (
                "aws:kms/key:Key",
                "aws:efs/fileSystem:FileSystem",
                "aws:ebs/volume:Volume",
                "gcp:kms/cryptoKey:CryptoKey",
                "gcp:compute/disk:Disk",
                "gcp:filestore/instance:Instance",
                "azure-native:dbforpostgresql:Server",
                "azure-native:redisenterprise:RedisEnterprise",
                "azure-native:redisenterprise:Database",
                "azure-native:storage:StorageAccount",
                "azure-native:storage:BlobContainer",
                "azure-native:keyvault:Key",
                "azure-native:compute:Disk",
            ),
            ({}, {}, {}, {}),
        ),
        "gcp:sql/databaseInstance:DatabaseInstance": (
            {"deletionProtection": True, "settings": {"deletionProtectionEnabled": True}},
            {"deletionProtection": [False], "settings.deletionProtectionEnabled": [False]},
            {"deletionProtection"},
            {},
        ),
        "gcp:redis/instance:Instance": (
            {"deletionProtection": True},
            {"deletionProtection": [False]},
            {"deletionProtection"},
            {},
        ),
        "azure-native:keyvault:Vault": (
            {"properties": {"enablePurgeProtection": True}},
            {"properties.enablePurgeProtection": [False]},
            {},
            {},
        ),
    }.items()
}

BLOCKED = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
WORLD = ["0.0.0.0/0", "::/0", "128.0.0.0/1"]
MEMBERS = Example(
    {"role": "roles/storage.objectUser", "member": "serviceAccount:a@b.iam.gserviceaccount.com", "members": ["user:a"]},
    {"member": ["allUsers", "allAuthenticatedUsers"], "members.0": ["allUsers"]},
    frozenset({"member", "members.0"}),
)
INBOUND = {"direction": "Inbound", "access": "Allow", "sourceAddressPrefix": "10.0.0.0/8", "sourceAddressPrefixes": []}
INBOUND_BAD = {
    "sourceAddressPrefix": ["*", "Internet", "0.0.0.0/0", "any"],
    "sourceAddressPrefixes": [["10.0.0.0/8", "Internet"]],
}

PUBLIC: dict[str, Example] = {
    **dict.fromkeys(
        ("aws:rds/instance:Instance", "aws:rds/clusterInstance:ClusterInstance"),
        Example({"publiclyAccessible": False}, {"publiclyAccessible": [True]}, frozenset({"publiclyAccessible"})),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Example(
        dict.fromkeys(BLOCKED, True), {key: [False] for key in BLOCKED}
    ),
    **dict.fromkeys(
        (
            "aws:s3/bucket:Bucket",
            "aws:s3/bucketV2:BucketV2",
            "aws:s3/bucketAcl:BucketAcl",
            "aws:s3/bucketAclV2:BucketAclV2",
        ),
        Example(
            {"acl": "private"},
            {"acl": ["public-read", "public-read-write", "authenticated-read"]},
            frozenset({"acl"}),
        ),
    ),
    **dict.fromkeys(
        (
            "aws:s3/bucketPolicy:BucketPolicy",
            "aws:kms/key:Key",
            "aws:secretsmanager/secret:Secret",
            "aws:secretsmanager/secretPolicy:SecretPolicy",
            "aws:sns/topicPolicy:TopicPolicy",
            "aws:sqs/queuePolicy:QueuePolicy",
        ),
        Example({"policy": OWNERS}, {"policy": EVERYBODY}, frozenset({"policy"})),
    ),
    "aws:ec2/securityGroup:SecurityGroup": Example(
        {"ingress": [{"cidrBlocks": ["10.0.0.0/8"], "ipv6CidrBlocks": ["fd00::/8"]}]},
        {"ingress.0.cidrBlocks": [["10.0.0.0/8", "0.0.0.0/0"]], "ingress.0.ipv6CidrBlocks.0": ["::/0"]},
        frozenset({"ingress.0.cidrBlocks", "ingress.0.ipv6CidrBlocks.0"}),
    ),
    "aws:ec2/securityGroupRule:SecurityGroupRule": Example(
        {"type": "ingress", "cidrBlocks": ["10.0.0.0/8"], "ipv6CidrBlocks": []},
        {"cidrBlocks": [[world] for world in WORLD], "ipv6CidrBlocks": [["::/0"]]},
        frozenset({"cidrBlocks", "ipv6CidrBlocks"}),
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Example(
        {"cidrIpv4": "10.0.0.0/8", "cidrIpv6": "fd00::/8"},
        {"cidrIpv4": ["0.0.0.0/0", "0.0.0.0/1"], "cidrIpv6": ["::/0"]},
        frozenset({"cidrIpv4", "cidrIpv6"}),
    ),
    "aws:lambda/functionUrl:FunctionUrl": Example({"authorizationType": "AWS_IAM"}, {"authorizationType": ["NONE"]}),
    "gcp:storage/bucket:Bucket": Example(
        {"publicAccessPrevention": "enforced", "uniformBucketLevelAccess": True},
        {"publicAccessPrevention": ["inherited"], "uniformBucketLevelAccess": [False]},
    ),
    "gcp:sql/databaseInstance:DatabaseInstance": Example(
        {"settings": {"ipConfiguration": {"ipv4Enabled": False, "authorizedNetworks": [{"value": "10.0.0.0/8"}]}}},
        {
            "settings.ipConfiguration.ipv4Enabled": [True],
            "settings.ipConfiguration.authorizedNetworks.0.value": WORLD,
        },
        frozenset({"settings.ipConfiguration.authorizedNetworks.0.value"}),
    ),
    "gcp:compute/firewall:Firewall": Example(
        {"direction": "INGRESS", "sourceRanges": ["10.0.0.0/8"]},
        {"sourceRanges": [["0.0.0.0/0"], ["10.0.0.0/8", "::/0"]]},
        frozenset({"sourceRanges"}),
    ),
    **dict.fromkeys(("gcp:*IAMMember", "gcp:*IamMember", "gcp:*IAMBinding", "gcp:*IamBinding"), MEMBERS),
    "azure-native:storage:StorageAccount": Example(
        {"allowBlobPublicAccess": False, "publicNetworkAccess": "Disabled"},
        {"allowBlobPublicAccess": [True], "publicNetworkAccess": ["Enabled"]},
    ),
    "azure-native:storage:BlobContainer": Example(
        {"publicAccess": "None"}, {"publicAccess": ["Blob", "Container"]}, frozenset({"publicAccess"})
    ),
    "azure-native:dbforpostgresql:Server": Example(
        {"network": {"publicNetworkAccess": "Disabled"}}, {"network.publicNetworkAccess": ["Enabled"]}
    ),
    "azure-native:dbforpostgresql:FirewallRule": Example(
        {"startIpAddress": "10.0.0.1"}, {"startIpAddress": ["0.0.0.0/0"]}, frozenset({"startIpAddress"})
    ),
    "azure-native:redisenterprise:RedisEnterprise": Example(
        {"publicNetworkAccess": "Disabled"}, {"publicNetworkAccess": ["Enabled"]}
    ),
    "azure-native:keyvault:Vault": Example(
        {"properties": {"publicNetworkAccess": "disabled"}}, {"properties.publicNetworkAccess": ["Enabled"]}
    ),
    "azure-native:network:SecurityRule": Example(INBOUND, INBOUND_BAD, frozenset(INBOUND_BAD)),
    "azure-native:network:NetworkSecurityGroup": Example(
        {"securityRules": [INBOUND]},
        {f"securityRules.0.{path}": values for path, values in INBOUND_BAD.items()},
        frozenset(f"securityRules.0.{path}" for path in INBOUND_BAD),
    ),
    "kubernetes:core/v1:Service": Example(
        {"metadata": {"annotations": {}}, "spec": {"type": "ClusterIP", "externalIPs": []}},
        {"spec.type": ["LoadBalancer", "NodePort"], "spec.externalIPs": [["192.0.2.1"]]},
        frozenset({"spec.type", "spec.externalIPs"}),
    ),
}

OWNER = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
GROUP = "/subscriptions/s/resourceGroups/g"
BROAD = ["arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/AmazonS3FullAccess"]
NARROW = "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
RULES_OF_A_ROLE = {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}
BINDING = Example(
    {"roleRef": {"name": "pods-reader"}, "subjects": [{"kind": "ServiceAccount", "name": "noxus"}]},
    {"roleRef.name": ["cluster-admin", "edit"], "subjects.0.name": ["system:authenticated", "system:anonymous"]},
    frozenset({"roleRef.name", "subjects.0.name"}),
)
FEDERATED = (
    "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/ns/noxus/sa/noxus"
)
WHOLE_POOL = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*"

IDENTITIES: dict[str, Example] = {
    **dict.fromkeys(
        (
            "aws:iam/policy:Policy",
            "aws:iam/rolePolicy:RolePolicy",
            "aws:iam/userPolicy:UserPolicy",
            "aws:iam/groupPolicy:GroupPolicy",
        ),
        Example({"policy": NAMED}, {"policy": WIDE}, frozenset({"policy"})),
    ),
    "aws:iam/role:Role": Example(
        {"assumeRolePolicy": EXACT, "inlinePolicies": [{"policy": READS}], "managedPolicyArns": [NARROW]},
        {"assumeRolePolicy": LOOSE, "inlinePolicies.0.policy": WIDE, "managedPolicyArns.0": BROAD},
        frozenset({"assumeRolePolicy", "inlinePolicies.0.policy", "managedPolicyArns.0"}),
    ),
    **dict.fromkeys(
        (
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "aws:iam/userPolicyAttachment:UserPolicyAttachment",
            "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
            "aws:iam/policyAttachment:PolicyAttachment",
        ),
        Example({"policyArn": NARROW}, {"policyArn": BROAD}, frozenset({"policyArn"})),
    ),
    **dict.fromkeys(
        ("gcp:*IAMMember", "gcp:*IamMember", "gcp:*IAMBinding", "gcp:*IamBinding"),
        Example(
            {"role": "roles/storage.objectUser", "member": FEDERATED, "members": [FEDERATED]},
            {"role": ["roles/owner", "roles/editor"], "member": [WHOLE_POOL], "members.0": [WHOLE_POOL]},
            frozenset({"role", "member", "members.0"}),
        ),
    ),
    "azure-native:authorization:RoleAssignment": Example(
        {"roleDefinitionId": f"{OWNER[:-36]}e147488a-f6f5-4113-8e2d-b22465e65bf6", "scope": GROUP},
        {
            "roleDefinitionId": [OWNER, OWNER.upper()],
            "scope": ["/subscriptions/s", "/providers/Microsoft.Management/managementGroups/all"],
        },
        frozenset({"roleDefinitionId", "scope"}),
    ),
    "azure-native:authorization:RoleDefinition": Example(
        {"permissions": [{"actions": ["Microsoft.Storage/storageAccounts/read"], "dataActions": []}]},
        {"permissions.0.actions.0": ["*"], "permissions.0.dataActions": [["*"]]},
        frozenset({"permissions.0.actions.0", "permissions.0.dataActions"}),
    ),
    "azure-native:managedidentity:FederatedIdentityCredential": Example(
        {"subject": "system:serviceaccount:noxus:noxus"}, {"subject": ["system:serviceaccount:noxus:*"]}
    ),
    **dict.fromkeys(
        ("kubernetes:rbac.authorization.k8s.io/v1:Role", "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"),
        Example(
            RULES_OF_A_ROLE,
            {f"rules.0.{key}.0": ["*"] for key in ("apiGroups", "resources", "verbs")},
            frozenset(f"rules.0.{key}.0" for key in ("apiGroups", "resources", "verbs")),
        ),
    ),
    **dict.fromkeys(
        (
            "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
            "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
        ),
        BINDING,
    ),
}
FORBIDDEN = ("aws:iam/accessKey:AccessKey", "gcp:serviceaccount/key:Key", "gcp:storage/hmacKey:HmacKey")
"""Types that must not be made at all."""

ENCRYPTION: dict[str, Example] = {
    **dict.fromkeys(
        ("aws:rds/instance:Instance", "aws:rds/cluster:Cluster"),
        Example({"storageEncrypted": True}, {"storageEncrypted": [False]}),
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Example(
        {"atRestEncryptionEnabled": True, "transitEncryptionEnabled": True},
        {"atRestEncryptionEnabled": [False], "transitEncryptionEnabled": [False]},
    ),
    **dict.fromkeys(
        ("aws:ebs/volume:Volume", "aws:efs/fileSystem:FileSystem"),
        Example({"encrypted": True}, {"encrypted": [False]}),
    ),
    "aws:kms/key:Key": Example({"enableKeyRotation": True}, {"enableKeyRotation": [False]}),
    "gcp:sql/databaseInstance:DatabaseInstance": Example(
        {"settings": {"ipConfiguration": {"sslMode": "ENCRYPTED_ONLY"}}},
        {"settings.ipConfiguration.sslMode": ["ALLOW_UNENCRYPTED_AND_ENCRYPTED"]},
    ),
    "gcp:redis/instance:Instance": Example(
        {"transitEncryptionMode": "SERVER_AUTHENTICATION"}, {"transitEncryptionMode": ["DISABLED"]}
    ),
    "gcp:kms/cryptoKey:CryptoKey": Example(
        {"rotationPeriod": "7776000s"}, {"rotationPeriod": []}, derived=frozenset({"rotationPeriod"})
    ),
    "azure-native:storage:StorageAccount": Example(
        {"enableHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2"},
        {"enableHttpsTrafficOnly": [False], "minimumTlsVersion": ["TLS1_0", "TLS1_1", ""]},
        frozenset({"enableHttpsTrafficOnly"}),
    ),
    "azure-native:redisenterprise:RedisEnterprise": Example(
        {"minimumTlsVersion": "1.2"}, {"minimumTlsVersion": ["1.0", "1.1"]}
    ),
    "azure-native:redisenterprise:Database": Example(
        {"clientProtocol": "Encrypted"}, {"clientProtocol": ["Plaintext"]}, frozenset({"clientProtocol"})
    ),
}

REFUSED_FORMS = [
    "postgresql://noxus:hunter2@db.example.com/noxus",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a" * 36,
    "sk-" + "a1" * 20,
    "-----BEGIN RSA PRIVATE KEY-----",
]
"""What looks like a key or a password wherever it stands."""


def in_pods(type_: str, pod: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of an object of a type, with these pods."""
    value: Any = pod
    for key in reversed(SPECS[type_].split(".")):
        value = {key: value}
    return {"metadata": {"name": "x", "namespace": "noxus", "annotations": {"note": "x"}}, **value}


CONTAINER = {
    "name": "main",
    "image": "registry.example.com/noxus/worker:2026.11.0",
    "command": ["noxus"],
    "args": ["worker"],
    "env": [
        {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "a"}}},
        {"name": "LOG_LEVEL", "value": "info"},
    ],
    "ports": [{"containerPort": 8080}],
    "readinessProbe": {"httpGet": {"path": "/"}},
    "livenessProbe": {"httpGet": {"path": "/"}},
    "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}},
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}
POD = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "initContainers": [deepcopy(CONTAINER)],
    "containers": [CONTAINER],
    "volumes": [{"name": "tmp", "emptyDir": {}}],
}

BOTH = ("initContainers.0", "containers.0")
PODS: dict[str, tuple[dict[str, Sequence[Any]], set[str], set[str]]] = {
    "images-are-pinned": (
        {
            f"{container}.image": [
                "worker",
                "worker:latest",
                "registry.example.com:5000/worker",
                "registry.example.com/worker:main",
                "",
            ]
            for container in BOTH
        },
        set(),
        set(),
    ),
    "images-come-from-allowed-registries": (
        {
            f"{container}.image": ["redis:7", "registry.example.com.evil.com/a:1", "docker.io/a/b:1"]
            for container in BOTH
        },
        set(),
        set(),
    ),
    "containers-are-probed": (
        {"containers.0.readinessProbe": [], "containers.0.livenessProbe": []},
        set(),
        {"containers.0.readinessProbe", "containers.0.livenessProbe"},
    ),
    "containers-ask-for-resources": (
        {f"{container}.resources.{path}": [] for container in BOTH for path in ("requests.cpu", "limits.memory")},
        set(),
        {f"{container}.resources.{path}" for container in BOTH for path in ("requests.cpu", "limits.memory")},
    ),
    "secrets-are-nowhere-in-plain": (
        {
            **{f"{container}.env.0.value": ["hunter2"] for container in BOTH},
            **{f"{container}.env.1.value": REFUSED_FORMS for container in BOTH},
            **{f"{container}.args.0": REFUSED_FORMS for container in BOTH},
            **{f"{container}.command.0": REFUSED_FORMS for container in BOTH},
        },
        {f"{container}.{path}" for container in BOTH for path in ("env.0.value", "env.1.value", "args.0", "command.0")},
        {f"{container}.{path}" for container in BOTH for path in ("env.1.value", "args.0", "command.0")},
    ),
    "pods-are-restricted": (
        {
            "hostNetwork": [True],
            "hostPID": [True],
            "hostIPC": [True],
            "volumes.0.hostPath": [{"path": "/"}],
            "securityContext.sysctls": [[{"name": "kernel.msgmax", "value": "1"}]],
            "securityContext.runAsNonRoot": [False],
            "securityContext.runAsUser": [0],
            "securityContext.seccompProfile.type": ["Unconfined"],
            **{
                f"{container}.securityContext.{path}": values
                for container in BOTH
                for path, values in {
                    "privileged": [True],
                    "allowPrivilegeEscalation": [True],
                    "capabilities.drop": [["NET_RAW"], []],
                    "capabilities.add": [["SYS_ADMIN"]],
                    "procMount": ["Unmasked"],
                    "runAsUser": [0],
                    "runAsNonRoot": [False],
                    "seccompProfile": [{"type": "Unconfined"}],
                }.items()
            },
            **{f"{container}.ports.0.hostPort": [80] for container in BOTH},
        },
        {
            "hostNetwork",
            "hostPID",
            "hostIPC",
            "volumes.0.hostPath",
            "securityContext.sysctls",
            "securityContext.runAsUser",
            *(
                f"{container}.{path}"
                for container in BOTH
                for path in (
                    "securityContext.privileged",
                    "securityContext.capabilities.add",
                    "securityContext.procMount",
                    "securityContext.runAsUser",
                    "securityContext.runAsNonRoot",
                    "securityContext.seccompProfile",
                    "ports.0.hostPort",
                )
            ),
        },
        set(),
    ),
}
"""What is refused in pods by rule: values by path, paths that may be left out, and paths that may be unknown."""


ANNOTATED: dict[str, Sequence[Any]] = {"metadata.annotations.note": REFUSED_FORMS}
NOTED = frozenset({"metadata.annotations.note"})


def of_pods(rule: str, type_: str) -> Example:
    prefix = SPECS[type_]
    bad, optional, derived = PODS[rule]
    noted = NOTED if rule == "secrets-are-nowhere-in-plain" else frozenset[str]()
    return Example(
        in_pods(type_, POD),
        {f"{prefix}.{path}": values for path, values in bad.items()} | (ANNOTATED if noted else {}),
        frozenset(f"{prefix}.{path}" for path in optional) | noted,
        frozenset(f"{prefix}.{path}" for path in derived) | noted,
    )


KEYED = {"password": ["hunter2"], "nested.0.rootPassword": ["hunter2"], "userData": REFUSED_FORMS}
PLAIN: dict[str, Example] = {
    **dict.fromkeys(
        ("aws:*", "gcp:*", "azure-native:*", "pulumi:providers:*"),
        Example(
            {"username": "noxus", "passwordAuth": "Enabled", "nested": [{}]},
            KEYED,
            frozenset(KEYED),
            frozenset({"userData", "nested"}),
        ),
    ),
    "aws:ssm/parameter:Parameter": Example({"type": "SecureString"}, {"value": ["hunter2"]}, frozenset({"value"})),
    "azure-native:keyvault:Secret": Example(
        {"properties": {"contentType": "x"}}, {"properties.value": ["hunter2"]}, frozenset({"properties.value"})
    ),
    "kubernetes:core/v1:Secret": Example(
        {"type": "Opaque"},
        {"data": [{"a": "aHVudGVyMg=="}], "stringData": [{"a": "hunter2"}]},
        frozenset({"data", "stringData"}),
    ),
    "kubernetes:core/v1:ConfigMap": Example(
        {"metadata": {"annotations": {"note": "x"}}, "data": {"mode": "fast", "LOG_LEVEL": "info"}},
        {"data.mode": REFUSED_FORMS, "data.REDIS_PASSWORD": ["hunter2"], **ANNOTATED},
        frozenset({"data.mode", "data.REDIS_PASSWORD"}) | NOTED,
        frozenset({"data.mode"}) | NOTED,
    ),
    "kubernetes:keda.sh/v1alpha1:ScaledObject": Example(
        {
            "metadata": {"annotations": {"note": "x"}},
            "spec": {"triggers": [{"metadata": {"host": "db", "passwordFromEnv": "PASSWORD"}}]},
        },
        {
            "spec.triggers.0.metadata.connection": REFUSED_FORMS,
            "spec.triggers.0.metadata.password": ["hunter2"],
            **ANNOTATED,
        },
        frozenset({"spec.triggers.0.metadata.connection", "spec.triggers.0.metadata.password"}) | NOTED,
        frozenset({"spec.triggers.0.metadata.connection"}) | NOTED,
    ),
}

OTHERS: dict[str, dict[str, Example]] = {
    "stateful-resources-are-protected": PROTECTED,
    "hosts-are-served-by-tls": {
        "kubernetes:networking.k8s.io/v1:Ingress": Example(
            {"spec": {"tls": [{"secretName": "tls"}]}}, {"spec.tls": []}, derived=frozenset({"spec.tls"})
        )
    },
    "volumes-are-protected": {"kubernetes:core/v1:PersistentVolumeClaim": Example({}, guarded=True)},
    "nothing-is-public": PUBLIC,
    "identities-name-what-they-may": IDENTITIES,
    "data-is-encrypted": ENCRYPTION,
    "secrets-are-nowhere-in-plain": PLAIN,
    "pods-are-restricted": {
        "kubernetes:core/v1:Namespace": Example(
            {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}},
            {"metadata.labels": [{"pod-security.kubernetes.io/enforce": "baseline"}]},
        )
    },
    "namespaces-deny-all": {
        "kubernetes:networking.k8s.io/v1:NetworkPolicy": Example(
            {"spec": {"ingress": [{"from": [{"podSelector": {}}]}], "egress": [{"ports": [{"port": 53}]}]}},
            {"spec.ingress": [[{}], [{"from": []}]], "spec.egress": [[{}]]},
            frozenset({"spec.ingress", "spec.egress"}),
        )
    },
}
EXAMPLES: dict[str, dict[str, Example]] = {
    rule: {
        **{
            type_: of_pods(rule, type_)
            for type_ in (LASTING if rule == "containers-are-probed" else SPECS)
            if rule in PODS
        },
        **OTHERS.get(rule, {}),
    }
    for rule in (*PODS, *OTHERS)
}
"""By rule and type."""
CONFIG: dict[str, Any] = {"registries": ["registry.example.com"]}
