"""The bucket, in S3: private, encrypted with the stack's key, versioned, and used over TLS with roles only."""

import json
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.clouds.aws.key import AwsKeeping
from components.clouds.managed import BROKEN_UPLOAD_DAYS, HTTPS_PORT
from components.kubernetes.endpoints import AddressTarget, BucketEndpoint
from config.clouds.aws.storage import AwsStorage

TYPE: Final = "noxus:aws:Bucket"


class Bucket(pulumi.ComponentResource):
    """The one bucket, in S3. The cloud's own protection is that S3 deletes no bucket that holds an object."""

    endpoint: BucketEndpoint

    def __init__(self, name: str, settings: AwsStorage, keeping: AwsKeeping, opts: pulumi.ResourceOptions) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        protected = pulumi.ResourceOptions(parent=self, protect=keeping.protect)
        account = keeping.account
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
            name, bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        by_key: aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict = {
            "apply_server_side_encryption_by_default": {
                "sse_algorithm": "aws:kms",
                "kms_master_key_id": keeping.key.arn,
            },
            "bucket_key_enabled": True,
        }
        aws.s3.BucketServerSideEncryptionConfiguration(name, bucket=bucket.bucket, rules=[by_key], opts=child)
        versioning = aws.s3.BucketVersioning(
            name, bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=child
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "old-versions",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": settings.noncurrent_version_days},
                    "expiration": {"expired_object_delete_marker": True},
                },
                {
                    "id": "broken-uploads",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": BROKEN_UPLOAD_DAYS},
                },
            ],
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
            target=AddressTarget(cidrs=account.endpoint_cidrs, port=HTTPS_PORT),
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
