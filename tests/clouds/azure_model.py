"""Resources of pulumi-azure-native against the request models of Microsoft's azure-mgmt packages.

Each package is pinned to the API version that the SDK calls; a test compares the two. Seen: unknown names, types,
required fields, fields that only the service writes, values of enums, and patterns, lengths and ranges of fields and
of names in a request's address.

Not seen, because no model holds it:
- types of `ONLY_IN_THE_SDK` (locks, private endpoints, DNS zone groups): no installed package has their request, so
  only names, types, required arguments and enums of the SDK's own argument types are looked at;
- whether a text is a GUID, a full resource id, a URL or a region, and whether what it names exists;
- sizes: `sku.name` of a PostgreSQL server is free text, and no package knows what a region offers;
- names: those of identities, zones and role assignments have no pattern, and a name ends where its pattern ends:
  PostgreSQL's has no end, so `a-` passes. That a Redis database must be called `default`;
- ranges that only documents state: days of PostgreSQL backups, hours and days of maintenance windows, soft delete of
  vaults, sizes of values, ports;
- parameters of PostgreSQL (`Configuration`): names and values are free text;
- rules between fields: high availability of a burstable server, RDB next to AOF, `NoCluster` by size, a zone's name
  by its server, a purge protection that a key needs, `tenantId` and `location` that the provider fills in;
- rights: a role's id is text, and whether it exists and is enough is for tests of rights;
- what replaces, and in which order things must be made.
"""

import re
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Final, Literal, TypeGuard, get_args, get_origin

from tests.clouds.azure_fields import Field, address, fields, model, resolved, sdk_class
from tests.clouds.azure_types import ONLY_IN_THE_SDK, REQUESTS
from tests.clouds.values import given, is_made_up_id, is_number, is_unknown, is_whole, short
from tests.harness import Resource

_FILLED: Final = frozenset({"location"})
"""What the provider takes from the resource group."""


def problems(resource: Resource) -> Iterator[str]:
    """What Azure would refuse of a resource, as far as its models say."""
    if resource.type in ONLY_IN_THE_SDK:
        yield from _object(sdk_class(resource.type, "Args"), resource.inputs, "")
        return
    request = REQUESTS.get(resource.type)
    if request is None:
        yield f"no request model is mapped for {resource.type}: add it to azure_types.py"
        return
    parts = address(request)
    yield from _address_problems(parts, resource.inputs)
    body = {key: value for key, value in given(resource.inputs) if key not in parts}
    if request.identities_listed:
        body, listed = _without_identities(body)
        yield from listed
    yield from _object(model(request), body, "")


def _address_problems(parts: Mapping[str, Mapping[str, Any]], inputs: Mapping[str, Any]) -> Iterator[str]:
    *parents, own = parts
    for name, limits in parts.items():
        value = inputs.get(name)
        if value is None:
            if name in parents:
                yield f"{name} is required"
        elif not isinstance(value, str):
            yield f"{name}: {short(value)} is no text"
        elif not is_unknown(value) and not (name != own and is_made_up_id(value)):
            yield from (f"{name}: {problem}" for problem in _limit_problems(limits, value))


def _without_identities(body: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The body without the ids of identities, and what is wrong with them."""
    identity = body.get("identity")
    ids = identity.get("userAssignedIdentities") if isinstance(identity, Mapping) else None
    if not isinstance(identity, Mapping) or ids is None:
        return body, []
    rest = {key: value for key, value in identity.items() if key != "userAssignedIdentities"}
    right = is_unknown(ids) or (isinstance(ids, list) and all(isinstance(id_, str) for id_ in ids))
    found = [] if right else [f"identity.userAssignedIdentities: {short(ids)} is no list of ids"]
    return {**body, "identity": rest}, found


def _object(class_: Any, value: Mapping[str, Any], at: str) -> Iterator[str]:
    known = fields(class_)
    for key, item in given(value):
        path = f"{at}.{key}" if at else key
        found = known.get(key)
        if found is None:
            yield f"{path}: no such field in {class_.__name__}"
        elif found.read_only:
            yield f"{path}: only the service writes it"
        else:
            yield from _field(found, item, path, class_.__module__)
    for key, found in known.items():
        if found.required and value.get(key) is None and key not in _FILLED:
            yield f"{at or 'it'}: {key} is required"


def _field(found: Field, value: Any, path: str, module: str) -> Iterator[str]:
    wrong = list(_value(found.annotation, value, path, module))
    yield from wrong
    if not wrong and not is_unknown(value):
        yield from (f"{path}: {problem}" for problem in _limit_problems(found.limits, value))


def _value(annotation: Any, value: Any, path: str, module: str) -> Iterator[str]:
    """What is wrong with a value of an annotated type."""
    if is_unknown(value):
        return
    annotation = resolved(annotation, module)
    choices = _choices(annotation)
    enum = next((each for choice in choices if _is_enum(each := resolved(choice, module))), None)
    if enum is not None:
        yield from _choice_problems([member.value for member in enum], value, path)
    elif len(choices) > 1:
        if all(list(_value(choice, value, path, module)) for choice in choices):
            yield f"{path}: {short(value)} has none of the types it may have"
    elif get_origin(choices[0]) in {list, Sequence}:
        yield from _list(choices[0], value, path, module)
    elif get_origin(choices[0]) in {dict, Mapping}:
        yield from _map(choices[0], value, path, module)
    elif get_origin(choices[0]) is Literal:
        yield from _choice_problems(get_args(choices[0]), value, path)
    else:
        yield from _one(resolved(choices[0], module), value, path)


def _one(kind: Any, value: Any, path: str) -> Iterator[str]:
    if kind in _TYPES:
        if not _TYPES[kind](value):
            yield f"{path}: {short(value)} is no {kind.__name__}"
    elif kind is not Any and not isinstance(value, Mapping):
        yield f"{path}: {short(value)} is no {kind.__name__}"
    elif kind is not Any:
        yield from _object(kind, value, path)


def _list(annotation: Any, value: Any, path: str, module: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {short(value)} is no list"
        return
    for number, each in enumerate(value):
        yield from _value(get_args(annotation)[0], each, f"{path}.{number}", module)


def _map(annotation: Any, value: Any, path: str, module: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path}: {short(value)} is no map"
        return
    for key, each in given(value):
        yield from _value(get_args(annotation)[1], each, f"{path}.{key}", module)


def _choices(annotation: Any) -> list[Any]:
    """The types that a value may have; of the SDK's `Input[T]`, only T."""
    if get_origin(annotation) in _LEAVES or not get_args(annotation):
        return [annotation]
    found: list[Any] = []
    for each in get_args(annotation):
        if each is not type(None) and get_origin(each) is not Awaitable and not _is_output(each):
            found += _choices(each)
    return found


def _is_output(kind: Any) -> bool:
    return str(getattr(kind, "__forward_arg__", "")).startswith("Output[")


def _is_enum(kind: Any) -> TypeGuard[type[Enum]]:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _choice_problems(allowed: Sequence[Any], value: Any, path: str) -> Iterator[str]:
    if value not in allowed:
        yield f"{path}: {short(value)} is none of {', '.join(map(str, allowed))}"


def _limit_problems(limits: Mapping[str, Any], value: Any) -> Iterator[str]:
    for name, limit in limits.items():
        if not _LIMITS[name](value, limit):
            yield f"{short(value)} is outside {name} {limit}"


_LEAVES: Final = (list, dict, Sequence, Mapping, Literal)


def _is_time(value: Any) -> bool:
    if is_whole(value):
        return True  # a count of seconds, where the API has one
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


_TYPES: Final[Mapping[Any, Any]] = {
    str: lambda value: isinstance(value, str),
    bool: lambda value: isinstance(value, bool),
    int: is_whole,
    float: is_number,
    bytes: lambda value: isinstance(value, str),
    datetime: _is_time,
}
_LIMITS: Final[Mapping[str, Any]] = {
    "pattern": lambda value, limit: re.match(limit, value) is not None,
    "min_length": lambda value, limit: len(value) >= limit,
    "max_length": lambda value, limit: len(value) <= limit,
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "min_items": lambda value, limit: len(value) >= limit,
    "max_items": lambda value, limit: len(value) <= limit,
}
