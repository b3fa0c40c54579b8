"""A release's secret in Secrets Manager: a JSON object that External Secrets reads under the release's own role.

It is deleted at once, because its name stays taken for as long as it could be restored: a release that is removed by
mistake could not be added again for 30 days. Nothing is lost: its values are in the stack file and in the state.
"""

from typing import Final

import pulumi
import pulumi_aws as aws

TYPE: Final = "noxus:aws:Entry"


class Entry(pulumi.ComponentResource):
    """One secret of one release, by its name in Secrets Manager, and the version that holds its values."""

    arn: pulumi.Output[str]
    version: pulumi.Resource
    """What must be written before it is read."""

    def __init__(
        self, name: str, entry: str, text: pulumi.Output[str], key: aws.kms.Key, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        secret = aws.secretsmanager.Secret(
            name,
            name=entry,
            description="Written by Pulumi, read by External Secrets",
            kms_key_id=key.arn,
            recovery_window_in_days=0,
            opts=child,
        )
        self.version = aws.secretsmanager.SecretVersion(name, secret_id=secret.id, secret_string=text, opts=child)
        self.arn = secret.arn
        self.register_outputs({})
