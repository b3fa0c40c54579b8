"""S3."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from config.managed import ManagedStorage
from config.permanent import Permanent
from config.types import Label

_BEGINNINGS: Final = ("amzn-s3-demo-", "sthree-", "xn--")
_ENDINGS: Final = ("--ol-s3", "--table-s3", "--x-s3", "-s3alias")
"""What S3 keeps for itself (S3 User Guide, "General purpose bucket naming rules")."""


def _free(bucket: str) -> str:
    if bucket.startswith(_BEGINNINGS) or bucket.endswith(_ENDINGS):
        raise ValueError("begins or ends as S3's own buckets do; choose another name")
    return bucket


class AwsStorage(ManagedStorage):
    """The one bucket, in S3: private, encrypted, versioned, used with each release's own role."""

    bucket: Annotated[
        str,
        StringConstraints(pattern=r"^[a-z0-9][-a-z0-9]{1,61}[a-z0-9]$"),
        AfterValidator(_free),
        Permanent("a bucket has no other name; copy its objects into a new one while the stack is stopped"),
    ] = Field(examples=["acme-noxus-prod"])
    """Name of the bucket. It is taken worldwide, and it is the bucket's identity: it never changes."""
    log_bucket: Label | None = None
    """Existing bucket for access logs. Unset: none are written."""
