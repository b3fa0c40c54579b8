"""What the stand-ins for the clouds' plugins answer, held against the clouds' own SDKs."""

import ast
import importlib
import re
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from sandbox.plugins.cloud_outputs import Answers, answers, cloud, cloud_id, cloud_outputs, look_up
from tests.programs import ROOT

PACKAGES = ("aws", "gcp", "azure-native")
FOLDERS = {"aws": "aws", "gcp": "gcp", "azure-native": "azure"}
TOKENS = [token for package in PACKAGES for token in cloud(package)["types"] if token != "*"]
LISTED = [token for token in TOKENS if not token.startswith("aws:")]


def resource_class(token: str) -> type[Any]:
    """The SDK's class of a type."""
    package, module, name = re.split(r"[:/]", token)[0], re.split(r"[:/]", token)[1], token.rpartition(":")[2]
    found = getattr(importlib.import_module(f"pulumi_{package.replace('-', '_')}.{module}"), name)
    assert found.pulumi_type == token
    return found


def getters(owner: type[Any]) -> dict[str, Any]:
    """The functions behind a class's properties, by their name on the wire."""
    found = (member.fget for member in vars(owner).values() if isinstance(member, property))
    return {getattr(getter, "_pulumi_name", getter.__name__): getter for getter in found if getter}


def properties(owner: type[Any]) -> dict[str, Any]:
    """Types of the properties of a resource, or of a structure that is one of its outputs."""
    scope = vars(sys.modules[owner.__module__])
    return {name: typing.get_type_hints(getter, globalns=scope)["return"] for name, getter in getters(owner).items()}


def inputs_of(token: str) -> set[str]:
    """Names of a resource's inputs."""
    owner = resource_class(token)
    return set(getters(getattr(sys.modules[owner.__module__], f"{owner.__name__}Args")))


def words(known: Answers) -> set[str]:
    """What the texts of a type have braces around."""
    return set(re.findall(r"{(\w+)", f"{known.id} {known.outputs}")) | set(re.findall(r"'of': '(\w+)'", str(known)))


def example(token: str) -> tuple[str, dict[str, Any]]:
    """Id and outputs of a resource with every input that its answers use."""
    used = {word: f"a-{word}" for word in words(answers(token)) & inputs_of(token)}
    id_ = cloud_id(token, "made-0123456", used)
    return id_, cloud_outputs(token, id_, used)


def wrong(value: Any, hint: Any, path: str) -> Iterator[str]:
    """Where an answer has not the shape that the SDK reads."""
    arguments = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if type(None) in arguments or getattr(origin, "__name__", "") == "Output":
        yield from wrong(value, arguments[0], path)
    elif isinstance(origin, type) and issubclass(origin, Sequence):
        assert isinstance(value, list), path
        for item in value:
            yield from wrong(item, arguments[0], f"{path}[]")
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        assert isinstance(value, dict), path
    elif hint in (str, int, bool, float):
        if type(value) is not hint:
            yield f"{path}: {value!r} is no {hint.__name__}"
    else:
        known = properties(hint)
        for key, item in value.items():
            yield from wrong(item, known[key], f"{path}.{key}") if key in known else [f"{path}.{key}: no such property"]


@pytest.mark.parametrize("token", TOKENS)
def test_every_output_is_one_of_the_sdks_and_has_its_shape(token: str) -> None:
    known = properties(resource_class(token))
    for key, value in example(token)[1].items():
        assert key in known
        assert list(wrong(value, known[key], key)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_an_output_that_only_the_cloud_knows_and_a_component_reads_is_given(package: str) -> None:
    files = sorted((ROOT / "components" / "clouds" / FOLDERS[package]).glob("*.py"))
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    written = re.compile("settings|'(account|project)'")  # what the stack file says has attributes of the same names
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute) and not written.search(ast.dump(node.value))}
    for token in (token for token in TOKENS if token.startswith(f"{package}:")):
        owner, inputs = resource_class(token), inputs_of(token)
        for wire, getter in getters(owner).items():
            if getter.__name__ in read - {"id", "urn", "type"} and wire not in inputs:
                assert wire in answers(token).outputs, f"{token}: {wire}"


@pytest.mark.parametrize("token", LISTED)
def test_what_replaces_are_inputs_and_among_them_is_every_part_of_the_id(token: str) -> None:
    known, inputs = answers(token), inputs_of(token)
    assert set(known.names) <= inputs
    assert set(known.replaces) <= inputs
    assert set(re.findall(r"{(\w+)", known.id)) & inputs <= set(known.replaces)


def test_a_type_that_a_stack_registers_is_listed() -> None:
    for file in (ROOT / "tests" / "golden").glob("*.txt"):
        for line in file.read_text().splitlines():
            if line.startswith(("gcp:", "azure-native:")):
                assert line.split()[0] in LISTED, f"{file.name}: {line}"


@pytest.mark.parametrize(
    ("token", "inputs", "id_"),
    [
        ("gcp:sql/databaseInstance:DatabaseInstance", {"name": "db"}, "db"),
        (
            "gcp:redis/instance:Instance",
            {"name": "cache", "region": "europe-west4", "project": "mine"},
            "projects/mine/locations/europe-west4/instances/cache",
        ),
        (
            "gcp:serviceaccount/account:Account",
            {"accountId": "noxus-acme", "project": "mine"},
            "projects/mine/serviceAccounts/noxus-acme@mine.iam.gserviceaccount.com",
        ),
        (
            "gcp:storage/bucketIAMMember:BucketIAMMember",
            {"bucket": "b", "role": "roles/storage.objectUser", "member": "serviceAccount:a@b"},
            "b/b/roles/storage.objectUser/serviceAccount:a@b",
        ),
        ("gcp:kms/cryptoKey:CryptoKey", {"keyRing": "ring", "name": "key"}, "ring/cryptoKeys/key"),
        (
            "azure-native:redisenterprise:Database",
            {"subscriptionId": "s", "resourceGroupName": "g", "clusterName": "c", "databaseName": "default"},
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Cache/redisEnterprise/c/databases/default",
        ),
        (
            "azure-native:authorization:RoleAssignment",
            {"scope": "/subscriptions/s", "roleAssignmentName": "9f1c"},
            "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/9f1c",
        ),
        ("aws:rds/instance:Instance", {"identifier": "db"}, "db"),
        ("aws:sqs/queue:Queue", {}, "made-0123456"),
        ("unknown:index:Thing", {"name": "x"}, "made-0123456"),
    ],
)
def test_ids_have_the_providers_own_form(token: str, inputs: dict[str, str], id_: str) -> None:
    assert cloud_id(token, "made-0123456", inputs) == id_


def test_memorystore_answers_on_another_port_with_tls() -> None:
    token = "gcp:redis/instance:Instance"
    ports = [
        cloud_outputs(token, "i", mode)["port"] for mode in ({"transitEncryptionMode": "SERVER_AUTHENTICATION"}, {})
    ]
    assert ports == [6378, 6379]


def test_the_keys_of_an_azure_database_are_its_own_and_stay() -> None:
    token, place = (
        "azure-native:redisenterprise:listDatabaseKeys",
        {"resourceGroupName": "g", "databaseName": "default"},
    )
    first, again, other = (look_up(token, {**place, "clusterName": name}) for name in ("a", "a", "b"))
    assert first
    assert other
    assert first == again
    assert first[1].endswith("/redisEnterprise/a/databases/default")
    assert len({first[2]["primaryKey"], first[2]["secondaryKey"], other[2]["primaryKey"]}) == 3
    assert look_up("azure-native:redisenterprise:getDatabase", place) is None
