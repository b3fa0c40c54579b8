"""The stack's own encryption key, for all that it stores in the account."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from components.clouds.aws.logs import EXPORTS, group_name
from components.clouds.managed import Keeping
from config.clouds.aws.account import AwsSettings

AwsKeeping = Keeping[AwsSettings, aws.kms.Key]
"""How a stack keeps its data in AWS."""


def encryption_key(name: str, settings: AwsSettings, opts: pulumi.ResourceOptions, *, protect: bool) -> aws.kms.Key:
    """A key that rotates every year and waits 30 days before it is deleted: with it, all that it encrypts is lost."""
    key = aws.kms.Key(
        name,
        description=f"Data of the stack {settings.name}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=json.dumps(key_policy(settings)),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect)),
    )
    aws.kms.Alias(name, name=f"alias/{settings.name}", target_key_id=key.key_id, opts=opts)
    return key


def final_snapshot(service: str, key: aws.kms.Key) -> pulumi.Output[str]:
    """Name of the snapshot that is taken when a service is deleted.

    It outlives the stack, so it must not be the name of a later stack's: part of it is the id of the key that reads it.
    """
    return key.key_id.apply(lambda id_: f"{service}-final-{id_[:8]}")


def key_policy(settings: AwsSettings) -> dict[str, Any]:
    """Let the account's administrators in, through IAM, and CloudWatch for the log groups of the stack.

    AWS demands `kms:*`, and `*` here is the key itself: a key that its account cannot administer can never be changed
    or deleted (KMS Developer Guide, "Default key policy"). CloudWatch's rights are those of its user guide ("Encrypt
    log data in CloudWatch Logs using AWS KMS").
    """
    groups = f"arn:{settings.partition}:logs:{settings.region}:{settings.account}:log-group:"
    used_for = [f"{groups}{group_name(settings, export)}" for export in EXPORTS]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AccountAdministers",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{settings.partition}:iam::{settings.account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "LogsAreEncrypted",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{settings.region}.amazonaws.com"},
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
                "Resource": "*",
                "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": used_for}},
            },
        ],
    }
