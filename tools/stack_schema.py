"""The JSON schema of everything that a stack file may say: the models of all clouds in one."""

from typing import Any

from config.clouds.table import STACKS

Schema = dict[str, Any]


def stack_schema() -> Schema:
    """One schema with the properties of every cloud's stacks; what differs between them is one or the other."""
    models = {cloud: model.model_json_schema() for cloud, model in STACKS.items()}
    names = dict.fromkeys(name for schema in models.values() for name in schema["properties"])
    properties = {
        name: _either([schema["properties"][name] for schema in models.values() if name in schema["properties"]])
        for name in names
    }
    properties["cloud"] = {**properties["cloud"], "enum": list(models)}
    return {
        "description": models["kubernetes"]["description"],
        "type": "object",
        "properties": properties,
        "required": [name for name in names if all(name in schema["required"] for schema in models.values())],
        "$defs": {name: group for schema in models.values() for name, group in schema["$defs"].items()},
    }


def _either(schemas: list[Schema]) -> Schema:
    """Any of these: as it is if they are all the same, else with the alternatives of all of them."""
    if all(schema == schemas[0] for schema in schemas):
        return schemas[0]
    alternatives: list[Schema] = []
    for option in (option for schema in schemas for option in schema.get("oneOf", [schema])):
        if option not in alternatives:
            alternatives.append(option)
    return {**{key: value for key, value in schemas[0].items() if key != "discriminator"}, "oneOf": alternatives}
