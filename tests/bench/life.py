"""Print what the real engine takes for a fleet's life, as components and as a flat program of the same resources.

Preview of a new stack, first `up`, `up` without a change, destroy: on the Kubernetes plugin that is in use and a
control plane of its own. Both programs run on the same machine one after the other, so their ratio says what components
cost; per resource to the size before says how cost grows. Seconds of two machines cannot be compared.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

from sandbox import engine
from sandbox.control_plane import ControlPlane
from tests.bench import fleet
from tests.e2e.conftest import folder_of_this_run
from tests.e2e.dev_stack import DevStack
from tests.programs import ROOT

SIZES: Final = (10, 100, 400)
"""Numbers of pools."""
PROGRAMS: Final = ("components", "flat")
STEPS: Final = {
    "preview": ("preview",),
    "first up": ("up", "--yes", "--skip-preview"),
    "up, no change": ("up", "--yes", "--skip-preview", "--expect-no-changes"),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}
SAMPLE_SECONDS: Final = 0.2
STEP_SECONDS: Final = 3600
FLAT: Final = """
import sys
from pathlib import Path

sys.path.insert(0, {root!r})
from tests.bench import fleet

fleet.bare(Path({file!r}))()
"""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One run of the engine."""

    program: str
    pools: int
    resources: int
    step: str
    seconds: float
    cpu: Mapping[str, float]
    """Seconds of CPU by who used them: engine, plugin, program."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.life", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of pools (%(default)s)")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS), help="all, unless named")
    parser.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args()
    with cluster() as environment:
        found = [
            step
            for pools in options.sizes
            for program in PROGRAMS
            for step in life(program, pools, options.steps, environment)
        ]
    print(json.dumps([asdict(step) for step in found], indent=2) if options.json else "\n".join(table(found)))


@contextmanager
def cluster() -> Iterator[dict[str, str]]:
    """The environment of a measurement, while its control plane is up."""
    with folder_of_this_run() as folder:
        plane = ControlPlane(folder)
        plane.stop()  # whatever an interrupted run has left
        try:
            plane.start()
            os.environ["KUBECONFIG"] = str(plane.kubeconfig)  # for the program that is recorded in this process
            yield {**engine.environment(plane.root), "PULUMI_HOME": str(plane.root / "pulumi-home")}
        finally:
            plane.stop()


def life(program: str, pools: int, steps: Sequence[str], environment: dict[str, str]) -> Iterator[Step]:
    """Measure the steps of one fleet, on a state of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        resources = fleet.record(pools, folder / "fleet.json", preview=False)
        (folder / "state").mkdir()
        stack = DevStack(folder, {**environment, "PULUMI_BACKEND_URL": f"file://{folder / 'state'}"})
        if program == "components":
            stack.configure(lambda config: (config.clear(), config.update(fleet.settings(pools))))
        else:
            file = str(folder / "fleet.json")
            (stack.folder / "__main__.py").write_text(FLAT.format(root=str(ROOT), file=file))
        for step in steps:
            print(f"{pools} pools, {program}: {step}", file=sys.stderr, flush=True)
            seconds, cpu = measured(stack, STEPS[step], folder / "output")
            yield Step(program=program, pools=pools, resources=resources, step=step, seconds=seconds, cpu=cpu)


def measured(stack: DevStack, arguments: Sequence[str], output: Path) -> tuple[float, dict[str, float]]:
    """Seconds of one run of the engine, and of CPU by who used them."""
    used = dict[tuple[str, int], float]()
    started = time.perf_counter()
    with output.open("w") as file:
        run = stack.start(*arguments, stdout=file)
        while run.poll() is None:
            if time.perf_counter() > started + STEP_SECONDS:
                run.kill()
            for process in _family(run.pid):
                with suppress(psutil.Error):
                    spent = process.cpu_times()
                    used[_part(process), process.pid] = spent.user + spent.system
            with suppress(subprocess.TimeoutExpired):
                run.wait(timeout=SAMPLE_SECONDS)
    seconds = time.perf_counter() - started
    if run.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{output.read_text()[-4000:]}")
    cpu = defaultdict[str, float](float)
    for (part, _), spent in used.items():
        cpu[part] += spent
    return seconds, dict(cpu)


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _part(process: psutil.Process) -> str:
    """Engine, plugin, or program with its language host."""
    if process.name() == "pulumi":
        return "engine"
    return "plugin" if any("pulumi-resource-" in word for word in process.cmdline()) else "program"


def table(steps: Sequence[Step]) -> Iterator[str]:
    """Rows for people: one for each step and size, the flat program as a ratio."""
    yield "pools  resources  step                s  of flat  ms/resource  of size before  CPU: engine   plugin  program"
    by_key = {(step.program, step.pools, step.step): step for step in steps}
    sizes = sorted({step.pools for step in steps})
    for step in steps:
        if step.program != "components":
            continue
        flat = by_key["flat", step.pools, step.step]
        smaller = [by_key["components", size, step.step] for size in sizes if size < step.pools]
        growth = f"{_each(step) / _each(smaller[-1]):.2f}" if smaller else ""
        of_flat = step.seconds / flat.seconds
        spent = f"{step.seconds:7.1f}  {of_flat:7.2f}  {_each(step):11.1f}  {growth:>14}"
        cpu = "  ".join(f"{step.cpu.get(part, 0):7.1f}" for part in ("engine", "plugin", "program"))
        yield f"{step.pools:5}  {step.resources:9}  {step.step:13} {spent}  {cpu}"


def _each(step: Step) -> float:
    """Milliseconds for each resource."""
    return step.seconds / step.resources * 1000


if __name__ == "__main__":
    main()
