"""Whether the cloud that managed services and stores need is named and described."""

from collections.abc import Iterator
from typing import Final

from checks.finding import Finding, error
from config import StackSettings
from config.names import PLATFORM_VARIABLES, SCALER_LOGIN

_ROLE_NAME_LIMIT: Final = 64
"""Longest name of an IAM role, in characters (IAM quotas)."""


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
