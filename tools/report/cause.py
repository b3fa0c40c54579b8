"""Which setting causes what a preview shows: what differs between the settings before and after, and where it leads.

A setting is named as a cause only if it differs and if what it is about can reach the property that changes. Where no
setting does, the cause is none of them: another version of the program or of a plugin.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast

from tools.preview import Step, differing
from tools.report.lines import line_of
from tools.report.owner import Owners
from tools.report.side import Side

Path = tuple[str, ...]

_NO_CAUSE: Final = frozenset({"accept"})
"""Settings that nothing follows from."""

_VALUES: Final = frozenset({"env", "secretEnv", "secrets", "envSecretRef", "archive", "registries", "pullSecrets"})
_ADDRESSES: Final = frozenset(
    {
        "accessKeyId",
        "account",
        "admin",
        "bucket",
        "ca",
        "container",
        "database",
        "dataNamespace",
        "direct",
        "engine",
        "host",
        "hosts",
        "mode",
        "name",
        "namespace",
        "password",
        "pooler",
        "port",
        "region",
        "scalerPassword",
        "scalerSslMode",
        "scalerUser",
        "secretAccessKey",
        "sslMode",
        "tls",
        "transitEncryption",
        "url",
        "user",
    }
)
"""Settings that a data service's address follows from."""

_OF_THEIR_OWN: Final = frozenset(
    {"archive", "connections", "env", "postgres", "redis", "routing", "scaling", "secretEnv", "storage"}
)
"""Sections that are behind a property only if it is known to follow from them, or is one of theirs."""

_NETWORK: Final = _ADDRESSES | {
    "autoscaling",
    "cidr",
    "cidrs",
    "createNamespace",
    "dns",
    "egress",
    "enabled",
    "endpointCidrs",
    "endpointSubnetCidr",
    "identity",
    "ingressCidrs",
    "ingressNamespace",
    "kedaNamespace",
    "monitoringNamespace",
    "podLabels",
    "podPort",
    "postgresSubnetCidr",
    "privateAccessCidrs",
    "psaCidrs",
    "subnetCidrs",
    "vpcCidr",
}
"""Settings that network policies follow from."""

_ENV: Final = _VALUES | _ADDRESSES | {"maxTaskSeconds"}
_SUBSCRIPTION: Final = frozenset({"workerSubscribe", "workerSubscribeTenants", "workerSubscribeWorkspaces"})
_LITERALS: Final = _SUBSCRIPTION | {"concurrency", "env"}
_PLACES: Final = frozenset(
    {"priorityClassName", "affinity", "nodeSelector", "tolerations", "topologySpreadConstraints"}
)
_NUMBERS: Final = frozenset(
    {"autoscaling", "replicaCount", "scaling", "concurrency", "maxTaskSeconds", "responseTargetSeconds"}
)

_LEADS: Final[Sequence[tuple[re.Pattern[str], frozenset[str]]]] = tuple(
    (re.compile(pattern), settings)
    for pattern, settings in (
        (r"\.image$", frozenset({"image", "images", "setupImage"})),
        (
            r"(checksum|^(spec\.)?(data|stringData|target)|remoteRef|template\.data|\.literal|secretString|secretData)",
            _ENV,
        ),
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
        (r"affinity|nodeSelector|tolerations|topologySpread|priorityClassName", _PLACES),
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

    def named(self, path: Path | str) -> Cause:
        """A setting as a cause."""
        parts = tuple(path.split(".")) if isinstance(path, str) else path
        return Cause(".".join(parts), self._after.source, line_of(parts, self._after.lines))

    def at(self, path: Path | str, names: Collection[str] = ()) -> Cause | None:
        """The first setting that differs at, below or around a path; with `names`, one that has one of them."""
        owner = tuple(path.split(".")) if isinstance(path, str) else path
        for it in self.differences:
            if _distance(owner, it.path) == _OWN and (not names or _around(owner, it.path) or _has(it.path, names)):
                return self.named(it.path)
        return None

    def naming(self, key: str, namespace: str) -> Cause | None:
        """The setting by which a namespace's pods read a secret key, or do no longer."""
        owner = self.owners.of_namespace(namespace)
        around = (it for it in self.differences if _around(owner, it.path))
        named = (it for it in self.differences if key in (it.before, it.after) or it.path[:1] == ("images",))
        found = next((it for it in (*around, *named) if _distance(owner, it.path) != _OTHERS), None)
        return self.named(found.path) if found else self.at((*owner, "secrets")) or self.at((*owner, "namespace"))

    def of(self, step: Step, properties: Sequence[str] | None = None) -> Cause | None:
        """The setting that a step follows from, or some of its properties."""
        owner = self.owners.of(step)
        named = step.paths if properties is None else properties
        wanted = _NETWORK if step.kind == "NetworkPolicy" else _wanted(named)
        secrets = [Difference((key,), None, None) for key in self.rotated if self._carries(key, owner)]
        reaching = [it for it in (*secrets, *self.differences) if self._reaches(it, owner, wanted)]
        values = {(str(old), str(new)) for _, old, new in differing(step.old, step.new)} if len(reaching) > 1 else set()

        def rank(it: Difference) -> tuple[bool, int]:
            """Whose values are those that change comes first, unless it is another's; then the nearest."""
            distance = _distance(owner, it.path)
            return (str(it.before), str(it.after)) not in values or distance == _OTHERS, distance

        found = min(reaching, key=rank, default=None)
        return self.named(found.path) if found else None

    def _reaches(self, it: Difference, owner: Path, wanted: frozenset[str] | None) -> bool:
        """Whether a setting can be behind properties of which it is known, or not, what they follow from."""
        if _around(owner, it.path):
            return True
        if it.path[0] in self.rotated:
            return wanted is None or bool(_VALUES & wanted)
        if not self._is_read(it.path, owner):
            return False
        distance = _distance(owner, it.path)
        if wanted is None:
            return distance < _ALL or (distance == _ALL and it.path[0] not in _OF_THEIR_OWN)
        # Certificates of the hosts are no address, though a data service's `tls` is; only policies follow from them.
        return _has(it.path, wanted) and (wanted == _NETWORK or it.path[:2] != ("primary", "tls"))

    def _carries(self, key: str, owner: Path) -> bool:
        """Whether a secret key is in what a workload reads: in what all read, or in a Secret that its pool names."""
        return any(self._is_read(path, owner) for path in self._users.get(key, ()))

    @cached_property
    def _users(self) -> Mapping[str, Sequence[Path]]:
        """By secret key, the settings that name it."""
        found = dict[str, list[Path]]()
        settings = self._after.settings
        for path, key in (*settings.login_keys(), *settings.secret_keys()):
            found.setdefault(key, []).append(tuple(path.split(".")))
        return found

    def _is_read(self, path: Path, owner: Path) -> bool:
        """Whether a workload can read what a setting puts into a Secret of a release. All other settings, all read."""
        release = _release(path)
        if not release or path[len(release) : len(release) + 1] != ("secrets",):
            return True
        if owner[: len(release)] != release:
            return False
        return owner == release or self._env_secrets.get(owner) == path[len(release) + 1]

    @cached_property
    def _env_secrets(self) -> Mapping[Path, str]:
        """By pool, the Secret that it reads besides."""
        return {tuple(path.split(".")): pool.env_secret_ref for path, _, pool in self._after.settings.pools()}

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


_OWN, _RELEASES, _ALL, _OTHERS = range(4)


def _distance(owner: Path, path: Path) -> int:
    """How far a setting is from what a resource belongs to: its own, its release's, everybody's, another's."""
    release = _release(owner)
    if owner == release and path[len(owner) : len(owner) + 1] == ("pools",):
        return _OTHERS  # what a whole release shares follows from its own settings first
    if owner and (path[: len(owner)] == owner or _around(owner, path)):
        return _OWN
    if release and path[: len(release)] == release:
        return _RELEASES if len(path) > len(release) and path[len(release)] != "pools" else _OTHERS
    return _OTHERS if path[0] in ("primary", "workers") else _ALL


def _release(path: Path) -> Path | None:
    if path[:1] == ("primary",):
        return path[:1]
    return path[:2] if path[:1] == ("workers",) and len(path) > 1 else None


def _around(owner: Path, path: Path) -> bool:
    """Whether a setting is what a resource belongs to, or something around that: it came or went as a whole."""
    return len(path) > 1 and owner[: len(path)] == path


def _has(path: Path, names: Collection[str]) -> bool:
    return any(part in names for part in path)


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
