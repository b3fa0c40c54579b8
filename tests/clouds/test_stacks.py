"""Every resource of every production stack against its cloud's own published model."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.clouds.validator import is_of_a_cloud, problems
from tests.harness import Resource
from tests.programs import ROOT, run_program, stack_file

FILES = sorted(ROOT.glob("Pulumi.prod*.yaml"))


def registered(file: Path) -> list[Resource]:
    return [resource for resource in run_program(*stack_file(file)).resources if is_of_a_cloud(resource)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_cloud_would_refuse_what_its_production_stack_registers(file: Path) -> None:
    found = [(r.type, r.name, problem) for r in registered(file) for problem in problems(r)]
    assert found == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_an_input_that_no_model_knows_is_a_problem_of_every_registered_type(file: Path) -> None:
    types = {resource.type: resource for resource in registered(file)}
    assert len(types) > 10
    for resource in types.values():
        planted = replace(resource, raw={**resource.raw, "planted": "by a test"})
        assert any("planted" in problem for problem in problems(planted)), resource.type
