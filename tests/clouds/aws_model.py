"""Resources of pulumi-aws against botocore's shapes (1.44.8) and cfn-lint's data (1.58.0).

Seen: unknown names, types, values of enums, lengths, ranges and patterns, what a request requires, as far as botocore
has them; for RDS the classes that a region has for an engine, engine versions, retention; for ElastiCache node types by
region and engine versions; of policies their grammar, effects, principals and whether an action exists.

Not seen, because neither holds it:
- most strings of RDS and ElastiCache are free text to botocore: storage types, families of parameters, names of
  parameters and their values, log exports, maintenance and backup windows (`config.windows` checks those);
- names' own rules (S3's, RDS' identifiers); whether a name, a subnet, a key or a role exists;
- whether rights suffice, or give too much (tests/test_aws.py evaluates them);
- what replaces, what waits for a restart, and the order in which things must be made.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import botocore.session
import jsonschema
from referencing import Registry
from referencing import Resource as Document
from referencing.jsonschema import DRAFT202012

from tests.clouds.aws_names import DOCUMENTS, MODELS, Model
from tests.clouds.values import given, is_made_up_id, is_number, is_unknown, is_whole, short
from tests.harness import Resource
from tests.programs import ROOT, stack_file

Shape = Any
"""A shape of botocore, which has no types of its own."""

_DATA: Final = "cfnlint.data"
_EXTENSIONS: Final = f"{_DATA}.schemas.extensions"

REGION: Final[str] = stack_file(ROOT / "Pulumi.prod.yaml")[0]["aws"]["region"]
"""The region of the production stack, for what a region has."""

_TYPES: Final[Mapping[str, tuple[str, Any]]] = {
    "string": ("text", lambda value: isinstance(value, str)),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "integer": ("a whole number", is_whole),
    "long": ("a whole number", is_whole),
    "float": ("a number", is_number),
    "double": ("a number", is_number),
}

_BY_CFN: Final[Mapping[str, Mapping[str, str]]] = {
    "aws:rds/instance:Instance": {
        "instanceClass": "DBInstanceClass",
        "engine": "Engine",
        "engineVersion": "EngineVersion",
        "backupRetentionPeriod": "BackupRetentionPeriod",
        "storageEncrypted": "StorageEncrypted",
        "kmsKeyId": "KmsKeyId",
    },
    "aws:elasticache/replicationGroup:ReplicationGroup": {
        "nodeType": "CacheNodeType",
        "engine": "Engine",
        "engineVersion": "EngineVersion",
    },
}
"""CloudFormation's names of what cfn-lint has data on."""

_CFN_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:rds/instance:Instance": (
        "aws_rds_dbinstance/dbinstanceclass_enum",
        "aws_rds_dbinstance/engine_version",
        "aws_rds_dbinstance/backupretentionperiod",
        "aws_rds_dbinstance/kmskey_storageencrypted",
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        "aws_elasticache_cachecluster/cachenodetype_enum",
        "aws_elasticache_cachecluster/engine_version",
    ),
}


def problems(resource: Resource) -> Iterator[str]:
    """What AWS would refuse of a resource, as far as its models say."""
    model = MODELS.get(resource.type)
    if model is None:
        yield f"no request of AWS is mapped for {resource.type}: add it to aws_names.py"
        return
    yield from _request_problems(model, resource.inputs)
    yield from _of_cfn_lint(resource.type, resource.inputs)
    for key, kind in DOCUMENTS.get(resource.type, {}).items():
        if isinstance(text := resource.inputs.get(key), str) and not is_unknown(text):
            yield from (f"{key}: {problem}" for problem in _document_problems(text, kind))


@cache
def _service(name: str) -> Any:
    return botocore.session.Session().get_service_model(name)


def _request(model: Model, operation: str) -> Shape:
    return _service(model.service).operation_model(operation).input_shape


def _request_problems(model: Model, inputs: Mapping[str, Any]) -> Iterator[str]:
    supplied: set[str] = set()
    for key, value in given(inputs):
        if key in model.outside:
            if type(value) is not model.outside[key]:
                yield f"{key}: {short(value)} is no {model.outside[key].__name__}"
            continue
        operation, _, path = model.names.get(key, key).rpartition(":")
        shape = _request(model, operation or model.operation)
        if not operation:
            supplied.add(_member(shape, path.partition(".")[0]) or path)
        if operation == "DeleteSecret" and value == 0:
            continue  # the provider forces the deletion instead
        found = _follow(shape, path)
        if found is None:
            yield f"{key}: no such field in {operation or model.operation}"
        else:
            yield from _value_problems(model, found, value, key, key)
    for name in _request(model, model.operation).required_members:
        if name not in supplied:
            yield f"{name} is required"


def _member(shape: Shape, name: str) -> str | None:
    """The member that an input is, whatever the case of its letters."""
    return next((member for member in shape.members if member.lower() == name.lower()), None)


def _follow(shape: Shape, path: str) -> Shape | None:
    for part in path.split("."):
        while shape.type_name == "list":
            shape = shape.member
        member = _member(shape, part) if shape.type_name == "structure" else None
        if member is None:
            return None
        shape = shape.members[member]
    return shape


def _value_problems(model: Model, shape: Shape, value: Any, path: str, plain: str) -> Iterator[str]:
    """What is wrong with a value. `plain` is its path without places in lists."""
    if is_unknown(value) or is_made_up_id(value):
        return
    if shape.type_name == "list":
        items = value if isinstance(value, list) else [value] if isinstance(value, Mapping) else None
        if items is None:
            yield f"{path}: {short(value)} is no list"
            return
        for number, item in enumerate(items):
            yield from _value_problems(model, shape.member, item, f"{path}[{number}]", plain)
    elif shape.type_name == "structure":
        if not isinstance(value, Mapping):
            yield f"{path}: {short(value)} is no object"
            return
        for key, item in given(value):
            found = _follow(shape, model.names.get(f"{plain}.{key}", key))
            if found is None:
                yield f"{path}.{key}: no such field in {shape.name}"
            else:
                yield from _value_problems(model, found, item, f"{path}.{key}", f"{plain}.{key}")
        present = {_member(shape, model.names.get(f"{plain}.{key}", key)) for key, _ in given(value)}
        yield from (f"{path}: {name} is required" for name in shape.required_members if name not in present)
    elif shape.type_name in _TYPES:
        yield from (f"{path}: {problem}" for problem in _scalar_problems(shape, value))


def _scalar_problems(shape: Shape, value: Any) -> Iterator[str]:
    what, fits = _TYPES[shape.type_name]
    if not fits(value):
        yield f"{short(value)} is not {what}"
        return
    known = shape.metadata
    size = len(value) if isinstance(value, str) else value
    if known.get("enum") and value not in known["enum"]:
        yield f"{short(value)} is none of {', '.join(known['enum'])}"
    if "min" in known and size < known["min"]:
        yield f"{short(value)} is below {known['min']}"
    if "max" in known and size > known["max"]:
        yield f"{short(value)} is above {known['max']}"
    if isinstance(value, str) and (pattern := known.get("pattern")) and not _fits(pattern, value):
        yield f"{short(value)} does not match {pattern}"


def _fits(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return True  # written for another engine


@cache
def _data(package: str, name: str) -> dict[str, Any]:
    return json.loads((files(package) / f"{name}.json").read_text())


def _of_cfn_lint(type_: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    names = _BY_CFN.get(type_, {})
    given_ = {cfn: inputs[name] for name, cfn in names.items() if name in inputs and not is_unknown(inputs[name])}
    for name in _CFN_FILES.get(type_, ()):
        folder, _, file = name.partition("/")
        schema = _data(f"{_EXTENSIONS}.{folder}", file)
        schema = schema.get(REGION, schema)
        if file == "cachenodetype_enum":
            schema = {"properties": {"CacheNodeType": schema}}
        for error in jsonschema.Draft7Validator(schema).iter_errors(given_):
            what = ".".join(map(str, error.absolute_path)) or file
            yield f"{what}: {short(error.instance)} is not what {REGION} has ({file})"


_POLICIES: Final = ("policy_identity", "policy_resource", "policy_trust")


@cache
def _registry() -> Registry[Any]:
    schemas = [_data(f"{_DATA}.schemas.other.iam", name) for name in ("policy", *_POLICIES)]
    return Registry[Any]().with_resources(
        [(schema["$id"], Document.from_contents(schema, DRAFT202012)) for schema in schemas]
    )


def _document_problems(text: str, kind: str) -> Iterator[str]:
    try:
        document = json.loads(text)
    except ValueError:
        yield "is no JSON"
        return
    schema = _data(f"{_DATA}.schemas.other.iam", kind)
    # cfn-lint reads what stands beside a `$ref` too, as the newer drafts do.
    validator = jsonschema.Draft202012Validator(schema, registry=_registry())
    for error in validator.iter_errors(document):
        yield f"{'.'.join(map(str, error.absolute_path))}: {short(error.message)}"
    for statement in document.get("Statement", []):
        actions = statement.get("Action", [])
        for action in actions if isinstance(actions, list) else [actions]:
            if not _exists(action):
                yield f"Action: {action} is no action of AWS"


def _exists(action: str) -> bool:
    service, _, name = action.lower().partition(":")
    known = _data(f"{_DATA}.AdditionalSpecs", "Policies").get(service, {}).get("Actions", {})
    pattern = re.escape(name).replace(r"\*", ".*").replace(r"\?", ".")
    return any(re.fullmatch(pattern, one) for one in known)
