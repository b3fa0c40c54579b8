"""Every resource of a cloud, as the program registers it, against the cloud's own published model.

One way in: `problems`. What each validator sees, and what it cannot see, is said at the top of its own file. None asks
a cloud anything, so none knows whether a region has a size, a name is free, or a right is enough.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Final

from tests.harness import Resource

VALIDATORS: Final = {
    "aws": "tests.clouds.aws_model",
    "gcp": "tests.clouds.gcp_model",
    "azure-native": "tests.clouds.azure_model",
}
"""The module of each provider. A model is only loaded when a resource asks for it."""


def is_of_a_cloud(resource: Resource) -> bool:
    """Whether a cloud makes this resource."""
    return resource.type.partition(":")[0] in VALIDATORS


def problems(resource: Resource) -> list[str]:
    """What its cloud would refuse of a resource. A type that no model is known for is a problem too."""
    provider = resource.type.partition(":")[0]
    if provider not in VALIDATORS:
        return [f"no validator knows the provider {provider}"]
    found: Iterable[str] = import_module(VALIDATORS[provider]).problems(resource)
    return list(found)
