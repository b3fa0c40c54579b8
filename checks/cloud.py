"""Whether the cloud that managed services and stores need is named and described."""

from collections.abc import Iterator
from typing import Final

from checks.finding import Finding, error
from config import StackSettings
from config.data_services import ManagedStorage
from config.names import PLATFORM_VARIABLES, SCALER_LOGIN

_ROLE_NAME_LIMIT: Final = 64
"""Longest name of an IAM role, in characters (IAM quotas)."""

_BUCKET_BEGINNINGS: Final = ("amzn-s3-demo-", "sthree-", "xn--")
_BUCKET_ENDINGS: Final = ("--ol-s3", "--table-s3", "--x-s3", "-s3alias")
"""What S3 keeps for itself (S3 User Guide, "General purpose bucket naming rules")."""


def the_cloud_is_described(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a cloud without its section, a section without its cloud, and what needs a cloud where there is none."""
    if settings.cloud == "aws" and settings.aws is None:
        yield error("aws", "is not set, and cloud is aws; describe region, network and cluster there")
    if settings.aws is not None and settings.cloud != "aws":
        yield error("cloud", f"is {settings.cloud}, and there is a section aws; write aws, or remove the section")
    if settings.cloud != "kubernetes":
        return
    for path, service in (("postgres", settings.postgres), ("redis", settings.redis), ("storage", settings.storage)):
        if service.mode == "managed":
            yield error(f"{path}.mode", "is managed, and cloud is kubernetes; name a cloud, or write mode: cluster")
    if settings.secrets.external and settings.secrets.store is None:
        yield error(
            "secrets.store",
            "is not set, and backend externalSecrets reads one; write one, such as { type: awsSecretsManager, "
            "region: eu-west-1 }",
        )


def names_fit_the_cloud(settings: StackSettings) -> Iterator[Finding]:
    """Refuse releases whose role would have too long a name, and secret keys with the name of what the stack writes."""
    if settings.aws is None:
        return
    for path, release, _ in settings.releases():
        role = f"{settings.aws.name}-{release}"
        if len(role) > _ROLE_NAME_LIMIT:
            yield error(
                path,
                f"makes the role {role!r} of {len(role)} characters, and IAM takes {_ROLE_NAME_LIMIT}; shorten the "
                "release's name or aws.name",
            )
    if settings.writes_entries:
        for path, key in settings.secret_keys():
            if key in (*PLATFORM_VARIABLES, SCALER_LOGIN):
                yield error(path, f"names the key {key!r}, under which the stack writes its own; choose another")


def names_are_the_stacks_own(settings: StackSettings) -> Iterator[Finding]:
    """Refuse names that a part of AWS refuses or keeps for itself: the update would stop there, half-way."""
    if settings.aws is None:
        return
    if "--" in settings.aws.name:
        yield error("aws.name", "has two '-' in a row, which neither RDS nor ElastiCache takes; write one")
    if f"{settings.aws.name}-".startswith("sg-"):
        yield error("aws.name", "would begin names of security groups with 'sg-', which EC2 refuses; choose another")
    for tag in settings.aws.tags:
        if tag.lower().startswith("aws:"):
            yield error(f"aws.tags.{tag}", "begins with 'aws:', which AWS keeps for itself; choose another name")
    bucket = settings.storage.bucket if isinstance(settings.storage, ManagedStorage) else ""
    if bucket.startswith(_BUCKET_BEGINNINGS) or bucket.endswith(_BUCKET_ENDINGS):
        yield error("storage.bucket", f"{bucket!r} begins or ends as S3's own buckets do; choose another name")
