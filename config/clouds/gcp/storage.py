"""Cloud Storage."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from config.managed import ManagedStorage
from config.permanent import Permanent

_LEAST_SOFT_DELETE_DAYS: Final = 7
_MOST_SOFT_DELETE_DAYS: Final = 90

_KMS_LOCATIONS: Final = {"EU": "europe"}
"""Where Cloud KMS calls a bucket's location by another name; otherwise it is the same in lower case."""


def _free(bucket: str) -> str:
    if bucket.startswith("goog") or "google" in bucket:
        raise ValueError("begins with 'goog' or has 'google' in it, as no bucket's name may; choose another")
    return bucket


BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][-_a-z0-9]{1,61}[a-z0-9]$"), AfterValidator(_free)]
"""A name without dots: those are domains, which Google wants proof of (Cloud Storage, "About buckets")."""


class GcpStorage(ManagedStorage):
    """The one bucket, in Cloud Storage: private, encrypted, versioned, used with each release's own account."""

    bucket: Annotated[
        BucketName,
        Permanent("a bucket has no other name; copy its objects into a new one while the stack is stopped"),
    ] = Field(examples=["acme-noxus-prod"])
    """Name of the bucket. It is taken worldwide, and it is the bucket's identity: it never changes."""
    location: Annotated[
        str, Permanent("a bucket does not move; copy its objects into one of another name while the stack is stopped")
    ] = Field(pattern=r"^[A-Z]+(-[A-Z]+)?[0-9]*$", examples=["EUROPE-WEST1"])
    """Where its objects are, in capital letters as Google answers: the cluster's region, a dual region or a
    continent. It never changes."""
    soft_delete_days: int = Field(default=_LEAST_SOFT_DELETE_DAYS, ge=0, le=_MOST_SOFT_DELETE_DAYS)
    """Days for which a deleted object or version can be restored, beside `noncurrentVersionDays`: what both keep is
    paid for twice. 0 switches it off."""
    log_bucket: BucketName | None = None
    """Existing bucket for access logs, which the group cloud-storage-analytics@google.com may write to. Unset: none
    are written."""

    @model_validator(mode="after")
    def _soft_delete_has_a_least(self) -> Self:
        if 0 < self.soft_delete_days < _LEAST_SOFT_DELETE_DAYS:
            raise ValueError(
                f"softDeleteDays is {self.soft_delete_days}, and Google keeps deleted objects for "
                f"{_LEAST_SOFT_DELETE_DAYS} days or more; write {_LEAST_SOFT_DELETE_DAYS}, or 0 for not at all"
            )
        return self

    @property
    def key_location(self) -> str:
        """Where a key must be that encrypts the bucket."""
        return _KMS_LOCATIONS.get(self.location, self.location.lower())
