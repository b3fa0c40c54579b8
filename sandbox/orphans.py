"""Plugins that run on after their engine was killed: they would change the cluster while the next update does.

Everything that is run in a sandbox's environment carries its mark. A plugin with the mark whose parent does not have it
has lost its engine. Leaves out other processes with the mark: they are the user's.
"""

from pathlib import Path
from typing import Final

import psutil

from sandbox.processes import say

MARK: Final = "NOXUS_SANDBOX"
"""Environment variable with the sandbox's folder."""
END_SECONDS: Final = 5


def end_orphans(root: Path) -> None:
    """End the plugins of a sandbox that have no engine any more: politely, then not."""
    orphans = [process for process in psutil.process_iter() if _is_orphan(process, str(root.resolve()))]
    for process in orphans:
        say(f"ending {process.name()}, process {process.pid}: its engine was killed")
        process.terminate()
    for process in psutil.wait_procs(orphans, timeout=END_SECONDS)[1]:
        process.kill()


def _is_orphan(process: psutil.Process, root: str) -> bool:
    try:
        plugin = Path(process.exe()).name.startswith("pulumi-resource-") and _mark(process) == root
        return plugin and _mark(process.parent()) != root
    except psutil.Error:  # it has ended meanwhile, or is somebody else's
        return False


def _mark(process: psutil.Process | None) -> str | None:
    """Folder of the sandbox that a process was started in; none of a process that may not be asked: it is not ours."""
    try:
        return process.environ().get(MARK) if process else None
    except psutil.AccessDenied:
        return None
