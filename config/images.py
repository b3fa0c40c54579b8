"""Where images are pulled from: by their own names, or all of them from one mirror."""

from typing import Final

_HUB: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
"""Docker Hub, which is meant where a name has no registry. Its own images are in `library/`, which is left out too."""


def mirrored(image: str, registry: str) -> str:
    """Name of an image on a mirror: its registry is replaced, and path, tag and digest stay.

    What is on the mirror already keeps its name, so an image that the mirror has under another path can be written out.
    """
    if image.startswith(f"{registry}/"):
        return image
    host, _, path = image.partition("/")
    if not path or not ("." in host or ":" in host or host == "localhost"):
        host, path = "docker.io", image
    return f"{registry}/{'library/' if host in _HUB and '/' not in path else ''}{path}"
