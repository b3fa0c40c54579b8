"""Memorystore for Redis."""

import math
from typing import Annotated, Final, Literal

from pydantic import Field

from config.limits import Limit, Memory
from config.managed import ManagedRedis
from config.permanent import Permanent, Rising
from config.redis_access import RedisAccess
from config.windows import WeeklyHour

_CLIENTS: Final = 65_000
"""With TLS, of every size, from version 7.0 on (Memorystore, "About in-transit encryption"). Versions before take far
fewer with TLS, 1,000 on the smallest, and are not offered here."""

_TLS_PORT: Final = 6378
"""Memorystore for Redis, "About in-transit encryption"."""

_DRAIN: Final = "archive all runs and drain the queues, then deploy with protect: false and replace it"


class GcpRedis(ManagedRedis):
    """The one Redis, in Memorystore: encrypted, with a password, in two zones, reached over TLS only."""

    memory_gib: int = Field(ge=1, le=300, examples=[5])
    """Its size, in GiB, which can change. No sizing of the platform is published."""
    data_percent: int = Field(default=80, ge=10, le=100)
    """Part of its size that data may fill (`maxmemory-gb`), rounded down to whole GiB, one at least; the rest is for
    snapshots, exports and fail-over."""
    version: Annotated[Literal["7.0", "7.2"], Rising(f"a lower one is another, empty instance; {_DRAIN}")] = "7.2"
    """Version of Redis. It may rise in place."""
    standby: Annotated[bool, Permanent(f"the other tier is another, empty instance; {_DRAIN}")] = True
    """Whether a second node in another zone takes over (STANDARD_HA). A change replaces the instance."""
    snapshot_hours: Literal[0, 1, 6, 12, 24] = 1
    """Hours between snapshots, from which Google restores it when its nodes are lost. Nobody can restore one by hand:
    an export is the only backup. 0: none."""
    maintenance_hour: WeeklyHour = "sun:04:00"
    """When the cloud may restart nodes, for an hour, UTC."""

    @property
    def data_gib(self) -> int:
        """What data may fill, in GiB."""
        return max(self.memory_gib * self.data_percent // 100, 1)

    @property
    def access(self) -> RedisAccess:
        """TLS under an authority of the instance's own, on a port of its own."""
        return RedisAccess(port=_TLS_PORT, tls=True, private_authority=True)

    @property
    def memory(self) -> Memory | None:
        """What `dataPercent` leaves to data."""

        def larger(needed: int) -> str:
            return f"write at least {math.ceil(math.ceil(needed / 1024) * 100 / self.data_percent)}"

        return Memory("redis.memoryGib", f"{self.memory_gib} GiB", self.data_gib * 1024, larger)

    @property
    def limit(self) -> Limit | None:
        """The same for every size."""
        return Limit(connections=_CLIENTS, source=f"Memorystore for Redis {self.version} with TLS")
