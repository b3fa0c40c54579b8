"""Which tasks count for which pool: each task that pools scaling on the queue take counts for exactly one of them.

A task that several of them take counts for the most specific one. Where several are just as specific, the number of
such tasks is shared out among them in proportion to what each can run at most, in whole tasks, so that the shares
always add up to the number. Pools that do not scale on the queue take tasks, and none is counted for them: nobody
would act on it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import product
from math import gcd, lcm
from typing import TypeVar

from checks.routing.fleet import Fleet, Subscription
from config.routing import TaskType

T = TypeVar("T")

Ids = frozenset[str] | None
"""Ids of tenants or workspaces; None: all there are."""


@dataclass(frozen=True)
class Box:
    """Tasks of all these types, tenants and workspaces in combination."""

    types: frozenset[TaskType]
    tenants: Ids
    workspaces: Ids


@dataclass(frozen=True)
class Part:
    """Tasks that some pools share out: of each `period` of them, `own` are this pool's, after `before` of others'."""

    boxes: tuple[Box, ...]
    period: int
    before: int
    own: int


@dataclass(frozen=True)
class Share:
    """What counts for one pool: all it takes, except what more specific pools take, and shared with its equals."""

    own: Box
    """All that it takes."""
    excluded: tuple[Box, ...]
    parts: tuple[Part, ...]
    """Together all that is not excluded, nothing twice."""


def share(fleet: Fleet, pool: Subscription) -> Share:
    """What counts for a pool that scales on the queue."""
    overlapping = fleet.overlapping(pool)
    own = Box(pool.types, pool.tenants, pool.workspaces)
    excluded = merged(
        both for other in fleet.members(overlapping & fleet.more_specific(pool)) if (both := _overlap(own, other))
    )
    equals = overlapping & fleet.as_specific(pool)
    by_equals: dict[int, list[Box]] = {}
    for types, tenants, workspaces in product(
        _classes(pool.types, lambda type_: fleet.by_type[type_] & equals),
        _id_classes(pool.tenants, lambda tenant: fleet.of_tenant(tenant) & equals, equals),
        _id_classes(pool.workspaces, lambda workspace: fleet.of_workspace(workspace) & equals, equals),
    ):
        sharing = types[1] & tenants[1] & workspaces[1]
        by_equals.setdefault(sharing, []).append(Box(types[0], tenants[0], workspaces[0]))
    parts = (
        Part(merged(boxes), *_turn(pool, fleet.members(sharing | fleet.only(pool))))
        for sharing, boxes in sorted(by_equals.items())
    )
    return Share(own, excluded, tuple(parts))


def counts_nothing(fleet: Fleet, pool: Subscription) -> bool:
    """Whether every task that the pool takes counts for a more specific pool."""
    rivals = fleet.overlapping(pool) & fleet.more_specific(pool)
    for type_ in pool.types:
        for tenant in [None] if pool.tenants is None else pool.tenants:
            others = rivals & fleet.by_type[type_] & fleet.of_tenant(tenant)
            if pool.workspaces is None and not others & fleet.any_workspace:
                return False
            if any(not others & fleet.of_workspace(workspace) for workspace in pool.workspaces or ()):
                return False
    return True


def merged(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """The same tasks in fewer boxes: those that differ in one dimension only become one."""
    by_rest: dict[tuple[frozenset[TaskType], Ids], Ids] = {}
    for box in boxes:
        key = box.types, box.workspaces
        by_rest[key] = _union(by_rest[key], box.tenants) if key in by_rest else box.tenants
    by_tenants: dict[tuple[frozenset[TaskType], Ids], Ids] = {}
    for (types, workspaces), tenants in by_rest.items():
        key = types, tenants
        by_tenants[key] = _union(by_tenants[key], workspaces) if key in by_tenants else workspaces
    by_ids: dict[tuple[Ids, Ids], frozenset[TaskType]] = {}
    for (types, tenants), workspaces in by_tenants.items():
        by_ids[tenants, workspaces] = by_ids.get((tenants, workspaces), frozenset()) | types
    return tuple(Box(types, tenants, workspaces) for (tenants, workspaces), types in by_ids.items())


def _union(one: Ids, other: Ids) -> Ids:
    return None if one is None or other is None else one | other


def _overlap(own: Box, other: Subscription) -> Box | None:
    """What of a box a pool takes."""

    def both(one: Ids, two: Ids) -> Ids:
        return two if one is None else one if two is None else one & two

    box = Box(own.types & other.types, both(own.tenants, other.tenants), both(own.workspaces, other.workspaces))
    empty = not box.types or box.tenants == frozenset() or box.workspaces == frozenset()
    return None if empty else box


def _classes(values: Iterable[T], pools: Callable[[T], int]) -> list[tuple[frozenset[T], int]]:
    """Values that the same pools take, with those pools."""
    groups: dict[int, set[T]] = {}
    for value in values:
        groups.setdefault(pools(value), set()).add(value)
    return [(frozenset(values), mask) for mask, values in groups.items()]


def _id_classes(ids: Ids, pools: Callable[[str], int], equals: int) -> list[tuple[Ids, int]]:
    """The same of tenants or workspaces. A pool that takes all is as specific as pools that take all, too."""
    return [(None, equals)] if ids is None else [*_classes(ids, pools)]


def _turn(pool: Subscription, sharing: Iterator[Subscription]) -> tuple[int, int, int]:
    """Period, tasks of others before, and own tasks: capacities in their lowest terms."""
    pools = list(sharing)
    capacities = [other.capacity or Fraction(1) for other in pools]
    scale = lcm(*(capacity.denominator for capacity in capacities))
    whole = [int(capacity * scale) for capacity in capacities]
    divisor = reduce(gcd, whole)
    weights = [weight // divisor for weight in whole]
    place = pools.index(pool)
    return sum(weights), sum(weights[:place]), weights[place]
