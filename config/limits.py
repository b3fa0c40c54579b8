"""How much a service takes, and how long a cloud waits: numbers that checks compare a stack with."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

MOST_CONNECTIONS: Final = 262143
"""Largest `max_connections` that PostgreSQL takes."""

_SUPERUSER_SLOTS: Final = 3
"""PostgreSQL's default `superuser_reserved_connections`: the last ones are an administrator's."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How many connections a service takes, and how many of them are not the platform's."""

    connections: int
    source: str
    """What makes it so many, after "by"."""
    setting: str | None = None
    """The setting that can be another number. None: there is none."""
    most: int | None = None
    """Largest number that it can be. None: any."""
    condition: str = ""
    """What must happen before a higher limit is there, after "once"; nothing if an update alone makes it so."""
    slots: int = 0
    """Connections that are somebody else's, at least."""
    share: Fraction = Fraction(0)
    """Part of the connections that is somebody else's, if that is more."""
    size_setting: str = ""
    """The setting that names the size, where a larger one takes more."""
    size: str = ""
    """What it says."""
    larger: Mapping[str, int] = field(default_factory=dict[str, int])
    """Larger sizes of its kind with what they take, the smallest first."""

    @property
    def reserved(self) -> int:
        """Connections that are somebody else's."""
        return max(self.slots, math.ceil(self.connections * self.share))

    @property
    def available(self) -> int:
        """Connections that the platform may open."""
        return self.connections - self.reserved

    def least_for(self, wanted: int) -> int:
        """The lowest limit, with the same reserve, that leaves `wanted` connections."""
        return max(wanted + self.slots, math.ceil(wanted / (1 - self.share)))


def postgres_limit(connections: int) -> Limit:
    """What a Postgres takes that is told a number."""
    setting = "postgres.maxConnections"
    return Limit(
        connections=connections, source=setting, setting=setting, most=MOST_CONNECTIONS, slots=_SUPERUSER_SLOTS
    )


@dataclass(frozen=True)
class NodeLimits:
    """How long a cloud waits for a pod to end before it takes its node. None: no number is published."""

    upgrade_seconds: int | None
    """For an upgrade of the nodes."""
    upgrade: str
    """What an upgrade does with pods that take longer."""
    spot_seconds: int | None
    """For a spot node, after its notice."""
    upgrade_gives_up: bool = False
    """Whether it is the upgrade that fails, and not the pods."""


@dataclass(frozen=True)
class Memory:
    """What data may fill of a Redis."""

    setting: str
    """The setting that says how large it is."""
    written: str
    """What it says."""
    data_mib: int
    """In MiB. The rest is for buffers, snapshots and fail-over."""
    larger: Callable[[int], str]
    """What to write for so many MiB of data."""


def memory_by_number(written: int, share: Fraction) -> Memory:
    """That of a Redis whose memory is written in MiB, a share of it for data."""
    return Memory(
        "redis.memoryMib",
        str(written),
        int(written * share),
        lambda needed: f"write at least {math.ceil(needed / share)}",
    )


UNKNOWN_NODES: Final = NodeLimits(None, "how long an upgrade of the nodes waits is up to who runs the cluster", None)
"""Those of a cluster that no cloud is named for."""
