"""A preview's steps, as the engine prints them with `FLAGS`: parsed, and nothing judged yet.

That form carries what a judgement needs, as the real engine shows: old and new inputs with secrets masked, the
properties that the plugin says will change, the order of a replacement's two halves, and what stays as it is, without
which nobody could say whether a right that goes with one object is still given by another. Without the last two flags
the preview can be read too; then the worse order is supposed, and what stays is not known.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, cast

Op = Literal["create", "update", "replace", "delete", "same"]
Inputs = Mapping[str, Any]

FLAGS: Final = ("--json", "--show-replacement-steps", "--show-sames")
"""How a preview is asked for."""

MASKED: Final = "[secret]"
"""What the engine prints in place of a secret."""

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine prints in place of a value that only the update will know."""

_COMMAND: Final = f"`pulumi preview {' '.join(FLAGS)}`"
_ROOT: Final = "pulumi:pulumi:Stack"
_REPLACING: Final = frozenset({"replace", "create-replacement", "delete-replaced"})
_PLAIN: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")


class PreviewError(ValueError):
    """A text that is no preview."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What would happen to one resource."""

    op: Op
    urn: str
    parent: str | None = None
    """URN of the component that it belongs to."""
    old: Inputs = field(default_factory=dict[str, Any])
    """Inputs as they are deployed; none of what is created."""
    new: Inputs = field(default_factory=dict[str, Any])
    """Inputs as they would be; none of what is deleted."""
    paths: Sequence[str] = ()
    """Properties that change, such as `spec.replicas`: as the plugin says, or else as old and new inputs differ."""
    deleted_first: bool = False
    """Of a replacement: whether the old one goes before the new one comes."""
    guarded: bool = False
    """Whether the engine refused to delete it so far (`protect`)."""

    @cached_property
    def stack(self) -> str:
        """Stack that it belongs to."""
        return self.urn.split("::")[0].rpartition(":")[2]

    @cached_property
    def type(self) -> str:
        """Type token, such as `kubernetes:apps/v1:Deployment`."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @cached_property
    def parents(self) -> Sequence[str]:
        """Types of the components around it, the outermost first."""
        return self.urn.split("::")[2].split("$")[:-1]

    @cached_property
    def kind(self) -> str:
        """Last part of the type, such as `Deployment`."""
        return self.type.rpartition(":")[2]

    @cached_property
    def name(self) -> str:
        """Logical name, such as `noxus-acme/acme-flow`."""
        return self.urn.split("::", 3)[3]

    @property
    def label(self) -> str:
        """What a reader calls it."""
        return f"{self.kind} {self.name}"

    @property
    def is_real(self) -> bool:
        """Whether it stands for something outside the state: no component, provider or stack."""
        return not self.type.startswith(("noxus:", "pulumi:"))


@dataclass(frozen=True, kw_only=True)
class Preview:
    """All steps, and why there is no more of them."""

    steps: Sequence[Step]
    errors: Sequence[str] = ()
    """Why the preview ended early."""
    first: bool = False
    """Whether nothing is deployed, so that everything is made."""


def parse(text: str) -> Preview:
    """Read what the engine has printed. Raises `PreviewError`."""
    try:
        printed = json.loads(text)
    except ValueError as error:
        raise PreviewError(f"is not JSON ({error}); make it by {_COMMAND}") from None
    if not isinstance(printed, dict) or ("steps" not in printed and "diagnostics" not in printed):
        raise PreviewError(f"is no preview; make it by {_COMMAND}")
    found = cast("dict[str, Any]", printed)
    by_urn: dict[str, list[dict[str, Any]]] = {}
    try:
        for step in found.get("steps") or ():
            by_urn.setdefault(step["urn"], []).append(step)
        steps = [step for urn, printed in by_urn.items() if (step := _step(urn, printed))]
        said = [d for d in found.get("diagnostics") or () if d.get("severity") == "error"]
    except (KeyError, TypeError, AttributeError):
        raise PreviewError(f"is no preview; make it by {_COMMAND}") from None
    return Preview(
        steps=steps,
        errors=[str(d.get("message", "")).removeprefix("error: ").strip() for d in said],
        first=any(step.op == "create" and step.type == _ROOT for step in steps),
    )


def _step(urn: str, printed: Sequence[Mapping[str, Any]]) -> Step | None:
    """One resource's steps as one; nothing for what is only read."""
    ops = [step["op"] for step in printed]
    if not (op := _op(ops)):
        return None
    fullest = max(
        printed, key=lambda step: ("oldState" in step) + ("newState" in step) + bool(step.get("detailedDiff"))
    )
    old, new = fullest.get("oldState") or {}, fullest.get("newState") or {}
    if op == "create":
        old = {}
    elif op == "delete":
        new = {}
    before, after = _inputs(old), _inputs(new)
    said = fullest.get("detailedDiff") or {}
    return Step(
        op=op,
        urn=urn,
        parent=(new or old).get("parent"),
        old=before,
        new=after,
        paths=tuple(sorted(said))
        if said
        else tuple(path for path, _, _ in differing(before, after))
        if old and new
        else (),
        deleted_first=op == "replace" and _is_deleted_first(ops),
        guarded=bool(old.get("protect")),
    )


def _op(ops: Sequence[str]) -> Op | None:
    if _REPLACING.intersection(ops):
        return "replace"
    for op in ("update", "create", "delete", "same"):
        if op in ops:
            return op
    return "create" if "import" in ops else None


def _is_deleted_first(ops: Sequence[str]) -> bool:
    if "create-replacement" in ops and "delete-replaced" in ops:
        return ops.index("delete-replaced") < ops.index("create-replacement")
    return "create-replacement" not in ops


def _inputs(state: Mapping[str, Any]) -> Inputs:
    return cast("Inputs", state.get("inputs") or {})


def differing(old: object, new: object, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Where two values differ, each place with what is there; a path is spelled as plugins spell it."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        before, after = cast("dict[str, object]", old), cast("dict[str, object]", new)
        for key in sorted({*before, *after}):
            yield from differing(before.get(key), after.get(key), _joined(path, key))
    elif isinstance(old, list) and isinstance(new, list):
        first, second = cast("list[object]", old), cast("list[object]", new)
        for index in range(max(len(first), len(second))):
            one, other = (list_[index] if index < len(list_) else None for list_ in (first, second))
            yield from differing(one, other, f"{path}[{index}]")
    else:
        yield path, old, new


def _joined(path: str, key: str) -> str:
    if not _PLAIN.fullmatch(key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every plain value of inputs, by its path with `[]` for any position in a list."""
    if isinstance(value, dict):
        for key, item in cast("dict[str, object]", value).items():
            yield from flat(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from flat(item, f"{path}[]")
    else:
        yield path, value
