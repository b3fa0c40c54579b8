"""The three data services in one namespace of their own."""

import pulumi

from components.cluster.bucket import Bucket, BucketArgs
from components.cluster.postgres import ADMIN_ROLE, USER_ID, Postgres, PostgresArgs
from components.cluster.redis import Redis, RedisArgs
from components.database_setup import DatabaseSetup, DatabaseSetupArgs
from components.endpoints import DataServices
from components.namespace import Namespace, NamespaceArgs
from config import StackSettings
from config.autoscaling import KedaAutoscaling


def data_services(settings: StackSettings, opts: pulumi.ResourceOptions) -> DataServices:
    """Make the namespace and the services; protected, if the stack is, together with the volumes inside."""
    cluster = settings.cluster
    protected = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=settings.protect))
    namespace = Namespace(
        cluster.data_namespace,
        NamespaceArgs(
            namespace=cluster.data_namespace,
            pod_security=cluster.pod_security,
            dns=cluster.dns,
            setting="cluster.dataNamespace",
        ),
        protected,
    ).ref
    keda_counts = any(isinstance(pool.autoscaling, KedaAutoscaling) for _, _, pool in settings.pools())
    postgres = Postgres(
        "postgres",
        PostgresArgs(
            namespace=namespace,
            settings=settings.postgres,
            scaler_namespace=cluster.keda_namespace if keda_counts else None,
        ),
        protected,
    )
    redis = Redis(
        "redis",
        RedisArgs(namespace=namespace, settings=settings.redis),
        protected,
    )
    bucket = Bucket(
        "bucket",
        BucketArgs(namespace=namespace, settings=settings.storage),
        protected,
    )
    # Not protected: a changed password replaces the Job.
    setup = DatabaseSetup(
        "postgres-setup",
        DatabaseSetupArgs(
            namespace=namespace,
            image=settings.postgres.image,
            user_id=USER_ID,
            postgres=postgres.endpoint,
            admin_user=ADMIN_ROLE,
            admin_password=postgres.admin_password,
            after=postgres,
        ),
        opts,
    )
    return DataServices(
        postgres=postgres.endpoint,
        redis=redis.endpoint,
        bucket=bucket.endpoint,
        ready=[postgres, redis, bucket, setup],
    )
