"""What this stack has in its AWS account: one key, the managed data services, and each release's role and entry."""

import functools

import pulumi
import pulumi_aws as aws

from components.clouds.aws.bucket import Bucket
from components.clouds.aws.entry import Entry
from components.clouds.aws.key import AwsKeeping, encryption_key
from components.clouds.aws.postgres import Postgres
from components.clouds.aws.redis import Redis
from components.clouds.aws.role import ReleaseRole
from components.clouds.cloud import Presence, ReleaseInCloud
from components.data.database_setup import Admin
from components.kubernetes.endpoints import BucketEndpoint, PostgresEndpoint, RedisEndpoint
from config.clouds.aws.postgres import AwsPostgres
from config.clouds.aws.redis import AwsRedis
from config.clouds.aws.stack import AwsStack
from config.clouds.aws.storage import AwsStorage


class Aws:
    """The cloud of a stack with `cloud: aws`. What holds data is protected if the stack is, and nothing else."""

    def __init__(self, stack: AwsStack, opts: pulumi.ResourceOptions) -> None:
        self._stack, self._opts = stack, opts

    @staticmethod
    def providers(stack: AwsStack, after: pulumi.Output[object]) -> dict[str, pulumi.ProviderResource]:
        """The one explicit provider, which refuses credentials of another account. Its region waits for `after`."""
        account = stack.aws
        provider = aws.Provider(
            "aws",
            region=after.apply(lambda _: account.region),
            allowed_account_ids=[account.account],
            default_tags={"tags": {"app": "noxus", "stack": account.name, **account.tags}},
        )
        return {"aws": provider}

    @functools.cached_property
    def _keeping(self) -> AwsKeeping:
        account, protect = self._stack.aws, self._stack.protect
        return AwsKeeping(
            account=account, key=encryption_key("key", account, self._opts, protect=protect), protect=protect
        )

    def postgres(self, settings: AwsPostgres) -> tuple[PostgresEndpoint, Admin]:
        """Make the one Postgres; say who may set it up."""
        return Postgres("postgres", settings, self._keeping, self._opts).access

    def redis(self, settings: AwsRedis) -> RedisEndpoint:
        """Make the one Redis."""
        return Redis("redis", settings, self._keeping, self._opts).endpoint

    def bucket(self, settings: AwsStorage) -> BucketEndpoint:
        """Make the one bucket."""
        return Bucket("bucket", settings, self._keeping, self._opts).endpoint

    def release(self, release: ReleaseInCloud, opts: pulumi.ResourceOptions) -> Presence:
        """Make a release's role, and its entry if this stack writes it."""
        stack, entry = self._stack, None
        if release.entry is not None:
            entry_name = stack.secrets.entry(release.name)
            entry = Entry(f"{release.name}-entry", entry_name, release.entry_text, self._keeping.key, opts)
        key = self._keeping.key if stack.bucket or entry else None
        identity = ReleaseRole(f"{release.name}-role", stack, release, entry, key, opts).identity
        return Presence(identity=identity, entry=[entry.version, *identity.made] if entry else ())
