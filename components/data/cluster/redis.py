"""Redis in the cluster: broker, cache and run data in one, so it keeps everything and evicts nothing."""

from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.data.cluster.stateful import INSTANCE, Keeping, StatefulService, StatefulServiceArgs
from components.kubernetes.endpoints import PodTarget, RedisEndpoint
from components.kubernetes.labels import selector
from components.secrets.password import generated_password
from config.data_services import ClusterRedis
from config.redis_access import REDIS_PORT

TYPE: Final = "noxus:cluster:Redis"

_USER_ID: Final = 999
"""User `redis` of the image."""


def server_config(password: str, data_mib: int) -> str:
    """Text of redis.conf. `noeviction`: evicting a broker's keys loses tasks; a full Redis refuses writes instead."""
    return "\n".join(
        (
            f"requirepass {password}",
            f"maxmemory {data_mib}mb",
            "maxmemory-policy noeviction",
            "appendonly yes",
            "dir /data",
            "",
        )
    )


class Redis(pulumi.ComponentResource):
    """The one Redis, in the cluster."""

    endpoint: RedisEndpoint

    def __init__(
        self, name: str, settings: ClusterRedis, keeping: Keeping, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        child, namespace = pulumi.ResourceOptions(parent=self), keeping.namespace
        password = generated_password(f"{name}-password", child)
        data_mib = settings.memory.data_mib
        config = password.apply(lambda value: server_config(value, data_mib))
        files = Secret(
            namespace.key(f"{name}-config"),
            metadata=namespace.metadata(f"{name}-config"),
            string_data=pulumi.Output.secret({"redis.conf": config}),
            opts=child,
        )
        client = Secret(
            namespace.key(f"{name}-client"),
            metadata=namespace.metadata(f"{name}-client"),
            string_data=pulumi.Output.secret({"REDISCLI_AUTH": password}),
            opts=child,
        )
        # redis-cli exits with 0 on an error reply too; only PONG says that Redis has loaded its data.
        ready = ["sh", "-c", "redis-cli ping | grep -q PONG"]
        StatefulService(
            name,
            StatefulServiceArgs(
                keeping=keeping,
                settings=settings,
                port=REDIS_PORT,
                user_id=_USER_ID,
                data_path="/data",
                command=["redis-server", "/etc/redis/redis.conf"],
                env_secrets=[client.metadata["name"]],
                files={"/etc/redis": {"name": "config", "secret": {"secret_name": files.metadata["name"]}}},
                check={"exec_": {"command": ready}},
                checksum=keeping.digests.of({"config": config}),
            ),
            child,
        )
        self.endpoint = RedisEndpoint(
            host=f"{name}.{namespace.name}.svc",
            access=settings.access,
            password=password,
            target=PodTarget(namespace=namespace, pod_labels=selector(INSTANCE, name), port=REDIS_PORT),
            made=self,
        )
        self.register_outputs({})
