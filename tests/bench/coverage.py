"""Print how long it takes to prove who takes which task, beside reading the same settings, for large fleets.

A thousand pools, tenants and workspaces each, in the shapes that are hardest: a pool for each tenant, lists at random,
and every pool naming everything.
"""

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

from checks.routing.served import every_task_is_served
from checks.scaling.scalers import scale_counts
from tests.fleets import keda, settings_of

SIZE = 1_000


def main() -> None:
    argparse.ArgumentParser(prog="python -m tests.bench.coverage", description=__doc__).parse_args()
    print(f"{SIZE} pools, {SIZE} tenants, {SIZE} workspaces; best of three")
    print(f"{'fleet':24} {'read s':>8} {'coverage s':>11} {'of reading':>11} {'queries s':>10}")
    for name, fleet in shapes().items():
        settings = settings_of(fleet)
        reading = best(lambda fleet=fleet: settings_of(fleet))
        coverage = best(lambda settings=settings: list(every_task_is_served(settings)))
        queries = best(lambda settings=settings: scale_counts(settings))
        print(f"{name:24} {reading:8.2f} {coverage:11.2f} {coverage / reading:11.2f} {queries:10.2f}")


def best(what: Callable[[], object]) -> float:
    """Seconds of the fastest of three runs."""
    times: list[float] = []
    for _ in range(3):
        started = time.perf_counter()
        what()
        times.append(time.perf_counter() - started)
    return min(times)


def shapes() -> dict[str, list[dict[str, Any]]]:
    draw = random.Random(1)
    tenants, workspaces = [f"tenant-{n}" for n in range(SIZE)], [f"workspace-{n}" for n in range(SIZE)]
    types = ("all", "all_but_kb", "flow", "chat", "kb")

    def pool(type_: str, tenants: list[str], workspaces: list[str], *, scales: bool = True) -> dict[str, Any]:
        subscription = {"workerSubscribeTenants": tenants, "workerSubscribeWorkspaces": workspaces}
        return {"workerSubscribe": type_, **subscription, **({"autoscaling": keda()} if scales else {})}

    pairs = zip(tenants[1:], workspaces[1:], strict=True)
    return {
        "a pool for each tenant": [*(pool("flow", [t], [w]) for t, w in pairs), pool("all", [], [])],
        "ten of each at random": [
            pool(draw.choice(types), draw.sample(tenants, 10), draw.sample(workspaces, 10)) for _ in range(SIZE)
        ],
        "300 of each at random": [
            pool(draw.choice(types), draw.sample(tenants, 300), draw.sample(workspaces, 300), scales=False)
            for _ in range(SIZE)
        ],
        "everything in each pool": [pool("flow", tenants, workspaces, scales=False) for _ in range(SIZE)],
    }


if __name__ == "__main__":
    main()
