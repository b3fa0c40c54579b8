"""Resources for tests of the validators: inputs as the mock engine captures them."""

from collections.abc import Mapping
from typing import Any

from tests.harness import Resource

Inputs = dict[str, Any]


def resource(type_: str, inputs: Mapping[str, Any]) -> Resource:
    """A registered resource of which nothing but the type and the inputs matters."""
    return Resource(
        type=type_,
        name="example",
        urn=f"urn:pulumi:test::noxus::{type_}::example",
        parent="",
        custom=True,
        raw=inputs,
        protect=False,
        provider="",
        dependencies=(),
        stack=(),
        delete_timeout="",
        ignored=(),
        retained=False,
    )


def changed(value: Any, path: str, new: Any) -> Any:
    """A copy with another value at a dotted path; numbers are places in lists, `None` removes what is there."""
    key, _, rest = path.partition(".")
    if isinstance(value, list):
        return [
            changed(item, rest, new) if rest and str(i) == key else new if str(i) == key else item
            for i, item in enumerate(value)
        ]
    old = value.get(key, {}) if isinstance(value, Mapping) else {}
    replaced = changed(old, rest, new) if rest else new
    kept = {k: v for k, v in value.items() if k != key} if isinstance(value, Mapping) else {}
    return kept if replaced is None else {**kept, key: replaced}
