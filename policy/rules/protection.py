"""What holds data is not deleted by a slip: the engine refuses, and so does the cloud, whoever asks it."""

from collections.abc import Iterator

from .rule import Config, Finding, Resource, Violation


def protected(resource: Resource, _config: Config) -> Iterator[Finding]:
    """The engine's own protection."""
    if not resource.protect:
        yield Violation("protect", "must be set in the resource's options: it holds data")
