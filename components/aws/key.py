"""The stack's own encryption key, for all that it stores in the account."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from config.aws import AwsSettings


def encryption_key(name: str, settings: AwsSettings, opts: pulumi.ResourceOptions) -> aws.kms.Key:
    """A key that rotates every year and waits 30 days before it is deleted: with it, all that it encrypts is lost."""
    key = aws.kms.Key(
        name,
        description=f"Data of the stack {settings.name}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=json.dumps(key_policy(settings)),
        opts=opts,
    )
    aws.kms.Alias(name, name=f"alias/{settings.name}", target_key_id=key.key_id, opts=opts)
    return key


def key_policy(settings: AwsSettings) -> dict[str, Any]:
    """Let the account's administrators in, through IAM.

    AWS demands `kms:*`, and `*` here is the key itself: a key that its account cannot administer can never be changed
    or deleted (KMS Developer Guide, "Default key policy").
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AccountAdministers",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{settings.partition}:iam::{settings.account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
