"""The layout: who may import whom within the program, so that the architecture can be read from the folders."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import ROOT

ROOMS = ("", "releases", "clouds", "data", "workloads", "secrets", "network", "kubernetes")
"""Folders of `components`, the wiring first. Each imports from itself and from those after it."""
ABOVE = {"config": {"config"}, "checks": {"checks", "config"}, "components": {"checks", "components", "config"}}
"""What each part of the program may import of the repository."""


def imported(file: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or later."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def room(module: str) -> str:
    """Room of a module of `components`; a file beside the rooms is the wiring."""
    parts = module.split(".")
    return parts[1] if len(parts) > 2 or (ROOT / "components" / parts[-1]).is_dir() else ""


def modules(part: str) -> Iterator[tuple[str, str]]:
    """Every import of the repository's own in a part of the program, as (importing module, imported module)."""
    for file in sorted((ROOT / part).rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield from ((name, found) for found in imported(file) if found.split(".")[0] in {*ABOVE, "sandbox", "tools"})


@pytest.mark.parametrize("part", ABOVE)
def test_imports_point_from_components_to_checks_to_config(part: str) -> None:
    wrong = [pair for pair in modules(part) if pair[1].split(".")[0] not in ABOVE[part]]
    assert wrong == []


def test_imports_within_components_point_down() -> None:
    pairs = [pair for pair in modules("components") if pair[1].startswith("components.")]
    assert len(pairs) > 100
    assert [(a, b) for a, b in pairs if ROOMS.index(room(a)) > ROOMS.index(room(b))] == []
    assert [(a, b) for a, b in pairs if {room(a), room(b)} == {"secrets", "network"}] == []


def test_no_cloud_knows_another_and_only_the_registry_knows_them_all() -> None:
    clouds = {path.name for path in (ROOT / "components" / "clouds").iterdir() if path.is_dir() and path.name[0] != "_"}
    assert clouds
    for importing, found in modules("components"):
        parts = found.split(".")
        if parts[:2] == ["components", "clouds"] and parts[2:3] and parts[2] in clouds:
            assert importing.split(".")[2:3] in ([parts[2]], ["registry"]), f"{importing} imports {found}"
