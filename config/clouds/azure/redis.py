"""Azure Managed Redis."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from config.limits import Limit, Memory
from config.managed import ManagedRedis
from config.permanent import Rising
from config.redis_access import RedisAccess

PORT: Final = 10000
"""Where Azure Managed Redis answers, with TLS."""

_SIZES: Final[Mapping[str, tuple[Fraction, int]]] = {
    "Balanced_B0": (Fraction(1, 2), 15_000),
    "Balanced_B1": (Fraction(1), 15_000),
    "Balanced_B3": (Fraction(3), 15_000),
    "Balanced_B5": (Fraction(6), 15_000),
    "Balanced_B10": (Fraction(12), 30_000),
    "Balanced_B20": (Fraction(24), 75_000),
    "MemoryOptimized_M10": (Fraction(12), 15_000),
    "MemoryOptimized_M20": (Fraction(24), 30_000),
    "ComputeOptimized_X3": (Fraction(3), 30_000),
    "ComputeOptimized_X5": (Fraction(6), 30_000),
    "ComputeOptimized_X10": (Fraction(12), 75_000),
    "ComputeOptimized_X20": (Fraction(24), 150_000),
}
"""GiB and clients by size (Azure Managed Redis, "Best practices for connection resilience" and its performance tiers).
These are all that take the policy `NoCluster`."""

_FORM: Final = re.compile(r"(Balanced_B|MemoryOptimized_M|ComputeOptimized_X)([0-9]+)")
_LARGEST: Final = 20

_DATA: Final = Fraction(8, 10)
"""Part of the memory that data may fill; the rest is the service's (Azure Managed Redis, "Architecture")."""

_MIB: Final = 1024


def _undivided(sku: str) -> str:
    form = _FORM.fullmatch(sku)
    if form and int(form[2]) > _LARGEST:
        raise ValueError(
            "is larger than 25 GB, where Azure divides the keys among shards, and Celery's transport knows one primary "
            f"and its transactions reach over several keys; write {form[1]}{_LARGEST} at most"
        )
    if sku not in _SIZES:
        raise ValueError(f"must be one of {', '.join(_SIZES)}")
    return sku


class AzureRedis(ManagedRedis):
    """The one Redis, in Azure Managed Redis: encrypted, with an access key, undivided, as Celery's broker needs."""

    sku: Annotated[str, AfterValidator(_undivided)] = Field(examples=["Balanced_B5"])
    """Size of each node: the number is near its GB. No sizing of the platform is published. It can hardly shrink."""
    high_availability: Annotated[
        bool, Rising("Azure never switches it off; archive all runs and drain the queues, then make another Redis")
    ] = True
    """Whether a second node takes over. It can be switched on later, and never off."""
    persistence: Literal["rdb1h", "rdb6h", "rdb12h", "none"] = "rdb1h"
    """How often its data is written to disk, for the service's own recovery. Nobody can restore from it by hand."""

    @property
    def access(self) -> RedisAccess:
        """TLS only, under a public authority."""
        return RedisAccess(port=PORT, tls=True)

    @property
    def memory(self) -> Memory:
        """Four fifths of the size."""

        def larger(needed: int) -> str:
            fitting = (name for name in _SIZES if name.startswith(self._family) and _data_mib(name) >= needed)
            name = next(fitting, None)
            return f"write {name}" if name else "no undivided size holds as much"

        return Memory("redis.sku", self.sku, _data_mib(self.sku), larger)

    @property
    def _family(self) -> str:
        return self.sku.partition("_")[0]

    @property
    def limit(self) -> Limit | None:
        """By the size."""
        taken = _SIZES[self.sku][1]
        sizes = {
            name: clients for name, (_, clients) in _SIZES.items() if name.startswith(self._family) and clients > taken
        }
        return Limit(
            connections=taken,
            source=f"the size {self.sku}",
            size_setting="redis.sku",
            size=self.sku,
            larger=sizes,
        )


def _data_mib(sku: str) -> int:
    return int(_SIZES[sku][0] * _MIB * _DATA)
