"""Programs that nobody serves ready-made here: built by Go, each once per machine.

There is no Go code of ours: a `go.mod` under `modules/` pins the tools, `go build` makes them, and the hash of pins,
edits and flags names the folder they are kept in. Leaves out removing old builds: another checkout may be running them.
"""

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sandbox import SandboxError, edits
from sandbox.processes import exclusive, run, say

MODULES: Final = Path(__file__).parent / "modules"
BUILD_SECONDS: Final = 3600
KUBERNETES_STAMP: Final = " ".join(
    f"-X k8s.io/component-base/version.git{name}={{{value}}}"
    for name, value in {"Version": "version", "Major": "major", "Minor": "minor"}.items()
)
"""Without it the API server reports a version that clients refuse."""
KEDA_STAMP: Final = "-X github.com/kedacore/keda/v2/version.Version={version}"
KUBERNETES_PLUGIN: Final = "pulumi-resource-kubernetes"
KUBERNETES_PLUGIN_RELEASE: Final = "4.25.0"
"""What was released from the commit that `modules/plugin` pins: the only one that is served to Go."""


@dataclass(frozen=True)
class Program:
    """A Go program, pinned by the module in the folder `module`."""

    module: str
    package: str
    room_gib: int
    """Free space that its first build takes after those before it in the list, most of it in Go's own cache."""
    stamp: str = ""
    """Linker flags that tell it its version."""


PROGRAMS: Final[Mapping[str, Program]] = {
    "pulumi": Program(
        "engine",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        5,
        "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}",
    ),
    KUBERNETES_PLUGIN: Program(
        "plugin",
        f"github.com/pulumi/pulumi-kubernetes/provider/v4/cmd/{KUBERNETES_PLUGIN}",
        3,
        # The engine warns in every run of a version below the SDK's. What follows the plus says what it is made of.
        "-X github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version="
        f"{version('pulumi-kubernetes')}+edited.{KUBERNETES_PLUGIN_RELEASE}",
    ),
    "etcd": Program("etcd", "go.etcd.io/etcd/server/v3", 1),
    "kube-apiserver": Program("kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver", 4, KUBERNETES_STAMP),
    "kube-controller-manager": Program(
        "kubernetes", "k8s.io/kubernetes/cmd/kube-controller-manager", 2, KUBERNETES_STAMP
    ),
    "kube-scheduler": Program("kubernetes", "k8s.io/kubernetes/cmd/kube-scheduler", 1, KUBERNETES_STAMP),
    "kwok": Program("kwok", "sigs.k8s.io/kwok/cmd/kwok", 2),
    "keda-operator": Program("keda", "github.com/kedacore/keda/v2/cmd/operator", 5, KEDA_STAMP),
    "keda-adapter": Program("keda", "github.com/kedacore/keda/v2/cmd/adapter", 1, KEDA_STAMP),
    "keda-webhooks": Program("keda", "github.com/kedacore/keda/v2/cmd/webhooks", 1, KEDA_STAMP),
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
    files = [MODULES / source.module / file for file in ("go.mod", "go.sum", edits.FILE)]
    pins = [file.read_text() for file in files if file.exists()]
    digest = hashlib.sha256("\0".join([*pins, *_flags(source)]).encode()).hexdigest()
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
        pins = MODULES / source.module
        with TemporaryDirectory() as place:
            edited = edits.build_flags(pins, Path(place), lambda module: module_folders(pins.name, module)[0])
            run(
                f"building {name}",
                ["go", "build", *edited, *_flags(source), "-o", str(partial / name), source.package],
                cache() / "build.log",
                seconds=BUILD_SECONDS,
                cwd=pins,
                # The compiler collects less garbage: a tenth of the time for some memory.
                env={"GOGC": "400", **os.environ, "GOWORK": "off"},
                pass_fds=(lock,),  # held until the last process of the build has ended, should this one be killed
            )
        partial.rename(built.parent)
        say(f"built {name} in {time.monotonic() - started:.0f} s")
    return built


def module_folders(name: str, *modules: str) -> list[Path]:
    """Folders with the files of Go modules that `modules/<name>` pins, fetched if they are not there yet."""
    printed = _go("fetching Go modules", "mod", "download", "-json", *modules, cwd=MODULES / name)
    return [Path(entry["Dir"]) for entry in json.loads("[" + printed.replace("}\n{", "},{") + "]")]


def pinned(name: str) -> str:
    """The version that a program is built at, such as `v1.37.2`."""
    return _pinned(PROGRAMS[name])


def _flags(source: Program) -> list[str]:
    pin = _pinned(source)
    major, minor, _ = pin.removeprefix("v").split(".", 2)
    stamp = source.stamp.format(version=pin, major=major, minor=minor)
    return ["-trimpath", "-ldflags", f"-s -w {stamp}".strip()]


def _pinned(source: Program) -> str:
    for module, pin in re.findall(r"\s(\S+) (v\d\S*)", (MODULES / source.module / "go.mod").read_text()):
        if source.package.startswith(module):
            return pin
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
