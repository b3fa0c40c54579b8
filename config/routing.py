"""Classes of tasks, and what a stack promises about who runs them."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from config.section import Section
from config.types import IdList

TaskType = Literal["flow", "chat", "kb"]
"""The kinds of task that a worker takes (seed/workers.md, "Queue Types")."""

QueueType = Literal["all", "all_but_kb", "flow", "chat", "kb"]
"""The platform's five queue types (seed/workers.md, `WORKER_SUBSCRIBE`)."""

TASK_TYPES: Final[tuple[TaskType, ...]] = ("flow", "chat", "kb")

TAKES: Final[Mapping[QueueType, frozenset[TaskType]]] = {
    "all": frozenset(TASK_TYPES),
    "all_but_kb": frozenset(("flow", "chat")),
    "flow": frozenset(("flow",)),
    "chat": frozenset(("chat",)),
    "kb": frozenset(("kb",)),
}
"""What each queue type takes."""

Reason = Annotated[str, Field(min_length=1)]
"""Why something that is refused otherwise is meant, in a sentence for whoever reads the stack file next."""


class RoutingSettings(Section):
    """What the stack promises about who runs which tasks. The checks prove it from the pools' subscriptions."""

    tenants: Mapping[str, IdList] = Field(default={}, examples=["{ tenant-abc: [workspace-1, workspace-2] }"])
    """All tenants there are, each with all its workspaces, or [] where any may come. Empty: there may be others, and
    every class of task must be served for tenants and workspaces that no pool names."""
    tenants_file: str | None = Field(default=None, min_length=1, examples=["tenants.yaml"])
    """File that holds `tenants` instead, by a path from the stack file's folder: the engine takes no stack file of more
    than 128 KiB, which some 500 tenants with six workspaces each are."""
    isolated_tenants: IdList = ()
    """Tenants whose tasks no pool may run that also takes tasks of tenants outside this list."""
    accept_shared_processing: Reason | None = None
    """Why pools that take all tenants' tasks may run those of `isolatedTenants` too."""
    accept_unserved: Mapping[TaskType, Reason] = {}
    """By task type, why it does not matter that some or all of its tasks have no pool."""
