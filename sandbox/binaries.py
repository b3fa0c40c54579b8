"""Programs that nobody serves ready-made here: built by Go, each once per machine.

There is no Go code of ours: a `go.mod` under `modules/` pins the tools, `go build` makes them, and the hash of pins and
flags names the folder they are kept in. Leaves out removing old builds: another checkout may be running them.
"""

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox import SandboxError
from sandbox.processes import exclusive, run, say

MODULES: Final = Path(__file__).parent / "modules"
BUILD_SECONDS: Final = 3600
KUBERNETES_STAMP: Final = " ".join(
    f"-X k8s.io/component-base/version.git{name}={{{value}}}"
    for name, value in {"Version": "version", "Major": "major", "Minor": "minor"}.items()
)
"""Without it the API server reports a version that clients refuse."""
KEDA_STAMP: Final = "-X github.com/kedacore/keda/v2/version.Version={version}"


@dataclass(frozen=True)
class Program:
    """A Go program, pinned by the module in the folder `module`."""

    module: str
    package: str
    room_gib: int
    """Free space that its first build takes after those before it in the list, most of it in Go's own cache."""
    stamp: str = ""
    """Linker flags that tell it its version."""
    edit: tuple[str, str] | None = None
    """A text of its `main.go`, and what is built in its place: only for what none of its flags can say."""


PROGRAMS: Final[Mapping[str, Program]] = {
    "pulumi": Program(
        "engine",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        5,
        "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}",
    ),
    "etcd": Program("etcd", "go.etcd.io/etcd/server/v3", 1),
    "kube-apiserver": Program("kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver", 4, KUBERNETES_STAMP),
    "kube-controller-manager": Program(
        "kubernetes", "k8s.io/kubernetes/cmd/kube-controller-manager", 2, KUBERNETES_STAMP
    ),
    "kube-scheduler": Program("kubernetes", "k8s.io/kubernetes/cmd/kube-scheduler", 1, KUBERNETES_STAMP),
    "kwok": Program("kwok", "sigs.k8s.io/kwok/cmd/kwok", 2),
    "keda-operator": Program("keda", "github.com/kedacore/keda/v2/cmd/operator", 5, KEDA_STAMP),
    # It serves its own metrics on every address of the machine, with no flag for the address and none against it.
    "keda-adapter": Program(
        "keda",
        "github.com/kedacore/keda/v2/cmd/adapter",
        1,
        KEDA_STAMP,
        ('Sprintf(":%v", metricsAPIServerPort)', 'Sprintf("127.0.0.1:%v", metricsAPIServerPort)'),
    ),
}


def cache() -> Path:
    """Folder shared by all checkouts of a user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "noxus-sandbox"


def free_bytes(place: Path) -> int:
    """Room left on the disk of a folder."""
    return shutil.disk_usage(place).free


def path(name: str) -> Path:
    """Where a program is, or will be once it is built."""
    source = PROGRAMS[name]
    pins = [(MODULES / source.module / file).read_text() for file in ("go.mod", "go.sum")]
    digest = hashlib.sha256("\0".join([*pins, *_flags(source), *(source.edit or ())]).encode()).hexdigest()
    return cache() / f"{name}-{digest[:16]}" / name


def program(name: str, *, free: Callable[[Path], int] = free_bytes) -> Path:
    """Path of a program, built first if it never was with these pins. Two commands never build at once."""
    built, source = path(name), PROGRAMS[name]
    if built.exists():
        return built
    with exclusive(cache() / "lock", f"build {name}") as lock:
        if built.exists():
            return built
        _require_room(name, source.room_gib, free)
        started = time.monotonic()
        say(f"building {name} with Go: once per machine, up to some minutes")
        partial = cache() / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        run(
            f"building {name}",
            ["go", "build", *_flags(source), "-o", str(partial / name), _what(source, partial)],
            cache() / "build.log",
            seconds=BUILD_SECONDS,
            cwd=MODULES / source.module,
            env={**os.environ, "GOWORK": "off"},
            pass_fds=(lock,),  # held until the last process of the build has ended, should this one be killed
        )
        partial.rename(built.parent)
        say(f"built {name} in {time.monotonic() - started:.0f} s")
    return built


def module_folders(name: str, *modules: str) -> list[Path]:
    """Folders with the files of Go modules that `modules/<name>` pins, fetched if they are not there yet."""
    printed = _go("fetching Go modules", "mod", "download", "-json", *modules, cwd=MODULES / name)
    return [Path(entry["Dir"]) for entry in json.loads("[" + printed.replace("}\n{", "},{") + "]")]


def _what(source: Program, folder: Path) -> str:
    """What Go is told to build: the package as it is, or its only file, edited, in `folder`."""
    if source.edit is None:
        return source.package
    module, _ = _pin(source)
    original = module_folders(source.module, module)[0] / source.package.removeprefix(f"{module}/") / "main.go"
    before, after = source.edit
    text = original.read_text()
    if text.count(before) != 1:
        raise SandboxError(
            f"{source.package}: its main.go has the text that is built otherwise {text.count(before)} times, not once: "
            f"{before}; see sandbox/binaries.py"
        )
    edited = folder / "main.go"
    edited.write_text(text.replace(before, after))
    return str(edited)


def _flags(source: Program) -> list[str]:
    _, version = _pin(source)
    major, minor, _ = version.removeprefix("v").split(".", 2)
    stamp = source.stamp.format(version=version, major=major, minor=minor)
    return ["-trimpath", "-ldflags", f"-s -w {stamp}".strip()]


def _pin(source: Program) -> tuple[str, str]:
    """The module that a program is from, and its version."""
    for module, version in re.findall(r"\s(\S+) (v\d\S*)", (MODULES / source.module / "go.mod").read_text()):
        if source.package.startswith(module):
            return module, version
    raise SandboxError(f"{MODULES / source.module / 'go.mod'} does not pin {source.package}")


def _go(title: str, *arguments: str, cwd: Path = MODULES) -> str:
    if shutil.which("go") is None:
        raise SandboxError(
            "`go` is not on PATH; the sandbox builds its control plane with Go 1.26 or newer: install it"
        )
    cache().mkdir(parents=True, exist_ok=True)
    return run(title, ["go", *arguments], cache() / "go.log", seconds=600, cwd=cwd)


def _require_room(name: str, gib: int, free: Callable[[Path], int]) -> None:
    """Refuse a build that would fill the disk: Go would notice late, and blame something else."""
    caches = _go("asking Go for its folders", "env", "GOCACHE", "GOMODCACHE").split()
    for variable, place in zip(("XDG_CACHE_HOME", "GOCACHE", "GOMODCACHE"), [str(cache()), *caches], strict=True):
        Path(place).mkdir(parents=True, exist_ok=True)
        has = free(Path(place)) / 2**30
        if has < gib:
            raise SandboxError(
                f"no room to build {name}: needs {gib} GiB at {place}, has {has:.1f} GiB; "
                f"free some, or set {variable} to a folder on a larger disk"
            )
