"""A release's entry: one secret of the vault, a JSON object that External Secrets reads under the release's identity.

A release that is removed leaves its entry, which nobody may read then: deleting it would need the vault's own network
and rights, and its name would stay taken for 90 days. A part of the name is drawn, so a release that is removed by
mistake can be added again beside what it has left, which the provider does not take over.
"""

from typing import Final

import pulumi
from pulumi_azure_native import keyvault
from pulumi_random import RandomId

from config.clouds.azure.account import AzureSettings

_CONTENT: Final = "application/json"


def release_entry(
    name: str,
    entry: str,
    text: pulumi.Output[str],
    account: AzureSettings,
    opts: pulumi.ResourceOptions,
) -> keyvault.Secret:
    """Write what External Secrets asks for."""
    # The provider marks nothing as secret, neither what it is told nor what it answers.
    kept = pulumi.ResourceOptions(retain_on_delete=True, additional_secret_outputs=["properties"])
    drawn = RandomId(f"{name}-suffix", byte_length=3, opts=opts)
    return keyvault.Secret(
        name,
        secret_name=pulumi.Output.concat(entry, "-", drawn.hex),
        vault_name=account.vault_name,
        resource_group_name=account.resource_group,
        properties={"content_type": _CONTENT, "value": text},
        tags=account.all_tags,
        opts=pulumi.ResourceOptions.merge(opts, kept),
    )
