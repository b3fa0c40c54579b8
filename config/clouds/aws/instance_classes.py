"""Memory of RDS' instance classes, by the rule that their names follow."""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

_CLASS: Final = re.compile(r"db\.([a-z0-9]+)\.([a-z0-9]+)")
_MULTIPLE: Final = re.compile(r"([0-9]*)xlarge")

_XLARGE_GIB: Final[Mapping[str, int]] = {
    r"t[234]g?": 16,
    r"m[4-9][a-z]*": 16,
    r"r[5-9][a-z]*": 32,
    r"x2(g|idn)": 64,
    r"x2ie[dz]n": 128,
}
"""GiB of an `xlarge` by family (RDS User Guide, "Hardware specifications for DB instance classes"): the other sizes are
its parts and multiples. Older families (m3, r4, x1) follow rules of their own and are not here."""

_PARTS: Final[Mapping[str, Fraction]] = {
    "micro": Fraction(1, 16),
    "small": Fraction(1, 8),
    "medium": Fraction(1, 4),
    "large": Fraction(1, 2),
}
_STEPS: Final = (*_PARTS, "xlarge", "2xlarge", "4xlarge")
"""Sizes in ascending order, as far as more memory gives more connections; the burstable families end at 2xlarge."""


def memory_gib(instance_class: str) -> Fraction | None:
    """Nominal memory of a class such as `db.m7g.large`, in GiB; None for one whose name follows no rule known here."""
    named = _CLASS.fullmatch(instance_class)
    xlarges = _xlarges(named[2]) if named else None
    if named is None or xlarges is None:
        return None
    return next((gib * xlarges for form, gib in _XLARGE_GIB.items() if re.fullmatch(form, named[1])), None)


def larger_classes(instance_class: str) -> Iterator[str]:
    """Classes of the same family with more memory, the smallest first."""
    prefix, _, size = instance_class.rpartition(".")
    present = _xlarges(size)
    for step in _STEPS[:-1] if prefix.startswith("db.t") else _STEPS:
        xlarges = _xlarges(step)
        if present and xlarges and xlarges > present:
            yield f"{prefix}.{step}"


def _xlarges(size: str) -> Fraction | None:
    multiple = _MULTIPLE.fullmatch(size)
    return Fraction(multiple[1] or 1) if multiple else _PARTS.get(size)
