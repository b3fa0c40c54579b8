"""What holds for every production stack, whichever cloud it is on; each cloud's own is in a file of its own.

The stack files differ in their cloud, in sizes and in what their cloud needs; what Kubernetes is told differs for a
reason that is written here.
"""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.load import PROJECT
from tests.harness import Deployment, Resource, is_secret
from tests.programs import ROOT, run_program, stack_file

FILES = sorted(ROOT.glob("Pulumi.prod*.yaml"))
CLOUDS = ("aws", "azure", "gcp")

OF_A_CLOUD = {*CLOUDS, "cloud", "postgres", "redis", "storage"}
"""Sections of a production stack file that say where it is, and how large what the cloud runs is there."""

HOW_REDIS_IS_REACHED = re.compile(r"REDIS_(PORT|TLS|CA_FILE)")
"""Variables by which a stack tells the platform of port, TLS and authority. Their names show the form only."""

REASONS = {
    r"ServiceAccount/\w+: metadata\.annotations": "the mark by which the cloud knows an identity",
    r"(Deployment|Job)/\S+: spec\.template\.metadata\.labels\.\S+identity/use": "a webhook needs it",
    r"(Deployment|Job)/\S+: spec\.template\.metadata\.annotations\.noxus\.ai/\S+checksum": "values differ",
    r"Deployment/\S+: spec\.template\.spec\.(volumes|containers\.0\.volumeMounts)": "a private authority of Redis",
    r"ConfigMap/\w+-redis-ca: ": "a private authority of Redis",
    r"(Deployment|Job)/\S+: spec\.template\.spec\.containers\.0\.env\.\d+\.": "values and marks differ",
    r"ExternalSecret/\S+: spec\.(target\.template|data)": "values, and how Redis is reached, differ",
    r"SecretStore/\w+: spec\.provider\.\w+": "each cloud has a store of its own",
    r"Secret/postgres-setup: stringData": "values differ",
    r"ScaledObject/\S+: spec\.triggers\.0\.metadata\.host": "Postgres is somewhere else",
    r"NetworkPolicy/to-(postgres|redis): spec\.egress\.0\.(to|ports)": "data services are somewhere else",
    r"NetworkPolicy/to-bucket: ": "a bucket on private addresses is reached by a policy of its own",
    r"NetworkPolicy/setup-to-postgres: spec\.egress\.0\.to": "Postgres is somewhere else",
    r"NetworkPolicy/to-(gke|google|azure|aws)\S+: ": "what pods must reach to use their identity",
}
"""Why an object that Kubernetes is told of differs between clouds, by a pattern of `kind/name: path`."""


def cloud_of(path: Path) -> str:
    return stack_file(path)[0]["cloud"]


@pytest.fixture(scope="module", params=FILES, ids=cloud_of)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture(scope="module")
def deployed(path: Path) -> Deployment:
    return run_program(*stack_file(path))


def sections(path: Path) -> dict[str, str]:
    """The text of each top-level setting of a stack file, without the comments between them."""
    found: dict[str, str] = {}
    for block in re.split(rf"^  (?={PROJECT}:)", path.read_text().partition("\nconfig:\n")[2], flags=re.MULTILINE)[1:]:
        key = block.removeprefix(f"{PROJECT}:").partition(":")[0]
        found[key] = re.sub(r"(\n  #[^\n]*)+\n*\Z", "", block.rstrip())
    return found


def test_every_cloud_has_a_production_stack() -> None:
    assert sorted(cloud_of(path) for path in FILES) == list(CLOUDS)


@pytest.mark.parametrize("pair", list(combinations(FILES, 2)), ids=lambda pair: "-".join(map(cloud_of, pair)))
def test_production_stacks_differ_in_their_cloud_sizes_and_the_way_to_redis_only(pair: tuple[Path, Path]) -> None:
    one, other = map(sections, pair)
    for section in ("primary", "workers"):
        assert one[section] == other[section], "byte for byte"
    different = {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)} - OF_A_CLOUD
    assert different <= {"env"}
    plain = [stack_file(path)[0]["env"] for path in pair]
    kept = [{name: text for name, text in env.items() if not HOW_REDIS_IS_REACHED.fullmatch(name)} for env in plain]
    assert kept[0] == kept[1]
    names = [set(yaml.safe_load(path.read_text())["config"]) for path in pair]
    assert {name.removeprefix(f"{PROJECT}:") for name in names[0] ^ names[1]} <= set(CLOUDS)


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Paths at which two manifests differ."""
    match one, other:
        case dict(), dict():
            for key in one.keys() | other.keys():
                yield from differences(one.get(key), other.get(key), f"{path}.{key}" if path else key)
        case list(), list() if len(one) == len(other):
            for number, pair in enumerate(zip(one, other, strict=True)):
                yield from differences(*pair, f"{path}.{number}")
        case _:
            if one != other:
                yield path


def objects(path: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    deployed = run_program(*stack_file(path))
    return {(m["kind"], m["metadata"].get("namespace", ""), m["metadata"]["name"]): m for _, m in deployed.objects}


def test_what_kubernetes_is_told_differs_between_clouds_for_written_reasons_only() -> None:
    used: set[str] = set()
    for pair in combinations(FILES, 2):
        one, other = map(objects, pair)
        for key in sorted(one.keys() | other.keys()):
            for place in differences(one.get(key, {}), other.get(key, {})):
                where = f"{key[0]}/{key[2]}: {place}"
                reasons = [pattern for pattern in REASONS if re.match(pattern, where)]
                assert reasons, f"{where} differs between {cloud_of(pair[0])} and {cloud_of(pair[1])}"
                used.update(reasons)
    assert used == set(REASONS), "a reason that is no longer one goes"


def of_cloud(deployed: Deployment) -> list[Resource]:
    others = ("kubernetes:", "pulumi:", "random:", "noxus:")
    return [resource for resource in deployed.resources if not resource.type.startswith(others)]


def test_no_generated_password_and_no_secret_of_the_stack_file_reaches_the_engine_in_plain_text(
    path: Path, deployed: Deployment
) -> None:
    _, secrets = stack_file(path)
    values = [*secrets.values(), "generated-", "made-up-key"]
    found = 0
    for resource in deployed.resources:
        for key, raw in resource.raw.items():
            text = json.dumps(_without_secrets(raw))
            assert not any(value in text for value in values), f"{resource.type} {resource.name} {key}"
            found += text != json.dumps(resource.inputs[key])
    assert found >= 4


def _without_secrets(raw: Any) -> Any:
    if is_secret(raw):
        return "secret"
    if isinstance(raw, dict):
        return {key: _without_secrets(value) for key, value in raw.items()}
    return [_without_secrets(item) for item in raw] if isinstance(raw, list) else raw


def test_adding_a_worker_release_makes_things_of_its_own_and_touches_nothing_else(
    path: Path, deployed: Deployment
) -> None:
    plain, secrets = stack_file(path)
    raw = json.loads(json.dumps(plain))
    raw["workers"]["globex"] = {"namespace": "noxus-globex", "pools": {"chat": {"workerSubscribe": "chat"}}}
    more = run_program(raw, secrets)
    before, after = ({r.urn: (r.raw, r.dependencies) for r in found.resources} for found in (deployed, more))
    assert [urn for urn in before if before[urn] != after[urn]] == []
    added = [resource for resource in more.resources if resource.urn not in before]
    assert any(resource in of_cloud(more) for resource in added)
    for resource in added:
        assert "globex" in resource.name, (resource.type, resource.name)


def test_removing_a_release_leaves_the_others_as_they_are(path: Path, deployed: Deployment) -> None:
    plain, secrets = stack_file(path)
    fewer = run_program({key: value for key, value in plain.items() if key != "workers"}, secrets)
    kept, before = ({r.urn: r.raw for r in of_cloud(found)} for found in (fewer, deployed))
    assert kept.keys() <= before.keys()
    assert [urn for urn in kept if kept[urn] != before[urn]] == []
    assert all("acme" in urn for urn in before.keys() - kept.keys())


def test_everything_in_the_cloud_is_made_by_the_one_explicit_provider(path: Path, deployed: Deployment) -> None:
    package = {"aws": "aws", "gcp": "gcp", "azure": "azure-native"}[cloud_of(path)]
    made = [resource for resource in of_cloud(deployed) if resource.custom]
    assert made
    for resource in made:
        assert f"pulumi:providers:{package}::{package}" in resource.provider, resource.name


def test_what_holds_data_is_protected_by_the_engine_and_nothing_else_is(path: Path, deployed: Deployment) -> None:
    plain, secrets = stack_file(path)
    protected = {resource.type for resource in deployed.resources if resource.protect}
    assert protected
    assert not any(kind.startswith("kubernetes:") for kind in protected)
    open_ = run_program({**plain, "protect": False}, secrets)
    assert not any(resource.protect for resource in open_.resources)


def test_a_preview_of_a_new_stack_knows_what_it_can_and_asks_nothing(path: Path) -> None:
    """The harness fails at every look-up."""
    preview = run_program(*stack_file(path), preview=True)
    assert preview.inventory == run_program(*stack_file(path)).inventory
