"""Redis by Memorystore: two nodes in two zones, encrypted, with a password, over TLS only, and never evicting."""

from collections.abc import Sequence
from typing import Final

import pulumi
import pulumi_gcp as gcp

from components.clouds.gcp.key import DELETION, GcpKeeping
from components.kubernetes.endpoints import AddressTarget, RedisEndpoint
from config.clouds.gcp.redis import GcpRedis
from config.windows import day_and_hour

TYPE: Final = "noxus:gcp:Redis"

_DAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_PERIODS: Final = {1: "ONE_HOUR", 6: "SIX_HOURS", 12: "TWELVE_HOURS", 24: "TWENTY_FOUR_HOURS"}


class Redis(pulumi.ComponentResource):
    """The one Redis, in Memorystore for Redis: Valkey there has no password, and a cluster no one primary (kombu).

    Nothing of it outlives it.
    """

    endpoint: RedisEndpoint

    def __init__(self, name: str, settings: GcpRedis, keeping: GcpKeeping, opts: pulumi.ResourceOptions) -> None:
        super().__init__(TYPE, name, {}, opts)
        project, key, protect = keeping.account, keeping.key, keeping.protect
        day, hour = day_and_hour(settings.maintenance_hour)
        instance = gcp.redis.Instance(
            name,
            name=f"{project.name}-{name}",
            project=project.project,
            region=project.region,
            tier="STANDARD_HA" if settings.standby else "BASIC",
            memory_size_gb=settings.memory_gib,
            redis_version=f"REDIS_{settings.version.replace('.', '_')}",
            redis_configs={
                # Queues and runs that wait for the bucket are here: what is evicted is lost.
                "maxmemory-policy": "noeviction",
                "maxmemory-gb": str(settings.data_gib),
            },
            auth_enabled=True,
            transit_encryption_mode="SERVER_AUTHENTICATION",
            customer_managed_key=key.id,
            connect_mode="PRIVATE_SERVICE_ACCESS",
            authorized_network=project.network,
            reserved_ip_range=project.psa_range,
            persistence_config=_persistence(settings),
            maintenance_policy={
                "weekly_maintenance_windows": [{"day": _DAYS[day - 1], "start_time": {"hours": hour, "minutes": 0}}]
            },
            # Unset, the provider deletes it: its schema has no default, whatever its documentation says.
            deletion_protection=protect,
            deletion_policy=DELETION[protect],
            opts=pulumi.ResourceOptions(parent=self, protect=protect, depends_on=key.granted_to("redis")),
        )
        self.endpoint = RedisEndpoint(
            host=instance.host,
            access=settings.access,
            password=pulumi.Output.secret(instance.auth_string),
            ca=instance.server_ca_certs.apply(authorities),
            target=AddressTarget(cidrs=project.psa_cidrs, port=settings.access.port),
            made=self,
        )
        self.register_outputs({})


def authorities(certificates: Sequence[gcp.redis.outputs.InstanceServerCaCert]) -> str:
    """All of them: the next one is offered years before the present one ends, and clients must know both."""
    return "".join(f"{(certificate.cert or '').strip()}\n" for certificate in certificates)


def _persistence(settings: GcpRedis) -> gcp.redis.InstancePersistenceConfigArgsDict:
    """Left out, it would stay as it is: to end it, it must be said."""
    if settings.snapshot_hours == 0:
        return {"persistence_mode": "DISABLED"}
    return {"persistence_mode": "RDB", "rdb_snapshot_period": _PERIODS[settings.snapshot_hours]}
