"""What a cloud can be asked for, and which one a stack has. A cloud's SDK is imported when it is chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pulumi

from components.data.database_setup import Admin
from components.kubernetes.endpoints import BucketEndpoint, Identity, PostgresEndpoint, RedisEndpoint
from config import StackConfig, StackSettings
from config.data_services import ManagedPostgres, ManagedRedis, ManagedStorage


@dataclass(frozen=True, kw_only=True)
class ReleaseInCloud:
    """What a cloud must know of a release."""

    name: str
    namespace: str
    entry: Mapping[str, pulumi.Input[str]] | None
    """Values of the release's entry in the cloud's secret store, if this stack writes it."""


@dataclass(frozen=True, kw_only=True)
class Presence:
    """A release in the cloud."""

    identity: Identity
    entry: Sequence[pulumi.Resource] = ()
    """What must be written before External Secrets reads the release's entry."""


class Cloud(Protocol):
    """Managed data services, and releases' identities and entries."""

    def postgres(self, settings: ManagedPostgres) -> tuple[PostgresEndpoint, Admin]:
        """Make the one Postgres; say who may set it up."""
        ...

    def redis(self, settings: ManagedRedis) -> RedisEndpoint:
        """Make the one Redis."""
        ...

    def bucket(self, settings: ManagedStorage) -> BucketEndpoint:
        """Make the one bucket."""
        ...

    def release(self, release: ReleaseInCloud, opts: pulumi.ResourceOptions) -> Presence:
        """Make a release's identity and entry."""
        ...


def chosen_cloud(stack: StackConfig, opts: pulumi.ResourceOptions) -> Cloud | None:
    """The cloud of this stack; none where the Kubernetes cluster is all there is."""
    if stack.settings.aws is None:
        return None
    from components.clouds.aws import Aws

    return Aws(stack.settings, stack.settings.aws, opts)


def cloud_providers(settings: StackSettings, after: pulumi.Output[object]) -> Mapping[str, pulumi.ProviderResource]:
    """The explicit provider of the stack's cloud, by package; nothing is done with it before `after` is known."""
    if settings.aws is None:
        return {}
    from components.clouds.aws.provider import aws_provider

    return {"aws": aws_provider(settings.aws, after)}
