"""An S3-compatible bucket in the cluster: Versity's S3 gateway over a volume, a top-level folder being the bucket."""

from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.data.cluster.stateful import INSTANCE, Keeping, StatefulService, StatefulServiceArgs
from components.kubernetes.endpoints import BucketEndpoint, PodTarget
from components.kubernetes.labels import selector
from components.secrets.password import generated_password
from config.data_services import ClusterStorage

TYPE: Final = "noxus:cluster:Bucket"

PORT: Final = 7070
"""The gateway's own default."""

REGION: Final = "us-east-1"
"""What the gateway calls its only region; S3 clients must name one to sign requests."""

_HEALTH_PATH: Final = "/health"
_DATA_PATH: Final = "/data"
_USER_ID: Final = 1000


class Bucket(pulumi.ComponentResource):
    """The one bucket, in the cluster."""

    endpoint: BucketEndpoint

    def __init__(
        self, name: str, settings: ClusterStorage, keeping: Keeping, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = keeping.namespace
        access_key = generated_password(f"{name}-access-key", child)
        secret_key = generated_password(f"{name}-secret-key", child)
        keys = Secret(
            namespace.key(f"{name}-keys"),
            metadata=namespace.metadata(f"{name}-keys"),
            string_data=pulumi.Output.secret({"ROOT_ACCESS_KEY": access_key, "ROOT_SECRET_KEY": secret_key}),
            opts=child,
        )
        StatefulService(
            name,
            StatefulServiceArgs(
                keeping=keeping,
                settings=settings,
                port=PORT,
                user_id=_USER_ID,
                data_path=_DATA_PATH,
                arguments=["posix", _DATA_PATH],
                env={"VGW_PORT": f":{PORT}", "VGW_HEALTH": _HEALTH_PATH, "VGW_REGION": REGION},
                env_secrets=[keys.metadata["name"]],
                init_command=["mkdir", "-p", f"{_DATA_PATH}/{settings.bucket}"],
                check={"http_get": {"path": _HEALTH_PATH, "port": name}},
                checksum=keeping.digests.of({"access_key": access_key, "secret_key": secret_key}),
            ),
            child,
        )
        self.endpoint = BucketEndpoint(
            name=settings.bucket,
            url=f"http://{name}.{namespace.name}.svc:{PORT}",
            region=REGION,
            access_key_id=access_key,
            secret_access_key=secret_key,
            target=PodTarget(namespace=namespace, pod_labels=selector(INSTANCE, name), port=PORT),
            made=self,
        )
        self.register_outputs({})
