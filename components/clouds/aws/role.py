"""The role of one release: what its pods may do in the account, and who may take it up. Policies are pure functions."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.clouds.aws.entry import Entry
from components.clouds.cloud import ReleaseInCloud
from components.kubernetes.endpoints import Identity
from config.clouds.aws.account import AwsSettings
from config.clouds.aws.stack import AwsStack
from config.clouds.aws.statement import AwsStatements
from config.clouds.aws.store import ROLE_MARK, AwsSecretsManagerStore

TYPE: Final = "noxus:aws:ReleaseRole"

_VERSION: Final = "2012-10-17"


class ReleaseRole(pulumi.ComponentResource):
    """One role for one ServiceAccount, with rights on the bucket, the entry and their key, and those that are named.

    `entry` is the release's entry in Secrets Manager, if this stack writes it; `key` is that of the bucket and of the
    entry, for what of them is this stack's.
    """

    identity: Identity

    def __init__(
        self,
        name: str,
        stack: AwsStack,
        release: ReleaseInCloud,
        entry: Entry | None,
        key: aws.kms.Key | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account, statements = stack.aws, stack.statements(release.name)
        trust = (irsa_trust if account.identity == "irsa" else pod_identity_trust)(account, release)
        role_name = f"{account.name}-{release.name}"
        role = aws.iam.Role(
            name,
            name=role_name,
            description=f"Release {release.name} of {account.name}",
            assume_role_policy=json.dumps(trust, separators=(",", ":")),
            opts=child,
        )
        made: list[pulumi.Resource] = [role]
        reads = entry.arn if entry else _entry_pattern(stack, release.name)
        if stack.bucket or reads or statements:  # IAM refuses a policy without a statement
            rights = pulumi.Output.all(key and key.arn, reads).apply(
                lambda known: json.dumps(release_rights(account, stack.bucket, known[0], known[1], statements))
            )
            made.append(aws.iam.RolePolicy(name, name="release", role=role.name, policy=rights, opts=child))
        annotations: Mapping[str, pulumi.Input[str]] = {}
        if account.identity == "irsa":
            # Known before the role is there, so that a preview shows it.
            annotations = {ROLE_MARK: f"arn:{account.partition}:iam::{account.account}:role/{role_name}"}
        else:
            made.append(
                aws.eks.PodIdentityAssociation(
                    name,
                    cluster_name=account.cluster_name or "",
                    namespace=release.namespace,
                    service_account=release.name,
                    role_arn=role.arn,
                    opts=child,
                )
            )
        self.identity = Identity(service_account_annotations=annotations, made=made)
        self.register_outputs({})


def irsa_trust(account: AwsSettings, release: ReleaseInCloud) -> dict[str, Any]:
    """One ServiceAccount, by the exact subject and audience of its token."""
    subject = f"system:serviceaccount:{release.namespace}:{release.name}"
    token = {f"{account.issuer}:aud": "sts.amazonaws.com", f"{account.issuer}:sub": subject}
    return _trust({"Federated": account.oidc_provider_arn}, "sts:AssumeRoleWithWebIdentity", token)


def pod_identity_trust(account: AwsSettings, release: ReleaseInCloud) -> dict[str, Any]:
    """One ServiceAccount of one cluster, by the tags that EKS puts on the request.

    Without them any association in the account could name the role (EKS User Guide, "Create IAM role with trust policy
    required by EKS Pod Identity").
    """
    cluster = f"arn:{account.partition}:eks:{account.region}:{account.account}:cluster/{account.cluster_name}"
    tags = {
        "aws:RequestTag/eks-cluster-arn": cluster,
        "aws:RequestTag/kubernetes-namespace": release.namespace,
        "aws:RequestTag/kubernetes-service-account": release.name,
    }
    return _trust({"Service": "pods.eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"], tags)


def _trust(principal: Mapping[str, str], actions: str | Sequence[str], equal: Mapping[str, str]) -> dict[str, Any]:
    allowed = {"Effect": "Allow", "Principal": principal, "Action": actions, "Condition": {"StringEquals": equal}}
    return {"Version": _VERSION, "Statement": [allowed]}


def _entry_pattern(stack: AwsStack, release: str) -> str | None:
    """ARN of an entry that exists. AWS adds six characters of its own to the name (Secrets Manager User Guide)."""
    account, store = stack.aws, stack.secrets.store
    if not isinstance(store, AwsSecretsManagerStore):
        return None
    entries = f"arn:{account.partition}:secretsmanager:{store.region}:{account.account}:secret"
    return f"{entries}:{stack.secrets.entry(release)}-??????"


def release_rights(
    account: AwsSettings, bucket: str | None, key: str | None, entry: str | None, further: AwsStatements = ()
) -> dict[str, Any]:
    """Objects of the bucket, the release's own entry, the key through those two services only, and what is named.

    The platform's exact S3 actions are not published; these are the least that list, read, write and delete need.
    """
    statements: list[dict[str, Any]] = []
    services: list[str] = []
    if bucket:
        arn = f"arn:{account.partition}:s3:::{bucket}"
        objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
        statements += [
            _allow(["s3:ListBucket", "s3:GetBucketLocation"], arn),
            _allow([*objects, "s3:ListMultipartUploadParts"], f"{arn}/*"),
        ]
        services.append("s3")
    if entry:
        statements.append(_allow(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], entry))
        services.append("secretsmanager")
    if key and services:
        via = [f"{service}.{account.region}.amazonaws.com" for service in services]
        through = {"StringEquals": {"kms:ViaService": via}}
        statements.append({**_allow(["kms:Decrypt", "kms:GenerateDataKey"], key), "Condition": through})
        if further:  # whatever they allow
            by_itself = {"StringNotEquals": through["StringEquals"]}
            statements.append({"Effect": "Deny", "Action": "kms:*", "Resource": key, "Condition": by_itself})
    return {"Version": _VERSION, "Statement": [*statements, *(statement.document for statement in further)]}


def _allow(actions: Sequence[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}
