"""The JSON schema of a stack file, for editors: `python -m tools.schema > docs/stack.schema.json`.

It is made from the models that the program itself checks a stack file with. What only `checks` can say, about several
settings together, is not in it.
"""

import json
from typing import Any

from config.load import PROJECT
from tools.stack_schema import stack_schema


def stack_file_schema() -> dict[str, Any]:
    """Schema of a whole `Pulumi.<stack>.yaml` (JSON Schema 2020-12)."""
    settings = stack_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of the noxus program",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": [f"{PROJECT}:{name}" for name in settings["required"]],
                "properties": {f"{PROJECT}:{name}": _top(value) for name, value in settings["properties"].items()},
                "patternProperties": {f"^(?!{PROJECT}:)": {}},
                "additionalProperties": {
                    "description": "A secret, encrypted by `pulumi config set --secret`.",
                    "type": "object",
                    "required": ["secure"],
                    "properties": {"secure": {"type": "string"}},
                    "additionalProperties": False,
                },
            }
        },
        "$defs": settings["$defs"],
    }


def _top(setting: dict[str, Any]) -> dict[str, Any]:
    """A top-level setting; `pulumi config set` writes booleans as text."""
    if setting.get("type") != "boolean":
        return setting
    return {**{key: value for key, value in setting.items() if key != "type"}, "enum": [True, False, "true", "false"]}


if __name__ == "__main__":
    print(json.dumps(stack_file_schema(), indent=2))
