"""Releases: the primary one and the worker releases, each in a namespace of its own."""

from collections.abc import Mapping
from typing import Any, Generic, cast

from pydantic import Field
from typing_extensions import TypeVar

from config.autoscaling import KedaAutoscaling
from config.ingress import HostSettings, IngressSettings, PublicRole, TlsSettings
from config.names import MIGRATIONS
from config.network import EgressSettings
from config.pods import PodLabels, PodSettings
from config.references import EnvValue
from config.section import Section
from config.statements import Statements
from config.types import AnnotationName, ConfigKey, EnvName, Label, ObjectName, Quantity, Text
from config.workloads import (
    MigrationSettings,
    PoolSettings,
    RelaySettings,
    RunSettings,
    SchedulerSettings,
    ServiceSettings,
)

_Statements_co = TypeVar("_Statements_co", bound=Statements, covariant=True, default=Statements)


class IdentitySettings(Section, Generic[_Statements_co]):
    """Who a release's pods are to a cloud, and what else they may do there.

    Annotations and labels are for a role that somebody else has made, statements for the one that the stack makes.
    """

    annotations: Mapping[AnnotationName, Text] = Field(default={}, examples=["{ iam.example.com/role: noxus-acme }"])
    """Annotations of the release's ServiceAccount."""
    pod_labels: PodLabels = Field(default={}, examples=['{ iam.example.com/use: "true" }'])
    """Labels of the release's pods."""
    statements: _Statements_co = Field(default=cast("Any", ()), examples=["[{ ... }]"])
    """Rights of the release's own identity besides those on the bucket and its entry, in the words of the cloud."""


class DefaultRequests(Section):
    """What a container counts as that requests nothing itself."""

    cpu: Quantity = Field(examples=["250m"])
    """CPU."""
    memory: Quantity = Field(examples=["512Mi"])
    """Memory."""


class QuotaSettings(Section):
    """What all pods of a namespace may request together. A quota that the release cannot fit into is refused."""

    cpu: Quantity = Field(examples=["40"])
    """CPU requests of all pods."""
    memory: Quantity = Field(examples=["160Gi"])
    """Memory requests of all pods."""
    pods: int = Field(ge=1, examples=[60])
    """Number of pods, those that a rollout adds included."""
    default_requests: DefaultRequests
    """Requests of containers that set none: with a quota, Kubernetes refuses a pod that requests nothing."""


class ReleaseSettings(Section, Generic[_Statements_co]):
    """What a primary and a worker release share."""

    namespace: Label = Field(examples=["noxus"])
    """Namespace of the release. No two releases share one."""
    create_namespace: bool = True
    """Whether the stack makes the namespace. False: it exists, with the Pod Security labels that its owner gives it,
    and nobody else's pods: the stack's policies deny every pod in it both directions, and allow its own only.
    One that the stack has made is not given away by this alone: Pulumi would delete it, so that is refused."""
    env: Mapping[EnvName, EnvValue] = {}
    """Plain settings of this release's workloads, over `noxus:env`."""
    secrets: Mapping[ObjectName, Mapping[EnvName, ConfigKey]] = {}
    """Secrets to make beside app-env, for pools' `envSecretRef`: Secret name, then variable, then secret config key."""
    identity: IdentitySettings[_Statements_co] = Field(default=cast("Any", IdentitySettings()))
    """Who the release's pods are to a cloud."""
    egress: Mapping[Label, EgressSettings] = {}
    """What all pods of the release that reach the internet may reach besides, by a name for each."""
    pods: PodSettings = PodSettings()
    """What all pods of the release are told that do not say it themselves, over `noxus:pods`."""
    quota: QuotaSettings | None = None
    """What the namespace may use of the cluster. Unset: as much as there is."""
    pools: Mapping[Label, PoolSettings] = {}
    """Worker pools by name; a pool is `<release>-<pool>` in Kubernetes."""

    @property
    def enabled_pools(self) -> Mapping[str, PoolSettings]:
        """The pools that get a Deployment, by name."""
        return {name: pool for name, pool in self.pools.items() if pool.enabled}

    @property
    def runs(self) -> Mapping[str, RunSettings]:
        """Everything that runs the platform's images, by its path below the release's."""
        return {f"pools.{name}": pool for name, pool in self.enabled_pools.items()}

    @property
    def migrates(self) -> bool:
        """Whether the migrations run in it."""
        return MIGRATIONS in self.runs

    @property
    def counts_tasks(self) -> bool:
        """Whether KEDA logs in to Postgres for a pool of this release."""
        return any(isinstance(pool.autoscaling, KedaAutoscaling) for pool in self.enabled_pools.values())


class PrimarySettings(ReleaseSettings[_Statements_co]):
    """The one primary release: backend, frontend, relays, scheduler, migrations and its own pools."""

    name: Label = "noxus"
    """Name of the release, and the first part of the names of its workloads."""
    backend: ServiceSettings = ServiceSettings()
    """The API."""
    frontend: ServiceSettings = ServiceSettings()
    """The web application."""
    relays: RelaySettings = RelaySettings()
    """What takes webhooks."""
    scheduler: SchedulerSettings = SchedulerSettings()
    """What starts the periodic tasks."""
    migrations: MigrationSettings = MigrationSettings()
    """What brings the database's schema up to date."""
    hosts: HostSettings | None = None
    """Public hosts. Unset: nothing is reached from outside the cluster."""
    tls: TlsSettings | None = None
    """Certificates of the hosts. Unset: plain HTTP."""
    ingress: IngressSettings = IngressSettings()
    """What the ingress controller is told."""

    @property
    def runs(self) -> Mapping[str, RunSettings]:
        """Everything that runs the platform's images, by its path below the release's."""
        optional = {"relays": self.relays, "scheduler": self.scheduler, "migrations": self.migrations}
        enabled = {name: settings for name, settings in optional.items() if settings.enabled}
        return {"backend": self.backend, "frontend": self.frontend, **enabled, **super().runs}

    @property
    def services(self) -> Mapping[PublicRole, ServiceSettings]:
        """Those that answer over HTTP, as far as they run."""
        every: dict[PublicRole, ServiceSettings]
        every = {"frontend": self.frontend, "backend": self.backend, "relays": self.relays}
        return {role: service for role, service in every.items() if role != "relays" or self.relays.enabled}

    @property
    def public_hosts(self) -> Mapping[PublicRole, str]:
        """Host of each service that is reached from outside."""
        return {role: self.hosts.of(role) for role in self.services} if self.hosts else {}

    @property
    def solves_challenges(self) -> bool:
        """Whether cert-manager makes the hosts' certificates, and so may have to answer for a host over HTTP."""
        return bool(self.public_hosts and self.tls and self.tls.cluster_issuer)

    def public_url(self, role: PublicRole) -> str | None:
        """Address of a service for people and webhooks, if it has one."""
        host = self.public_hosts.get(role)
        return host and f"{'https' if self.tls else 'http'}://{host}"


class WorkerReleaseSettings(ReleaseSettings[_Statements_co]):
    """A worker release: pools in a namespace of their own, on the data services of the primary release."""

    pools: Mapping[Label, PoolSettings] = Field(min_length=1, examples=["{ flow: { workerSubscribe: flow } }"])
    """Worker pools by name; at least one."""
