"""Where a setting stands in a stack file, so that a reader of a report can go there."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import yaml

from config.load import PROJECT

_MERGE = "<<"


def lines(data: bytes) -> Mapping[tuple[str, ...], int]:
    """The line of each setting of a stack file that can be read, by its path without the project's prefix."""
    root = yaml.compose(data, Loader=yaml.CSafeLoader)
    found = dict[tuple[str, ...], int]()
    for key, value in _pairs(root):
        if key.value == "config":
            for name, entry in _pairs(value):
                own = str(name.value).removeprefix(f"{PROJECT}:")
                _walk(name, entry, (own,), found)
    return found


def line_of(path: Sequence[str], known: Mapping[tuple[str, ...], int]) -> int | None:
    """The line of a setting, or of the nearest one around it; None if nothing of it is there."""
    for length in range(len(path), 0, -1):
        if (line := known.get(tuple(path[:length]))) is not None:
            return line
    return None


def _walk(key: yaml.Node, value: yaml.Node, path: tuple[str, ...], found: dict[tuple[str, ...], int]) -> None:
    found.setdefault(path, key.start_mark.line + 1)
    for name, item in _pairs(value):
        if name.value == _MERGE:
            for each in item.value if isinstance(item, yaml.SequenceNode) else [item]:
                for inner, merged in _pairs(each):
                    _walk(inner, merged, (*path, str(inner.value)), found)
        else:
            _walk(name, item, (*path, str(name.value)), found)


def _pairs(node: Any) -> Sequence[tuple[yaml.ScalarNode, yaml.Node]]:
    return cast("Any", node.value) if isinstance(node, yaml.MappingNode) else ()
