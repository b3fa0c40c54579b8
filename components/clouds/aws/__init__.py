"""AWS: RDS, ElastiCache, S3, roles and entries of Secrets Manager, in a network and an account that exist."""

from components.clouds.aws.account import Aws

__all__ = ["Aws"]
