"""Spot nodes: which pools choose them, and how long before such a node goes its pods are told."""

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from checks.finding import Finding, error, note, warning
from config import StackSettings
from config.clouds.nodes import SPOT, Spot
from config.workloads import PoolSettings


def spot_notice(pool: PoolSettings) -> int | None:
    """Seconds of notice on the spot nodes that a pool may run on; None if it chooses none. A preference counts too."""
    return min((spot.notice_seconds for spot in SPOT if _chooses(pool, spot)), default=None)


def _chooses(pool: PoolSettings, spot: Spot) -> bool:
    return (
        pool.node_selector.get(spot.label) == spot.value
        or any(_selects(expression, spot) for expression in _expressions(pool.affinity.manifest().get("nodeAffinity")))
        or any(_tolerates(toleration.manifest(), spot) for toleration in pool.tolerations)
    )


def _expressions(value: JsonValue) -> Iterator[Mapping[str, JsonValue]]:
    """Every match expression within a node affinity, required or preferred: several terms are alternatives anyway."""
    if isinstance(value, dict):
        if "key" in value:
            yield value
        for inner in value.values():
            yield from _expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _expressions(inner)


def _selects(expression: Mapping[str, JsonValue], spot: Spot) -> bool:
    if expression["key"] != spot.label:
        return False
    values = expression.get("values")
    if expression.get("operator") == "In":
        return isinstance(values, list) and spot.value in values
    return expression.get("operator") == "Exists" and not spot.others_have_it


def _tolerates(toleration: Mapping[str, JsonValue], spot: Spot) -> bool:
    """A toleration without a key is for every taint there is, and says nothing about spot nodes."""
    if toleration.get("key") != spot.label:
        return False
    return toleration.get("operator") == "Exists" or toleration.get("value") == spot.value


def spot_nodes_suit_the_tasks(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a pool on spot nodes whose pods need longer to end than such a node gives, unless it waives that."""
    for path, _, pool in settings.pools():
        notice, grace = spot_notice(pool), pool.grace_seconds
        if notice is None:
            if pool.interruptible is not None:
                yield warning(
                    f"{path}.interruptible", "is used on spot nodes only, and the pool chooses none; remove it"
                )
        elif grace > notice and pool.interruptible is None:
            yield error(
                path,
                f"chooses spot nodes, which go {notice} s after their notice, and its pods need {grace} s to end; "
                "choose other nodes, or say in interruptible why its tasks may be cut off",
            )
        elif grace > notice:
            yield note(
                f"{path}.interruptible",
                f"tasks are cut off {notice} s after a spot node's notice, and delivered again only if the platform "
                f"acknowledges them late: {pool.interruptible}",
            )
