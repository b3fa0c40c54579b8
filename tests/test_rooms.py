"""The layout: who may import whom within the program, so that the architecture can be read from the folders."""

import ast
import re
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


CLOUD_NAMES = re.compile(r"aws|amazon|gcp|google|azure|\b(?:rds|elasticache|irsa|eks|gke|aks)\b", re.IGNORECASE)
NAMED = {("config/network.py", "EKS Auto Mode")}
"""A trap of one cluster that its user must find where the setting is described."""
INGRESS_CONTROLLERS = {
    "checks/ingress.py": ("GKE", "gke", "aws-load-balancer-controller"),
    "components/workloads/controllers.py": (
        *("GKE", "gke", "aws-load-balancer-controller"),
        *("cloud.google.com", "networking.gke.io", "elbv2.k8s.aws"),
    ),
    "components/workloads/ingress.py": ('"gke"',),
    "config/ingress.py": ("GKE", "gke", "AWS Load Balancer Controller"),
    "config/sections.py": ("gke",),
}
"""Two ingress controllers are called after their cloud, and so are the annotations and objects that they read. They are
a choice of their own: a stack of any cloud may use any of them, and one on a cloud may use neither.
"""


def test_nothing_above_the_rooms_of_the_clouds_knows_one_by_name() -> None:
    files = [ROOT / "__main__.py", *(file for part in ABOVE for file in (ROOT / part).rglob("*.py"))]
    above = [file for file in files if "clouds" not in file.relative_to(ROOT).parts]
    assert len(above) > 100
    for file in above:
        text = file.read_text()
        for name, allowed in NAMED:
            text = text.replace(allowed, "") if file == ROOT / name else text
        words = sorted(INGRESS_CONTROLLERS.get(str(file.relative_to(ROOT)), ()), key=len, reverse=True)
        for word in words:
            assert word in text, f"{file} does not name {word} any more"
            text = text.replace(word, "")
        assert CLOUD_NAMES.findall(text) == [], file


def test_no_cloud_knows_another_and_only_tables_know_them_all() -> None:
    clouds = {path.name for path in (ROOT / "config" / "clouds").iterdir() if path.is_dir() and path.name[0] != "_"}
    assert len(clouds) > 1
    for part, tables in {"components": ["registry"], "config": ["table", "stores"]}.items():
        for importing, found in modules(part):
            parts = found.split(".")
            if parts[1:2] == ["clouds"] and parts[2:3] and parts[2] in clouds:
                assert importing.split(".")[2:3] in ([parts[2]], *([table] for table in tables)), (importing, found)
