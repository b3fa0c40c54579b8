"""Tags: the provider has no default ones, so each resource that can have some is given them."""

from collections.abc import Mapping

from config.clouds.azure.account import AzureSettings


def tags(settings: AzureSettings) -> Mapping[str, str]:
    """The stack's own tags and those of the stack file, which go first: to Azure `App` and `app` are one name."""
    written = {name.casefold() for name in settings.tags}
    own = {name: value for name, value in {"app": "noxus", "stack": settings.name}.items() if name not in written}
    return {**own, **settings.tags}
