"""The Pulumi engine and its plugins: the official ones where they can be had, else what can be made here.

Engine: the user's own `pulumi`, else the SDK's installer, else a build from Go modules. Kubernetes plugin: fetched by
the engine, else a build from Go modules. Language host and other plugins: the official ones, else the stand-ins of
`plugins/`, as their sources are not served to Go. What is in use is said in one line, and remembered, so that what
failed is not tried again on every run.
"""

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from sandbox import SandboxError, binaries, clusters
from sandbox.orphans import MARK
from sandbox.processes import exclusive, run, say

STAND_INS: Final = Path(__file__).parent / "plugins" / "bin"
LANGUAGE_HOST: Final = "pulumi-language-python"
LAUNCHED: Final = "NOXUS_SANDBOX_LANGUAGE_HOST"
LAUNCHER: Final = f"""\
#!/bin/sh
# The engine finds its language host here, next to itself, without a warning in every run.
exec "${{{LAUNCHED}:?is set by: python -m sandbox exec}}" "$@"
"""
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
    kubernetes_plugin: str | None
    """Path of the plugin that was built here; nothing where the engine has the official one."""
    stand_ins: bool
    """Whether what cannot be built here has to be stood in for."""
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


def variables(root: Path, stack: str | None = None, *, preview: bool = False) -> dict[str, str]:
    """What a command needs in its environment to use the sandbox. What the user has set is kept.

    Without a stack it is the sandbox's cluster that the command reaches.
    """
    root = root.resolve()
    engine = ensure(root)
    (root / "state").mkdir(exist_ok=True)
    path = [str(Path(engine.pulumi).parent), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    wanted = {
        "PULUMI_BACKEND_URL": f"file://{root / 'state'}",
        "PULUMI_HOME": str(root / "pulumi-home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_OPTION_SKIP_PLUGIN_PRE_INSTALL": "true",  # of every SDK in .venv; what a stack uses is fetched anyway
        MARK: str(root),
    }
    if engine.stand_ins:
        path.append(str(_link_plugins(root, engine)))  # last: whatever official is on PATH comes before
        wanted |= {
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "NOXUS_SANDBOX_PYTHON": sys.executable,
            LAUNCHED: str(STAND_INS / LANGUAGE_HOST),
        }
    if "PULUMI_BACKEND_URL" not in os.environ:
        wanted |= {"PULUMI_DIY_BACKEND_ZSTD": "true"}  # the engine writes the whole state at every step
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in os.environ:
        wanted |= {"PULUMI_CONFIG_PASSPHRASE": "dev"}  # the development stack's, whose secrets are placeholders
    result = {name: os.environ.get(name, value) for name, value in wanted.items()} | {"PATH": os.pathsep.join(path)}
    kubeconfig = clusters.choose(root, stack, preview=preview).kubeconfig if stack else str(root / "kubeconfig")
    return result | ({"KUBECONFIG": kubeconfig} if kubeconfig else {})


def _link_plugins(root: Path, engine: Engine) -> Path:
    """Link each plugin to where the engine finds it without a warning in every run: its own folder of plugins.

    Returns the folder for PATH with those that have no place there: providers whose version no installed SDK tells, and
    all of them when the user's own plugin folder is in use, which is left alone.
    """
    folder = root / "plugins"
    for plugin in _plugins(engine):
        place = folder
        if "PULUMI_HOME" not in os.environ:
            with suppress(PackageNotFoundError):
                place = _plugin_folder(root, plugin.name.removeprefix("pulumi-resource-"))
        link = place / plugin.name
        if link.resolve() != plugin.resolve():
            place.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(plugin)
    return folder


def _plugin_folder(root: Path, name: str) -> Path:
    """Where an engine with no plugin folder of the user's looks for the plugin that the installed SDK asks for."""
    return root / "pulumi-home" / "plugins" / f"resource-{name}-v{version(f'pulumi-{name}')}"


def _plugins(engine: Engine) -> Iterator[Path]:
    """What was made here in place of an official plugin."""
    if engine.kubernetes_plugin:
        yield Path(engine.kubernetes_plugin)
    if engine.stand_ins:
        yield from STAND_INS.glob("pulumi-resource-*")


def environment(root: Path, stack: str | None = None, *, preview: bool = False) -> dict[str, str]:
    """The whole environment of a command that uses the sandbox."""
    return {**os.environ, **variables(root, stack, preview=preview)}


def has_state(root: Path, stack: str) -> bool:
    """Whether there is a state of the stack under `root`, compressed or not."""
    return any((root / "state").glob(f".pulumi/stacks/**/{stack}.json*"))


def _choose(root: Path) -> Engine:
    official = _users_own(root) or _installed(root)
    pulumi, origin = official or _built()
    plugin, plugin_origin = _kubernetes_plugin(root, pulumi)
    made_here = official is None or plugin is not None
    others = "; language host and other plugins: stand-ins of sandbox/plugins" if made_here else ""
    return Engine(
        pulumi=pulumi,
        origin=f"{origin}; Kubernetes plugin {plugin_origin}{others}",
        kubernetes_plugin=plugin,
        stand_ins=made_here,
        key=_key(),
        chosen=time.time(),
    )


def _kubernetes_plugin(root: Path, pulumi: str) -> tuple[str | None, str]:
    """Path of the plugin if it was built here, and where it comes from, as a user reads it."""
    sdk = version("pulumi-kubernetes")
    place = _plugin_folder(root, "kubernetes")
    if (place / binaries.KUBERNETES_PLUGIN).is_symlink():
        shutil.rmtree(place)  # one that was built here: the engine would take it for fetched
    argv = [pulumi, "plugin", "install", "resource", "kubernetes", sdk]
    home = str(root / "pulumi-home")
    if _attempt(root, f"fetching Pulumi's Kubernetes plugin {sdk}", argv, PULUMI_HOME=home) is not None:
        return None, f"{sdk}, official"
    say("engine: Pulumi's Kubernetes plugin cannot be fetched; taking it from Go modules")
    plugin = binaries.program(binaries.KUBERNETES_PLUGIN)
    release = binaries.KUBERNETES_PLUGIN_RELEASE
    return str(plugin), f"{release}, built from Go modules and edited to create objects as {sdk} does"


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
    partial = pulumi.with_name(f"{LANGUAGE_HOST}.partial")
    partial.write_text(LAUNCHER)
    partial.chmod(0o755)
    partial.replace(pulumi.with_name(LANGUAGE_HOST))
    return str(pulumi), f"pulumi {binaries.pinned('pulumi').removeprefix('v')}, built from Go modules"


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
    built = [str(binaries.path(name)) for name in ("pulumi", binaries.KUBERNETES_PLUGIN)]
    return " ".join([version("pulumi"), version("pulumi-kubernetes"), str(_on_path()), *built])


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text.partition("-")[0])[:3])
