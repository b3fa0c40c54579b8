"""Private endpoints: the only way to a service that has no public address, and its name in the network's DNS."""

import pulumi
from pulumi_azure_native import network

from config.clouds.azure.account import AzureSettings


def private_endpoint(
    name: str,
    group: str,
    target: pulumi.Input[str],
    zone: str | None,
    account: AzureSettings,
    opts: pulumi.ResourceOptions,
) -> network.PrivateEndpoint:
    """Reach one service of `target` from the cluster's network; `group` is Azure's name of that service."""
    endpoint = network.PrivateEndpoint(
        name,
        private_endpoint_name=f"{account.name}-{name}",
        resource_group_name=account.resource_group,
        location=account.location,
        # Args and no mapping: the SDK writes defaults of its own, which are in the state of every stack.
        subnet=network.SubnetArgs(
            id=account.endpoint_subnet_id,
            # The SDK writes `Disabled` here, and the subnet's owner decides whether security groups hold in it.
            private_endpoint_network_policies="NetworkSecurityGroupEnabled",
        ),
        private_link_service_connections=[{"name": name, "private_link_service_id": target, "group_ids": [group]}],
        tags=account.all_tags,
        opts=opts,
    )
    if account.endpoint_dns == "zones" and zone:
        network.PrivateDnsZoneGroup(
            name,
            private_dns_zone_group_name="default",
            private_endpoint_name=endpoint.name,
            resource_group_name=account.resource_group,
            private_dns_zone_configs=[{"name": group, "private_dns_zone_id": zone}],
            opts=opts,
        )
    return endpoint
