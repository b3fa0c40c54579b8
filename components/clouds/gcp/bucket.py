"""The bucket, in Cloud Storage: private, encrypted with the stack's key, versioned, and used with accounts only."""

from typing import Final

import pulumi
import pulumi_gcp as gcp

from components.clouds.gcp.key import DELETION, GcpKeeping
from components.clouds.managed import BROKEN_UPLOAD_DAYS, HTTPS_PORT
from components.kubernetes.endpoints import AddressTarget, BucketEndpoint
from config.clouds.gcp.storage import GcpStorage

TYPE: Final = "noxus:gcp:Bucket"

_DAY_SECONDS: Final = 24 * 3600


class Bucket(pulumi.ComponentResource):
    """The one bucket. Google deletes none that holds an object or a former version of one.

    The key that keeps it is in its own location.
    """

    endpoint: BucketEndpoint

    def __init__(self, name: str, settings: GcpStorage, keeping: GcpKeeping, opts: pulumi.ResourceOptions) -> None:
        super().__init__(TYPE, name, {}, opts)
        project, key, protect = keeping.account, keeping.key, keeping.protect
        logging: gcp.storage.BucketLoggingArgsDict = {
            "log_bucket": settings.log_bucket or "",
            "log_object_prefix": settings.bucket,
        }
        gcp.storage.Bucket(
            name,
            name=settings.bucket,
            project=project.project,
            location=settings.location,
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=False,
            encryption={"default_kms_key_name": key.id},
            versioning={"enabled": True},
            soft_delete_policy={"retention_duration_seconds": settings.soft_delete_days * _DAY_SECONDS},
            lifecycle_rules=[
                {
                    "action": {"type": "Delete"},
                    "condition": {
                        "days_since_noncurrent_time": settings.noncurrent_version_days,
                        "with_state": "ARCHIVED",
                    },
                },
                {
                    "action": {"type": "AbortIncompleteMultipartUpload"},
                    "condition": {"age": BROKEN_UPLOAD_DAYS},
                },
            ],
            logging=logging if settings.log_bucket else None,
            deletion_policy=DELETION[protect],
            opts=pulumi.ResourceOptions(parent=self, protect=protect, depends_on=key.granted_to("storage")),
        )
        self.endpoint = BucketEndpoint(
            name=settings.bucket,
            url="https://storage.googleapis.com",
            region=settings.location.lower(),
            target=AddressTarget(cidrs=project.private_access_cidrs, port=HTTPS_PORT),
            made=self,
        )
        self.register_outputs({})
