"""Every cloud that a stack file can name, and the model that reads such a file."""

from collections.abc import Mapping
from typing import Final

from config.clouds.aws.stack import AwsStack
from config.clouds.azure.stack import AzureStack
from config.clouds.gcp.stack import GcpStack
from config.clouds.kubernetes import KubernetesStack
from config.sections import StackSettings

STACKS: Final[Mapping[str, type[StackSettings]]] = {
    "kubernetes": KubernetesStack,
    "aws": AwsStack,
    "gcp": GcpStack,
    "azure": AzureStack,
}
"""By `cloud`."""
