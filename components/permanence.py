"""The memory of a protected stack: what it was deployed with, read back before anything is changed."""

from collections.abc import Mapping
from typing import Any, Final, cast

import pulumi

from checks.permanence import changed, permanent
from config import ConfigError, StackSettings

OUTPUT: Final = "permanent"
"""Stack output with the settings that may not change."""


def kept(settings: StackSettings, stack: str) -> pulumi.Output[dict[str, str]]:
    """What this stack may never change, once it is known that it does not change now.

    The engine, which refuses to replace a protected resource, would say so too, but neither which setting it was nor
    what to do instead. Raises `ConfigError`, in a preview as well.
    """
    now = permanent(settings)
    if not settings.protect:
        return pulumi.Output.from_input(now)
    itself = pulumi.StackReference(f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}")

    def compare(outputs: Mapping[str, Any] | None) -> dict[str, str]:
        before = cast("Mapping[str, str]", (outputs or {}).get(OUTPUT) or {})
        if problems := list(changed(before, now)):
            raise ConfigError(f"Pulumi.{stack}.yaml", problems)
        return now

    return itself.outputs.apply(compare)
