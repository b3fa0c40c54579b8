"""Log groups of RDS, made before it: those that it makes itself never expire and are outside the stack's key."""

from typing import Final

import pulumi
import pulumi_aws as aws

from config.clouds.aws.account import AwsSettings

EXPORTS: Final = ("postgresql", "upgrade")
"""Logs that RDS sends to CloudWatch."""


def group_name(settings: AwsSettings, export: str) -> str:
    """Name of the group that RDS writes a log to; it follows from the instance's identifier."""
    return f"/aws/rds/instance/{settings.name}-postgres/{export}"


def log_groups(
    name: str, settings: AwsSettings, key: aws.kms.Key, opts: pulumi.ResourceOptions
) -> list[aws.cloudwatch.LogGroup]:
    """Make the group of each log."""
    hooks = pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook("log-group-exists", _explain)])
    return [
        aws.cloudwatch.LogGroup(
            f"{name}-{export}",
            name=group_name(settings, export),
            retention_in_days=settings.log_days,
            kms_key_id=key.arn,
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(hooks=hooks)),
        )
        for export in EXPORTS
    ]


def _explain(failure: pulumi.ErrorHookArgs) -> bool:
    if any("ResourceAlreadyExistsException" in error for error in failure.errors):
        pulumi.log.error(
            f"{failure.name}: RDS made this log group before the stack did; import it once, as docs/aws.md says under "
            "'Log groups that RDS has made'"
        )
    return False  # trying again would not help
