"""AWS: RDS, ElastiCache, S3, roles and entries of Secrets Manager, in a network and an account that exist."""

import pulumi
import pulumi_aws as aws

from components.clouds.aws.account import Aws
from components.clouds.cloud import Room
from config.clouds.aws.stack import AwsStack

__all__ = ["Aws", "room"]


def room(stack: AwsStack) -> Room:
    """AWS as a stack uses it. The provider refuses credentials of another account."""
    account = stack.aws

    def providers(after: pulumi.Output[object]) -> dict[str, pulumi.ProviderResource]:
        tags = {"app": "noxus", "stack": account.name, **account.tags}
        provider = aws.Provider(
            "aws",
            region=after.apply(lambda _: account.region),
            allowed_account_ids=[account.account],
            default_tags={"tags": tags},
        )
        return {"aws": provider}

    return Room(providers=providers, cloud=lambda opts: Aws(stack, opts))
