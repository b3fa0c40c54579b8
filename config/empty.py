"""Settings that are left empty, such as `affinity:` with nothing after it: their default, as in Helm."""

from typing import cast

from pydantic import BaseModel

from config.phrases import element, members


def without_empty(annotation: object, value: object) -> object:
    """A value of this type without the settings that are left empty.

    Only settings have a default. An entry of a mapping that the user names himself stays: a variable, a tenant. Where
    it is a group of settings, it is one with none of them set.
    """
    models = [member for member in members(annotation) if issubclass(member, BaseModel)]
    if models and value is None:
        return {}
    match value:
        case dict():
            items = cast("dict[str, object]", value)
            if not models:
                return {key: without_empty(element(annotation), item) for key, item in items.items()}
            fields = {info.alias: info.annotation for model in models for info in model.model_fields.values()}
            return {
                key: without_empty(fields.get(key), item)
                for key, item in items.items()
                if item is not None or key not in fields
            }
        case list():
            return [without_empty(element(annotation), item) for item in cast("list[object]", value)]
        case _:
            return value
