"""Generated fleets: pools of every kind of subscription, few ids so that they meet, and brute force to compare with."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from hypothesis import strategies as st

from config import StackSettings
from config.routing import TAKES, TASK_TYPES
from config.workloads import PoolSettings
from tests.programs import SMALLEST, settings

TENANTS = ("t1", "t2", "t3")
WORKSPACES = ("w1", "w2")
OTHER = "named by nobody"

Task = tuple[str, str, str]
"""Type, tenant and workspace."""

QUEUE: Mapping[str, Any] = {
    "table": "public.runs",
    "statusColumn": "status",
    "countedStatuses": ["queued", "running"],
    "typeColumn": "kind",
    "types": {"flow": ["flow", "workflow"], "chat": ["chat"], "kb": ["kb"]},
    "tenantColumn": "tenant_id",
    "workspaceColumn": "workspace_id",
}


def ids(names: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True, max_size=len(names))


def keda(**settings: object) -> dict[str, object]:
    return {"type": "keda", "maxReplicas": 3, "targetQueryValue": 2, **settings}


SCALERS = st.sampled_from(
    [
        {"autoscaling": keda()},
        {"autoscaling": keda()},
        {"autoscaling": keda(maxReplicas=7, targetQueryValue=0.5)},
        {"autoscaling": keda(paused=True)},
        {"autoscaling": keda(pausedReplicas=0)},
        {"replicaCount": 0},
        {"replicaCount": 2},
        {"enabled": False},
    ]
)


@st.composite
def pools(draw: st.DrawFn, scalers: st.SearchStrategy[dict[str, Any]] = SCALERS) -> dict[str, Any]:
    return {
        "workerSubscribe": draw(st.sampled_from(sorted(TAKES))),
        "workerSubscribeTenants": draw(ids(TENANTS)),
        "workerSubscribeWorkspaces": draw(ids(WORKSPACES)),
        **draw(scalers),
    }


def fleets(
    scalers: st.SearchStrategy[dict[str, Any]] = SCALERS, most: int = 7
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Pools of a fleet."""
    return st.lists(pools(scalers), max_size=most)


def stack(fleet: list[dict[str, Any]], **changes: object) -> dict[str, Any]:
    """A stack file with these pools, every second one in a worker release."""
    named = {f"p{number}": pool for number, pool in enumerate(fleet)}
    own, others = ({name: pool for name, pool in named.items() if int(name[1:]) % 2 == odd} for odd in (0, 1))
    workers = {"acme": {"namespace": "noxus-acme", "pools": others}} if others else {}
    queue: dict[str, Any] = {"scaling": {"queue": QUEUE}}
    raw = {key: value for key, value in SMALLEST.items() if key != "routing"}
    return {**raw, "primary": {"namespace": "noxus", "pools": own}, "workers": workers, **queue, **changes}


def settings_of(fleet: list[dict[str, Any]], **changes: object) -> StackSettings:
    return settings(stack(fleet, **changes))


def every_task() -> Iterator[Task]:
    """One task of each class that the pools can tell apart."""
    return product(TASK_TYPES, (*TENANTS, OTHER), (*WORKSPACES, OTHER))


def takes(pool: PoolSettings, task: Task) -> bool:
    """Whether a pool takes a task, word for word as the seed has it."""
    type_, tenant, workspace = task
    return (
        type_ in TAKES[pool.worker_subscribe]
        and (not pool.worker_subscribe_tenants or tenant in pool.worker_subscribe_tenants)
        and (not pool.worker_subscribe_workspaces or workspace in pool.worker_subscribe_workspaces)
    )


def works(pool: PoolSettings) -> bool:
    """Whether a pool can have a replica."""
    if pool.autoscaling is None:
        return pool.replica_count > 0
    return getattr(pool.autoscaling, "paused_replicas", None) != 0
