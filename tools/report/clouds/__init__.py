"""What is known of resource types, one file for each provider."""

from collections.abc import Mapping
from typing import Any, Final

from tools.report.clouds import aws, azure, gcp, kubernetes
from tools.report.clouds.properties import Properties

_ALL: Final = tuple(module.PROPERTIES for module in (kubernetes, aws, gcp, azure))


def _joined(part: str) -> Mapping[str, Any]:
    return {type_: value for properties in _ALL for type_, value in getattr(properties, part).items()}


KNOWN: Final = Properties(
    holds=frozenset().union(*(properties.holds for properties in _ALL)),
    keeps=_joined("keeps"),
    guards=_joined("guards"),
    restarts=_joined("restarts"),
    sizes=_joined("sizes"),
    grants=_joined("grants"),
    secrets=_joined("secrets"),
)
"""Of all providers together."""
