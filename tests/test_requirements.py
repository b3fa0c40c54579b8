"""Which packages a stack needs: the program's own, and the SDK of its cloud and of no other."""

import re
from collections.abc import Iterator
from importlib.metadata import requires, version

import pytest

from tests.programs import ROOT

SDKS = {"aws": "pulumi-aws", "gcp": "pulumi-gcp", "azure": "pulumi-azure-native"}
"""Each cloud's SDK; its file is called after the value of `cloud:`."""


def lines(name: str) -> list[str]:
    """The lines of a requirements file that say something."""
    text = (ROOT / name).read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pins(name: str) -> dict[str, str]:
    """Versions by package, those of included files too."""
    found: dict[str, str] = {}
    for line in lines(name):
        if line.startswith("-r "):
            found |= pins(line.removeprefix("-r "))
        else:
            name, _, found[name] = line.partition("==")
    return found


def needed(package: str) -> Iterator[str]:
    """What a package asks for without extras, on the Python that runs."""
    for requirement in requires(package) or ():
        name, marker = re.match(r"[\w.-]+", requirement), requirement.partition(";")[2]
        assert name
        if not marker:
            yield re.sub(r"[-_.]+", "-", name[0]).lower()


def bare(package: str) -> str:
    return package.partition("[")[0]


def test_a_stack_without_a_cloud_needs_no_clouds_sdk() -> None:
    assert not set(SDKS.values()) & pins("requirements.txt").keys()
    assert {"pulumi", "pulumi-kubernetes", "pulumi-random"} <= pins("requirements.txt").keys()


@pytest.mark.parametrize(("cloud", "sdk"), SDKS.items())
def test_a_clouds_file_adds_its_sdk_to_the_programs_and_nothing_of_another_cloud(cloud: str, sdk: str) -> None:
    file = f"requirements-{cloud}.txt"
    assert lines(file)[0] == "-r requirements.txt"
    assert pins(file).keys() - pins("requirements.txt").keys() == {sdk}
    assert set(needed(sdk)) <= pins(file).keys(), "whatever it needs is pinned as well"


def test_tests_and_tools_have_every_cloud() -> None:
    assert set(SDKS.values()) <= pins("requirements-dev.txt").keys()
    assert sum(line.startswith("-r requirements-") for line in lines("requirements-dev.txt")) == len(SDKS)


def test_what_is_installed_is_what_the_files_say() -> None:
    wrong = {name: pin for name, pin in pins("requirements-dev.txt").items() if version(bare(name)) != pin}
    assert wrong == {}


def test_make_remakes_its_environment_when_any_of_the_files_changes() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "REQUIREMENTS := $(sort $(wildcard requirements*.txt))" in makefile
    assert "cat $(REQUIREMENTS) | sha256sum" in makefile
