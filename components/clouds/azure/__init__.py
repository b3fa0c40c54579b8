"""Azure: Flexible Server, Managed Redis, Blob Storage, a vault and identities, in a subscription that exists."""

from components.clouds.azure.account import Azure

__all__ = ["Azure"]
