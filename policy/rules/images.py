"""Images of containers: what they name is one build, from a registry that somebody chose."""

from collections.abc import Iterator
from typing import Final

from .node import Node
from .pods import containers, pod
from .rule import Config, Finding, Resource, Violation, decided

MOVING: Final = {"canary", "dev", "develop", "edge", "head", "latest", "main", "master", "nightly", "stable", "trunk"}
"""Tags that name whatever was built last."""
DOCKER_HUB: Final = "docker.io"


def pinned(container: Node) -> Iterator[Finding]:
    """A digest, or a tag that does not move by its name."""
    image = container["image"]
    name, _, digest = image.text.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if not digest and (not tag or tag.lower() in MOVING):
        yield Violation(image.path, "must name one build, by a digest or by a version as its tag")


def from_allowed_registries(resource: Resource, config: Config) -> Iterator[Finding]:
    """Only registries, or repositories below them, that the user of the pack lists; any if there is no list."""
    allowed = [str(entry).strip("/") for entry in config.get("registries", ())]
    for container in containers(pod(resource)) if allowed else ():
        yield from decided(_from(container, allowed))


def _from(container: Node, allowed: list[str]) -> Iterator[Finding]:
    image = container["image"]
    name = repository(image.text)
    if not any(name == entry or name.startswith(f"{entry}/") for entry in allowed):
        yield Violation(image.path, f"must come from one of {', '.join(allowed)}")


def repository(reference: str) -> str:
    """The repository of an image in full: `redis:7` is docker.io/library/redis."""
    name = reference.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    name = folder + slash + last.partition(":")[0]
    first, _, rest = name.partition("/")
    if rest and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"{DOCKER_HUB}/{name}" if rest else f"{DOCKER_HUB}/library/{name}"
