"""Processes of the sandbox: commands that end, and services that stay after the command that started them.

A service is known by its process id *and* the moment it started, so that a stale record never leads to a stranger being
stopped. Leaves out a supervisor: a service that dies is started again by the next `up`, which says so.
"""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sandbox import SandboxError

PROGRESS_SECONDS: Final = 10
LOCK_SECONDS: Final = 3600


def say(line: str) -> None:
    """Tell whoever waits; on standard error, so that output made for programs stays clean."""
    print(f"sandbox: {line}", file=sys.stderr, flush=True)


def tail(log: Path, lines: int = 8) -> str:
    """Last lines of a log, indented, for an error message."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "".join(f"\n  | {line[:300]}" for line in text.splitlines()[-lines:]) + f"\n  (all of it: {log})"


@contextmanager
def exclusive(lock: Path, purpose: str) -> Iterator[int]:
    """Hold `lock` for a block; yields its descriptor. The kernel lets go of it however the holder ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    started, told = time.monotonic(), False
    with lock.open("a") as file:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > started + LOCK_SECONDS:
                raise SandboxError(f"another command has held {lock} for {LOCK_SECONDS} s; end it, then run this again")
            if not told:
                say(f"waiting to {purpose}: another command is at it")
                told = True
            time.sleep(0.2)
        yield file.fileno()


def run(title: str, argv: Sequence[str], log: Path, *, seconds: float, **options: Any) -> str:
    """Run a command to its end and return what it printed; `options` are those of `subprocess.Popen`.

    Says every ten seconds how long it takes. However this ends, nothing of the command is left running.
    """
    started = time.monotonic()
    with log.open("wb") as output:
        # A session of its own: Ctrl-C reaches only this process, which then stops the whole group in order.
        streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.STDOUT}
        try:
            process = subprocess.Popen(argv, start_new_session=True, **streams, **options)
        except OSError as error:
            raise SandboxError(f"{title}: cannot run {argv[0]}: {error.strerror}") from None
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=min(PROGRESS_SECONDS, seconds))
                break
            elapsed = time.monotonic() - started
            if elapsed > seconds:
                raise SandboxError(f"{title}: not done after {elapsed:.0f} s{tail(log)}")
            say(f"{title} ... {elapsed:.0f} s")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if code:
        raise SandboxError(f"{title}: failed with exit code {code}{tail(log)}")
    return log.read_text(errors="replace")


@dataclass(frozen=True)
class Service:
    """A process that outlives the command that started it."""

    name: str
    folder: Path

    @property
    def log(self) -> Path:
        """Everything it printed since it was started last."""
        return self.folder / f"{self.name}.log"

    @property
    def _record(self) -> Path:
        return self.folder / f"{self.name}.json"

    def pid(self, fingerprint: str | None = None) -> int | None:
        """Its process id while it runs (and, if asked, was started from just that), else nothing."""
        try:
            record = json.loads(self._record.read_text())
        except (FileNotFoundError, ValueError):
            return None
        fits = fingerprint in (None, record["fingerprint"]) and _birth(record["pid"]) == record["birth"]
        return record["pid"] if fits else None

    def start(self, argv: Sequence[str], fingerprint: str) -> None:
        """Start it, detached. It runs nothing before it is recorded, so that no crash of ours leaves a stray."""
        gate, opener = os.pipe()
        try:
            pid = os.posix_spawn(
                "/bin/sh",
                ["sh", "-c", 'read -r _ && exec "$@" </dev/null', "sh", *argv],
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, gate, 0),
                    (os.POSIX_SPAWN_OPEN, 1, str(self.log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                    (os.POSIX_SPAWN_DUP2, 1, 2),
                ],
                setsid=True,
                setsigdef=[signal.SIGPIPE],
            )
            partial = self._record.with_suffix(".partial")
            partial.write_text(json.dumps({"pid": pid, "birth": _birth(pid), "fingerprint": fingerprint}))
            partial.replace(self._record)
            os.write(opener, b"go\n")
        finally:
            os.close(gate)
            os.close(opener)

    def stop(self, seconds: float = 5) -> None:
        """End it: politely, then not. A process that merely has its old id is left alone."""
        pid = self.pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                handle = os.pidfd_open(pid)
                try:
                    # First the handle, then the check of whose it is: from there on the id cannot change hands.
                    for number in (signal.SIGTERM, signal.SIGKILL) if self.pid() == pid else ():
                        signal.pidfd_send_signal(handle, number)
                        if select.select([handle], [], [], seconds)[0]:
                            break
                finally:
                    os.close(handle)
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        self._record.unlink(missing_ok=True)


def _birth(pid: int) -> str | None:
    """Which boot a process started in, and how many ticks into it; nothing for one that is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"
