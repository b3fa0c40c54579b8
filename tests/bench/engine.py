"""The same measurements by the real engine: one preview of a new stack, against a control plane of its own."""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox import engine
from sandbox.control_plane import ControlPlane
from tests.bench import fleet
from tests.e2e.conftest import folder_of_this_run
from tests.e2e.dev_stack import DevStack
from tests.programs import ROOT

BARE = """
import sys
from pathlib import Path

sys.path.insert(0, {root!r})
from tests.bench import fleet

fleet.bare(Path({file!r}), grouped={grouped})()
"""


@contextmanager
def surroundings() -> Iterator[dict[str, str]]:
    """The environment of a measurement, while its control plane is up."""
    with folder_of_this_run() as folder:
        plane = ControlPlane(folder)
        plane.stop()  # whatever an interrupted run has left
        try:
            plane.start()
            yield {**engine.environment(plane.root), "PULUMI_HOME": str(plane.root / "pulumi-home")}
        finally:
            plane.stop()


def measured(what: str, pools: int, file: Path) -> dict[str, float]:
    """Seconds of one preview, the start of engine, plugins and program included; peak memory of the largest process."""
    folder = file.parent / f"{what}-{pools}-{time.monotonic_ns()}"
    (folder / "state").mkdir(parents=True)
    stack = DevStack(folder, {**os.environ, "PULUMI_BACKEND_URL": f"file://{folder / 'state'}"})
    if what == "components":
        stack.configure(lambda config: (config.clear(), config.update(fleet.settings(pools))))
    else:
        program = BARE.format(root=str(ROOT), file=str(file), grouped=what == "grouped")
        (stack.folder / "__main__.py").write_text(program)
    started = time.perf_counter()
    outcome = stack.run("preview")
    seconds = time.perf_counter() - started
    if outcome.code:
        raise SystemExit(f"preview of {what} with {pools} pools failed:\n{outcome.text}")
    return {"seconds": seconds, "mebibytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}
