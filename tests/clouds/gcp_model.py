"""Resources of pulumi-gcp against Google's discovery documents (google-api-python-client 2.202.0).

Seen: unknown names, types, values of enums, formats (int32, durations `7776000s`, times), fields that only the service
writes, required fields where the document says `Required`, patterns of addresses, limits that a sentence of the
document states (`Quoted` in gcp_names.py: lifecycle actions, storage classes, key and account ids, hours), the form of
a role's and of a member's name, and whether a service is one of Google's.

Not seen, because no document holds it:
- whether a tier, a region, a zone, a disk type, a key or a network exists, or fits another field (an edition its tier,
  a flag its version); whether a project's quota has room;
- names of Cloud SQL instances and buckets, labels, database flags, most numeric ranges;
- transaction logs of 8 to 35 days: the document says 1 to 7, which is so for the edition ENTERPRISE only;
- rights: a role or member of the right form may not exist, and may give too much. No IAM member is a resource of its
  own in the documents: it is one member of one `Binding` of the whole policy;
- service identities: their request has no body, so only the service's host and the address are looked at;
- what the provider adds or keeps for itself (`outside` in gcp_names.py: checked by type only): a lifecycle condition
  of 0 that is dropped without its `send...IfZero` is one;
- what replaces, and in which order things must be made.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from tests.clouds.discovery import (
    Quoted,
    Schema,
    document,
    is_read_only,
    is_required,
    is_service,
    parameter,
    resolved,
    scalar_problems,
    schema,
)
from tests.clouds.gcp_names import MODELS, At, Model
from tests.clouds.values import given, is_made_up_id, is_unknown, short
from tests.harness import Resource

_IAM: Final = "iam.v1"


def problems(resource: Resource) -> Iterator[str]:
    """What Google would refuse of a resource, as far as its documents say."""
    model = MODELS.get(resource.type)
    if model is None:
        yield f"no discovery document is mapped for {resource.type}: add it to gcp_names.py"
        return
    body = {key: value for key, value in given(resource.inputs) if key not in model.parameters}
    yield from _parameter_problems(model, resource.inputs)
    yield from _Walker(model).object(_root(model), body, "")
    if model.schema == "Binding":
        yield from _binding_problems(resource.inputs)
    if "service" in model.outside:
        yield from _service_problems(resource.inputs)


def _root(model: Model) -> Schema:
    return schema(model.schema_document or model.document, model.schema) if model.schema else {"properties": {}}


def _parameter_problems(model: Model, inputs: Mapping[str, Any]) -> Iterator[str]:
    for key, place in model.parameters.items():
        value = inputs.get(key)
        if value is None or is_unknown(value) or is_made_up_id(value):
            continue
        found = parameter(model.document, place.method, place.name)
        if key == "secretId" and model.schema == "Binding" and "/" not in str(value):
            continue  # the provider takes a secret's short id as well
        for problem in _scalar(found, value, model.quoted.get(key)):
            yield f"{key}: {problem}"


def _scalar(found: Schema, value: Any, quoted: Quoted | None) -> Iterator[str]:
    first = list(scalar_problems(found, value))
    yield from first
    if quoted and not first and not is_unknown(value):
        yield from quoted.problems(found.get("description", ""), value)


@dataclass(frozen=True)
class _Walker:
    """Goes through the inputs of one resource next to the schema that they become."""

    model: Model

    def object(self, found: Schema, value: Mapping[str, Any], at: str) -> Iterator[str]:
        """What is wrong inside an object."""
        supplied = set[str]()
        for key, item in given(value):
            path = f"{at}.{key}" if at else key
            if path in self.model.outside:
                yield from (f"{path}: {problem}" for problem in scalar_problems(self.model.outside[path], item))
                continue
            named = self.model.names.get(path, key)
            place = named if isinstance(named, At) else At(named)
            field = self._field(found, place.path)
            if field is None:
                yield f"{path}: no such field in {self.model.document}"
                continue
            supplied.add(place.path.partition(".")[0])
            if is_read_only(field):
                yield f"{path}: only the service writes it"
                continue
            yield from self._reshaped(field, place, item, path)
        for name, property_ in found.get("properties", {}).items():
            missing = name not in supplied and not (not at and name in self.model.filled)
            if missing and is_required(property_, self.model.method) and not is_read_only(property_):
                yield f"{at or 'it'}: {name} is required"

    def _field(self, found: Schema, path: str) -> Schema | None:
        for part in path.split("."):
            found = found.get("properties", {}).get(part)
            if found is None:
                return None
            found = resolved(self.model.schema_document or self.model.document, found)
        return found

    def _reshaped(self, field: Schema, place: At, value: Any, path: str) -> Iterator[str]:
        if place.words:
            if value not in place.words:
                yield f"{path}: {short(value)} is none of {', '.join(place.words)}"
                return
            value = place.words[value]
            if value is None:
                return
        if place.shape == "first":
            if not isinstance(value, list) or len(value) != 1:
                yield f"{path}: a list of exactly one is taken"
                return
            value = value[0]
        yield from self._value(field, [value] if place.shape == "list" else value, path)

    def _value(self, field: Schema, value: Any, path: str) -> Iterator[str]:
        if is_unknown(value):
            return
        if field.get("type") == "array":
            if not isinstance(value, list):
                yield f"{path}: {short(value)} is no list"
                return
            item = resolved(self.model.schema_document or self.model.document, field["items"])
            for each in value:
                yield from self._value(item, each, path)
        elif field.get("type") == "object" or "properties" in field:
            if not isinstance(value, Mapping):
                yield f"{path}: {short(value)} is no object"
            elif "additionalProperties" in field:
                yield from self._map(field, value, path)
            else:
                yield from self.object(field, value, path)
        else:
            quoted = self.model.quoted.get(path)
            yield from (f"{path}: {problem}" for problem in _scalar(field, value, quoted))

    def _map(self, field: Schema, value: Mapping[str, Any], path: str) -> Iterator[str]:
        quoted = self.model.quoted.get(f"{path}{{}}")
        for key, item in given(value):
            if quoted:
                yield from (f"{path}: {problem}" for problem in quoted.problems(field.get("description", ""), key))
            yield from (f"{path}.{key}: {problem}" for problem in scalar_problems(field["additionalProperties"], item))


def _binding_problems(inputs: Mapping[str, Any]) -> Iterator[str]:
    role, member = inputs.get("role"), inputs.get("member")
    if not is_unknown(role) and not any(re.fullmatch(form, str(role)) for form in _role_forms()):
        yield f"role: {short(role)} has none of the forms {', '.join(_role_forms())}"
    if not is_unknown(member) and not any(re.fullmatch(form, str(member)) for form in _member_forms()):
        yield f"member: {short(member)} has none of the forms that {_IAM} lists"


def _service_problems(inputs: Mapping[str, Any]) -> Iterator[str]:
    service = inputs.get("service")
    if service is None or not is_service(service):
        yield f"service: no document is of the API {short(service)}"


@cache
def _role_forms() -> tuple[str, ...]:
    """How roles are addressed: predefined ones, a project's own and an organisation's own."""
    return tuple(
        parameter(_IAM, f"{parent}roles.get", "name")["pattern"] for parent in ("", "projects.", "organizations.")
    )


@cache
def _member_forms() -> tuple[str, ...]:
    """What the description of `Binding.members` lists, each `{placeholder}` as what may stand there."""
    description: str = document(_IAM)["schemas"]["Binding"]["properties"]["members"]["description"]
    forms = re.findall(r"\* `([^`]+)`:", description)
    assert "serviceAccount:{emailid}" in forms, "the document lists members in another way"
    return tuple(_pattern(form) for form in forms)


def _pattern(form: str) -> str:
    parts = re.split(r"(\{[^}]+\})", form)
    return "".join(_PLACEHOLDERS.get(part, _ANY) if part.startswith("{") else re.escape(part) for part in parts)


_ANY: Final = r"[^\s{}\[\]@]+"
_PLACEHOLDERS: Final = {
    "{emailid}": r"[^\s@:{}\[\]/]+@[a-z0-9-]+(\.[a-z0-9-]+)+",
    "{project_number}": r"\d+",
    "{pool_id}": r"[^\s/*]+",
    "{namespace}": r"[^\s/\[\]]+",
    "{kubernetes-sa}": r"[^\s/\[\]]+",
}
