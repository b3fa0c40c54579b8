"""The program of this repository as a project of the test's own, so that a test can change the stack file."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.stack import Outcome, Stack
from tests.programs import ROOT

PROGRAM = ("__main__.py", "config", "checks", "components", "tools", "Pulumi.yaml")

Change = Callable[[dict[str, Any]], object]
"""Changes the settings of a stack file in place; keys have no prefix."""


class DevStack(Stack):
    """The dev stack, or another one, under the real engine. It is called `x`: the code never asks for its name."""

    def __init__(self, folder: Path, environment: dict[str, str], source: str = "dev") -> None:
        self._source = ROOT / f"Pulumi.{source}.yaml"
        self.folder = folder / "project"
        self.environment = {**environment, "PULUMI_CONFIG_PASSPHRASE": "dev"}
        self.folder.mkdir()
        for part in PROGRAM:
            origin = ROOT / part
            (shutil.copytree if origin.is_dir() else shutil.copy)(origin, self.folder / part)
        project = yaml.safe_load((self.folder / "Pulumi.yaml").read_text())
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        self.configure()
        self.run("stack", "init")

    def configure(self, *changes: Change) -> None:
        """Write the stack's file with some changes."""
        document = yaml.safe_load(self._source.read_text())
        config = {key.removeprefix("noxus:"): value for key, value in document["config"].items()}
        if "context" in config.get("cluster", {}):
            config["cluster"]["context"] = "sandbox"  # as its kubeconfig calls it
        for change in changes:
            change(config)
        document["config"] = {key if ":" in key else f"noxus:{key}": value for key, value in config.items()}
        (self.folder / "Pulumi.x.yaml").write_text(yaml.safe_dump(document))

    def set_secret(self, key: str, value: str) -> None:
        assert self.run("config", "set", "--secret", f"noxus:{key}", value).code == 0

    def tool(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the operator's commands on the stack."""
        command = [sys.executable, "-m", f"tools.{name}", "--stack", "x", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )


def touched(outcome: Outcome) -> dict[str, str]:
    """What an engine run did to each resource that it changed, by `Kind name`: created, updated or deleted."""
    done = re.findall(
        r"^ *[-+~]+ +\S*?(\w+) (\S+) (created|updated|deleted|replaced|created replacement|deleted original)\b",
        outcome.text,
        re.MULTILINE,
    )
    return {f"{kind} {name}": what for kind, name, what in done if kind != "Stack"}
