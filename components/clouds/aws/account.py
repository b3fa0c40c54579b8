"""What this stack has in its AWS account: one key, the managed data services, and each release's role and entry."""

import functools

import pulumi
import pulumi_aws as aws

from components.clouds.aws.bucket import Bucket, BucketArgs
from components.clouds.aws.entry import Entry, EntryArgs
from components.clouds.aws.key import encryption_key
from components.clouds.aws.postgres import Postgres, PostgresArgs
from components.clouds.aws.redis import Redis, RedisArgs
from components.clouds.aws.role import ReleaseRole, ReleaseRoleArgs, entry_pattern
from components.clouds.cloud import Presence, ReleaseInCloud
from components.data.database_setup import Admin
from components.kubernetes.endpoints import BucketEndpoint, PostgresEndpoint, RedisEndpoint
from config.clouds.aws.postgres import AwsPostgres
from config.clouds.aws.redis import AwsRedis
from config.clouds.aws.stack import AwsStack
from config.clouds.aws.storage import AwsStorage
from config.clouds.aws.store import AwsSecretsManagerStore


class Aws:
    """The cloud of a stack with `cloud: aws`. What holds data is protected if the stack is, and nothing else."""

    def __init__(self, stack: AwsStack, opts: pulumi.ResourceOptions) -> None:
        self._settings, self._account, self._opts = stack, stack.aws, opts

    @functools.cached_property
    def _key(self) -> aws.kms.Key:
        return encryption_key("key", self._account, self._opts, protect=self._settings.protect)

    def postgres(self, settings: AwsPostgres) -> tuple[PostgresEndpoint, Admin]:
        """Make the one Postgres; say who may set it up."""
        args = PostgresArgs(account=self._account, settings=settings, key=self._key, protect=self._settings.protect)
        made = Postgres("postgres", args, self._opts)
        return made.endpoint, made.admin

    def redis(self, settings: AwsRedis) -> RedisEndpoint:
        """Make the one Redis."""
        args = RedisArgs(account=self._account, settings=settings, key=self._key, protect=self._settings.protect)
        return Redis("redis", args, self._opts).endpoint

    def bucket(self, settings: AwsStorage) -> BucketEndpoint:
        """Make the one bucket."""
        args = BucketArgs(account=self._account, settings=settings, key=self._key, protect=self._settings.protect)
        return Bucket("bucket", args, self._opts).endpoint

    def release(self, release: ReleaseInCloud, opts: pulumi.ResourceOptions) -> Presence:
        """Make a release's role, and its entry if this stack writes it."""
        entry, arn, storage, store = None, None, self._settings.storage, self._settings.secrets.store
        if isinstance(store, AwsSecretsManagerStore):
            arn = entry_pattern(self._account, store.region, self._settings.secrets.entry(release.name))
        if release.entry is not None:
            args = EntryArgs(name=self._settings.secrets.entry(release.name), values=release.entry, key=self._key)
            entry = Entry(f"{release.name}-entry", args, opts)
            arn = entry.arn
        bucket = storage.bucket if isinstance(storage, AwsStorage) else None
        role = ReleaseRole(
            f"{release.name}-role",
            ReleaseRoleArgs(
                account=self._account,
                release=release.name,
                namespace=release.namespace,
                bucket=bucket,
                entry=arn,
                key=self._key if bucket or entry else None,
                statements=self._settings.statements(release.name),
            ),
            opts,
        )
        return Presence(identity=role.identity, entry=[entry.version, *role.identity.made] if entry else ())
