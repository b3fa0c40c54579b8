"""Azure: Flexible Server, Managed Redis, Blob Storage, a vault and identities, in a subscription that exists."""

from components.clouds.azure.account import Azure
from components.clouds.azure.provider import azure_provider
from components.clouds.cloud import Room
from config.clouds.azure.stack import AzureStack

__all__ = ["Azure", "room"]


def room(stack: AzureStack) -> Room:
    """Azure as a stack uses it."""
    return Room(
        providers=lambda after: {"azure-native": azure_provider(stack.azure, after)},
        cloud=lambda opts: Azure(stack, opts),
    )
