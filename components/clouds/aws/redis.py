"""Redis by ElastiCache: one primary and its replicas, encrypted, with a password, and never evicting."""

from typing import Final

import pulumi
import pulumi_aws as aws

from components.clouds.aws.firewall import admitting_cluster
from components.clouds.aws.key import AwsKeeping, final_snapshot
from components.kubernetes.endpoints import AddressTarget, RedisEndpoint
from components.secrets.password import generated_password
from config.clouds.aws.redis import AwsRedis
from config.redis_access import REDIS_PORT

TYPE: Final = "noxus:aws:Redis"

_ENGINES: Final = {"valkey": ("8.0", "valkey8"), "redis": ("7.1", "redis7")}
"""Version and family of parameters, by engine."""


class Redis(pulumi.ComponentResource):
    """The one Redis, in ElastiCache. Cluster mode is off: Celery's transport knows one primary (kombu).

    If it is protected, a last snapshot is taken when it is deleted nonetheless.
    """

    endpoint: RedisEndpoint

    def __init__(self, name: str, settings: AwsRedis, keeping: AwsKeeping, opts: pulumi.ResourceOptions) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account, key, protect = keeping.account, keeping.key, keeping.protect
        version, family = _ENGINES[settings.engine]
        password = generated_password(f"{name}-password", child, length=64)
        subnets = aws.elasticache.SubnetGroup(
            name, name=f"{account.name}-{name}", subnet_ids=account.subnet_ids, opts=child
        )
        parameters = aws.elasticache.ParameterGroup(
            f"{name}-{family}",
            name=f"{account.name}-{name}-{family}",
            family=family,
            # Queues and runs that wait for the bucket are here: what is evicted is lost.
            parameters=[{"name": "maxmemory-policy", "value": "noeviction"}],
            opts=child,
        )
        group = aws.elasticache.ReplicationGroup(
            name,
            replication_group_id=f"{account.name}-{name}",
            description=f"Broker and cache of {account.name}",
            engine=settings.engine,
            engine_version=version,
            node_type=settings.node_type,
            num_cache_clusters=settings.replicas + 1,
            automatic_failover_enabled=settings.replicas > 0,
            multi_az_enabled=settings.replicas > 0,
            port=REDIS_PORT,
            parameter_group_name=parameters.name,
            subnet_group_name=subnets.name,
            security_group_ids=[admitting_cluster(name, REDIS_PORT, account, child).id],
            at_rest_encryption_enabled=True,
            kms_key_id=key.arn,
            transit_encryption_enabled=True,
            transit_encryption_mode=settings.transit_encryption,
            auth_token=password,
            snapshot_retention_limit=settings.snapshot_days,
            snapshot_window=settings.snapshot_window,
            maintenance_window=settings.maintenance_window,
            final_snapshot_identifier=final_snapshot(f"{account.name}-{name}", key) if protect else None,
            auto_minor_version_upgrade=True,
            apply_immediately=settings.apply_immediately,
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        self.endpoint = RedisEndpoint(
            host=group.primary_endpoint_address,
            access=settings.access,
            password=password,
            target=AddressTarget(cidrs=account.data_cidrs, port=REDIS_PORT),
            made=self,
        )
        self.register_outputs({})
