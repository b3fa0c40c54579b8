"""Which cloud a stack has. A cloud's SDK is imported when it is chosen, and no other one is."""

from functools import partial

from components.clouds.cloud import Room
from config import ConfigError, Problem, StackSettings
from config.clouds.aws.stack import AwsStack
from config.clouds.azure.stack import AzureStack
from config.clouds.gcp.stack import GcpStack


def room(settings: StackSettings) -> Room | None:
    """The cloud of this stack; none where the Kubernetes cluster is all there is.

    Raises `ConfigError` if its SDK is not installed.
    """
    try:
        match settings:
            case AwsStack():
                from components.clouds.aws import Aws

                return Room(partial(Aws.providers, settings), partial(Aws, settings))
            case GcpStack():
                from components.clouds.gcp import Gcp

                return Room(partial(Gcp.providers, settings), partial(Gcp, settings))
            case AzureStack():
                from components.clouds.azure import Azure

                return Room(partial(Azure.providers, settings), partial(Azure, settings))
            case _:
                return None
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("pulumi_"):
            raise
        cloud = settings.cloud
        rule = f"is {cloud}, and its SDK is not installed; run `.venv/bin/pip install -r requirements-{cloud}.txt`"
        raise ConfigError("The stack's cloud", [Problem("cloud", rule)]) from None
