"""What a class of an azure-mgmt package, or of the SDK, says about its fields, in one form for three styles.

Older packages (msrest) hold `_attribute_map` and `_validation`, newer ones (TypeSpec) `rest_field`s, the SDK properties
with the engine's name. In all of them the annotation of a field says its type, its enum too.
"""

import ast
import importlib
import inspect
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any, Final, Literal, get_args, get_origin

from tests.clouds.azure_types import Request

_LIMITS: Final = ("pattern", "min_length", "max_length", "minimum", "maximum", "min_items", "max_items")


@dataclass(frozen=True)
class Field:
    """One field, under the name that the SDK gives it."""

    annotation: Any
    required: bool = False
    read_only: bool = False
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])


def model(request: Request) -> type:
    """The class of a request's body."""
    return getattr(importlib.import_module(f"azure.mgmt.{request.package}.models"), request.model)


def sdk_class(type_: str, suffix: str = "") -> type:
    """The SDK's class of a resource type; with `Args`, that of its arguments."""
    _, module, name = type_.split(":")
    return getattr(importlib.import_module(f"pulumi_azure_native.{module}"), f"{name}{suffix}")


@cache
def fields(class_: type) -> Mapping[str, Field]:
    """The fields of a class."""
    attributes = getattr(class_, "_attribute_map", None)
    if attributes is not None:
        return _msrest(class_, attributes)
    if hasattr(class_, "_deserialize"):
        return _type_spec(class_)
    return _sdk(class_)


def _msrest(class_: Any, attributes: Mapping[str, Any]) -> Mapping[str, Field]:
    arguments = inspect.signature(class_.__init__).parameters
    found: dict[str, Field] = {}
    validation: Mapping[str, Any] = getattr(class_, "_validation", {})
    for attribute, place in attributes.items():
        limits = validation.get(attribute, {})
        found[_name(attribute, place["key"].rpartition(".")[2])] = Field(
            annotation=arguments[attribute].annotation if attribute in arguments else Any,
            required=bool(limits.get("required")),
            read_only=bool(limits.get("readonly")) or attribute not in arguments,
            limits={key: value for key, value in limits.items() if key in _LIMITS},
        )
    return found


def _type_spec(class_: Any) -> Mapping[str, Field]:
    found: dict[str, Field] = {}
    flattened = hasattr(class_, f"_{class_.__name__}__flattened_items")
    for owner in reversed(class_.__mro__):
        for attribute, annotation in vars(owner).get("__annotations__", {}).items():
            rest = getattr(vars(owner).get(attribute), "__dict__", {})
            if "_visibility" not in rest:
                continue
            if flattened and attribute == "properties":
                found |= fields(resolved(annotation, owner.__module__))
                continue
            wire = rest["_rest_name_input"] or attribute
            optional = type(None) in get_args(annotation)
            read_only = rest["_visibility"] == ["read"]
            found[_name(attribute, wire)] = Field(annotation, not optional and not read_only, read_only)
    return found


def _sdk(class_: Any) -> Mapping[str, Field]:
    found: dict[str, Field] = {}
    for name, argument in list(inspect.signature(class_.__init__).parameters.items())[1:]:
        engine_name = getattr(getattr(class_, name).fget, "_pulumi_name", name)
        found[engine_name] = Field(argument.annotation, required=argument.default is inspect.Parameter.empty)
    return found


def _name(attribute: str, wire: str) -> str:
    """The SDK's name: the wire's, unless the package calls the field something else or the wire has no capitals."""
    same = attribute.replace("_", "") == wire.lower() and not ("_" in attribute and wire.islower())
    return wire if same else _SDK_NAMES.get(attribute, camel(attribute))


_SDK_NAMES: Final = {"ip_address_or_range": "iPAddressOrRange"}


def camel(name: str) -> str:
    """`server_name` as `serverName`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def resolved(annotation: Any, module: str) -> Any:
    """A class by its name: `_models.Sku` of a package, `SubnetArgs` of the SDK. Anything else is returned as it is."""
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__forward_arg__", None)
    if name is None:
        arguments = [a for a in get_args(annotation) if a is not type(None)]
        return resolved(arguments[0], module) if len(arguments) == 1 and not _is_container(annotation) else annotation
    package = module.rpartition(".")[0]
    places = [sys.modules[module], importlib.import_module(package)]
    return next(found for place in places if (found := getattr(place, name.rpartition(".")[2], None)) is not None)


def classes(annotation: Any, module: str) -> Iterator[type]:
    """The classes with fields of their own that an annotation names, however deep."""
    found = resolved(annotation, module)
    for each in () if get_origin(found) is Literal else get_args(found):
        if not str(getattr(each, "__forward_arg__", "")).startswith("Output["):
            yield from classes(each, module)
    if isinstance(found, type) and found.__module__.startswith(("azure.", "pulumi_")) and not issubclass(found, Enum):
        yield found


def _is_container(annotation: Any) -> bool:
    return isinstance(get_origin(annotation), type) or get_origin(annotation) is Literal


@cache
def address(request: Request) -> Mapping[str, Mapping[str, Any]]:
    """The parts of a request's address, under the SDK's names, each with its limits; the last is the resource's own."""
    found: dict[str, tuple[int, Mapping[str, Any]]] = {}
    tree = _builder(request)
    template = next(n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and "providers/" in str(n.value))
    for key, call in _path_arguments(tree):
        attribute = ast.literal_eval(call.args[0])
        limits = {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg in _LIMITS}
        found[camel(attribute)] = (str(template).index(f"{{{key}}}"), limits)
    found.pop("subscriptionId", None)
    return {name: limits for name, (_, limits) in sorted(found.items(), key=lambda item: item[1][0])}


def api_version(request: Request) -> str:
    """The API version that a request is of."""
    for node in ast.walk(_builder(request)):
        if isinstance(node, ast.Call) and node.args and getattr(node.args[0], "value", "") == "api-version":
            return ast.literal_eval(node.args[1])
    raise LookupError(f"{request.builder} names no API version")


@cache
def _builder(request: Request) -> ast.Module:
    module = importlib.import_module(f"azure.mgmt.{request.package}.operations.{request.operations}")
    return ast.parse(textwrap.dedent(inspect.getsource(getattr(module, request.builder))))


def _path_arguments(tree: ast.Module) -> list[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "path_format_arguments":
            assert isinstance(node.value, ast.Dict)
            pairs = zip(node.value.keys, node.value.values, strict=True)
            return [(ast.literal_eval(key), call) for key, call in pairs if key and isinstance(call, ast.Call)]
    raise LookupError("the builder has no address")
