"""AWS: RDS, ElastiCache, S3, roles and entries of Secrets Manager, in a network and an account that exist."""

from components.clouds.aws.account import Aws
from components.clouds.aws.provider import aws_provider
from components.clouds.cloud import Room
from config.clouds.aws.stack import AwsStack

__all__ = ["Aws", "room"]


def room(stack: AwsStack) -> Room:
    """AWS as a stack uses it."""
    return Room(providers=lambda after: {"aws": aws_provider(stack.aws, after)}, cloud=lambda opts: Aws(stack, opts))
