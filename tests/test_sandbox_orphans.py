"""Plugins whose engine was killed are ended; what has an engine, or is somebody else's, is left alone."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sandbox.orphans import MARK, end_orphans


class Plugins:
    """Processes that stand for plugins, each started below a shell that stands for its engine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shells: list[subprocess.Popen[str]] = []
        self._plugins: list[psutil.Process] = []

    def start(self, name: str, root: Path, *, engine: bool) -> psutil.Process:
        """A process of a sandbox, called `name`; without an engine, its shell has ended."""
        shutil.copy("/bin/sleep", self._folder / name)
        script = f'"{self._folder / name}" 60 >/dev/null & echo $!; {"exec sleep 60" if engine else ""}'
        shell = subprocess.Popen(
            ["sh", "-c", script], env={**os.environ, MARK: str(root)}, stdout=subprocess.PIPE, text=True
        )
        self._shells.append(shell)
        assert shell.stdout is not None
        plugin = psutil.Process(int(shell.stdout.readline()))
        self._plugins.append(plugin)
        if not engine:
            shell.wait(timeout=10)
        return plugin

    def stop(self) -> None:
        for shell in self._shells:
            with shell:
                shell.kill()
        for plugin in self._plugins:
            if plugin.is_running():
                plugin.kill()


@pytest.fixture
def plugins(tmp_path: Path) -> Iterator[Plugins]:
    started = Plugins(tmp_path)
    yield started
    started.stop()


def runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_a_plugin_that_has_lost_its_engine_is_ended_and_named(
    plugins: Plugins, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orphan = plugins.start("pulumi-resource-kubernetes", tmp_path, engine=False)
    end_orphans(tmp_path)
    assert not runs(orphan)
    assert capsys.readouterr().err == (
        f"sandbox: ending pulumi-resource-kubernetes, process {orphan.pid}: its engine was killed\n"
    )


@pytest.mark.parametrize(
    ("name", "root", "engine"),
    [
        ("pulumi-resource-kubernetes", "mine", True),
        ("pulumi-resource-kubernetes", "another", False),
        ("kubectl", "mine", False),
    ],
    ids=["a running engine's", "of another sandbox", "no plugin"],
)
def test_every_other_process_is_left_alone(
    plugins: Plugins, tmp_path: Path, name: str, root: str, *, engine: bool
) -> None:
    other = plugins.start(name, tmp_path / root, engine=engine)
    end_orphans(tmp_path / "mine")
    assert runs(other)
