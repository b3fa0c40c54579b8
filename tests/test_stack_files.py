"""Every stack file of this repository."""

from pathlib import Path

import pytest
import yaml

from checks import findings
from config import read_stack_file
from tests.programs import STACK_FILES


@pytest.fixture(params=STACK_FILES, ids=lambda path: path.name)
def file(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_it_is_valid_and_no_check_finds_an_error(file: Path) -> None:
    assert [f for f in findings(read_stack_file(file)) if f.severity == "error"] == []


def test_it_forbids_default_providers(file: Path) -> None:
    assert yaml.safe_load(file.read_text())["config"]["pulumi:disable-default-providers"] == ["*"]


def test_its_secrets_are_encrypted(file: Path) -> None:
    document = yaml.safe_load(file.read_text())
    assert document["encryptionsalt"]
    for _, key in read_stack_file(file).encrypted_keys():
        assert document["config"][f"noxus:{key}"]["secure"].startswith("v1:")
