"""What a cloud would answer for the resources that the program makes: ids, names, addresses, none of them real.

The answers are in `clouds/<package>.yaml`, by type token; `*` is for types that are not listed. `names` are the inputs
that hold a resource's name: the first that is given counts. `id` and `outputs` are texts with `{}` around an input, an
output above, `name` or `id`; `drawn` is a UUID for any word, the same for the same resource. `{of: <input>, ...}` is a
choice by an input's value. `replaces` are the inputs whose change makes another resource. `places` says where a
resource is if neither it nor its provider does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import yaml

Values = dict[str, Any]

_CLOUDS: Final = Path(__file__).with_name("clouds")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What is known of one type."""

    names: tuple[str, ...] = ()
    id: str = "{name}"
    replaces: tuple[str, ...] = ()
    outputs: Mapping[str, Any]


class _Drawn(dict[str, UUID]):
    def __init__(self, id_: str) -> None:
        super().__init__()
        self._id = id_

    def __missing__(self, word: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"{self._id} {word}")


@cache
def cloud(package: str) -> Mapping[str, Any]:
    """All that is known of a provider; nothing is of one without a file."""
    file = _CLOUDS / f"{package}.yaml"
    return yaml.safe_load(file.read_text()) if file.exists() else {"types": {}}


def answers(token: str) -> Answers:
    """What is known of a type, the defaults of its provider included."""
    types = cloud(token.partition(":")[0])["types"]
    return Answers(**{"outputs": {}, **types.get("*", {}), **types.get(token, {})})


def cloud_id(token: str, logical: str, inputs: Values) -> str:
    """The id that a provider gives a resource: by the name that it has been given, else by a generated one."""
    known = answers(token)
    name = next((inputs[name] for name in known.names if inputs.get(name)), logical)
    return known.id.format_map({**_context(token, inputs), **dict.fromkeys(known.names, name), "name": name})


def cloud_outputs(token: str, id_: str, inputs: Values) -> Values:
    """Computed outputs of one resource; the same for the same arguments."""
    known, name = answers(token), id_.rpartition("/")[2]
    context = {"name": name, **dict.fromkeys(known.names, name), "id": id_, "drawn": _Drawn(id_)}
    return _rendered(known.outputs, {**context, **_context(token, inputs)})


def look_up(token: str, inputs: Values) -> tuple[str, str, Values] | None:
    """Type and id of what is looked up, and the answer; nothing if it is not among those that have one."""
    known = cloud(token.partition(":")[0]).get("look_ups", {}).get(token)
    if known is None:
        return None
    id_ = cloud_id(known["of"], "", inputs)
    return known["of"], id_, _rendered(known["answer"], {"drawn": _Drawn(id_)})


def with_inputs(computed: Values, inputs: Values) -> Values:
    """Outputs of a resource: its inputs, and what only the cloud knows, as a mapping where the input is a list."""
    both = {
        key: with_inputs(computed[key], inputs[key]) if isinstance(inputs[key], dict) else computed[key]
        for key in computed.keys() & inputs.keys()
        if isinstance(computed[key], dict)
    }
    return {**computed, **inputs, **both}


def _context(token: str, inputs: Values) -> Values:
    package, service = token.split(":")[:2]
    return {"service": service.partition("/")[0], **cloud(package).get("places", {}), **inputs}


def _rendered(texts: Mapping[str, Any], context: Values) -> Values:
    """Each text with what stands above it filled in. What an input has said is not said again differently."""
    done: Values = {}
    for key, text in texts.items():
        done[key] = _filled(text, {**done, **context})
    return done


def _filled(value: Any, context: Values) -> Any:
    if isinstance(value, str):
        return value.format_map(context)
    if isinstance(value, list):
        return [_filled(item, context) for item in value]
    if isinstance(value, dict):
        if "of" in value:
            return _filled(value.get(context.get(value["of"]), value["otherwise"]), context)
        return {key: _filled(item, context) for key, item in value.items()}
    return value
