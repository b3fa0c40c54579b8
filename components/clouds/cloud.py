"""What a cloud can be asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pulumi

from components.data.database_setup import Admin
from components.kubernetes.endpoints import BucketEndpoint, Identity, PostgresEndpoint, RedisEndpoint
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
