"""Security groups: what a data service admits on the network, beside what network policies admit."""

import pulumi
import pulumi_aws as aws

from config.clouds.aws.account import AwsSettings


def admitting_cluster(
    name: str, port: int, settings: AwsSettings, opts: pulumi.ResourceOptions
) -> aws.ec2.SecurityGroup:
    """A group that lets the cluster's groups in on one port, and nothing out: servers do not call anybody."""
    group = aws.ec2.SecurityGroup(
        name,
        name=f"{settings.name}-{name}",
        description=f"{name} of {settings.name}: the cluster on port {port}",
        vpc_id=settings.vpc_id,
        opts=opts,
    )
    clients = {f"{name}-{client}": client for client in settings.client_security_group_ids}
    for rule, client in {name: settings.cluster_security_group_id, **clients}.items():
        aws.vpc.SecurityGroupIngressRule(
            rule,
            security_group_id=group.id,
            referenced_security_group_id=client,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description="pods of the cluster",
            opts=opts,
        )
    return group
