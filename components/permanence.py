"""The memory of a protected stack: what it was deployed with, read back before anything is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import pulumi

from checks.capacity.connections import fits_until_a_restart
from checks.permanence import CONNECTIONS, FINGERPRINT, changed, permanent
from config import ConfigError, StackSettings

OUTPUT: Final = "permanent"
"""Stack output with the settings that may not change."""

MARKS_OUTPUT: Final = "secretMarks"
"""Stack output with the marks of the Secrets that External Secrets writes."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a stack may never change."""

    settings: pulumi.Output[dict[str, str]]
    """The settings, once it is known that they do not change now."""
    marks: pulumi.Output[Mapping[str, Sequence[str]]]
    """Marks of Secrets that pods of the deployed revision wait for."""
    read: Sequence[pulumi.Resource] = ()
    """What has been read first; everything else waits for it. A state in files is written at every step, and a reader
    in between finds half of it."""


def kept(settings: StackSettings, stack: str, fingerprint: str | None) -> Kept:
    """What this stack may never change, compared with what it was deployed with.

    The engine, which refuses to replace a protected resource, would say so too, but neither which setting it was nor
    what to do instead. Raises `ConfigError`, in a preview as well. `fingerprint` is the cluster's, if one is known; a
    stack file that names it has moved there on purpose.
    """
    now = permanent(settings) | ({FINGERPRINT: fingerprint} if fingerprint else {})
    if not settings.protect and not settings.secrets.external:
        return Kept(settings=pulumi.Output.from_input(now), marks=pulumi.Output.from_input({}))
    itself = pulumi.StackReference(f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}")

    def compare(outputs: Mapping[str, Any] | None) -> dict[str, str]:
        before = dict(cast("Mapping[str, str]", (outputs or {}).get(OUTPUT) or {}))
        cluster = before.pop(FINGERPRINT, None) if settings.cluster.fingerprint or not fingerprint else None
        if settings.protect and (problems := list(changed(before, now, settings))):
            raise ConfigError(f"Pulumi.{stack}.yaml", problems)
        if CONNECTIONS in before:
            for warning in fits_until_a_restart(settings, int(before[CONNECTIONS])):
                pulumi.log.warn(warning)
        return ({FINGERPRINT: cluster} if cluster else {}) | now

    marks = itself.outputs.apply(lambda outputs: (outputs or {}).get(MARKS_OUTPUT) or {})
    return Kept(settings=itself.outputs.apply(compare), marks=marks, read=[itself])
