"""Azure: Flexible Server, Managed Redis, Blob Storage, a vault and identities, in a subscription that exists."""

import pulumi
import pulumi_azure_native as azure_native

from components.clouds.azure.account import Azure
from components.clouds.cloud import Room
from config.clouds.azure.stack import AzureStack

__all__ = ["Azure", "room"]


def room(stack: AzureStack) -> Room:
    """Azure as a stack uses it.

    Azure has no guard like AWS' allowed accounts: naming subscription and tenant is the guard, whatever the credentials
    reach.
    """
    account = stack.azure

    def providers(after: pulumi.Output[object]) -> dict[str, pulumi.ProviderResource]:
        provider = azure_native.Provider(
            "azure-native",
            subscription_id=after.apply(lambda _: account.subscription_id),
            tenant_id=account.tenant_id,
            location=account.location,
        )
        return {"azure-native": provider}

    return Room(providers=providers, cloud=lambda opts: Azure(stack, opts))
