"""The stack file of a stack on AWS."""

from collections.abc import Sequence

from pydantic import Field

from config.clouds.aws.account import AwsSettings
from config.clouds.aws.postgres import AwsPostgres
from config.clouds.aws.redis import AwsRedis
from config.clouds.aws.statement import AwsStatements
from config.clouds.aws.storage import AwsStorage
from config.clouds.aws.store import AwsSecretsManagerStore
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
    def own_things(self) -> Sequence[str]:
        """The bucket with its objects, entries, roles, database and cache, as ARNs that may end with a `*`."""
        account, store, owned = self.aws, self.secret_store, list[str]()
        if isinstance(self.storage, AwsStorage):
            bucket = f"arn:{account.partition}:s3:::{self.storage.bucket}"
            owned += [bucket, f"{bucket}/*"]
        if isinstance(store, AwsSecretsManagerStore):
            owned += [
                f"arn:{account.partition}:secretsmanager:{store.region}:{account.account}:secret:{entry}-*"
                for entry in (self.secrets.entry(name) for _, name, _ in self.releases())
            ]
        return [*owned, f"arn:{account.partition}:iam::{account.account}:role/{account.name}-*"]
