"""The Pulumi engine and its plugins: the official ones where they can be had, else what can be made here.

Engine: the user's own `pulumi`, else the SDK's installer, else a build of the same release from Go modules.
Language host and plugins: the official ones, else the stand-ins of `plugins/`, as their sources are not served to Go.
What is in use is said in one line, and remembered, so that what failed is not tried again on every run.
"""

import json
import os
import re
import shutil
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import yaml

from sandbox import REPOSITORY, SandboxError, binaries
from sandbox.processes import exclusive, run, say

STAND_INS: Final = Path(__file__).parent / "plugins" / "bin"
LANGUAGE_HOST: Final = "pulumi-language-python"
RETRY_SECONDS: Final = 24 * 3600
"""How long a failed attempt at something official is remembered."""
INSTALL_SECONDS: Final = 300
INSTALL: Final = "import sys; from pulumi.automation import PulumiCommand; PulumiCommand.install(root=sys.argv[1])"


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What runs a Pulumi program here."""

    pulumi: str
    """Path of the command."""
    origin: str
    """Where it and the plugins come from, as a user reads it."""
    stand_ins: bool
    key: str
    """What the choice was made for: another SDK or another `pulumi` on PATH asks for a new one."""
    chosen: float
    """When, in seconds of Unix time."""


def ensure(root: Path) -> Engine:
    """The engine to use with the state under `root`: the one chosen before while that holds, else chosen now."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with exclusive(root / "engine.lock", "choose the engine"):
        engine = chosen(root)
        if engine is None:
            engine = _choose(root)
            partial = root / "engine.partial"
            partial.write_text(json.dumps(asdict(engine), indent=2))
            partial.replace(root / "engine.json")
        return engine


def chosen(root: Path) -> Engine | None:
    """The engine chosen before, if there is one and the choice still holds."""
    try:
        engine = Engine(**json.loads((root / "engine.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    late = engine.stand_ins and time.time() > engine.chosen + RETRY_SECONDS
    return engine if engine.key == _key() and Path(engine.pulumi).exists() and not late else None


def variables(root: Path, stack: str | None = None) -> dict[str, str]:
    """What a command needs in its environment to use the sandbox. What the user has set for Pulumi is kept."""
    root = root.resolve()
    engine = ensure(root)
    (root / "state").mkdir(exist_ok=True)
    path = [str(Path(engine.pulumi).parent), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    wanted = {
        "PULUMI_BACKEND_URL": f"file://{root / 'state'}",
        "PULUMI_HOME": str(root / "pulumi-home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    if engine.stand_ins:
        path.append(str(_link_stand_ins(root)))  # last: whatever official is on PATH comes before
        wanted |= {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true", "NOXUS_SANDBOX_PYTHON": sys.executable}
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in os.environ:
        wanted |= {"PULUMI_CONFIG_PASSPHRASE": "dev"}  # the development stack's, whose secrets are placeholders
    result = {name: os.environ.get(name, value) for name, value in wanted.items()} | {"PATH": os.pathsep.join(path)}
    sandboxed = stack is None or named_cluster(stack) is None
    return result | ({"KUBECONFIG": str(root / "kubeconfig")} if sandboxed else {})


def _link_stand_ins(root: Path) -> Path:
    """Link each stand-in to where the engine finds it without a warning in every run: its own folder of plugins.

    Returns the folder for PATH with those that have no place there: the language host, and providers whose version no
    installed SDK tells. So have all of them when the user's own plugin folder is in use, which is left alone.
    """
    folder = root / "stand-ins"
    for stand_in in STAND_INS.glob("pulumi-*"):
        place = folder
        if stand_in.name != LANGUAGE_HOST and "PULUMI_HOME" not in os.environ:
            name = stand_in.name.removeprefix("pulumi-resource-")
            with suppress(PackageNotFoundError):
                place = root / "pulumi-home" / "plugins" / f"resource-{name}-v{version(f'pulumi-{name}')}"
        link = place / stand_in.name
        if link.resolve() != stand_in.resolve():
            place.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(stand_in)
    return folder


def environment(root: Path, stack: str | None = None) -> dict[str, str]:
    """The whole environment of a command that uses the sandbox."""
    return {**os.environ, **variables(root, stack)}


def named_cluster(stack: str) -> str | None:
    """The cluster that a stack file names, if it names one: then the sandbox's is not for it."""
    file = REPOSITORY / f"Pulumi.{stack}.yaml"
    try:
        cluster = yaml.safe_load(file.read_text())["config"].get("noxus:cluster") or {}
        return ", ".join(f"{key} {cluster[key]}" for key in ("kubeconfig", "context") if cluster.get(key)) or None
    except FileNotFoundError:
        stacks = ", ".join(sorted(path.name.split(".")[1] for path in REPOSITORY.glob("Pulumi.*.yaml")))
        raise SandboxError(f"--stack {stack}: there is no {file.name}; the stacks here are: {stacks}") from None
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise SandboxError(f"{file.name} cannot be read as a stack file: {error}") from None


def describes_resources(root: Path, stack: str) -> bool:
    """Whether the stack's state under `root` still lists resources."""
    states = (json.loads(file.read_text()) for file in (root / "state").glob(f".pulumi/stacks/**/{stack}.json"))
    return any((state.get("checkpoint", {}).get("latest") or {}).get("resources") for state in states)


def _choose(root: Path) -> Engine:
    pulumi, origin = _users_own(root) or _installed(root) or _built()
    host = shutil.which(LANGUAGE_HOST, path=os.pathsep.join([str(Path(pulumi).parent), os.environ.get("PATH", "")]))
    provider = version("pulumi-kubernetes")
    argv = [pulumi, "plugin", "install", "resource", "kubernetes", provider]
    plugin = _attempt(
        root, f"fetching Pulumi's kubernetes plugin {provider}", argv, PULUMI_HOME=str(root / "pulumi-home")
    )
    missing = [
        name for name, there in ((LANGUAGE_HOST, host), (f"kubernetes plugin {provider}", plugin)) if there is None
    ]
    plugins = f"stand-ins of sandbox/plugins (no official {', no '.join(missing)})" if missing else "official"
    origin = f"{origin}; plugins: {plugins}"
    return Engine(pulumi=pulumi, origin=origin, stand_ins=bool(missing), key=_key(), chosen=time.time())


def _users_own(root: Path) -> tuple[str, str] | None:
    pulumi, sdk = _on_path(), version("pulumi")
    if pulumi is None:
        return None
    found = (_attempt(root, "asking the pulumi on PATH", [pulumi, "version"]) or "").strip().removeprefix("v")
    if _numbers(found)[:1] == _numbers(sdk)[:1] and _numbers(found) >= _numbers(sdk):
        return pulumi, f"pulumi {found}, yours at {pulumi}"
    say(f"engine: {pulumi} is {found or 'of unknown version'}; the SDK of this program needs {sdk} or newer: not used")
    return None


def _installed(root: Path) -> tuple[str, str] | None:
    sdk = version("pulumi")
    folder = binaries.cache() / f"official-{sdk}"
    if _attempt(root, f"installing pulumi {sdk}", [sys.executable, "-c", INSTALL, str(folder)]) is None:
        return None
    return str(folder / "bin" / "pulumi"), f"pulumi {sdk}, by the official installer"


def _built() -> tuple[str, str]:
    say("engine: no pulumi on PATH that fits, and the official installer cannot be reached; taking it from Go modules")
    pulumi = binaries.program("pulumi")
    return str(pulumi), f"pulumi {version('pulumi')}, built from Go modules"


def _attempt(root: Path, title: str, argv: list[str], **variables: str) -> str | None:
    """What a command printed, or nothing if it failed: then the next best thing is tried."""
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", **variables}
    try:
        return run(title, argv, root / "engine.log", seconds=INSTALL_SECONDS, env=env)
    except SandboxError:
        return None


def _on_path() -> str | None:
    """The user's own `pulumi`: not one of ours, which is on PATH too when a command runs inside another."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return shutil.which("pulumi", path=os.pathsep.join(f for f in folders if not f.startswith(str(binaries.cache()))))


def _key() -> str:
    return f"{version('pulumi')} {version('pulumi-kubernetes')} {_on_path()}"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text.partition("-")[0])[:3])
