"""Releases: workloads of one namespace. `Release` is what both kinds share; a worker release is nothing more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ServiceAccount

from checks.scaling.scalers import Count
from components.clouds.cloud import AnyCloud, Presence, ReleaseInCloud
from components.kubernetes.endpoints import DataServices, Identity, PostgresAddress
from components.kubernetes.namespace_ref import NamespaceRef
from components.network.namespace import Namespace, NamespaceArgs
from components.releases.allowances import Allowances
from components.releases.quota import Quota
from components.secrets.addresses import postgres_references
from components.secrets.app_env import AppEnv, AppEnvArgs, Composed, credentials, marked, platform_env
from components.secrets.digest import Digests
from components.secrets.external_secret import StoreAccess, StoreKey, external_pull_secret, secret_store
from components.secrets.pull_secret import pull_secret
from components.workloads.autoscaling import ScalerCredential
from components.workloads.controllers import namespace_labels
from components.workloads.migrations import Migrations
from components.workloads.pod_monitor import pod_monitor
from components.workloads.pool import WorkerPool, WorkerPoolArgs
from components.workloads.scheduler import Scheduler
from components.workloads.service import WebService
from components.workloads.workload import METRICS_PATH, ReleaseContext
from config import StackConfig
from config.authorities import CA_FILE
from config.connections import Service
from config.names import (
    MIGRATIONS,
    POSTGRES_VARIABLES,
    SCALER_LOGIN,
    SCHEDULER,
    app_env_secret,
    authority,
    migrations_env,
    scaler_credential,
)
from config.references import referred
from config.releases import IdentitySettings, PrimarySettings, ReleaseSettings
from config.sections import RegistrySettings

PRIMARY_TYPE: Final = "noxus:components:PrimaryRelease"
WORKER_TYPE: Final = "noxus:components:WorkerRelease"

Variables = Mapping[str, pulumi.Input[str] | StoreKey | Composed]
"""Values of variables: plain ones, keys of a store, and those that hold a login."""


@dataclass(frozen=True, kw_only=True)
class ReleaseArgs:
    """What a release is told: its own settings and what it shares with the others. It asks for nothing itself."""

    path: str
    """Where the stack file has it, for error messages."""
    settings: ReleaseSettings
    stack: StackConfig
    services: DataServices
    cloud: AnyCloud | None
    references: Mapping[str, pulumi.Input[str]]
    """Values that plain settings may refer to, by name (`config/references.py`)."""
    digests: Digests
    deployed_marks: pulumi.Output[Mapping[str, Sequence[str]]]
    """Marks of Secrets that the stack was deployed with, by `<namespace>/<name>`."""
    counts: Mapping[str, Count]
    """What KEDA asks for each of its pools, by workload name."""
    after: Sequence[pulumi.Resource] = ()
    """What must be done before any workload starts, beyond the data services: the primary release's migrations."""


class Release(pulumi.ComponentResource):
    """A namespace with its environment, its identity, its network policies and its worker pools."""

    namespace: NamespaceRef
    """The namespace of all its workloads."""
    pools: Mapping[str, pulumi.Output[str]]
    """Name of each pool's Deployment, by pool."""
    marks: Mapping[str, pulumi.Output[Sequence[str]]]
    """Marks of the Secrets that External Secrets writes, by `<namespace>/<name>`."""

    def __init__(
        self, type_token: str, name: str, args: ReleaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make all that workloads stand on, in this order; which workloads there are, each kind says itself."""
        super().__init__(type_token, name, {}, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.namespace = self._namespace()
        stack, own = args.stack.settings, args.settings
        allowances = Allowances(name, stack, own, self.namespace, args.services, self._child)
        variables = self._variables(args.services.postgres.platform)
        presence = self._presence(variables)
        identity = _with_marks(presence.identity, own.identity)
        quotas = [Quota(f"{name}-quota", self.namespace, own.quota, self._child)] if own.quota else []
        before_pods = [*args.services.ready, *args.after, *quotas, allowances]
        service_account = self._service_account(identity, before_pods)
        if stack.cluster.scraping == "podMonitors":
            pod_monitor(name, self.namespace, stack.cluster.pod_monitor_labels, METRICS_PATH, self._child)
        self._store = self._store_access(service_account, presence)
        app_env = self._app_env(variables)
        self.marks = app_env.marks
        self._context = ReleaseContext(
            name=name,
            namespace=self.namespace,
            service_account=service_account,
            app_env=app_env,
            annotate_metrics=stack.cluster.scraping == "annotations",
            reloader=stack.secrets.reloader,
            identity=identity,
            images=stack.images,
            authorities=self._authorities(),
            after=[self._login(secret, registry) for secret, registry in stack.images.registries.items()],
        )

    def _namespace(self) -> NamespaceRef:
        own, cluster = self._args.settings, self._args.stack.settings.cluster
        args = NamespaceArgs(
            namespace=own.namespace,
            pod_security=cluster.pod_security,
            dns=cluster.dns,
            assigns_ids=cluster.openshift,
            egress={**self._args.stack.settings.pods.egress, **own.pods.egress},
            create=own.create_namespace,
            labels=namespace_labels(own) if isinstance(own, PrimarySettings) else {},
            setting=f"{self._args.path}.namespace",
        )
        made = Namespace(own.namespace, args, self._child).ref
        return replace(made, logins=self._args.stack.settings.images.login_secrets)

    def _store_access(self, service_account: pulumi.Output[str], presence: Presence) -> StoreAccess | None:
        """How External Secrets reads this release's entry; none where Pulumi writes all Secrets."""
        args, stack = self._args, self._args.stack.settings
        if stack.secret_store is None:
            return None
        after = pulumi.ResourceOptions(parent=self, depends_on=[*presence.entry])
        return StoreAccess(
            settings=stack.secrets,
            release=self._name,
            entry=presence.entry_name or stack.secrets.entry(self._name),
            store=secret_store(self._name, self.namespace, service_account, stack.secret_store, after),
            digests=args.digests,
            deployed=args.deployed_marks,
        )

    def _service_account(self, identity: Identity, before_pods: Sequence[pulumi.Resource]) -> pulumi.Output[str]:
        """The account of all pods, and what they wait for: it is made once everything is there that pods need.

        Each workload names it, so this is said once, not in the state of every workload.
        """
        account = ServiceAccount(
            self.namespace.key(self._name),
            metadata=self.namespace.metadata(self._name, annotations=identity.service_account_annotations),
            automount_service_account_token=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*identity.made, *before_pods]),
        )
        return account.metadata["name"]

    def _authorities(self) -> Mapping[Service, pulumi.Output[str]]:
        """Certificates of private authorities, for all pods. A change comes into their file by itself."""
        services = self._args.services
        found: Mapping[Service, pulumi.Output[str] | None] = {
            "postgres": services.postgres.ca,
            "redis": services.redis.ca,
        }
        return {
            service: ConfigMap(
                self.namespace.key(authority(self._name, service)),
                metadata=self.namespace.metadata(authority(self._name, service)),
                data={CA_FILE: certificates},
                opts=self._child,
            ).metadata["name"]
            for service, certificates in found.items()
            if certificates is not None
        }

    def _login(self, name: str, registry: RegistrySettings) -> pulumi.Resource:
        """The login of one registry, written by Pulumi or by External Secrets."""
        secrets, password = self._args.stack.secrets, registry.password
        if self._store is None:
            return pull_secret(name, self.namespace, registry, secrets[password], self._child)
        key = self._store_key(password)
        return external_pull_secret(
            name, self.namespace, self._store, registry.server, registry.username, key, self._child
        )

    def _secret_value(self, key: str) -> pulumi.Output[str] | StoreKey:
        stack = self._args.stack
        return self._store_key(key) if stack.settings.secret_store else stack.secrets[key]

    def _store_key(self, key: str) -> StoreKey:
        stack = self._args.stack
        return StoreKey(key, stack.secrets[key] if stack.settings.writes_entries else None)

    def _presence(self, variables: Variables) -> Presence:
        """The release in the stack's cloud: its identity, and its entry there."""
        args = self._args
        if args.cloud is None:
            return Presence(identity=Identity())
        entry = None
        if args.stack.settings.writes_entries:
            keys = args.stack.settings.secret_keys_of(args.settings)
            scaler = {SCALER_LOGIN: args.services.postgres.scaler_password} if args.settings.counts_tasks else {}
            values = {key: args.stack.secrets[key] for key in sorted(keys)}
            entry = {**_composed(variables), **scaler, **values}
        release = ReleaseInCloud(name=self._name, namespace=args.settings.namespace, entry=entry)
        return args.cloud.release(release, self._child)

    def _secret_values(self, keys: Mapping[str, str]) -> dict[str, pulumi.Output[str] | StoreKey]:
        return {name: self._secret_value(key) for name, key in keys.items()}

    def _variables(self, address: PostgresAddress) -> Variables:
        """Variables of every workload that comes to Postgres on this way. What is further down overrides."""
        stack, own, services = self._args.stack.settings, self._args.settings, self._args.services
        references = {**self._args.references, **postgres_references(services.postgres, address)}
        return {
            **{name: Composed(value) for name, value in credentials(services, address).items()},
            **platform_env(services, stack.archive),
            **marked(stack.env, references),
            **self._secret_values(stack.secret_env),
            **marked(own.env, references),
        }

    def _past_pooler(self) -> Mapping[str, pulumi.Input[str]]:
        """What migrations are told otherwise than the other workloads: the way to Postgres itself."""
        stack, postgres = self._args.stack.settings, self._args.services.postgres
        if postgres.pooler is None or not self._args.settings.migrates:
            return {}
        texts = {**stack.env, **stack.primary.env}
        concerned = {name for name, text in texts.items() if any(it.startswith("postgres.") for it in referred(text))}
        return {
            name: it.value if isinstance(it, Composed) else it
            for name, it in self._variables(postgres.direct).items()
            if name in concerned | POSTGRES_VARIABLES and not isinstance(it, StoreKey)
        }

    def _app_env(self, variables: Variables) -> AppEnv:
        stack, own = self._args.stack.settings, self._args.settings
        logins = _composed(variables)
        in_store = {name: StoreKey(name, value) for name, value in logins.items()} if stack.writes_entries else {}
        layers = {layer: self._secret_values(keys) for layer, keys in own.secrets.items()}
        migrations = {migrations_env(self._name): past} if (past := self._past_pooler()) else {}
        args = AppEnvArgs(
            release=self._name,
            namespace=self.namespace,
            digests=self._args.digests,
            credentials={} if in_store else logins,
            shared={**in_store, **{name: it for name, it in variables.items() if not isinstance(it, Composed)}},
            layers={**layers, **migrations},
            store=self._store,
        )
        return AppEnv(app_env_secret(self._name), args, self._child)

    def _pools(self, context: ReleaseContext) -> Mapping[str, pulumi.Output[str]]:
        pools = self._args.settings.enabled_pools
        credential = None
        if self._args.settings.counts_tasks:
            credential = ScalerCredential(
                scaler_credential(self._name),
                self.namespace,
                self._args.digests,
                self._args.services.postgres.scaler_password,
                self._store if self._args.stack.settings.writes_entries else None,
                self._child,
            )
        return {
            pool: WorkerPool(
                f"{self._name}-{pool}",
                WorkerPoolArgs(
                    context=context,
                    pool=pool,
                    settings=settings,
                    count=self._args.counts.get(f"{self._name}-{pool}"),
                    postgres=self._args.services.postgres,
                    references=self._args.references,
                    credential=credential,
                ),
                self._child,
            ).deployment_name
            for pool, settings in pools.items()
        }


def _composed(variables: Variables) -> dict[str, pulumi.Output[str]]:
    return {name: it.value for name, it in variables.items() if isinstance(it, Composed)}


def _with_marks(identity: Identity, own: IdentitySettings) -> Identity:
    """The cloud's identity with the marks that the stack file adds or puts in their place."""
    return replace(
        identity,
        service_account_annotations={**identity.service_account_annotations, **own.annotations},
        pod_labels={**identity.pod_labels, **own.pod_labels},
    )


class PrimaryRelease(Release):
    """The one release with backend, frontend, relays, scheduler and migrations."""

    migrations: Sequence[pulumi.Resource]
    """What every release's workloads wait for."""

    def __init__(self, name: str, args: ReleaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(PRIMARY_TYPE, name, args, opts)
        primary = args.stack.settings.primary
        self.migrations = self._migrations()
        migrated = replace(self._context, after=[*self._context.after, *self.migrations])
        self.pools = self._pools(migrated)
        for role in primary.services:
            WebService(f"{name}-{role}", migrated, role, primary, self._child)
        if primary.scheduler.enabled:
            Scheduler(f"{name}-{SCHEDULER}", migrated, primary.scheduler, self._child)
        self.register_outputs({"namespace": self.namespace.created, "pools": self.pools})

    def _migrations(self) -> Sequence[pulumi.Resource]:
        stack = self._args.stack.settings
        if not stack.primary.migrates:
            return []
        env = migrations_env(self._name) if stack.has_pooler else ""
        name, settings = f"{self._name}-{MIGRATIONS}", stack.primary.migrations
        return [Migrations(name, self._context, settings, self._child, env_secret_ref=env)]


class WorkerRelease(Release):
    """A release of worker pools only, on the data services that it shares with the primary."""

    def __init__(self, name: str, args: ReleaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(WORKER_TYPE, name, args, opts)
        self.pools = self._pools(self._context)
        self.register_outputs({"namespace": self.namespace.created, "pools": self.pools})
