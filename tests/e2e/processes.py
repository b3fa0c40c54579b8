"""The sandbox's processes as the kernel sees them."""

import os
import re
import signal
from collections.abc import Iterable
from pathlib import Path

import psutil

from sandbox.orphans import MARK


def kill(pid: int) -> None:
    """End a process at once and wait until it is gone; this process is its parent, so it also has to be reaped."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def plugins(root: Path) -> list[psutil.Process]:
    """The provider plugins that run in a sandbox."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if "pulumi-resource-" in " ".join(process.cmdline()) and process.environ().get(MARK) == str(root):
                found.append(process)
        except psutil.Error:  # it has ended meanwhile, or is somebody else's
            continue
    return found


def listeners(pids: Iterable[int]) -> dict[str, str]:
    """Address of every listening TCP socket of some processes, by socket, as the kernel writes it."""
    sockets = {str(fd.readlink()) for pid in pids for fd in Path(f"/proc/{pid}/fd").iterdir()}
    inodes = {match[1] for link in sockets if (match := re.fullmatch(r"socket:\[(\d+)\]", link))}
    rows = [line.split() for table in ("tcp", "tcp6") for line in Path("/proc/net", table).read_text().splitlines()[1:]]
    return {row[9]: row[1] for row in rows if row[3] == "0A" and row[9] in inodes}
