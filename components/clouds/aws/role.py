"""The role of one release: what its pods may do in the account, and who may take it up. Policies are pure functions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.kubernetes.endpoints import Identity
from config.clouds.aws.account import AwsSettings
from config.clouds.aws.statement import AwsStatements

TYPE: Final = "noxus:aws:ReleaseRole"

_VERSION: Final = "2012-10-17"


@dataclass(frozen=True, kw_only=True)
class ReleaseRoleArgs:
    """What a `ReleaseRole` needs."""

    account: AwsSettings
    release: str
    namespace: str
    """Namespace of the release, whose ServiceAccount has the release's name."""
    bucket: str | None
    """The bucket, if it is in this account."""
    entry: pulumi.Input[str] | None
    """ARN of the release's entry in Secrets Manager, if there is one; of one that somebody else writes, a pattern."""
    key: aws.kms.Key | None
    """Key of the bucket and of the entry, for what of them is this stack's."""
    statements: AwsStatements
    """Further rights."""


class ReleaseRole(pulumi.ComponentResource):
    """One role for one ServiceAccount, with rights on the bucket, the entry and their key, and those that are named."""

    identity: Identity

    def __init__(self, name: str, args: ReleaseRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account = args.account
        trust = (irsa_trust if account.identity == "irsa" else pod_identity_trust)(
            account, args.namespace, args.release
        )
        role_name = f"{account.name}-{args.release}"
        role = aws.iam.Role(
            name,
            name=role_name,
            description=f"Release {args.release} of {account.name}",
            assume_role_policy=json.dumps(trust, separators=(",", ":")),
            opts=child,
        )
        made: list[pulumi.Resource] = [role]
        if args.bucket or args.entry or args.statements:  # IAM refuses a policy without a statement
            rights = pulumi.Output.all(args.key and args.key.arn, args.entry).apply(
                lambda known: json.dumps(release_rights(account, args.bucket, known[0], known[1], args.statements))
            )
            made.append(aws.iam.RolePolicy(name, name="release", role=role.name, policy=rights, opts=child))
        annotations: Mapping[str, pulumi.Input[str]] = {}
        if account.identity == "irsa":
            # Known before the role is there, so that a preview shows it.
            annotations = {
                "eks.amazonaws.com/role-arn": f"arn:{account.partition}:iam::{account.account}:role/{role_name}"
            }
        else:
            made.append(
                aws.eks.PodIdentityAssociation(
                    name,
                    cluster_name=account.cluster_name or "",
                    namespace=args.namespace,
                    service_account=args.release,
                    role_arn=role.arn,
                    opts=child,
                )
            )
        self.identity = Identity(service_account_annotations=annotations, made=made)
        self.register_outputs({})


def irsa_trust(account: AwsSettings, namespace: str, service_account: str) -> dict[str, Any]:
    """One ServiceAccount, by the exact subject and audience of its token."""
    subject = f"system:serviceaccount:{namespace}:{service_account}"
    return {
        "Version": _VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": account.oidc_provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {f"{account.issuer}:aud": "sts.amazonaws.com", f"{account.issuer}:sub": subject}
                },
            }
        ],
    }


def pod_identity_trust(account: AwsSettings, namespace: str, service_account: str) -> dict[str, Any]:
    """One ServiceAccount of one cluster, by the tags that EKS puts on the request.

    Without them any association in the account could name the role (EKS User Guide, "Create IAM role with trust policy
    required by EKS Pod Identity").
    """
    cluster = f"arn:{account.partition}:eks:{account.region}:{account.account}:cluster/{account.cluster_name}"
    tags = {
        "eks-cluster-arn": cluster,
        "kubernetes-namespace": namespace,
        "kubernetes-service-account": service_account,
    }
    return {
        "Version": _VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {"StringEquals": {f"aws:RequestTag/{tag}": value for tag, value in tags.items()}},
            }
        ],
    }


def entry_pattern(account: AwsSettings, region: str, entry: str) -> str:
    """ARN of an entry that exists. AWS adds six characters of its own to the name (Secrets Manager User Guide)."""
    return f"arn:{account.partition}:secretsmanager:{region}:{account.account}:secret:{entry}-??????"


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
