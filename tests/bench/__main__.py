"""Print how long a program takes to register the same fleet under the mock engine: as components, as bare resources
below empty components, and as a flat program.

Every measurement is a process of its own, the two programs take turns, and the best of each counts: what else the
machine does only ever adds time. Ratios of one run can be compared, seconds of two machines cannot.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench import fleet, mocked
from tests.programs import ROOT

SIZES = (10, 50, 100, 500)
PROGRAMS = ("components", "grouped", "flat")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of pools")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each, of which the best counts")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--measure", nargs=3, metavar=("WHAT", "POOLS", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        what, pools, file = options.measure
        print(json.dumps(mocked.measured(what, int(pools), Path(file))))
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = [_compared(pools, Path(folder) / f"{pools}.json", options.rounds) for pools in options.sizes]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print(
        " pools  resources  components s  grouped s   flat s  of flat  of grouped"
        "  resources/s  ms/resource  MiB  flat MiB"
    )
    for row in rows:
        ours, grouped, flat = (row[what] for what in PROGRAMS)
        print(
            f"{row['pools']:6} {row['resources']:10} {ours['seconds']:13.2f} {grouped['seconds']:10.2f}"
            f" {flat['seconds']:8.2f} {row['ofFlat']:8.2f} {row['ofGrouped']:11.2f}"
            f" {row['resources'] / ours['seconds']:12.0f} {row['millisecondsPerResource']:12.2f}"
            f" {ours['mebibytes']:4.0f} {flat['mebibytes']:9.0f}"
        )


def _compared(pools: int, file: Path, rounds: int) -> dict[str, Any]:
    resources = fleet.record(pools, file, preview=True)
    best: dict[str, dict[str, float]] = {}
    for number in range(rounds):
        for what in PROGRAMS:
            print(f"{pools} pools, {what}, {number + 1} of {rounds}", file=sys.stderr)
            command = [sys.executable, "-m", "tests.bench", *sys.argv[1:], "--measure", what, str(pools), str(file)]
            run = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=600)
            found = json.loads(run.stdout.splitlines()[-1])
            best[what] = min(best.get(what, found), found, key=lambda result: result["seconds"])
    return {
        "pools": pools,
        "resources": resources,
        **best,
        "ofFlat": best["components"]["seconds"] / best["flat"]["seconds"],
        "ofGrouped": best["components"]["seconds"] / best["grouped"]["seconds"],
        "millisecondsPerResource": best["components"]["seconds"] / resources * 1000,
    }


if __name__ == "__main__":
    main()
