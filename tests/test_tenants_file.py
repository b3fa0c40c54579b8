"""Tenants in a file of their own, and stack files that are too large for the engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from config import ConfigError, StackSettings, read_stack_file
from tests.programs import SMALLEST

MANY = {
    f"{tenant:08}-0000-4000-8000-000000000000": [f"{tenant:08}-0000-4000-8000-{number:012}" for number in range(6)]
    for tenant in range(500)
}
"""500 tenants with six workspaces each, by UUIDs."""


def stack(folder: Path, **routing: Any) -> StackSettings:
    raw = {**SMALLEST, "routing": {**SMALLEST["routing"], **routing}}
    file = folder / "Pulumi.x.yaml"
    file.write_text(json.dumps({"config": {f"noxus:{key}": value for key, value in raw.items()}}))
    return read_stack_file(file)


def refused(folder: Path, **routing: Any) -> list[str]:
    with pytest.raises(ConfigError) as error:
        stack(folder, **routing)
    return [str(problem) for problem in error.value.problems]


def test_a_stack_file_with_more_tenants_than_the_engine_takes_says_where_they_can_be(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, tenants=MANY)
    assert problem.startswith("config: is ")
    assert "Linux takes 131072 in one variable" in problem
    assert "routing.tenantsFile" in problem


def test_tenants_in_a_file_of_their_own_are_the_stacks(tmp_path: Path) -> None:
    (tmp_path / "tenants.yaml").write_text(json.dumps(MANY))
    found = stack(tmp_path, tenantsFile="tenants.yaml").routing.tenants
    assert found == {tenant: tuple(workspaces) for tenant, workspaces in MANY.items()}


def test_what_is_wrong_in_that_file_is_said_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "tenants.yaml").write_text("a: [x, x]\n012: []\n")
    assert refused(tmp_path, tenantsFile="tenants.yaml") == [
        'tenants.yaml: 10: 012 is no text to YAML and arrives as 10; write "012" in quotes',
        "tenants.yaml: a: must name each id once; x is repeated",
    ]
    (tmp_path / "tenants.yaml").write_text("a: []\na: []\n")
    assert refused(tmp_path, tenantsFile="tenants.yaml") == ["file: a is there twice, at line 1 and line 2; remove one"]


def test_a_file_that_is_not_there_and_tenants_in_two_places_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, tenantsFile="no.yaml") == [
        "routing.tenantsFile: cannot be read: No such file or directory"
    ]
    assert refused(tmp_path, tenantsFile="no.yaml", tenants={"a": []}) == [
        "routing: takes tenants or tenantsFile, not both"
    ]
