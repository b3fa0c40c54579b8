"""How the engine writes values: secrets in an envelope, what is not known yet as one of some fixed texts."""

from collections.abc import Mapping
from typing import Any, Final

from .rules import UNKNOWN, Secret
from .rules.node import items, mapping

MARK: Final = "4dabf18193072939515e22adb298388d"
ENVELOPE: Final = "1b47061264138c4ac30d75fd1eb44270"
"""What the mark of a secret holds."""
UNKNOWNS: Final = (
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
)
"""A boolean, a number, a text, a list, an asset, an archive and an object that are not known yet."""


def read(value: Any) -> Any:
    """A value of the engine's as rules read it. Files and references to resources stay as they are."""
    if isinstance(value, Mapping):
        if mapping(value).get(MARK) == ENVELOPE:
            return Secret(read(mapping(value).get("value")))
        return {key: read(item) for key, item in mapping(value).items()}
    if isinstance(value, list):
        return [read(item) for item in items(value)]
    return UNKNOWN if isinstance(value, str) and any(unknown in value for unknown in UNKNOWNS) else value
