"""The page of every setting: `python -m tools.docs > docs/configuration.md`. Made from the models."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any, Final

from config.load import PROJECT
from config.references import REFERENCES
from tools.stack_schema import stack_schema

_WORDS: Final = {"integer": "whole number", "number": "number", "boolean": "`true`, `false`", "string": "text"}
_BOUNDS: Final = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to"}

_BASES: Final = ("PodSettings", "ServiceSettings")
"""Groups whose settings later ones and all others take over."""

_FEWEST_SHARED: Final = 3

_ABOUT: Final = f"""\
# Configuration

A stack is one file, `Pulumi.<stack>.yaml`; its settings stand under `config:` with the prefix `{PROJECT}:`. Unknown
keys are errors. This page is generated from the models of `config/` by `make docs`.

Secrets have keys of their own, written by `pulumi config set --secret {PROJECT}:<key>` and named in `secretEnv` or in a
release's `secrets`. A plain variable's value may refer to what only the deployment knows:
{", ".join(f"`${{{name}}}`" for name in sorted(REFERENCES))}.
`$${{name}}` arrives as the text `${{name}}`.

The file is YAML as the Pulumi engine reads it: `012` is ten, `1.0` is `1`, and `2024-02-01` is a date, while `on` and
`yes` are text. Where a setting is text, such as in `env`, what would arrive as another text than is written is refused:
put it in quotes.

A pool takes the block of a Helm values file. A setting within a section that has nothing after it, such as
`affinity:`, has its default.
Helm's other spellings that are known: `enabled` in `autoscaling` and `podDisruptionBudget`,
`targetCPUUtilizationPercentage` and `targetMemoryUtilizationPercentage` for `targetCpuUtilization` and
`targetMemoryUtilization`, also without a `type`, and tenants and workspaces as a list, as text with commas or as a
number.

A heading below is a group of settings; a table says where it is used by linking to it.
"""


def page() -> str:
    """The whole page, as Markdown."""
    schema = stack_schema()
    groups = {"StackSettings": schema, **schema["$defs"]}
    return "\n".join([_ABOUT, *(line for name in _in_order(groups) for line in _group(name, groups))])


def _in_order(groups: dict[str, Any]) -> list[str]:
    """The groups as a reader meets them: each after the one that first refers to it."""
    order = ["StackSettings"]
    for name in order:  # grows while it is walked
        found = dict.fromkeys(_referred(groups[name]))
        order += [other for other in found if other in groups and other not in order]
    return [name for name in order if groups[name].get("type") == "object"]


def _referred(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for key, value in schema.items():
            if key not in ("$defs", "discriminator"):
                yield from _referred(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _referred(value)


def _group(name: str, groups: dict[str, Any]) -> Iterator[str]:
    schema = groups[name]
    properties: dict[str, Any] = schema["properties"]
    yield f"## {_title(name)}\n"
    yield f"{schema['description']}\n"
    for base in takewhile(lambda base: base != name, _BASES):
        if shared := _shared(properties, groups[base]["properties"]):
            yield f"It takes from {_link(base)}: {', '.join(f'`{setting}`' for setting in shared)}.\n"
            properties = {setting: value for setting, value in properties.items() if setting not in shared}
    yield "| setting | type | default | meaning |"
    yield "|---|---|---|---|"
    for setting, value in properties.items():
        default = "required" if setting in schema.get("required", ()) else _default(value.get("default"))
        meaning = value["description"].replace("\n", " ")
        yield f"| `{setting}` | {_type(value)} | {default} | {meaning} |".replace("\\|", "|")
    yield ""


def _shared(properties: dict[str, Any], base: dict[str, Any]) -> list[str]:
    """Settings that are those of a base, if it is one: they are described there."""
    same = [setting for setting, value in properties.items() if base.get(setting) == value]
    return same if len(same) >= _FEWEST_SHARED else []


def _title(name: str) -> str:
    return name.removesuffix("Settings") if name != "StackSettings" else "Top level"


def _default(value: object) -> str:
    if value is None:
        return "unset"
    if value in ({}, [], "") or isinstance(value, dict):
        return "empty" if value in ({}, [], "") else "its own defaults"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(schema: dict[str, Any]) -> str:
    """What may be written, in a few words."""
    match schema:
        case {"$ref": reference}:
            words = _link(reference.rpartition("/")[2])
        case {"enum": values}:
            words = ", ".join(f"`{value}`" for value in values)
        case {"const": value}:
            words = f"`{value}`"
        case {"anyOf": options} | {"oneOf": options}:
            alternatives = [_type(option) for option in options if option.get("type") != "null"]
            words = " or ".join(w for w in alternatives if w != "whole number" or "number" not in alternatives)
        case {"type": "array", "items": items}:
            words = f"list of {_type(items)}"
        case {"type": "object"}:
            words = f"mapping to {_type(schema.get('additionalProperties') or {})}"
        case {"type": str(kind)}:
            words = _bounded(_WORDS[kind], schema)
        case _:
            words = "anything"
    return words


def _link(name: str) -> str:
    title = _title(name)
    return "anything" if name == "JsonValue" else f"[{title}](#{title.lower().replace(' ', '-')})"


def _bounded(word: str, schema: dict[str, Any]) -> str:
    return " ".join([word, *(f"{text} {schema[key]:g}" for key, text in _BOUNDS.items() if key in schema)])


if __name__ == "__main__":
    print(page(), end="")
