"""The rules: which check is about which type of resource, and what each rule says. Nothing here knows the engine.

This is the one place where types are bound. A pattern with `*` is about every type that it matches.
"""

from collections.abc import Sequence
from typing import Any, Final

from .containers import asks_for_resources, probed
from .encryption import newer_than, served_by_tls
from .exposure import (
    inside,
    members_are_somebody,
    not_open,
    open_to_nobody,
    rules_not_open,
)
from .identity import (
    allows_named_things,
    assigns_no_broad_role,
    attaches_no_broad_policy,
    binds_no_broad_role,
    defines_named_actions,
    each_allows_named_things,
    grants_no_basic_role,
    is_no_lasting_key,
    members_are_one_each,
    rules_name_things,
    subject_is_whole,
    trusts_one_subject,
)
from .images import from_allowed_registries, pinned
from .isolation import NAMESPACE, POLICY, allows_something_in_particular, every_namespace_denies_all
from .node import UNKNOWN, Node, Secret, Unknown, UnknownError
from .plain_secrets import in_no_container, in_no_text, in_no_trigger, marked, marked_if, marked_where_named
from .pods import (
    LASTING,
    SPECS,
    enforced,
    gains_no_privileges,
    mounts_nothing_of_its_node,
    of_containers,
    of_pod,
    runs_as_an_ordinary_user,
    shares_nothing_with_its_node,
)
from .protection import protected
from .rule import Check, Finding, Resource, Rule, Undecided, Violation, demand, given
from .scaling import no_replicas_beside_a_scaler

__all__ = [
    "RULES",
    "UNKNOWN",
    "Finding",
    "Node",
    "Resource",
    "Rule",
    "Secret",
    "Undecided",
    "Unknown",
    "UnknownError",
    "Violation",
]

SWITCHED_ON: Final = "must be true"
SWITCHED_OFF: Final = "must be false"


def on(path: str, *, missing: bool = False) -> Check:
    """A switch that must be on. `missing` says whether it is where it is left out."""
    return demand(path, lambda value: value is True, SWITCHED_ON, missing=missing)


def off(path: str, *, missing: bool = True) -> Check:
    """A switch that must be off. `missing` says whether it is where it is left out."""
    return demand(path, lambda value: value is False, SWITCHED_OFF, missing=missing)


def one_of(path: str, *values: str, missing: bool = False) -> Check:
    """A choice of which only some are right."""
    lower = {value.lower() for value in values}
    sentence = f"must be {' or '.join(values)}"
    return demand(path, lambda value: isinstance(value, str) and value.lower() in lower, sentence, missing=missing)


def each(types: Sequence[str], *checks: Check) -> dict[str, Sequence[Check]]:
    """The same checks of several types."""
    return dict.fromkeys(types, checks)


PRIVATE_ACL: Final = one_of(
    "acl", "private", "bucket-owner-full-control", "aws-exec-read", "log-delivery-write", missing=True
)

PROTECTED: Final[dict[str, Sequence[Check]]] = {
    "aws:rds/instance:Instance": (protected, on("deletionProtection"), off("skipFinalSnapshot")),
    "aws:rds/cluster:Cluster": (protected, on("deletionProtection"), off("skipFinalSnapshot")),
    "aws:dynamodb/table:Table": (protected, on("deletionProtectionEnabled")),
    **each(("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"), protected, off("forceDestroy")),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        protected,
        given("finalSnapshotIdentifier", "must be set: else nothing is left of what was in it"),
    ),
    **each(("aws:kms/key:Key", "aws:efs/fileSystem:FileSystem", "aws:ebs/volume:Volume"), protected),
    "gcp:sql/databaseInstance:DatabaseInstance": (
        protected,
        on("deletionProtection", missing=True),
        on("settings.deletionProtectionEnabled"),
    ),
    "gcp:storage/bucket:Bucket": (protected, off("forceDestroy")),
    "gcp:redis/instance:Instance": (protected, on("deletionProtection", missing=True)),
    **each(("gcp:kms/cryptoKey:CryptoKey", "gcp:compute/disk:Disk", "gcp:filestore/instance:Instance"), protected),
    "azure-native:keyvault:Vault": (protected, on("properties.enablePurgeProtection")),
    **each(
        (
            "azure-native:dbforpostgresql:Server",
            "azure-native:redisenterprise:RedisEnterprise",
            "azure-native:redisenterprise:Database",
            "azure-native:storage:StorageAccount",
            "azure-native:storage:BlobContainer",
            "azure-native:keyvault:Key",
            "azure-native:compute:Disk",
        ),
        protected,
    ),
}

PUBLIC: Final[dict[str, Sequence[Check]]] = {
    **each(
        ("aws:rds/instance:Instance", "aws:rds/clusterInstance:ClusterInstance"),
        off("publiclyAccessible"),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": tuple(
        on(key) for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    ),
    **each(
        (
            "aws:s3/bucket:Bucket",
            "aws:s3/bucketV2:BucketV2",
            "aws:s3/bucketAcl:BucketAcl",
            "aws:s3/bucketAclV2:BucketAclV2",
        ),
        PRIVATE_ACL,
    ),
    **each(
        (
            "aws:s3/bucketPolicy:BucketPolicy",
            "aws:kms/key:Key",
            "aws:secretsmanager/secret:Secret",
            "aws:secretsmanager/secretPolicy:SecretPolicy",
            "aws:sns/topicPolicy:TopicPolicy",
            "aws:sqs/queuePolicy:QueuePolicy",
        ),
        open_to_nobody("policy"),
    ),
    "aws:ec2/securityGroup:SecurityGroup": (rules_not_open("cidrBlocks", "ipv6CidrBlocks", blocks="ingress"),),
    "aws:ec2/securityGroupRule:SecurityGroupRule": (
        rules_not_open("cidrBlocks", "ipv6CidrBlocks", direction="type=ingress"),
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (not_open("cidrIpv4", "cidrIpv6"),),
    "aws:lambda/functionUrl:FunctionUrl": (one_of("authorizationType", "AWS_IAM"),),
    "gcp:storage/bucket:Bucket": (one_of("publicAccessPrevention", "enforced"), on("uniformBucketLevelAccess")),
    "gcp:sql/databaseInstance:DatabaseInstance": (
        off("settings.ipConfiguration.ipv4Enabled", missing=False),
        rules_not_open("value", blocks="settings.ipConfiguration.authorizedNetworks"),
    ),
    "gcp:compute/firewall:Firewall": (rules_not_open("sourceRanges", direction="direction=ingress"),),
    **each(("gcp:*IAMMember", "gcp:*IamMember", "gcp:*IAMBinding", "gcp:*IamBinding"), members_are_somebody),
    "azure-native:storage:StorageAccount": (
        off("allowBlobPublicAccess", missing=False),
        one_of("publicNetworkAccess", "Disabled", "SecuredByPerimeter"),
    ),
    "azure-native:storage:BlobContainer": (one_of("publicAccess", "None", missing=True),),
    "azure-native:dbforpostgresql:Server": (one_of("network.publicNetworkAccess", "Disabled"),),
    "azure-native:dbforpostgresql:FirewallRule": (not_open("startIpAddress"),),
    "azure-native:redisenterprise:RedisEnterprise": (one_of("publicNetworkAccess", "Disabled"),),
    "azure-native:keyvault:Vault": (one_of("properties.publicNetworkAccess", "Disabled"),),
    "azure-native:network:SecurityRule": (
        rules_not_open("sourceAddressPrefix", "sourceAddressPrefixes", direction="direction=inbound"),
    ),
    "azure-native:network:NetworkSecurityGroup": (
        rules_not_open(
            "sourceAddressPrefix", "sourceAddressPrefixes", direction="direction=inbound", blocks="securityRules"
        ),
    ),
    "kubernetes:core/v1:Service": (inside,),
}

IDENTITIES: Final[dict[str, Sequence[Check]]] = {
    **each(
        (
            "aws:iam/policy:Policy",
            "aws:iam/rolePolicy:RolePolicy",
            "aws:iam/userPolicy:UserPolicy",
            "aws:iam/groupPolicy:GroupPolicy",
        ),
        allows_named_things("policy"),
    ),
    "aws:iam/role:Role": (
        trusts_one_subject("assumeRolePolicy"),
        each_allows_named_things("inlinePolicies", "policy"),
        attaches_no_broad_policy("managedPolicyArns"),
    ),
    **each(
        (
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "aws:iam/userPolicyAttachment:UserPolicyAttachment",
            "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
            "aws:iam/policyAttachment:PolicyAttachment",
        ),
        attaches_no_broad_policy("policyArn"),
    ),
    **each(
        ("aws:iam/accessKey:AccessKey", "gcp:serviceaccount/key:Key", "gcp:storage/hmacKey:HmacKey"), is_no_lasting_key
    ),
    **each(
        ("gcp:*IAMMember", "gcp:*IamMember", "gcp:*IAMBinding", "gcp:*IamBinding"),
        grants_no_basic_role,
        members_are_one_each,
    ),
    "azure-native:authorization:RoleAssignment": (assigns_no_broad_role,),
    "azure-native:authorization:RoleDefinition": (defines_named_actions,),
    "azure-native:managedidentity:FederatedIdentityCredential": (subject_is_whole,),
    **each(
        ("kubernetes:rbac.authorization.k8s.io/v1:Role", "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"),
        rules_name_things,
    ),
    **each(
        (
            "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
            "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
        ),
        binds_no_broad_role,
    ),
}

ENCRYPTION: Final[dict[str, Sequence[Check]]] = {
    **each(("aws:rds/instance:Instance", "aws:rds/cluster:Cluster"), on("storageEncrypted")),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        on("atRestEncryptionEnabled"),
        on("transitEncryptionEnabled"),
    ),
    **each(("aws:ebs/volume:Volume", "aws:efs/fileSystem:FileSystem"), on("encrypted")),
    "aws:kms/key:Key": (on("enableKeyRotation"),),
    "gcp:sql/databaseInstance:DatabaseInstance": (
        one_of("settings.ipConfiguration.sslMode", "ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"),
    ),
    "gcp:redis/instance:Instance": (one_of("transitEncryptionMode", "SERVER_AUTHENTICATION"),),
    "gcp:kms/cryptoKey:CryptoKey": (given("rotationPeriod", "must be set: else the key is never rotated"),),
    "azure-native:storage:StorageAccount": (
        on("enableHttpsTrafficOnly", missing=True),
        newer_than("minimumTlsVersion", (1, 2)),
    ),
    "azure-native:redisenterprise:RedisEnterprise": (newer_than("minimumTlsVersion", (1, 2)),),
    "azure-native:redisenterprise:Database": (one_of("clientProtocol", "Encrypted", missing=True),),
}

PLAIN: Final[dict[str, Sequence[Check]]] = {
    **each(("aws:*", "gcp:*", "azure-native:*", "pulumi:providers:*"), marked_where_named),
    "aws:ssm/parameter:Parameter": (marked_if("value", "type", "SecureString"),),
    "azure-native:keyvault:Secret": (marked("properties.value"),),
    "kubernetes:core/v1:Secret": (marked("data", "stringData"),),
    "kubernetes:core/v1:ConfigMap": (in_no_text("data", "metadata.annotations"),),
    **each(tuple(SPECS), in_no_container, in_no_text("metadata.annotations")),
    "kubernetes:keda.sh/v1alpha1:ScaledObject": (in_no_trigger, in_no_text("metadata.annotations")),
}

REGISTRIES: Final[dict[str, Any]] = {
    "registries": {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "description": "Registries, or repositories below them, that images may come from, such as docker.io/library",
    }
}

PRIVILEGES: Final = (
    of_pod(shares_nothing_with_its_node, mounts_nothing_of_its_node, runs_as_an_ordinary_user),
    of_containers(gains_no_privileges),
)

RULES: Final = (
    Rule(
        name="stateful-resources-are-protected",
        says="What holds data is protected from deletion, by the engine and by the cloud.",
        checks=PROTECTED,
    ),
    Rule(
        name="volumes-are-protected",
        says="A volume that a cluster keeps for a program is protected from deletion by the engine.",
        level="advisory",
        checks={"kubernetes:core/v1:PersistentVolumeClaim": (protected,)},
    ),
    Rule(name="nothing-is-public", says="Nothing can be reached by everybody.", checks=PUBLIC),
    Rule(
        name="identities-name-what-they-may",
        says="An identity may do named things with named resources, and belongs to one subject.",
        checks=IDENTITIES,
    ),
    Rule(
        name="data-is-encrypted",
        says="Data is encrypted where it is kept and where it travels.",
        checks=ENCRYPTION,
    ),
    Rule(
        name="hosts-are-served-by-tls",
        says="What users send and receive is encrypted on its way.",
        level="advisory",
        checks={"kubernetes:networking.k8s.io/v1:Ingress": (served_by_tls,)},
    ),
    Rule(
        name="replicas-belong-to-the-autoscaler",
        says="What an autoscaler scales states no replicas.",
        stack=(no_replicas_beside_a_scaler,),
    ),
    Rule(
        name="images-are-pinned",
        says="An image names one build.",
        checks=each(tuple(SPECS), of_containers(pinned)),
    ),
    Rule(
        name="images-come-from-allowed-registries",
        says="Images come from registries that the configuration of this rule lists.",
        checks=each(tuple(SPECS), from_allowed_registries),
        config=REGISTRIES,
    ),
    Rule(
        name="containers-are-probed",
        says="A container that listens says how it is asked whether it is ready and alive.",
        checks=each(LASTING, of_pod(probed)),
    ),
    Rule(
        name="containers-ask-for-resources",
        says="A container asks for processor and memory.",
        level="advisory",
        checks=each(tuple(SPECS), of_containers(asks_for_resources)),
    ),
    Rule(
        name="secrets-are-nowhere-in-plain",
        says="A secret is marked as one, and stands in no object that keeps it in plain text.",
        checks=PLAIN,
    ),
    Rule(
        name="pods-are-restricted",
        says="Pods meet the level `restricted` of Pod Security, and their namespace enforces it.",
        checks=each(tuple(SPECS), *PRIVILEGES) | {NAMESPACE: (enforced,)},
    ),
    Rule(
        name="namespaces-deny-all",
        says="In every namespace nothing goes in or out unless a network policy allows it.",
        checks={POLICY: (allows_something_in_particular,)},
        stack=(every_namespace_denies_all,),
    ),
)
"""All of them, in the order in which the documents describe them."""
