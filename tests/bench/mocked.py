"""Measurements under the mock engine, in this process: what the program itself takes."""

import importlib
import resource
import time
from pathlib import Path

from tests.bench import fleet
from tests.harness import deploy


def measured(what: str, pools: int, file: Path) -> dict[str, float]:
    """Seconds from the start of the program, imports done, until all is registered; the process' peak memory."""
    if what == "components":
        importlib.import_module("components.platform")
        program, config = fleet.components(), fleet.settings(pools)
    else:
        program, config = fleet.bare(file, grouped=what == "grouped"), {}
    started = time.perf_counter()
    deploy(program, config=config, preview=True)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
