"""The one Postgres, the one Redis and the one bucket, each made or found as its `mode` says."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace

import pulumi

from checks.capacity.pooler import share
from components.clouds.cloud import AnyCloud
from components.data.cluster.bucket import Bucket
from components.data.cluster.postgres import Postgres
from components.data.cluster.redis import Redis
from components.data.cluster.stateful import Keeping
from components.data.database_setup import Admin, DatabaseSetup, DatabaseSetupArgs
from components.data.external import external_admin, external_bucket, external_postgres, external_redis
from components.data.pooler import Pooler, PoolerArgs
from components.data.queue_access import QueueAccess, QueueAccessArgs
from components.kubernetes.endpoints import DataServices
from components.kubernetes.namespace_ref import NamespaceRef
from components.network.namespace import Namespace, NamespaceArgs
from components.network.proxy import proxy_variables
from components.secrets.digest import Digests
from components.secrets.pull_secret import pull_secret
from components.workloads.migrations import migrations_run
from config import StackConfig, StackSettings
from config.data_services import ClusterPostgres, ClusterRedis, ClusterStorage
from config.managed import ManagedPostgres, ManagedRedis, ManagedStorage


def data_services(
    stack: StackConfig, cloud: AnyCloud | None, digests: Digests, opts: pulumi.ResourceOptions
) -> DataServices:
    """Make the services, and a namespace for what of them is in the cluster."""
    settings, secrets = stack.settings, stack.secrets
    namespace = functools.cache(lambda: _namespace(stack, opts))

    def keeping() -> Keeping:
        return Keeping(namespace=namespace(), digests=digests, protect=settings.protect)

    admin: Admin | None
    match settings.postgres:
        case ClusterPostgres() as wanted:
            keda = settings.cluster.keda_namespace if settings.counts_tasks else None
            made = Postgres("postgres", wanted, keeping(), opts, scaler_namespace=keda)
            postgres, admin = made.endpoint, made.admin
        case ManagedPostgres() as wanted:
            postgres, admin = _of(cloud).postgres(wanted)
        case wanted:
            postgres, admin = external_postgres(wanted, secrets), external_admin(wanted, secrets)
    match settings.redis:
        case ClusterRedis() as wanted:
            redis = Redis("redis", wanted, keeping(), opts).endpoint
        case ManagedRedis() as wanted:
            redis = _of(cloud).redis(wanted)
        case wanted:
            redis = external_redis(wanted, secrets)
    match settings.storage:
        case ClusterStorage() as wanted:
            bucket = Bucket("bucket", wanted, keeping(), opts).endpoint
        case ManagedStorage() as wanted:
            bucket = _of(cloud).bucket(wanted)
        case wanted:
            bucket = external_bucket(wanted, secrets)
    ready = [made for made in (postgres.made, redis.made, bucket.made) if made]
    setups: list[pulumi.Resource] = []
    open_queue = None
    if admin:
        args = DatabaseSetupArgs(
            namespace=namespace(),
            digests=digests,
            postgres=postgres,
            admin=admin,
            triggers=settings.triggers,
            pods=settings.pods,
            scaler_reads_all=not settings.reads_queue_only,
        )
        setup = DatabaseSetup(DatabaseSetup.NAME, args, opts)
        setups.append(setup)
        open_queue = _open_queue(settings, args, setup, opts)
    if settings.postgres.pooler.enabled:
        args = PoolerArgs(
            namespace=namespace(),
            settings=settings.postgres.pooler,
            share=share(settings),
            digests=digests,
            postgres=postgres,
            cluster=settings.cluster,
            pods=settings.pods,
            after=setups,
        )
        pooler = Pooler(Pooler.NAME, args, opts)
        postgres = replace(postgres, pooler=pooler.address)
        ready.append(pooler)
    proxy, login = proxy_variables(stack, postgres, redis, bucket)
    return DataServices(
        postgres=postgres,
        redis=redis,
        bucket=bucket,
        proxy=proxy,
        proxy_login=login,
        ready=[*ready, *setups],
        open_queue=open_queue,
    )


def _open_queue(
    settings: StackSettings, database: DatabaseSetupArgs, setup: DatabaseSetup, opts: pulumi.ResourceOptions
) -> Callable[[Sequence[pulumi.Resource]], object] | None:
    queue = settings.scaling.queue
    if queue is None or not settings.opens_queue:
        return None

    def open_queue(after: Sequence[pulumi.Resource]) -> object:
        args = QueueAccessArgs(
            database=database,
            secret=setup.secret,
            queue=queue,
            only=settings.reads_queue_only,
            migrations=migrations_run(settings) or "",
            after=[setup, *after],
        )
        return QueueAccess("postgres-queue", args, opts)

    return open_queue


def _of(cloud: AnyCloud | None) -> AnyCloud:
    if cloud is None:
        raise ValueError("the checks refuse managed data services without a cloud")
    return cloud


def _namespace(stack: StackConfig, opts: pulumi.ResourceOptions) -> NamespaceRef:
    """The namespace, with the logins of registries. Of one whose password a store alone knows, there is none here."""
    cluster = stack.settings.cluster
    args = NamespaceArgs(
        namespace=cluster.data_namespace,
        pod_security=cluster.pod_security,
        dns=cluster.dns,
        assigns_ids=cluster.openshift,
        egress=stack.settings.pods.egress,
        setting="cluster.dataNamespace",
        protect=stack.settings.protect and bool(stack.settings.services_in_cluster),
    )
    namespace, images = Namespace(cluster.data_namespace, args, opts).ref, stack.settings.images
    made = [
        pull_secret(f"registry-{name}", namespace, registry, stack.secrets[registry.password], opts)
        for name, registry in images.registries.items()
        if registry.password in stack.secrets
    ]
    return replace(namespace, logins=(*images.pull_secrets, *(secret.metadata["name"] for secret in made)))
