"""Runs one Pulumi program, as the official language host's executor does: `program.py SETTINGS PROGRAM [ARGUMENT ...]`.

A script, not a module of this package: it runs in the interpreter of the program's own environment, which knows the SDK
and nothing of the sandbox.
"""

import asyncio
import json
import logging
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pulumi
import pulumi.runtime

ALREADY_REPORTED: Final = 32


def main(settings: str, program: str, *arguments: str) -> int:
    """Run the program to its end and report its failure; returns the exit code."""
    path, known = Path(program).resolve(), json.loads(settings)
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(pulumi.runtime.Settings(**known))
    sys.argv = [program, *arguments]
    sys.path[0] = str(path if path.is_dir() else path.parent)
    # Unfinished futures are normal when one resource fails; asyncio would report each of them.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def run() -> None:
        runpy.run_path(str(path), run_name="__main__")

    with ThreadPoolExecutor(max(known["parallel"], 1) * 4) as executor:
        loop.set_default_executor(executor)
        task = loop.create_task(pulumi.runtime.run_in_stack(run))
        loop.run_until_complete(asyncio.wait([task]))
        error = task.exception()
        if isinstance(error, pulumi.RunError):
            pulumi.log.error(str(error))
            return 1
        if error is not None:
            pulumi.log.error("Program failed with an unhandled exception:\n" + _traceback_from(path, error))
            return ALREADY_REPORTED
    return 0


def _traceback_from(program: Path, error: BaseException) -> str:
    """The traceback from the program's own first frame on: the frames above it are this file's and the SDK's."""
    entry = program / "__main__.py" if program.is_dir() else program
    frames = traceback.extract_tb(error.__traceback__)
    above = next((index for index, frame in enumerate(frames) if Path(frame.filename).resolve() == entry), 0)
    return "".join(traceback.format_exception(error, limit=above - len(frames)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
