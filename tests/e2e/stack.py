"""One stack of a throw-away project, run by the real engine through its command line."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import IO, Any

ENGINE_SECONDS = 120
"""No engine run of these tests is near this; a hung one must not hang the suite."""


@dataclass(frozen=True)
class Outcome:
    """How one engine run ended, and what it said."""

    code: int
    text: str

    @property
    def changes(self) -> dict[str, int]:
        """The summary's counts, such as `{"unchanged": 5, "updated": 1}`."""
        summary = self.text.partition("Resources:\n")[2].partition("\n\n")[0]
        return {word: int(count) for count, word in re.findall(r"(\d+) (\w[\w ]*?)$", summary, re.MULTILINE)}


class Stack:
    """Writes programs and runs them. Every program starts with what `prelude` offers, unless told otherwise."""

    def __init__(self, folder: Path, environment: dict[str, str], *, prelude: bool = True) -> None:
        self.folder = folder / "project"
        self._start = "from prelude import *\n" if prelude else ""
        self.environment = environment
        self.folder.mkdir()
        shutil.copy(Path(__file__).with_name("prelude.py"), self.folder)
        runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
        (self.folder / "Pulumi.yaml").write_text(json.dumps({"name": "plugins", "runtime": runtime}))
        self.run("stack", "init")

    def write(self, program: str) -> None:
        (self.folder / "__main__.py").write_text(self._start + dedent(program))

    def start(self, *arguments: str, stdout: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
        """The engine, running; the caller ends or awaits it."""
        return subprocess.Popen(
            ["pulumi", *arguments, "--stack", "x", "--non-interactive", "--color", "never"],
            cwd=self.folder,
            # A preview keeps no state, and the engine would write all of it at every step.
            env=self.environment | ({"PULUMI_SKIP_CHECKPOINTS": "true"} if arguments[0] == "preview" else {}),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> Outcome:
        with self.start(*arguments) as engine:
            try:
                text, _ = engine.communicate(timeout=ENGINE_SECONDS)
            except subprocess.TimeoutExpired:
                engine.kill()
                raise
        return Outcome(engine.returncode, text)

    def preview(self, program: str, *arguments: str) -> Outcome:
        self.write(program)
        return self.run("preview", *arguments)

    def up(self, program: str = "", *arguments: str) -> Outcome:
        if program:
            self.write(program)
        return self.run("up", "--yes", "--skip-preview", *arguments)

    def refresh(self) -> Outcome:
        return self.run("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Outcome:
        return self.run("destroy", "--yes", "--skip-preview")

    def export(self) -> str:
        """The state as text, secrets encrypted."""
        return "{" + self.run("stack", "export").text.partition("{")[2]

    def resources(self) -> dict[str, dict[str, Any]]:
        """The state's resources by logical name."""
        deployment = json.loads(self.export())["deployment"]
        return {resource["urn"].rpartition("::")[2]: resource for resource in deployment.get("resources", [])}

    def replace_state(self, state: str) -> None:
        file = self.folder / "state.json"
        file.write_text(state)
        assert self.run("stack", "import", "--file", str(file)).code == 0
