"""Which setting causes what a preview shows: what differs between the settings before and after, and where it leads.

A setting is named as a cause only if it differs and if what it is about can reach the property that changes. Where no
setting does, the cause is none of them: another version of the program or of a plugin.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast

from tools.report.lines import line_of
from tools.report.owner import Owners
from tools.report.preview import Step
from tools.report.side import Side

Path = tuple[str, ...]

_NO_CAUSE: Final = frozenset({"accept"})
"""Settings that nothing follows from."""

_VALUES: Final = frozenset({"env", "secretEnv", "secrets", "envSecretRef", "archive", "registries", "pullSecrets"})
_ADDRESSES: Final = frozenset(
    {
        "account",
        "bucket",
        "container",
        "database",
        "dataNamespace",
        "engine",
        "host",
        "hosts",
        "mode",
        "name",
        "namespace",
        "password",
        "port",
        "region",
        "tls",
        "transitEncryption",
        "url",
        "user",
    }
)
"""Settings that a data service's address follows from."""

_ENV: Final = _VALUES | _ADDRESSES | {"maxTaskSeconds"}
_SUBSCRIPTION: Final = frozenset({"workerSubscribe", "workerSubscribeTenants", "workerSubscribeWorkspaces"})
_LITERALS: Final = _SUBSCRIPTION | {"concurrency", "env"}
_PLACES: Final = frozenset({"affinity", "nodeSelector", "tolerations", "topologySpreadConstraints"})
_NUMBERS: Final = frozenset(
    {"autoscaling", "replicaCount", "scaling", "concurrency", "maxTaskSeconds", "responseTargetSeconds"}
)

_LEADS: Final[Sequence[tuple[re.Pattern[str], frozenset[str]]]] = tuple(
    (re.compile(pattern), settings)
    for pattern, settings in (
        (r"\.image$", frozenset({"image", "images", "setupImage"})),
        (r"(checksum|^data|^stringData|remoteRef|template\.data|\.literal|secretString|secretData)", _ENV),
        (r"secretKeyRef|envFrom", _ENV),
        (r"\.env\[", _LITERALS | _ENV),
        (r"requests\.storage$", frozenset({"storageGib"})),
        (r"\.resources\b", frozenset({"resources", "memoryMib", "quota"})),
        (
            r"terminationGracePeriodSeconds|safe-to-evict|do-not-disrupt",
            frozenset({"maxTaskSeconds", "preStopSeconds", "streamSeconds"}),
        ),
        (r"lifecycle", frozenset({"preStopSeconds", "streamSeconds"})),
        (r"\.command", frozenset({"command"})),
        (r"[pP]robe", frozenset({"startupSeconds", "livenessCommand", "command"})),
        (r"affinity|nodeSelector|tolerations|topologySpread", _PLACES),
        (r"^spec\.(replicas|minReplica|maxReplica|cooldown|polling|advanced|fallback|metrics|behavior)", _NUMBERS),
        (r"^spec\.triggers", _NUMBERS | _SUBSCRIPTION | _ADDRESSES),
        (r"storageClassName", frozenset({"storageClass"})),
    )
)
"""Which settings a property can follow from: names that stand somewhere in their paths. Of other properties, any."""


@dataclass(frozen=True)
class Cause:
    """The setting behind a finding."""

    setting: str
    """Its path in the stack file."""
    file: str
    line: int | None
    """Where it stands, or what is left around it; None if the file has nothing of it."""

    @property
    def place(self) -> str:
        """For a reader."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Difference:
    """One setting that is another."""

    path: Path
    before: object
    """None where it was not there."""
    after: object


class Causes:
    """What differs between two sides, and which of it leads where. Without a side before, nothing is known to."""

    def __init__(self, before: Side | None, after: Side) -> None:
        self._after = after
        self.owners = Owners(*(side.settings for side in (before, after) if side))
        self.rotated: Collection[str] = ()
        """Secret keys that have another value."""
        found = list[Difference]()
        if before:
            found = [it for it in _differing(_plain(before), _plain(after), ()) if it.path[0] not in _NO_CAUSE]
            self.rotated = sorted(
                key for key in before.marks.keys() & after.marks.keys() if before.marks[key] != after.marks[key]
            )
        self.differences: Sequence[Difference] = sorted(found, key=self._order)

    @cached_property
    def secrets(self) -> Sequence[Difference]:
        """Rotated secrets as differences, without any value."""
        return [Difference((key,), None, None) for key in self.rotated]

    def named(self, path: Path | str) -> Cause:
        """A setting as a cause."""
        parts = tuple(path.split(".")) if isinstance(path, str) else path
        return Cause(".".join(parts), self._after.source, line_of(parts, self._after.lines))

    def at(self, path: Path | str, names: Collection[str] = ()) -> Cause | None:
        """The first setting that differs at, below or around a path; with `names`, one that has one of them."""
        owner = tuple(path.split(".")) if isinstance(path, str) else path
        for it in self.differences:
            if _distance(owner, it.path) == 0 and (not names or _around(owner, it.path) or _has(it.path, names)):
                return self.named(it.path)
        return None

    def of(self, step: Step, properties: Sequence[str] | None = None) -> Cause | None:
        """The setting that a step follows from, or some of its properties."""
        owner = self.owners.of(step)
        wanted = _wanted(step.paths if properties is None else properties)
        candidates = [*self.secrets, *self.differences] if wanted is None or wanted & _VALUES else self.differences
        ranked = sorted(candidates, key=lambda it: _distance(owner, it.path))
        fitting = (
            it for it in ranked if wanted is None or _around(owner, it.path) or _leads(it.path, wanted, self.rotated)
        )
        found = next(fitting, None)
        return self.named(found.path) if found else None

    def _order(self, it: Difference) -> tuple[int, Path]:
        return line_of(it.path, self._after.lines) or 0, it.path


def _plain(side: Side) -> Mapping[str, Any]:
    return side.settings.model_dump(mode="json", by_alias=True)


def _differing(before: object, after: object, path: Path) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and before.get("type") == after.get("type"):
        old, new = cast("dict[str, object]", before), cast("dict[str, object]", after)
        for key in dict.fromkeys((*new, *old)):
            yield from _differing(old.get(key), new.get(key), (*path, key))
    else:
        yield Difference(path, before, after)


def _distance(owner: Path, path: Path) -> int:
    """How far a setting is from what a resource belongs to: 0 its own, 1 its release's, 2 everybody's, 3 another's."""
    if path[: len(owner)] == owner or _around(owner, path):
        return 0
    release = _release(owner)
    if release and path[: len(release)] == release:
        return 1 if len(path) > len(release) and path[len(release)] != "pools" else 3
    return 3 if path[0] in ("primary", "workers") else 2


def _release(path: Path) -> Path | None:
    if path[:1] == ("primary",):
        return path[:1]
    return path[:2] if path[:1] == ("workers",) and len(path) > 1 else None


def _around(owner: Path, path: Path) -> bool:
    """Whether a setting is what a resource belongs to, or something around that: it came or went as a whole."""
    return len(path) > 1 and owner[: len(path)] == path


def _has(path: Path, names: Collection[str]) -> bool:
    return any(part in names for part in path)


def _leads(path: Path, wanted: Collection[str], rotated: Collection[str]) -> bool:
    if path[0] in rotated and len(path) == 1:
        return bool(_VALUES & set(wanted))
    return _has(path, wanted)


def _wanted(properties: Sequence[str]) -> frozenset[str] | None:
    """Names of settings that some of the properties can follow from; None: any."""
    if not properties:
        return None
    found = frozenset[str]()
    for name in properties:
        leads = next((settings for pattern, settings in _LEADS if pattern.search(name)), None)
        if leads is None:
            return None
        found |= leads
    return found
