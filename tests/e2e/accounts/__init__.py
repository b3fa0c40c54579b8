"""Clouds that remember between two runs of the engine, and refuse because of it: one module each.

Only what a program stumbles over later: names that are taken, guards, and orders of events. The sandbox's stand-ins ask
the one that a test names in `sandbox.plugins.recording.ACCOUNT`, always before the thing is done.
"""

from typing import Any, Protocol

Inputs = dict[str, Any]


class CloudAccount(Protocol):
    """What a stand-in asks. Every method raises `RefusedError`, with the cloud's or its provider's own words."""

    def create(self, token: str, id_: str, inputs: Inputs) -> None:
        """Take a resource in."""
        ...

    def update(self, token: str, id_: str, old: Inputs, new: Inputs) -> None:
        """Change it in place."""
        ...

    def delete(self, token: str, id_: str, inputs: Inputs) -> None:
        """Let it go. The inputs are those that the state has: what the last update said counts."""
        ...

    def holds(self, token: str, id_: str) -> bool:
        """Whether it is there."""
        ...

    def look_up(self, token: str, id_: str) -> None:
        """Tell something of it that no resource has as an output."""
        ...

    def held(self) -> set[str]:
        """All that is there, as `Type id`: after a destroy, what the cloud keeps."""
        ...
