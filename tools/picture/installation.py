"""What a picture shows, as plain facts: nothing of how it looks, and no value of a secret."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from checks.routing.routes import Route
from config.routing import TaskType

Kind = Literal["service", "pool", "job"]
FIXED: Final = "fixed"
"""By whom numbers of pods are set that nobody sets."""
Op = Literal["create", "update", "replace", "delete"]
Component = tuple[str, str]
"""Type token and logical name of what the program makes it as."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How many pods a workload has, and who says so."""

    low: int
    high: int
    by: str
    """Who sets the number, such as `KEDA`."""
    why: str = ""
    """What it goes by."""

    @property
    def pods(self) -> str:
        """The numbers, as a reader wants them."""
        if self.low != self.high:
            return f"{self.low} to {self.high} pods"
        return "1 pod" if self.high == 1 else f"{self.high} pods"

    @property
    def said(self) -> str:
        """The numbers, and who sets them if anybody does."""
        return self.pods if self.by == FIXED else f"{self.pods}, {self.by}"


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A service, a pool of workers or a Job."""

    path: str
    """Where the stack file has it."""
    name: str
    deployment: str
    """What it is called in Kubernetes."""
    kind: Kind
    about: str = ""
    """What a service is for, or where it is reached."""
    role: str = ""
    """What a service is for, if `about` does not say so."""
    note: str
    """What is said under its name."""
    types: frozenset[TaskType] = frozenset()
    tenants: Sequence[str] = ()
    """Tenants whose tasks a pool takes; none named: all."""
    workspaces: Sequence[str] = ()
    scale: Scale
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    """What else a reader may ask, by what it is about."""
    reaches: Sequence[str] = ()
    """Targets that it opens connections to, by `Target.id`."""
    reached_by: Sequence[str] = ()
    """Callers that open connections to it, by `Caller.id`."""
    component: Component


@dataclass(frozen=True, kw_only=True)
class Release:
    """A namespace of workloads."""

    path: str
    name: str
    namespace: str
    primary: bool
    facts: Sequence[str]
    workloads: Sequence[Workload]
    component: Component


@dataclass(frozen=True, kw_only=True)
class Target:
    """What workloads open connections to."""

    id: str
    name: str
    where: str
    """Who runs it, and where."""
    facts: Sequence[str] = ()
    inside: bool = True
    """Whether it is one of the data services, and not everything outside."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What opens connections to workloads, or, besides workloads, to Postgres."""

    id: str
    name: str
    where: str
    facts: Sequence[str] = ()
    target: str | None = None
    """The data service that it uses; None: it calls workloads."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What a preview would change of something."""

    op: Op
    objects: Sequence[str]
    """The objects that are touched, each with what happens to it."""


@dataclass(frozen=True, kw_only=True)
class Gone:
    """A workload or a release that the stack file no longer has."""

    name: str
    release: str | None
    """Path of its release, if that stays."""
    objects: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """A preview, by what it is about."""

    marks: Mapping[str, Mark]
    """By `path` of a workload or release, or `id` of a target or caller."""
    gone: Sequence[Gone]
    elsewhere: Sequence[str]
    """Objects that nothing in the picture stands for, each with what happens to it."""
    counts: Mapping[Op, int]
    """Objects by what happens to them."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Everything in the picture."""

    stack: str
    cloud: str
    facts: Sequence[str]
    releases: Sequence[Release]
    targets: Sequence[Target]
    callers: Sequence[Caller]
    routes: Sequence[Route]
    accepted: frozenset[TaskType]
    """Types of tasks of which the stack file says that it does not matter if nobody takes them."""
    findings: Sequence[str]
    """What the checks refuse or warn of."""
    changes: Changes | None = None

    @property
    def most_pods(self) -> int:
        """The most that any workload can have: the scale of all bars."""
        return max((w.scale.high for release in self.releases for w in release.workloads), default=0) or 1

    def mark(self, key: str) -> Mark | None:
        """What would change of something, if anything does."""
        return self.changes.marks.get(key) if self.changes else None
