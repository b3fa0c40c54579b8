"""The one explicit provider of Azure resources."""

import pulumi
import pulumi_azure_native as azure_native

from config.clouds.azure.account import AzureSettings


def azure_provider(settings: AzureSettings, after: pulumi.Output[object]) -> azure_native.Provider:
    """Make the provider that every Azure resource of the stack inherits.

    Azure has no guard like AWS' allowed accounts: naming subscription and tenant is the guard, whatever the credentials
    reach. The subscription waits for `after`, and so does every resource.
    """
    return azure_native.Provider(
        "azure-native",
        subscription_id=after.apply(lambda _: settings.subscription_id),
        tenant_id=settings.tenant_id,
        location=settings.location,
    )
