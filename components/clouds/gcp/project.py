"""What this stack has in its GCP project: keys, the managed data services, and each release's account and entry."""

import functools

import pulumi

from components.clouds.cloud import Presence, ReleaseInCloud
from components.clouds.gcp.account import ReleaseAccount, SecretRef
from components.clouds.gcp.bucket import Bucket
from components.clouds.gcp.entry import Entry
from components.clouds.gcp.key import GcpKeeping, Key
from components.clouds.gcp.postgres import Postgres
from components.clouds.gcp.redis import Redis
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
        self._keeping = functools.cache(self._keep_in)
        self._bucket: Bucket | None = None

    def postgres(self, settings: GcpPostgres) -> tuple[PostgresEndpoint, Admin]:
        """Make the one Postgres; say who may set it up."""
        return Postgres("postgres", settings, self._keeping(self._project.region), self._opts).access

    def redis(self, settings: GcpRedis) -> RedisEndpoint:
        """Make the one Redis."""
        return Redis("redis", settings, self._keeping(self._project.region), self._opts).endpoint

    def bucket(self, settings: GcpStorage) -> BucketEndpoint:
        """Make the one bucket."""
        self._bucket = Bucket("bucket", settings, self._keeping(settings.key_location), self._opts)
        return self._bucket.endpoint

    def release(self, release: ReleaseInCloud, opts: pulumi.ResourceOptions) -> Presence:
        """Make a release's account, and its entry if this stack writes it."""
        stack, project, entry, read = self._stack, self._project, None, None
        entry_name, store = stack.secrets.entry(release.name), stack.secrets.store
        if isinstance(store, GcpSecretManagerStore):
            read = SecretRef(project=store.project_id, id=entry_name)
        if release.entry is not None:
            entry = Entry(f"{release.name}-entry", entry_name, release.entry, self._keeping(project.region), opts)
            read = SecretRef(project=project.project, id=entry.secret.secret_id)
        identity = ReleaseAccount(f"{release.name}-account", stack, release, self._bucket, read, opts).identity
        return Presence(identity=identity, entry=[entry.version, *identity.made] if entry else ())

    def _keep_in(self, location: str) -> GcpKeeping:
        project, protect = self._project, self._stack.protect
        name = "key" if location == project.region else f"key-{location}"
        return GcpKeeping(
            account=project, key=Key(name, project, location, self._opts, protect=protect), protect=protect
        )
