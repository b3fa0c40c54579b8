"""The bucket, in S3: private, encrypted with the stack's key, versioned, and used over TLS with roles only."""

import json
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.kubernetes.endpoints import AddressTarget, BucketEndpoint
from config.clouds.aws.account import AwsSettings
from config.clouds.aws.storage import AwsStorage

TYPE: Final = "noxus:aws:Bucket"

_HTTPS_PORT: Final = 443
_BROKEN_UPLOAD_DAYS: Final = 7


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """What a `Bucket` needs."""

    account: AwsSettings
    settings: AwsStorage
    key: aws.kms.Key
    protect: bool
    """Whether the engine refuses to delete it."""


class Bucket(pulumi.ComponentResource):
    """The one bucket, in S3. The cloud's own protection is that S3 deletes no bucket that holds an object."""

    endpoint: BucketEndpoint

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        protected = pulumi.ResourceOptions(parent=self, protect=args.protect)
        account, settings = args.account, args.settings
        bucket = aws.s3.Bucket(name, bucket=settings.bucket, force_destroy=False, opts=protected)
        aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketOwnershipControls(
            name,
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="aws:kms", kms_master_key_id=args.key.arn
                    ),
                    bucket_key_enabled=True,
                )
            ],
            opts=child,
        )
        versioning = aws.s3.BucketVersioning(
            name,
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[_old_versions(settings.noncurrent_version_days), _broken_uploads()],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        policy = json.dumps(tls_only(account.partition, settings.bucket))
        aws.s3.BucketPolicy(name, bucket=bucket.bucket, policy=policy, opts=child)
        if settings.log_bucket:
            aws.s3.BucketLogging(
                name,
                bucket=bucket.bucket,
                target_bucket=settings.log_bucket,
                target_prefix=f"{settings.bucket}/",
                opts=child,
            )
        self.endpoint = BucketEndpoint(
            name=settings.bucket,
            url=f"https://s3.{account.region}.amazonaws.com",
            region=account.region,
            target=AddressTarget(cidrs=account.endpoint_cidrs, port=_HTTPS_PORT),
            made=self,
        )
        self.register_outputs({})


def tls_only(partition: str, bucket: str) -> dict[str, Any]:
    """Nobody without TLS, whoever it is: a denial names every principal."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def _old_versions(days: int) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="old-versions",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=days
        ),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True),
    )


def _broken_uploads() -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="broken-uploads",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=_BROKEN_UPLOAD_DAYS
        ),
    )
