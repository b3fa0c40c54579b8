"""What this stack has in its subscription: a vault, managed data services, each release's identity and entry."""

import functools

import pulumi

from components.clouds.azure.entry import release_entry
from components.clouds.azure.identity import ReleaseIdentity, ReleaseIdentityArgs
from components.clouds.azure.postgres import Postgres, PostgresArgs
from components.clouds.azure.redis import Redis, RedisArgs
from components.clouds.azure.storage import Bucket, BucketArgs, container_id
from components.clouds.azure.vault import Vault, VaultArgs, entry_id
from components.clouds.cloud import Presence, ReleaseInCloud
from components.data.database_setup import Admin
from components.kubernetes.endpoints import BucketEndpoint, PostgresEndpoint, RedisEndpoint
from config.clouds.azure.postgres import AzurePostgres
from config.clouds.azure.redis import AzureRedis
from config.clouds.azure.stack import AzureStack
from config.clouds.azure.storage import AzureStorage


class Azure:
    """The cloud of a stack with `cloud: azure`. What holds data is protected if the stack is, and nothing else."""

    def __init__(self, stack: AzureStack, opts: pulumi.ResourceOptions) -> None:
        self._settings, self._account, self._opts = stack, stack.azure, opts
        self._bucket: list[pulumi.Resource] = []

    @functools.cached_property
    def _vault(self) -> Vault:
        return Vault("vault", VaultArgs(account=self._account, protect=self._settings.protect), self._opts)

    def postgres(self, settings: AzurePostgres) -> tuple[PostgresEndpoint, Admin]:
        """Make the one Postgres; say who may set it up."""
        made = Postgres(
            "postgres",
            PostgresArgs(
                account=self._account,
                settings=settings,
                encryption=self._vault.encryption,
                protect=self._settings.protect,
            ),
            self._opts,
        )
        return made.endpoint, made.admin

    def redis(self, settings: AzureRedis) -> RedisEndpoint:
        """Make the one Redis."""
        args = RedisArgs(
            account=self._account,
            settings=settings,
            encryption=self._vault.encryption,
            protect=self._settings.protect,
        )
        return Redis("redis", args, self._opts).endpoint

    def bucket(self, settings: AzureStorage) -> BucketEndpoint:
        """Make the one bucket."""
        args = BucketArgs(
            account=self._account,
            settings=settings,
            encryption=self._vault.encryption,
            protect=self._settings.protect,
        )
        made = Bucket("bucket", args, self._opts)
        self._bucket = [made]
        return made.endpoint

    def release(self, release: ReleaseInCloud, opts: pulumi.ResourceOptions) -> Presence:
        """Make a release's identity, and its entry if this stack writes it.

        The right on an entry that somebody else writes is somebody else's to give: its address does not say its id.
        """
        account, storage, entry = self._account, self._settings.storage, None
        name, entry_name = f"{release.name}-identity", self._settings.secrets.entry(release.name)
        if release.entry is not None:
            after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[self._vault]))
            entry = release_entry(f"{release.name}-entry", entry_name, release.entry, account, after)
        args = ReleaseIdentityArgs(
            account=account,
            release=release.name,
            namespace=release.namespace,
            container=container_id(account, storage) if isinstance(storage, AzureStorage) else None,
            entry=entry.name.apply(lambda made: entry_id(account, made)) if entry else None,
            after=[*self._bucket, *([entry] if entry else [])],
            statements=self._settings.statements(release.name),
        )
        identity = ReleaseIdentity(name, args, opts).identity
        if entry is None:
            return Presence(identity=identity)
        return Presence(identity=identity, entry=[entry, *identity.made], entry_name=entry.name)
