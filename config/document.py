"""A stack file as the Pulumi engine reads it, for tools that read it without the engine.

The engine is written in Go and reads YAML with yaml.v3, whose scalars are neither YAML 1.1's nor 1.2's: `012` is ten,
`yes` is text, `2024-02-01` is a date, and `1.0` reaches the program as `1`. PyYAML parses here (its C parser is the
ancestor of yaml.v3); what a scalar means is decided by the rules of yaml.v3's resolve.go, and what becomes of it on its
way to the program by those of the engine. tests/e2e/test_stack_file_reading.py compares both with the engine itself.
"""

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, cast

import yaml

Place = tuple[str | int, ...]
"""Where something stands in a document: keys of mappings and positions in lists."""

KEY: Final = "[key]"
"""Ends the place of a key, as in pydantic's locations; without it, the place is that of the key's value."""

_TAGS: Final = "tag:yaml.org,2002:"
_DEEPEST: Final = 100
_MOST: Final = 1_000_000
"""Levels of nesting and number of values that are read. No stack file is near them."""

_WORDS: Final[Mapping[str, tuple[str, object]]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), ("null", None)),
    **dict.fromkeys(("true", "True", "TRUE"), ("bool", True)),
    **dict.fromkeys(("false", "False", "FALSE"), ("bool", False)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), ("float", math.nan)),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), ("float", math.inf)),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), ("float", -math.inf)),
}
"""Scalars that stand for something else, with the tag of what they stand for."""

_WHOLE: Final = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DATE: Final = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:([Tt ])(\d\d?):(\d\d?):(\d\d?)(?:[.,](\d+))?(Z|[-+]\d\d:\d\d)?)?", re.ASCII
)


class DocumentError(ValueError):
    """A document that the engine would not read."""


@dataclass(frozen=True)
class Rewritten:
    """A scalar that the program gets in another spelling than the file's."""

    written: str
    read: object


@dataclass(frozen=True)
class Document:
    """What the engine makes of a stack file."""

    values: Mapping[str, object]
    """The project's configuration by its key, such as `primary`, as the program gets it."""
    encrypted: frozenset[str]
    """Keys of values that are, or hold, secrets."""
    rewritten: Mapping[Place, Rewritten]
    """Keys and values that change on the way."""


def read(data: bytes, project: str) -> Document:
    """Read a stack file. Keys without a namespace are the project's. Raises `DocumentError`."""
    root, reader = _root(data), _Reader()
    document = reader.value(root, ()) if root else None
    if not isinstance(document, dict | None):
        raise DocumentError("must be a mapping that has the key config")
    entries = cast("dict[str, object]", document or {}).get("config")
    if not isinstance(entries, dict | None):
        raise DocumentError("config must be a mapping of settings, such as noxus:primary")
    settings = cast("dict[str, object]", entries or {})
    keys = {written: _full_key(written, project) for written in settings}
    if repeated := [key for key, times in Counter(keys.values()).items() if times > 1]:
        raise DocumentError(f"config.{repeated[0]} is there twice, in two spellings; remove one")
    own = {written: key.removeprefix(f"{project}:") for written, key in keys.items() if key.startswith(f"{project}:")}
    values = {key: "" if settings[written] is None else settings[written] for written, key in own.items()}
    encrypted = frozenset(key for key, value in values.items() if _holds_a_secret(value))
    rewritten = {
        (own[str(place[1])], *place[2:]): change
        for place, change in reader.rewritten.items()
        if place[0] == "config" and place[1:] and place[1] in own
    }
    return Document(values, encrypted, rewritten)


def mapping(data: bytes) -> tuple[Mapping[str, object], Mapping[Place, Rewritten]]:
    """Read a file beside a stack file in the same way: its values, and what of them is written in another way."""
    root, reader = _root(data), _Reader()
    values = reader.value(root, ()) if root else None
    if not isinstance(values, dict):
        raise DocumentError("must be a mapping")
    return cast("dict[str, object]", values), reader.rewritten


def handed_over(values: Mapping[str, object], project: str) -> int:
    """Bytes of the variable `PULUMI_CONFIG` in which the engine's language host hands configuration to the program."""
    texts = {f"{project}:{key}": it if isinstance(it, str) else _compact(it) for key, it in values.items()}
    return len(f"PULUMI_CONFIG={_compact(texts)}".encode()) + 1


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _full_key(written: str, project: str) -> str:
    """A key as the engine completes it."""
    namespace, _, name = written.rpartition(":")
    namespace = namespace.removesuffix(":config") or project
    if ":" in namespace:
        raise DocumentError(f"config.{written} is no key; write <namespace>:<name>, such as {project}:primary")
    return f"{namespace}:{name}"


def _root(data: bytes) -> yaml.Node | None:
    """The first document of a file; the engine reads no other."""
    try:
        start = next(event for event in yaml.parse(data, _Loader) if not isinstance(event, yaml.StreamStartEvent))
        if isinstance(start, yaml.DocumentStartEvent) and start.version not in (None, (1, 1)):
            raise DocumentError("is of another YAML version than 1.1; remove that line")
        loader = _Loader(data)
        return loader.get_node() if loader.check_node() else None
    except (yaml.YAMLError, RecursionError, UnicodeError) as error:
        text = " ".join(str(error).split()).replace(' in "<byte string>",', " at")
        raise DocumentError(f"is not YAML: {text}") from None


class _Loader(yaml.CSafeLoader):
    """Leaves the tag empty where none is written, so that `12`, `'12'` and `!!str 12` stay apart."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        del kind, value, implicit
        return ""


@dataclass
class _Reader:
    """Turns nodes into values."""

    rewritten: dict[Place, Rewritten] = field(default_factory=dict[Place, Rewritten])
    _open: list[yaml.Node] = field(default_factory=list[yaml.Node])
    """Nodes that are being read."""
    _count: int = 0

    def value(self, node: yaml.Node, place: Place) -> object:
        self._enter(node, place)
        match node:
            case yaml.MappingNode():
                found: object = self._mapping(node, place)
            case yaml.SequenceNode():
                items = cast("list[yaml.Node]", node.value)
                found = [self.value(item, (*place, index)) for index, item in enumerate(items)]
            case _:
                found = _resolved(node, place)
                self._compare(node, found, place)
        self._open.pop()
        return found

    def _enter(self, node: yaml.Node, place: Place) -> None:
        self._count += 1
        if node in self._open:
            raise DocumentError(f"{_shown(place)} holds itself")
        if len(self._open) > _DEEPEST or self._count > _MOST:
            raise DocumentError(f"{_shown(place)[:80]}... is nested too deeply, or repeats too much by aliases")
        self._open.append(node)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, object]:
        found = dict[str, object]()
        for key, value in self._pairs(node, place).values():
            read = _resolved(key, place)
            name = _as_key(read)
            self._compare(key, name, (*place, name, KEY))
            found[name] = self.value(value, (*place, name))
        return found

    def _pairs(self, node: yaml.MappingNode, place: Place) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """A mapping's keys and values, after those that `<<` brings in. Of several mappings there, the first wins."""
        own, merged = dict[str, tuple[yaml.Node, yaml.Node]](), dict[str, tuple[yaml.Node, yaml.Node]]()
        for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            if not isinstance(key, yaml.ScalarNode):
                raise DocumentError(f"{_shown(place)} has a key that is no text, at line {_line(key)}")
            name = cast("str", key.value)
            if name in own:
                lines = f"line {_line(own[name][0])} and line {_line(key)}"
                raise DocumentError(f"{_shown((*place, name))} is there twice, at {lines}; remove one")
            own[name] = key, value
        if "<<" in own:
            _, source = own.pop("<<")
            sources = source.value if isinstance(source, yaml.SequenceNode) else [source]
            for each in reversed(cast("list[yaml.Node]", sources)):
                if not isinstance(each, yaml.MappingNode):
                    raise DocumentError(f"{_shown((*place, '<<'))} must be a mapping or a list of mappings")
                self._enter(each, place)
                merged |= self._pairs(each, place)
                self._open.pop()
        return merged | own

    def _compare(self, node: yaml.Node, value: object, place: Place) -> None:
        if not node.tag and isinstance(value, str | int | float) and str(value) != node.value:
            self.rewritten[place] = Rewritten(node.value, value)


def _resolved(node: yaml.Node, place: Place) -> object:
    """The value that the program gets for a scalar."""
    text, tag = cast("str", node.value), node.tag.removeprefix(_TAGS)
    if tag == "str" or (not tag and cast("yaml.ScalarNode", node).style):
        return text
    if tag == "binary":
        return _decoded(text, place)
    if tag not in ("", "null", "bool", "int", "float", "timestamp"):
        return text
    found, value = _plain(text, dates=tag in ("", "timestamp"))
    if tag and tag != found and (tag, found) != ("float", "int"):
        raise DocumentError(f"{_shown(place)}: {text!r} is not of its type !!{tag}")
    if isinstance(value, float) and not math.isfinite(value):
        raise DocumentError(f"{_shown(place)}: {text} is no number that a setting can have; quote it if it is text")
    return value


def unquoted(text: str) -> object:
    """What a scalar without quotes stands for."""
    return _plain(text, dates=True)[1]


def _plain(text: str, *, dates: bool) -> tuple[str, object]:
    """What an unquoted scalar stands for, as (tag, value)."""
    if text in _WORDS:
        return _WORDS[text]
    if dates and (date := _go_time(text)):
        return "timestamp", date
    digits = text if text.startswith(".") else text.replace("_", "")
    if text[:1] in "+-0123456789" and (whole := _WHOLE.fullmatch(digits)):
        sign, *groups = whole.groups()
        number = next(int(sign + group, base) for group, base in zip(groups, (16, 2, 8, 10), strict=True) if group)
        if -(2**63) <= number < 2**64:
            return "int", _as_the_engine_writes(number)
    if text[:1] in "+-.0123456789" and _FLOAT.fullmatch(digits) and math.isfinite(float(digits)):
        return "float", _as_the_engine_writes(float(digits))
    return "str", text


def _as_the_engine_writes(number: float) -> int | float:
    """A number after its way through the engine's YAML and JSON: whole ones lose their point, large ones precision."""
    if isinstance(number, int) and number < 2**63:
        return number
    shortest = Decimal(repr(float(number)))
    return int(shortest) if abs(shortest) < 10**21 and shortest == shortest.to_integral_value() else float(number)


def _go_time(text: str) -> str | None:
    """A date as Go prints it, which is what the program gets."""
    if not (match := _DATE.fullmatch(text)):
        return None
    year, month, day, divider, hour, minute, second, fraction, zone = match.groups()
    if (zone is None) is (divider in ("T", "t")):
        return None
    try:
        moment = datetime(*(int(part or 0) for part in (year, month, day, hour, minute, second)), tzinfo=UTC)
    except ValueError:
        return None
    offset = (zone or "Z").replace(":", "").replace("Z", "+0000").replace("-0000", "+0000")
    parts = f".{(fraction or '')[:9]}".rstrip("0.")
    return f"{moment:%Y-%m-%d %H:%M:%S}{parts} {offset} {'UTC' if offset == '+0000' else offset}"


def _as_key(value: object) -> str:
    """A key as Go prints it."""
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _decoded(text: str, place: Place) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode(errors="replace")
    except binascii.Error:
        raise DocumentError(f"{_shown(place)}: is not base64, as its tag !!binary says") from None


def _holds_a_secret(value: object) -> bool:
    match value:
        case {"secure": str()} if len(cast("dict[str, object]", value)) == 1:
            return True
        case dict():
            return any(map(_holds_a_secret, cast("dict[str, object]", value).values()))
        case list():
            return any(map(_holds_a_secret, cast("list[object]", value)))
        case _:
            return False


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1


def _shown(place: Place) -> str:
    return ".".join(map(str, place)) or "the file"
