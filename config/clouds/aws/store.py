"""AWS Secrets Manager as External Secrets reads it."""

from typing import Any, ClassVar, Final, Literal

from pydantic import Field

from config.store import Reader, Store

ROLE_MARK: Final = "eks.amazonaws.com/role-arn"
"""Annotation by which a ServiceAccount names its role (IRSA)."""


class AwsSecretsManagerStore(Store):
    """AWS Secrets Manager, read with each release's own role (IRSA)."""

    READER_MARK: ClassVar[str | None] = ROLE_MARK

    type: Literal["awsSecretsManager"]
    """AWS Secrets Manager."""
    region: str = Field(min_length=1, examples=["eu-west-1"])
    """Region of the entries."""

    def provider(self, reader: Reader) -> dict[str, Any]:
        """The `provider` of a SecretStore."""
        return {"aws": {"service": "SecretsManager", "region": self.region, "auth": {"jwt": reader.account}}}
