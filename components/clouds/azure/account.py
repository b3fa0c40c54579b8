"""What this stack has in its subscription: a vault, managed data services, each release's identity and entry."""

import functools

import pulumi
import pulumi_azure_native as azure_native

from components.clouds.azure.entry import release_entry
from components.clouds.azure.identity import ReleaseIdentity
from components.clouds.azure.postgres import Postgres
from components.clouds.azure.redis import Redis
from components.clouds.azure.storage import Bucket
from components.clouds.azure.vault import AzureKeeping, Vault
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
        self._stack, self._opts = stack, opts
        self._bucket: Bucket | None = None

    @staticmethod
    def providers(stack: AzureStack, after: pulumi.Output[object]) -> dict[str, pulumi.ProviderResource]:
        """The one explicit provider. Its subscription waits for `after`.

        Azure has no guard like AWS' allowed accounts: naming subscription and tenant is the guard, whatever the
        credentials reach.
        """
        account = stack.azure
        provider = azure_native.Provider(
            "azure-native",
            subscription_id=after.apply(lambda _: account.subscription_id),
            tenant_id=account.tenant_id,
            location=account.location,
        )
        return {"azure-native": provider}

    @functools.cached_property
    def _vault(self) -> Vault:
        return Vault("vault", self._stack.azure, self._opts, protect=self._stack.protect)

    @property
    def _keeping(self) -> AzureKeeping:
        return AzureKeeping(account=self._stack.azure, key=self._vault.encryption, protect=self._stack.protect)

    def postgres(self, settings: AzurePostgres) -> tuple[PostgresEndpoint, Admin]:
        """Make the one Postgres; say who may set it up."""
        return Postgres("postgres", settings, self._keeping, self._opts).access

    def redis(self, settings: AzureRedis) -> RedisEndpoint:
        """Make the one Redis."""
        return Redis("redis", settings, self._keeping, self._opts).endpoint

    def bucket(self, settings: AzureStorage) -> BucketEndpoint:
        """Make the one bucket."""
        self._bucket = Bucket("bucket", settings, self._keeping, self._opts)
        return self._bucket.endpoint

    def release(self, release: ReleaseInCloud, opts: pulumi.ResourceOptions) -> Presence:
        """Make a release's identity, and its entry if this stack writes it.

        The right on an entry that somebody else writes is somebody else's to give: its address does not say its id.
        """
        stack, entry = self._stack, None
        if release.entry is not None:
            after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[self._vault]))
            entry_name = stack.secrets.entry(release.name)
            entry = release_entry(f"{release.name}-entry", entry_name, release.entry_text, stack.azure, after)
        identity = ReleaseIdentity(f"{release.name}-identity", stack, release, self._bucket, entry, opts).identity
        if entry is None:
            return Presence(identity=identity)
        return Presence(identity=identity, entry=[entry, *identity.made], entry_name=entry.name)
