"""What this stack has in its GCP project: keys, the managed data services, and each release's account and entry."""

import functools

import pulumi
import pulumi_gcp as gcp

from components.clouds.cloud import Presence, ReleaseInCloud
from components.clouds.gcp.account import ReleaseAccount
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


class Gcp:
    """The cloud of a stack with `cloud: gcp`. What holds data is protected if the stack is, and nothing else."""

    def __init__(self, stack: GcpStack, opts: pulumi.ResourceOptions) -> None:
        self._stack, self._project, self._opts = stack, stack.gcp, opts
        self._keeping = functools.cache(self._keep_in)
        self._bucket: Bucket | None = None

    @staticmethod
    def providers(stack: GcpStack, after: pulumi.Output[object]) -> dict[str, pulumi.ProviderResource]:
        """The one explicit provider. Its region waits for `after`.

        It has no guard against credentials of another project, so it names the project.
        """
        project = stack.gcp
        provider = gcp.Provider(
            "gcp",
            project=project.project,
            region=after.apply(lambda _: project.region),
            default_labels=dict(project.all_labels),
            add_pulumi_attribution_label=False,
        )
        return {"gcp": provider}

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
        stack, entry = self._stack, None
        if release.entry is not None:
            keeping, entry_name = self._keeping(stack.gcp.region), stack.secrets.entry(release.name)
            entry = Entry(f"{release.name}-entry", entry_name, release.entry_text, keeping, opts)
        identity = ReleaseAccount(f"{release.name}-account", stack, release, self._bucket, entry, opts).identity
        return Presence(identity=identity, entry=[entry.version, *identity.made] if entry else ())

    def _keep_in(self, location: str) -> GcpKeeping:
        project, protect = self._project, self._stack.protect
        name = "key" if location == project.region else f"key-{location}"
        return GcpKeeping(
            account=project, key=Key(name, project, location, self._opts, protect=protect), protect=protect
        )
