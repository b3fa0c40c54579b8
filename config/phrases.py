"""How pydantic's findings are phrased for the person who writes the stack file."""

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Final, Union, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from config.errors import Problem, found, nearest

_KINDS: Final = {
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping of settings",
    "float_type": "must be a number",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "mapping_type": "must be a mapping",
    "model_attributes_type": "must be a mapping of settings",
    "model_type": "must be a mapping of settings",
    "string_type": "must be text; put it in quotes",
    "tuple_type": "must be a list",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_short": "must not be empty",
}
"""Pydantic's error types and the rule each stands for; `{name}` is filled from the error's own context."""


def phrase(root: type[BaseModel], detail: ErrorDetails) -> Problem:
    """Turn one of pydantic's findings about `root` into a problem with the path as the stack file spells it."""
    path, parent, field = _resolve(root, detail["loc"])
    kind, value = detail["type"], detail["input"]
    match kind:
        case "extra_forbidden":
            message = f"no such setting; {nearest(str(detail['loc'][-1]), _spellings(parent))}"
        case "not_shown":
            message = detail["msg"]
        case "missing":
            message = f"required, not set{_example(parent, field)}"
        case "value_error":
            rule = str(detail.get("ctx", {})["error"])
            message = rule if isinstance(value, Mapping | list | BaseModel) else f"{rule} {found(value)}"
        case "too_short":
            least = detail.get("ctx", {}).get("min_length", 1)
            message = f"{'must not be empty' if least == 1 else f'must have at least {least}'} {found(value)}"
        case "union_tag_invalid":
            context = detail.get("ctx", {})
            path += "." + context["discriminator"].strip("'_()")  # the setting, or the function that reads it
            message = f"must be one of {context['expected_tags']} {found(context['tag'])}"
            if context["tag"] == "managed":
                message += "; a cloud runs what is managed: name one in cloud, or write mode: cluster"
        case "union_tag_not_found":
            kinds = [cast("type[BaseModel]", member) for member in members(_annotation(parent, field))]
            allowed = " or ".join(str(tag) for kind in kinds for tag in _tags(kind))
            message = f"must say its type: {allowed} {found(value)}"
        case _:
            rule = _KINDS.get(kind, detail["msg"]).format_map(detail.get("ctx", {}))
            message = f"{rule} {found(value)}"
    return Problem(path, message)


def setting(root: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """The setting that a place within `root` belongs to: its last part that the user has not named himself."""
    return _resolve(root, place)[2]


def _resolve(root: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, type[BaseModel], str]:
    """Follow `loc` through the models: the path without pydantic's own marks, the model it ends in, the field."""
    path: list[str] = []
    model, annotation, field = root, root, ""
    for part in loc:
        models = [member for member in members(annotation) if issubclass(member, BaseModel)]
        if len(models) > 1:  # a union by tag: pydantic puts the tag into the location
            annotation = next((m for m in models if part in _tags(m)), annotation)
            continue
        if part == "[key]":
            continue
        path.append(str(part))
        if models:
            model, field = models[0], str(part)
            annotation = _annotation(model, field)
        else:
            annotation = element(annotation)
    return ".".join(path), model, field


def _annotation(model: type[BaseModel], field: str) -> object:
    """The type of a setting, by its spelling in the stack file."""
    return {info.alias: info.annotation for info in model.model_fields.values()}.get(field, NoneType)


def _tags(model: type[BaseModel]) -> tuple[object, ...]:
    """What a stack file writes under `type` or `mode` for this member of a union."""
    tag = model.model_fields.get("type") or model.model_fields["mode"]
    return get_args(tag.annotation)


def element(annotation: object) -> object:
    """The type of a mapping's values or a list's elements."""
    if isinstance(annotation, UnionType) or get_origin(annotation) in (Annotated, Union):
        return next((found for option in get_args(annotation) if (found := element(option)) is not NoneType), NoneType)
    return next((part for part in reversed(get_args(annotation)) if part is not Ellipsis), NoneType)


def members(annotation: object) -> list[type]:
    """The classes that an annotation such as `A | B | None` or `Annotated[A, ...]` stands for."""
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation]
    if getattr(annotation, "__origin__", None) in (Mapping, tuple):
        return []
    return [member for argument in get_args(annotation) for member in members(argument) if member is not NoneType]


def _spellings(model: type[BaseModel]) -> set[str]:
    return {info.alias or name for name, info in model.model_fields.items()}


def _example(model: type[BaseModel], field: str) -> str:
    for info in model.model_fields.values():
        if info.alias == field and info.examples:
            return f"; for example {field}: {info.examples[0]}"
    return ""
