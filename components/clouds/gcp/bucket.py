"""The bucket, in Cloud Storage: private, encrypted with the stack's key, versioned, and used with accounts only."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_gcp as gcp

from components.clouds.gcp.guard import deletion_policy
from components.clouds.gcp.key import Key
from components.kubernetes.endpoints import AddressTarget, BucketEndpoint
from config.clouds.gcp.project import GcpSettings
from config.clouds.gcp.storage import GcpStorage

TYPE: Final = "noxus:gcp:Bucket"

_HTTPS_PORT: Final = 443
_BROKEN_UPLOAD_DAYS: Final = 7
_DAY_SECONDS: Final = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """What a `Bucket` needs."""

    project: GcpSettings
    settings: GcpStorage
    key: Key
    """In the bucket's own location."""
    protect: bool
    """Whether engine and provider refuse to delete it."""


class Bucket(pulumi.ComponentResource):
    """The one bucket. Google deletes none that holds an object or a former version of one."""

    endpoint: BucketEndpoint

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        project, settings = args.project, args.settings
        logging = gcp.storage.BucketLoggingArgs(log_bucket=settings.log_bucket or "", log_object_prefix=settings.bucket)
        gcp.storage.Bucket(
            name,
            name=settings.bucket,
            project=project.project,
            location=settings.location,
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=False,
            encryption=gcp.storage.BucketEncryptionArgs(default_kms_key_name=args.key.id),
            versioning=gcp.storage.BucketVersioningArgs(enabled=True),
            soft_delete_policy=gcp.storage.BucketSoftDeletePolicyArgs(
                retention_duration_seconds=settings.soft_delete_days * _DAY_SECONDS
            ),
            lifecycle_rules=[_old_versions(settings.noncurrent_version_days), _broken_uploads()],
            logging=logging if settings.log_bucket else None,
            deletion_policy=deletion_policy(protect=args.protect),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, depends_on=args.key.granted_to("storage")),
        )
        self.endpoint = BucketEndpoint(
            name=settings.bucket,
            url="https://storage.googleapis.com",
            region=settings.location.lower(),
            target=AddressTarget(cidrs=project.private_access_cidrs, port=_HTTPS_PORT),
            made=self,
        )
        self.register_outputs({})


def _old_versions(days: int) -> gcp.storage.BucketLifecycleRuleArgs:
    return gcp.storage.BucketLifecycleRuleArgs(
        action=gcp.storage.BucketLifecycleRuleActionArgs(type="Delete"),
        condition=gcp.storage.BucketLifecycleRuleConditionArgs(days_since_noncurrent_time=days, with_state="ARCHIVED"),
    )


def _broken_uploads() -> gcp.storage.BucketLifecycleRuleArgs:
    return gcp.storage.BucketLifecycleRuleArgs(
        action=gcp.storage.BucketLifecycleRuleActionArgs(type="AbortIncompleteMultipartUpload"),
        condition=gcp.storage.BucketLifecycleRuleConditionArgs(age=_BROKEN_UPLOAD_DAYS),
    )
