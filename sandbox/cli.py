"""The command line of the sandbox: `python -m sandbox`."""

import argparse
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from sandbox import REPOSITORY, SandboxError, binaries, clusters, engine
from sandbox.control_plane import ControlPlane
from sandbox.keda import Keda
from sandbox.orphans import end_orphans
from sandbox.parts import API_PORT, CONTROL_PLANE, KEDA
from sandbox.processes import run, say

ABOUT: Final = f"""\
A Pulumi engine and a Kubernetes control plane for a machine that has neither, without containers or root:
etcd, kube-apiserver, kube-controller-manager and kube-scheduler are real, kwok plays nodes and pods.
KEDA's operator, metrics adapter and webhooks, real as well, are started next to it if you ask for them.
What is missing is built with Go once and kept in ${{XDG_CACHE_HOME:-~/.cache}}/noxus-sandbox.

  python -m sandbox up                       start everything, or repair what has stopped
  python -m sandbox up --keda                the same with KEDA: pods are scaled by what it finds in your database
  python -m sandbox exec -- pulumi preview   run a command with the sandbox's engine, cluster and state
  eval "$(python -m sandbox env)"            the same for a shell
  python -m sandbox down                     stop everything and delete the cluster's data

{API_PORT} fixes the API server's port. PULUMI_BACKEND_URL, PULUMI_HOME and PULUMI_CONFIG_PASSPHRASE
(or _FILE) are kept when you set them."""
STATES: Final = {True: "ready", False: "not ready", None: "not asked for; up --keda starts it"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that a build under way stops too
    options = _parser().parse_args(arguments)
    options.root = options.root.resolve()
    try:
        options.run(options)
    except (SandboxError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


def _up(options: argparse.Namespace) -> None:
    plane = ControlPlane(options.root)
    choice = clusters.choose(options.root, options.stack, preview=options.preview)
    if choice.sandboxed:
        plane.parts.check_port()
    elif options.keda:
        raise SandboxError(f"up --keda: {choice.reason}; KEDA is started in the sandbox's own only: leave --keda out")
    say(f"engine: {engine.ensure(options.root).origin}")
    end_orphans(options.root)
    if not choice.sandboxed:
        say(f"control plane: none started, as {choice.reason}")
    else:
        if choice.reason:
            say(f"control plane: {choice.reason}")
        plane.start()
        keda = Keda(plane)
        if options.keda or keda.asked:
            keda.start()
        forget_an_earlier_cluster(plane, options.stack)


def _unattended(options: argparse.Namespace) -> None:
    """Refuse what somebody has to look at first: `make up` and `make down` ask no questions."""
    stack = options.stack
    if clusters.protected(stack):
        raise SandboxError(
            f"the stack {stack} is protected, and make would change it without asking; run `pulumi up --stack {stack}` "
            "yourself and read its preview first, or `pulumi destroy` after an update with protect: false"
        )
    choice = clusters.choose(options.root, stack, preview=False)
    if not choice.sandboxed and not clusters.named(stack):
        raise SandboxError(
            f"{choice.reason}, and the stack {stack} names no cluster; unset KUBECONFIG to use the sandbox's, or name "
            f"yours in Pulumi.{stack}.yaml: noxus:cluster: {{ context: ... }}"
        )


def forget_an_earlier_cluster(plane: ControlPlane, stack: str) -> None:
    """Refresh the state if it describes a cluster that is gone: an update would take its objects for still there."""
    seen = plane.root / "state" / "cluster"
    if seen.exists() and seen.read_text() != plane.identity and engine.has_state(plane.root, stack):
        argv = ["pulumi", "refresh", "--yes", "--skip-preview", "--non-interactive", "--stack", stack]
        environment = engine.environment(plane.root, stack)
        run(
            "refreshing the state of an earlier cluster", argv, plane.root / "refresh.log", seconds=600, env=environment
        )
        say(f"state: what {stack} had on an earlier cluster is forgotten")
    seen.parent.mkdir(exist_ok=True)
    seen.write_text(plane.identity)


def _build(options: argparse.Namespace) -> None:
    say(f"engine: {engine.ensure(options.root).origin}")
    for part in (*CONTROL_PLANE, *KEDA):
        binaries.program(part)
    say("control plane and KEDA: every program is built")


def _down(options: argparse.Namespace) -> None:
    end_orphans(options.root)
    ControlPlane(options.root).stop()
    say("control plane: stopped, its data deleted")


def _status(options: argparse.Namespace) -> None:
    plane, chosen = ControlPlane(options.root), engine.chosen(options.root)
    keda = Keda(plane)
    status = {
        "ready": plane.ready(),
        "keda": keda.ready() if keda.asked else None,
        "kubeconfig": str(plane.kubeconfig) if plane.kubeconfig.exists() else None,
        "engine": chosen.origin if chosen else None,
        "processes": plane.pids() | keda.pids(),
    }
    if options.json:
        print(json.dumps(status, indent=2))
        return
    print(f"{'control plane':<24} {STATES[status['ready']]}")
    print(f"{'KEDA':<24} {STATES[status['keda']]}")
    for part, pid in status["processes"].items():
        print(f"{part:<24} {f'process {pid}' if pid else 'not running'}")
    for name in ("kubeconfig", "engine"):
        print(f"{name:<24} {status[name] or 'none'}")


def _exec(options: argparse.Namespace) -> None:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise SandboxError("exec: no command; write it after --, as in `python -m sandbox exec -- pulumi stack`")
    environment = engine.environment(options.root, options.stack, preview=options.preview)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what it runs would inherit that
    try:
        os.execvpe(command[0], command, environment)
    except OSError as error:
        raise SandboxError(f"exec: {command[0]}: {error.strerror}") from None


def _env(options: argparse.Namespace) -> None:
    for name, value in sorted(engine.variables(options.root, options.stack).items()):
        print(f"export {name}={shlex.quote(value)}")


def _parser() -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=ABOUT, formatter_class=layout)
    parser.add_argument("--root", type=Path, default=REPOSITORY / ".sandbox", help="folder of all state (.sandbox)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        if run in (_up, _exec, _env, _unattended):
            text = "stack (dev); if its noxus:cluster or your KUBECONFIG names a cluster, the sandbox's is not used"
            sub.add_argument("--stack", default="dev", help=text)
        if run in (_up, _exec):
            text = "for a preview: the sandbox's cluster is used if the one that the stack names cannot be reached"
            sub.add_argument("--preview", action="store_true", help=text)
        return sub

    up = command("up", _up, "start the engine and the control plane, or repair what has stopped; safe to repeat")
    text = "start KEDA too: later calls of up keep it until down; its first build takes some ten minutes"
    up.add_argument("--keda", action="store_true", help=text)
    command("build", _build, "find or build the engine, build the control plane and KEDA; starts nothing")
    command("down", _down, "stop every process, delete the cluster's data; Pulumi's state stays: destroy stacks first")
    text = "refuse a stack that must not be changed without asking: it is protected, or its cluster is there by chance"
    command("unattended", _unattended, text)
    command("status", _status, "show what runs").add_argument("--json", action="store_true", help="for programs")
    command("env", _env, "print the environment of exec as export lines, for eval")
    run = command("exec", _exec, "become another command, with the sandbox's engine, cluster and state")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD ...", help="the command and its arguments")
    return parser
