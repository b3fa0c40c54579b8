"""What this stack has in its GCP project: keys, the managed data services, and each release's account and entry."""

import functools

import pulumi

from components.clouds.cloud import Presence, ReleaseInCloud
from components.clouds.gcp.account import ReleaseAccount, ReleaseAccountArgs, SecretRef
from components.clouds.gcp.bucket import Bucket, BucketArgs
from components.clouds.gcp.entry import Entry, EntryArgs
from components.clouds.gcp.key import Key, KeyArgs
from components.clouds.gcp.postgres import Postgres, PostgresArgs
from components.clouds.gcp.redis import Redis, RedisArgs
from components.data.database_setup import Admin
from components.kubernetes.endpoints import BucketEndpoint, PostgresEndpoint, RedisEndpoint
from config.clouds.gcp.postgres import GcpPostgres
from config.clouds.gcp.redis import GcpRedis
from config.clouds.gcp.stack import GcpStack
from config.clouds.gcp.storage import GcpStorage
from config.clouds.gcp.store import GcpSecretManagerStore


class Gcp:
    """The cloud of a stack with `cloud: gcp`. What holds data is protected if the stack is, and nothing else."""

    def __init__(self, stack: GcpStack, opts: pulumi.ResourceOptions) -> None:
        self._stack, self._project, self._opts = stack, stack.gcp, opts
        self._key = functools.cache(self._make_key)
        self._bucket: Bucket | None = None

    def postgres(self, settings: GcpPostgres) -> tuple[PostgresEndpoint, Admin]:
        """Make the one Postgres; say who may set it up."""
        args = PostgresArgs(
            project=self._project,
            settings=settings,
            key=self._key(self._project.region),
            protect=self._stack.protect,
        )
        made = Postgres("postgres", args, self._opts)
        return made.endpoint, made.admin

    def redis(self, settings: GcpRedis) -> RedisEndpoint:
        """Make the one Redis."""
        args = RedisArgs(
            project=self._project,
            settings=settings,
            key=self._key(self._project.region),
            protect=self._stack.protect,
        )
        return Redis("redis", args, self._opts).endpoint

    def bucket(self, settings: GcpStorage) -> BucketEndpoint:
        """Make the one bucket."""
        args = BucketArgs(
            project=self._project,
            settings=settings,
            key=self._key(settings.key_location),
            protect=self._stack.protect,
        )
        self._bucket = Bucket("bucket", args, self._opts)
        return self._bucket.endpoint

    def release(self, release: ReleaseInCloud, opts: pulumi.ResourceOptions) -> Presence:
        """Make a release's account, and its entry if this stack writes it."""
        storage, store = self._stack.storage, self._stack.secrets.store
        id_ = self._stack.secrets.entry(release.name)
        entry, read = None, None
        if isinstance(store, GcpSecretManagerStore):
            read = SecretRef(project=store.project_id, id=id_)
        if release.entry is not None:
            args = EntryArgs(project=self._project, id=id_, values=release.entry, key=self._key(self._project.region))
            entry = Entry(f"{release.name}-entry", args, opts)
            read = SecretRef(project=self._project.project, id=entry.secret.secret_id)
        account = ReleaseAccount(
            f"{release.name}-account",
            ReleaseAccountArgs(
                project=self._project,
                release=release.name,
                namespace=release.namespace,
                bucket=storage.bucket if isinstance(storage, GcpStorage) else None,
                bucket_made=self._bucket,
                entry=read,
                statements=self._stack.statements(release.name),
            ),
            opts,
        )
        return Presence(identity=account.identity, entry=[entry.version, *account.identity.made] if entry else ())

    def _make_key(self, location: str) -> Key:
        name = "key" if location == self._project.region else f"key-{location}"
        args = KeyArgs(project=self._project, location=location, protect=self._stack.protect)
        return Key(name, args, self._opts)
