"""GCP's guard on a resource, which its provider reads from the state: it is lifted by an `up` before it can be gone."""

from typing import Final

GUARDED: Final = "PREVENT"
UNGUARDED: Final = "DELETE"


def deletion_policy(*, protect: bool) -> str:
    """Whether the provider refuses to delete a resource."""
    return GUARDED if protect else UNGUARDED
