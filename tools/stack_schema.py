"""The JSON schema of everything that a stack file may say: the models of all clouds in one."""

import inspect
import json
import re
from typing import Any, Final

from config import releases
from config.clouds.table import STACKS

Schema = dict[str, Any]

_PARAMETRIZED: Final = re.compile(r"(\w+?Settings)(?:_(?:Annotated|tuple)_\w+|\[[^\"]*\])")
"""How pydantic calls a group of settings that differs between clouds, in a reference and as a title."""

_ABOUT: Final = ("default", "description", "examples", "oneOf", "title")


def stack_schema() -> Schema:
    """One schema with the properties of every cloud's stacks; what differs between them is one or the other."""
    models = {cloud: _plainly_named(model.model_json_schema()) for cloud, model in STACKS.items()}
    names = dict.fromkeys(name for schema in models.values() for name in schema["properties"])
    properties = {
        name: _either([schema["properties"][name] for schema in models.values() if name in schema["properties"]])
        for name in names
    }
    properties["cloud"] = {**properties["cloud"], "enum": list(models)}
    groups = dict.fromkeys(name for schema in models.values() for name in schema["$defs"])
    return {
        "description": models["kubernetes"]["description"],
        "type": "object",
        "properties": properties,
        "required": [name for name in names if all(name in schema["required"] for schema in models.values())],
        "$defs": {
            name: _either([schema["$defs"][name] for schema in models.values() if name in schema["$defs"]])
            for name in groups
        },
    }


def _plainly_named(schema: Schema) -> Schema:
    """With one name for a group of settings, whichever cloud it is in; and with its description, which is not kept."""
    plain = json.loads(_PARAMETRIZED.sub(r"\1", json.dumps(schema)))
    for model in (releases.IdentitySettings, releases.PrimarySettings, releases.WorkerReleaseSettings):
        if model.__name__ in plain["$defs"]:
            group = plain["$defs"][model.__name__]
            plain["$defs"][model.__name__] = dict(sorted({**group, "description": inspect.getdoc(model)}.items()))
    return plain


def _either(schemas: list[Schema]) -> Schema:
    """Any of these: as it is if they are all the same, else with the alternatives where they differ.

    A list that must be empty is no alternative.
    """
    first, *others = [schema for schema in schemas if schema.get("maxItems") != 0]
    if all(schema == first for schema in others):
        return first
    if all("properties" in schema for schema in schemas):
        settings = {name: _either([schema["properties"][name] for schema in schemas]) for name in first["properties"]}
        return {**first, "properties": settings}
    if first.get("type") == "array":
        return {**first, "items": _either([schema["items"] for schema in (first, *others)])}
    alternatives: list[Schema] = []
    for option in (option for schema in (first, *others) for option in schema.get("oneOf", [schema])):
        if option not in alternatives:
            alternatives.append(option)
    return {**{key: value for key, value in first.items() if key in _ABOUT}, "oneOf": alternatives}
