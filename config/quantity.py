"""Kubernetes quantities as exact numbers."""

import re
from fractions import Fraction
from typing import Final

_SUFFIXES: Final = {
    "m": Fraction(1, 1000),
    "": Fraction(1),
    **{suffix: Fraction(1000**power) for power, suffix in enumerate("kMGTPE", start=1)},
    **{f"{suffix}i": Fraction(1024**power) for power, suffix in enumerate("KMGTPE", start=1)},
}
"""Kubernetes' suffixes (apimachinery, resource.Quantity) and what each stands for."""

_FORM: Final = re.compile(r"([0-9.]+)([A-Za-z]*)")


def amount(quantity: str) -> Fraction:
    """The number that a quantity such as `500m` or `4Gi` stands for: cores, bytes or pieces.

    Raises `ValueError` on anything that `config.types.Quantity` would refuse.
    """
    form = _FORM.fullmatch(quantity)
    if form is None or form[2] not in _SUFFIXES:
        raise ValueError(f"{quantity!r} is no Kubernetes quantity")
    return Fraction(form[1]) * _SUFFIXES[form[2]]


def written(value: Fraction, unit: str = "") -> str:
    """The shortest quantity of at least this value: whole units of `unit` such as `Mi`, or thousandths without one."""
    if unit:
        return f"{-(-value // _SUFFIXES[unit])}{unit}"
    thousandths = -(-value * 1000 // 1)
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"
