"""Which cloud a stack has. A cloud's SDK is imported when it is chosen, and no other one is."""

from collections.abc import Mapping

import pulumi

from components.clouds.cloud import Cloud
from config import StackConfig, StackSettings


def chosen_cloud(stack: StackConfig, opts: pulumi.ResourceOptions) -> Cloud | None:
    """The cloud of this stack; none where the Kubernetes cluster is all there is."""
    if stack.settings.aws is None:
        return None
    from components.clouds.aws import Aws

    return Aws(stack.settings, stack.settings.aws, opts)


def cloud_providers(settings: StackSettings, after: pulumi.Output[object]) -> Mapping[str, pulumi.ProviderResource]:
    """The explicit provider of the stack's cloud, by package; nothing is done with it before `after` is known."""
    if settings.aws is None:
        return {}
    from components.clouds.aws.provider import aws_provider

    return {"aws": aws_provider(settings.aws, after)}
