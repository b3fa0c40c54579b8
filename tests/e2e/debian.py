"""Programs from Debian packages, on a machine with apt: fetched, checked by apt, and unpacked into the cache folder.

Nothing is installed and no right of root is needed. Libraries that the machine lacks are unpacked beside the program.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from sandbox import SandboxError, binaries

FETCH_SECONDS: Final = 300
"""For lists or packages; a mirror that does not answer is given up by then."""

_QUICKLY: Final = ("-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1", "-o", "Debug::NoLocking=1")
_TO_UNPACK: Final = re.compile(r"^Inst (\S+) (?:\[\S+\] )?\((\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """An unpacked package."""

    folder: Path

    def program(self, name: str) -> Path:
        """Path of one of its programs."""
        found = (self.folder / part / name for part in ("usr/bin", "usr/sbin"))
        return next(path for path in found if path.exists())

    @property
    def environment(self) -> Mapping[str, str]:
        """What its programs need to find their libraries."""
        folders = [str(path) for part in ("usr/lib", "lib") for path in self.folder.glob(f"{part}/*-linux-gnu*")]
        return {"LD_LIBRARY_PATH": os.pathsep.join(folders)}

    def copy(self, program: str, folder: Path) -> Path:
        """Put a program and its libraries where another user than this one may read them; returns its path."""
        libraries = (path for part in ("usr/lib", "lib") for path in self.folder.glob(f"{part}/*-linux-gnu*/*.so*"))
        for path in (self.program(program), *libraries):
            shutil.copy(path, folder)
        return folder / program


@cache
def package(name: str) -> Package:
    """A package of the machine's Debian release, unpacked once for each of its versions. Raises `SandboxError`."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise SandboxError(f"this test needs Debian's package {name}, and this machine has no apt-get and dpkg-deb")
    versions = _lacking(name) or _updated(name)
    key = f"{name}-{versions[name].replace(':', '+')}"
    folder = binaries.cache() / "debian" / key
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{key}.") as place:
            try:
                _unpack(versions, Path(place))
            except SandboxError:  # lists of last month name versions that the mirror no longer has
                versions = _updated(name)
                _unpack(versions, Path(place))
            try:
                (Path(place) / "root").rename(folder)
            except OSError:
                if not folder.is_dir():  # else another run was faster
                    raise
    return Package(folder)


def _lacking(name: str) -> Mapping[str, str]:
    """Versions of the package and of what it needs and the machine lacks; empty if apt does not know it."""
    simulated = _apt("install", "--simulate", "--reinstall", "--no-install-recommends", name)
    found = dict(_TO_UNPACK.findall(simulated.stdout))
    return found if name in found else {}


def _updated(name: str) -> Mapping[str, str]:
    """The same after the lists of packages have been fetched."""
    updated = _apt("update")
    if versions := _lacking(name):
        return versions
    reason = _reason(updated, "its lists are new")
    raise SandboxError(f"this test needs Debian's package {name}, which apt-get does not know: {reason}")


def _unpack(versions: Mapping[str, str], place: Path) -> None:
    """Download into one folder and unpack into its `root`."""
    fetched = _apt("download", *(f"{package}={version}" for package, version in versions.items()), cwd=place)
    if fetched.returncode:
        reason = _reason(fetched, "no reason given")
        raise SandboxError(f"this test needs Debian packages that cannot be fetched, {', '.join(versions)}: {reason}")
    for archive in place.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", archive, place / "root"], check=True, timeout=60)


def _reason(done: subprocess.CompletedProcess[str], otherwise: str) -> str:
    """The first thing that apt complains of."""
    complaints = (line for line in done.stderr.splitlines() if line.startswith(("E:", "W:")))
    return next(complaints, otherwise)


def _apt(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = ["apt-get", "-q", *_QUICKLY, *arguments]
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(
            command, env=environment, cwd=cwd, check=False, capture_output=True, text=True, timeout=FETCH_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise SandboxError(f"{' '.join(command)} did not end within {FETCH_SECONDS} s") from None
