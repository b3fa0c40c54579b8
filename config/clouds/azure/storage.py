"""Azure Blob Storage."""

from typing import Annotated, Final, Literal

from pydantic import Field

from config.managed import ManagedStorage
from config.permanent import Permanent

_COPY: Final = "copy the blobs into a new one while the stack is stopped"


class AzureStorage(ManagedStorage):
    """The one bucket: a container in an account of its own, private, encrypted, versioned, for identities only."""

    account: Annotated[str, Permanent(f"an account has no other name; {_COPY}")] = Field(
        pattern=r"^[a-z0-9]{3,24}$", examples=["acmenoxusprod"]
    )
    """Name of the storage account, letters and digits only. It is taken worldwide and never changes."""
    container: Annotated[str, Permanent(f"a container has no other name; {_COPY}")] = Field(
        default="noxus", pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", min_length=3, max_length=63
    )
    """Name of the container. It never changes."""
    redundancy: Annotated[
        Literal["Standard_LRS", "Standard_ZRS", "Standard_GZRS"],
        Permanent(f"Azure refuses the change or makes the account anew; {_COPY}"),
    ] = "Standard_ZRS"
    """Copies: three in one datacentre, in three zones, or in three zones and the paired region. Decided once."""
    noncurrent_version_days: int = Field(default=30, ge=1)
    """Days after which a version that is no longer current is deleted, counted from the day when it was written, not
    from when it was replaced. A deleted version can be brought back for `deleteRetentionDays` more."""
    delete_retention_days: int = Field(default=30, ge=1, le=365)
    """Days for which a deleted blob and a deleted container can be brought back."""
