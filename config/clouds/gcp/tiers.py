"""Cloud SQL's tiers: which edition has which, their memory, and the connections that follow from it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

Edition = Literal["ENTERPRISE", "ENTERPRISE_PLUS"]

_CUSTOM: Final = re.compile(r"db-custom-([1-9][0-9]*)-([1-9][0-9]*)")
_PLUS: Final = re.compile(r"db-(perf-optimized-N|c4a-highmem)-([1-9][0-9]*)")
_SHARED: Final[Mapping[str, Fraction]] = {"db-f1-micro": Fraction("0.6"), "db-g1-small": Fraction("1.7")}
"""Tiers on shared cores, with their GiB. Google gives no availability for them (Cloud SQL, "SLA")."""

_PLUS_CPUS: Final[Mapping[str, tuple[int, ...]]] = {
    "perf-optimized-N": (2, 4, 8, 16, 32, 48, 64, 80, 96, 128),
    "c4a-highmem": (2, 4, 8, 16, 32, 48, 64, 72),
}
"""CPUs of ENTERPRISE_PLUS' tiers, by series (Cloud SQL, "Machine series overview")."""

_GIB_OF_A_PLUS_CPU: Final = 8
_OWN_MEMORY: Final[Mapping[str, int]] = {"db-perf-optimized-N-128": 864}
"""GiB where 8 for each CPU is wrong (Cloud SQL, "Machine series overview")."""

_MOST_CPUS: Final = 96
_LEAST_MIB: Final = 3840
_STEP_MIB: Final = 256
_MIB_OF_A_CPU: Final = (922, 6656)
"""Of a custom tier: CPUs 1 or even up to 96; memory from 3.75 GiB, in steps of 256 MiB, from 0.9 to 6.5 GiB for each
CPU (Cloud SQL, "Instance settings")."""

_CONNECTIONS: Final = (
    (Fraction(120), 1000),
    (Fraction(60), 800),
    (Fraction(30), 600),
    (Fraction(15), 500),
    (Fraction("7.5"), 400),
    (Fraction(6), 200),
    (Fraction("3.75"), 100),
    (Fraction("1.7"), 50),
    (Fraction("0.6"), 25),
)
"""Default `max_connections` from so many GiB on, the largest first (Cloud SQL, "Configure database flags")."""


@dataclass(frozen=True)
class Disk:
    """What a tier's data is on. Cloud SQL never changes it in place."""

    type: Literal["PD_SSD", "HYPERDISK_BALANCED"]
    least_gib: int


def edition_of(tier: str) -> Edition | None:
    """The edition that has the tier; None for one whose name has no form known here."""
    if tier in _SHARED or _CUSTOM.fullmatch(tier):
        return "ENTERPRISE"
    return "ENTERPRISE_PLUS" if _PLUS.fullmatch(tier) else None


def wrong_size(tier: str) -> str | None:
    """Why Cloud SQL has no custom tier of this size; nothing if it has, or the tier is no custom one."""
    match = _CUSTOM.fullmatch(tier)
    if not match:
        return None
    cpus, mib = int(match[1]), int(match[2])
    least, most = (max(_LEAST_MIB, -(-cpus * each // _STEP_MIB) * _STEP_MIB) for each in _MIB_OF_A_CPU)
    if cpus > _MOST_CPUS or (cpus > 1 and cpus % 2):
        return f"has {cpus} CPUs, and a custom tier has 1 or an even number up to {_MOST_CPUS}"
    if mib % _STEP_MIB or not least <= mib <= most:
        return f"has {mib} MiB; with {cpus} CPUs write {least} to {most}, a multiple of {_STEP_MIB}"
    return None


def disk_of(tier: str) -> Disk:
    """The kind of disk: SSD, and Hyperdisk where the series has nothing else."""
    return Disk("HYPERDISK_BALANCED", 20) if tier.startswith("db-c4a-") else Disk("PD_SSD", 10)


def connections_of(tier: str) -> int | None:
    """Default `max_connections`; None where the memory is not known."""
    gib = _memory_gib(tier)
    return None if gib is None else next((taken for least, taken in _CONNECTIONS if gib >= least), None)


def larger_tiers(tier: str) -> Iterator[str]:
    """Tiers of the same kind with more memory, the smallest first."""
    if custom := _CUSTOM.fullmatch(tier):
        cpus, mib = int(custom[1]), int(custom[2])
        factor = 2
        while cpus * factor <= _MOST_CPUS:
            yield f"db-custom-{cpus * factor}-{mib * factor}"
            factor *= 2
    if plus := _PLUS.fullmatch(tier):
        yield from (f"db-{plus[1]}-{cpus}" for cpus in _PLUS_CPUS[plus[1]] if cpus > int(plus[2]))


def _memory_gib(tier: str) -> Fraction | None:
    if tier in _SHARED:
        return _SHARED[tier]
    if custom := _CUSTOM.fullmatch(tier):
        return Fraction(int(custom[2]), 1024)
    if plus := _PLUS.fullmatch(tier):
        return Fraction(_OWN_MEMORY.get(tier, int(plus[2]) * _GIB_OF_A_PLUS_CPU))
    return None
