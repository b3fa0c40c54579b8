"""What the engine is asked: a preview, what was deployed last, and the secrets of both.

Values of secrets are compared in memory and at once become marks that mean nothing outside this run.
"""

import hashlib
import hmac
import json
import os
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from config.load import PROJECT
from tools.preview import FLAGS

_RECENT: Final = "20"
"""Updates that are looked through for the last one that succeeded."""

_KEY: Final = secrets.token_bytes(32)


class EngineError(RuntimeError):
    """What the engine said in place of an answer."""


@dataclass(frozen=True)
class Deployed:
    """The configuration of the last update that succeeded."""

    values: Mapping[str, object]
    """Plain settings by their key, without the project's prefix."""
    marks: Mapping[str, str]
    """Secret keys, each with a mark that is the same for the same value."""


@dataclass(frozen=True)
class Engine:
    """The `pulumi` command on the path."""

    stack: str
    folder: Path = Path()
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def preview(self) -> subprocess.Popen[str]:
        """A preview that is running."""
        more = {"PULUMI_SKIP_CHECKPOINTS": "true"}  # it keeps no state, and the engine would write all at every step
        return self._start("preview", *FLAGS, **more)

    def history(self) -> subprocess.Popen[str]:
        """The last updates, with what they were configured with."""
        return self._start("stack", "history", "--json", "--show-secrets", "--page-size", _RECENT)

    def secrets(self) -> subprocess.Popen[str]:
        """The configuration of today."""
        return self._start("config", "--json", "--show-secrets")

    def _start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(
                ["pulumi", *arguments, "--stack", self.stack, "--non-interactive", "--color", "never"],
                cwd=self.folder,
                env={**self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        except OSError:
            raise EngineError("there is no command pulumi; `make report` has one") from None


def answer(running: subprocess.Popen[str]) -> str:
    """What it printed. Raises `EngineError` with its words, which hold no secret, if it printed nothing."""
    with running:
        printed, said = running.communicate()
    if not printed.strip():
        raise EngineError(said.strip() or f"pulumi ended with {running.returncode} and said nothing")
    return printed


def deployed(history: str) -> Deployed | None:
    """What was deployed last; nothing if no update has succeeded yet, or the stack was destroyed since."""
    for update in cast("list[dict[str, Any]]", json.loads(history)):
        if update.get("result") == "succeeded" and update.get("kind") in ("update", "destroy"):
            return _deployed(update["config"]) if update["kind"] == "update" else None
    return None


def marks(config: str) -> Mapping[str, str]:
    """Marks of the secrets of today."""
    return _deployed(cast("dict[str, Any]", json.loads(config))).marks


def _deployed(config: Mapping[str, Mapping[str, Any]]) -> Deployed:
    own = {key.removeprefix(f"{PROJECT}:"): entry for key, entry in config.items() if key.startswith(f"{PROJECT}:")}
    return Deployed(
        values={key: entry.get("objectValue", entry.get("value")) for key, entry in own.items() if not entry["secret"]},
        marks={key: _mark(str(entry.get("value"))) for key, entry in own.items() if entry["secret"]},
    )


def _mark(value: str) -> str:
    return hmac.new(_KEY, value.encode(), hashlib.sha256).hexdigest()
