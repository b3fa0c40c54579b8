"""What a cloud can be asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pulumi

from components.data.database_setup import Admin
from components.kubernetes.endpoints import BucketEndpoint, Identity, PostgresEndpoint, RedisEndpoint


@dataclass(frozen=True, kw_only=True)
class ReleaseInCloud:
    """What a cloud must know of a release."""

    name: str
    """The name of its ServiceAccount too."""
    namespace: str
    entry: Mapping[str, pulumi.Input[str]] | None
    """Values of the release's entry in the cloud's secret store, if this stack writes it, by the name that External
    Secrets asks for."""

    @property
    def entry_text(self) -> pulumi.Output[str]:
        """The entry as it is written: a JSON object, and a secret."""
        return pulumi.Output.secret(pulumi.Output.json_dumps(dict(self.entry or {}), sort_keys=True))


@dataclass(frozen=True, kw_only=True)
class Presence:
    """A release in the cloud."""

    identity: Identity
    entry: Sequence[pulumi.Resource] = ()
    """What must be written before External Secrets reads the release's entry."""
    entry_name: pulumi.Input[str] | None = None
    """Name of the entry, where the cloud has made it another than the settings say."""


class AnyCloud(Protocol):
    """Managed data services, and releases' identities and entries.

    Settings are each cloud's own: a stack file is read by one model, so they fit.
    """

    def postgres(self, settings: Any) -> tuple[PostgresEndpoint, Admin]:
        """Make the one Postgres; say who may set it up."""
        ...

    def redis(self, settings: Any) -> RedisEndpoint:
        """Make the one Redis."""
        ...

    def bucket(self, settings: Any) -> BucketEndpoint:
        """Make the one bucket."""
        ...

    def release(self, release: ReleaseInCloud, opts: pulumi.ResourceOptions) -> Presence:
        """Make a release's identity and entry."""
        ...


@dataclass(frozen=True)
class Room:
    """What a stack uses of its cloud."""

    providers: Callable[[pulumi.Output[object]], Mapping[str, pulumi.ProviderResource]]
    """Makes the explicit provider, by package, which all resources inherit; nothing is done with it before
    the output is known."""
    cloud: Callable[[pulumi.ResourceOptions], AnyCloud]
    """Makes what all releases share in the cloud."""
