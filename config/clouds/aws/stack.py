"""The stack file of a stack on AWS."""

from collections.abc import Sequence

from pydantic import Field

from config.clouds.aws.account import AwsSettings
from config.clouds.aws.postgres import AwsPostgres
from config.clouds.aws.redis import AwsRedis
from config.clouds.aws.statement import AwsStatements
from config.clouds.aws.storage import AwsStorage
from config.data_services import PostgresSettings, RedisSettings, StorageSettings
from config.sections import StackSettings


class AwsStack(
    StackSettings[PostgresSettings[AwsPostgres], RedisSettings[AwsRedis], StorageSettings[AwsStorage], AwsStatements]
):
    """Everything plain that the file of a stack on AWS says."""

    aws: AwsSettings = Field(examples=["{ name: noxus-prod, region: eu-west-1, ... }"])
    """The account and network, with `cloud: aws`."""

    @property
    def account(self) -> AwsSettings:
        """The stack's cloud."""
        return self.aws

    @property
    def bucket(self) -> str | None:
        """Name of the bucket, if this stack makes it."""
        return self.storage.bucket if isinstance(self.storage, AwsStorage) else None

    @property
    def own_things(self) -> Sequence[str]:
        """The bucket with its objects, and the entries, to whose names AWS adds some characters."""
        entries = (f"secretsmanager:secret:{self.secrets.entry(name)}-*" for _, name, _ in self.releases())
        return [*entries, *([f"s3:{self.bucket}", f"s3:{self.bucket}/*"] if self.bucket else ())]
