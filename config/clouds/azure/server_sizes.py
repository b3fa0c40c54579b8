"""Sizes of Flexible Server: their tier, and the connections that they take, by the rule that their names follow."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal

Tier = Literal["Burstable", "GeneralPurpose", "MemoryOptimized"]

NAME: Final = r"^Standard_(B[0-9]+m?s|[DE]C?[0-9]+[a-z]*_v[0-9]+)$"
"""Form of a size's name."""

_TIERS: Final[Mapping[str, Tier]] = {"B": "Burstable", "D": "GeneralPurpose", "E": "MemoryOptimized"}
_SIZE: Final = re.compile(r"Standard_(?P<family>[DE])(?P<cores>[0-9]+)(?P<kind>a?d?s_v[0-9]+)")

_GIB_PER_CORE: Final[Mapping[str, int]] = {"D": 4, "E": 8}
_CORES: Final = (2, 4, 8, 16)
"""Cores up to which a larger size of a family takes more connections."""

_BURSTABLE: Final[Mapping[str, int]] = {
    "Standard_B1ms": 50,
    "Standard_B2s": 429,
    "Standard_B2ms": 859,
    "Standard_B4ms": 1718,
    "Standard_B8ms": 3437,
    "Standard_B12ms": 5000,
    "Standard_B16ms": 5000,
    "Standard_B20ms": 5000,
}
_BY_GIB: Final[Mapping[int, int]] = {8: 859, 16: 1718, 32: 3437}
MOST_CONNECTIONS: Final = 5000
"""Azure's default `max_connections` by product name and by memory, at most 5000, which is also the largest that may be
set (Azure Database for PostgreSQL, "Limits": maximum connections; "Connections and authentication": 25-5000)."""


def tier(name: str) -> Tier:
    """Tier of a size, which its name begins with."""
    return _TIERS[name.removeprefix("Standard_")[0]]


def connections(name: str) -> int | None:
    """Connections that a size takes by default; None for one that Azure's table does not name."""
    if name in _BURSTABLE:
        return _BURSTABLE[name]
    size = _SIZE.fullmatch(name)
    if size is None:
        return None
    gib = _GIB_PER_CORE[size["family"]] * int(size["cores"])
    return _BY_GIB.get(gib, MOST_CONNECTIONS if gib > max(_BY_GIB) else None)


def larger(name: str) -> Iterator[str]:
    """Sizes of the same family and kind that take more connections, the smallest first."""
    taken = connections(name) or MOST_CONNECTIONS
    size = _SIZE.fullmatch(name)
    steps = [f"Standard_{size['family']}{cores}{size['kind']}" for cores in _CORES] if size else list(_BURSTABLE)
    for step in steps:
        more = connections(step) or 0
        if more > taken:
            yield step
            taken = more
