"""Print how long each stack's program takes from the start of Python to the first resource, bytecode compiled.

Best of several, each a process of its own. The SDKs that a stack imports are most of it.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from typing import Any

from pulumi.runtime import mocks

from tests.bench import fleet
from tests.harness import deploy
from tests.programs import ROOT, STACK_FILES, stack_file


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each, of which the best counts")
    parser.add_argument("--measure", nargs=2, metavar=("STACK", "STARTED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        stack, started = options.measure
        _run_to_the_first_resource(stack, float(started))
    for file in STACK_FILES:
        stack = file.name.split(".")[1]
        print(f"{stack:6} {min(_measured(stack) for _ in range(options.rounds + 1)):.2f} s")  # one more to compile


def _measured(stack: str) -> float:
    command = [sys.executable, "-m", "tests.bench.startup", "--measure", stack, repr(time.time())]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120)
    return float(run.stdout)


def _run_to_the_first_resource(stack: str, started: float) -> None:
    """Say how many seconds have passed, and end the process there."""

    first = threading.Lock()

    def register(self: mocks.MockMonitor, request: Any) -> Any:
        if request.type == "pulumi:pulumi:Stack":
            return original(self, request)
        first.acquire()  # for good: others register at the same time
        print(time.time() - started, flush=True)
        os._exit(0)

    original = mocks.MockMonitor.RegisterResource
    mocks.MockMonitor.RegisterResource = register
    plain, secrets = stack_file(ROOT / f"Pulumi.{stack}.yaml")
    deploy(fleet.components(), config=plain, secrets=secrets, preview=True)


if __name__ == "__main__":
    main()
