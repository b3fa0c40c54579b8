"""Make a stack whole after its engine was killed in the middle of an update."""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

ABOUT: Final = """\
Makes a stack whole after its engine was killed in the middle of an update.

A killed engine leaves a lock and "pending creates": objects that it asked for without hearing whether it got them. An
update would then refuse to start, or meet its own objects as ones that exist already. Kubernetes ids follow from the
inputs, so each pending object is written into the state as if it existed, and the refresh that follows drops those that
do not. Without anything pending nothing changes, so this can come before every update. A lock is lifted only if the
process that took it is gone from this machine."""
# `pulumi refresh --import-pending-creates` promises the same, but engine 3.259 forgets the operation instead.


def main() -> int:
    """Recover the stack; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.recover", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", default="dev", help="the stack to recover (dev)")
    stack = parser.parse_args().stack
    try:
        lift_stale_locks(stack)
        exported = _pulumi("stack", "export", "--stack", stack)
        pending = pending_creates(exported)
        if not pending:
            return 0
        print(f"recover: the last update of {stack} was killed; looking at what it had begun", flush=True)
        for urn in unknown(pending):
            print(f"recover: {urn} may have been made, under an id that nobody knows; look for it at its provider")
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(recovered(exported))
            file.flush()
            _pulumi("stack", "import", "--stack", stack, "--file", file.name)
        _pulumi("refresh", "--yes", "--skip-preview", "--stack", stack)
        print("recover: the state is whole again", flush=True)
    except subprocess.CalledProcessError as error:
        print(f"recover: {' '.join(error.cmd)} failed:\n{error.stderr or error.stdout}", file=sys.stderr)
        return 1
    return 0


def pending_creates(exported: str) -> list[dict[str, Any]]:
    """The resources that an exported state says are being created."""
    operations = json.loads(exported)["deployment"].get("pending_operations") or []
    return [operation["resource"] for operation in operations if operation["type"] == "creating"]


def unknown(pending: list[dict[str, Any]]) -> list[str]:
    """URNs of what cannot be found again. A random value exists in the state only, so nothing is lost with it."""
    return [r["urn"] for r in pending if not r["type"].startswith(("kubernetes:", "random:", "pulumi:"))]


def recovered(exported: str) -> str:
    """The exported state with every pending create of a Kubernetes object turned into a resource.

    Pending creates of other providers are dropped: what they have made, if anything, has an id that nobody knows.
    """
    state = json.loads(exported)
    deployment = state["deployment"]
    for resource in pending_creates(exported):
        if resource["type"].startswith("kubernetes:"):
            _adopt(deployment, {**resource, "id": _object_id(resource["inputs"]["metadata"])})
    deployment.pop("pending_operations", None)
    return json.dumps(state)


def lift_stale_locks(stack: str) -> None:
    """Remove the stack's locks in a file backend whose processes are gone; leave every other lock alone."""
    backend = os.environ.get("PULUMI_BACKEND_URL", "")
    if not backend.startswith("file://"):
        return
    folder = Path(backend.removeprefix("file://")).expanduser() / ".pulumi" / "locks"
    for lock in folder.glob(f"**/{stack}/*.json"):
        holder = json.loads(lock.read_text())
        if holder["hostname"] == socket.gethostname() and not Path(f"/proc/{holder['pid']}").exists():
            print(f"recover: lifting the lock of process {holder['pid']}, which is gone", flush=True)
            lock.unlink()


def _adopt(deployment: dict[str, Any], created: dict[str, Any]) -> None:
    """Add a resource; one of the same URN was being replaced by it, and is already deleted or still to be."""
    for old in [resource for resource in deployment["resources"] if resource["urn"] == created["urn"]]:
        if old.get("pendingReplacement"):
            deployment["resources"].remove(old)
        else:
            old["delete"] = True
    deployment["resources"].append(created)


def _object_id(metadata: dict[str, str]) -> str:
    """The provider's id of an object: `<namespace>/<name>`, or the name where there is no namespace."""
    return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))


def _pulumi(*arguments: str) -> str:
    command = ["pulumi", *arguments, "--non-interactive"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
