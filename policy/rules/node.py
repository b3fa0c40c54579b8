"""What a rule reads: one value of a resource's inputs, with the path that leads to it.

A value may be missing, secret, or not known before the update. Missing is `None`, secrecy stays on the value, and to
read what is not known yet raises: no rule can take it for something else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts and masks."""

    value: Any


@dataclass(frozen=True)
class Unknown:
    """Stands for a value that only the update will tell."""


UNKNOWN: Final = Unknown()


class UnknownError(Exception):
    """A rule wants to read what is not known yet."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path: Final = path


@dataclass(frozen=True)
class Node:
    """A value and where it is."""

    raw: Any
    path: str = ""
    inherits: bool = False
    """Whether something that it is part of is secret as a whole."""

    @property
    def given(self) -> bool:
        """Whether there is a value at all. One that is not known yet is one."""
        return _open(self.raw) is not None

    @property
    def marked(self) -> bool:
        """Whether this very value is secret, not only what it is part of."""
        return isinstance(self.raw, Secret)

    @property
    def secret(self) -> bool:
        """Whether the engine encrypts and masks it."""
        return self.inherits or self.marked

    @property
    def value(self) -> Any:
        """The value without its secrecy; nothing where it is missing."""
        value = _open(self.raw)
        if value is UNKNOWN:
            raise UnknownError(self.path)
        return value

    @property
    def plain(self) -> Any:
        """The value and all below it without secrecy, all of which has to be known."""
        value = self.value
        if isinstance(value, Mapping):
            return {key: field.plain for key, field in self.fields()}
        return [item.plain for item in self] if isinstance(value, list) else value

    @property
    def text(self) -> str:
        """The value where it is a text, else an empty one."""
        value = self.value
        return value if isinstance(value, str) else ""

    def at(self, path: str) -> "Node":
        """The value that a dotted path leads to."""
        node = self
        for key in path.split("."):
            node = node[key]
        return node

    def __getitem__(self, key: str) -> "Node":
        return Node(mapping(self.value).get(key), f"{self.path}.{key}" if self.path else key, self.secret)

    def fields(self) -> "Iterator[tuple[str, Node]]":
        """Every key of a mapping with its value; nothing of anything else."""
        for key in mapping(self.value):
            yield key, self[key]

    def __iter__(self) -> "Iterator[Node]":
        """The items of a list, each by its name where it has one; nothing of anything else."""
        for index, item in enumerate(items(self.value)):
            name = mapping(item).get("name")
            yield Node(item, f"{self.path}[{name if isinstance(name, str) else index}]", self.secret)

    def leaves(self) -> "Iterator[Node]":
        """Every value below that is neither a mapping nor a list, known or not."""
        value = _open(self.raw)
        if isinstance(value, Mapping):
            for _, field in self.fields():
                yield from field.leaves()
        elif isinstance(value, list):
            for item in self:
                yield from item.leaves()
        elif value is not None:
            yield self


def mapping(value: Any) -> Mapping[str, Any]:
    """A value as a mapping: an empty one if it is anything else."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """A value as a list: an empty one if it is anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else ()


def _open(raw: Any) -> Any:
    while isinstance(raw, Secret):
        raw = raw.value
    return raw
