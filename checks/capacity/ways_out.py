"""Ways out of a connection ledger that does not fit: single changes of the stack file, each of them enough."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from checks.capacity.ledger import Ledger
from checks.capacity.peak import most_pods
from config.limits import Limit

_OFFERED: Final = 3


@dataclass(frozen=True)
class WayOut:
    """One setting and the nearest value with which everything fits."""

    setting: str
    """The setting, as the stack file spells it."""
    value: int | str
    present: int | str
    change: Fraction
    """How much of what is there changes: 1/10 for 9 replicas instead of 10, 1 for a class that takes twice as many."""
    condition: str = ""
    """What must be true as well, where the setting alone does not make it so."""

    def __str__(self) -> str:
        instead = f"{self.setting}: {self.value} (now {self.present})"
        return f"{instead} {self.condition}" if self.condition else instead


def cheapest(found: Ledger) -> list[WayOut]:
    """The three changes that cost least, or fewer if there are not as many; none for a ledger that fits.

    Nobody has told what a replica, a connection or a gigabyte costs, so what counts is how much of what is there would
    change: a pool gives up 2 of its 20 replicas before a database doubles. Equals are in the order of their names.
    """
    if found.limit is None or found.fits:
        return []
    excess = found.total - found.limit.available
    ways = [*_fewer_replicas(found, excess), *_fewer_each(found, excess), *_higher_limit(found.limit, found.total)]
    return sorted(ways, key=lambda way: (way.change, way.setting))[:_OFFERED]


def _fewer_replicas(found: Ledger, excess: int) -> Iterator[WayOut]:
    """One workload has fewer pods, as long as it has any and nothing else in the stack file forbids it."""
    for row in found.rows:
        if row.replicas is None or row.each == 0:
            continue
        pods = row.pods - -(-excess // row.each)
        fewer = range(row.replicas.most - 1, row.replicas.least - 1, -1)
        value = next((replicas for replicas in fewer if most_pods(replicas) <= pods), None)
        if value is not None:
            change = Fraction(row.replicas.most - value, row.replicas.most)
            yield WayOut(row.replicas.setting, value, row.replicas.most, change)


def _fewer_each(found: Ledger, excess: int) -> Iterator[WayOut]:
    """Each pod of a role, or of a pool with a figure of its own, opens fewer connections, and still one."""
    for setting in dict.fromkeys(row.setting for row in found.rows if row.setting):
        rows = [row for row in found.rows if row.setting == setting]
        present = rows[0].each
        value = present - -(-excess // sum(row.pods for row in rows))
        if value >= 1:
            change = Fraction(present - value, present)
            yield WayOut(setting, value, present, change, "once a pod opens no more")


def _higher_limit(limit: Limit, wanted: int) -> Iterator[WayOut]:
    """The service takes more: by a number that can be set, or because its instance is of a larger class."""
    least, condition = limit.least_for(wanted), limit.condition and f"once {limit.condition}"
    if limit.setting and (limit.most is None or least <= limit.most):
        change = Fraction(least - limit.connections, limit.connections)
        yield WayOut(limit.setting, least, limit.connections, change, condition)
    for name, connections in limit.larger.items():
        if connections >= least:
            change = Fraction(connections - limit.connections, limit.connections)
            yield WayOut(limit.size_setting, name, limit.size, change, condition)
            return
