"""What the commands share that look at a stack file only: how it is named, and what is said if it is bad."""

import argparse
import sys
from pathlib import Path

from config import ConfigError, StackSettings, read_stack_file


def parser(command: str, description: str, epilog: str, output: str) -> argparse.ArgumentParser:
    """A parser that takes a stack and `--json` in place of `output`."""
    made = argparse.ArgumentParser(
        prog=f"python -m tools.{command}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--stack", required=True, help="name of the stack, such as prod for Pulumi.prod.yaml")
    made.add_argument("--json", action="store_true", help=f"print one JSON object instead of {output}")
    return made


def settings(stack: str) -> StackSettings | None:
    """The settings of a stack; None, once its problems are printed, if they are not valid."""
    try:
        return read_stack_file(Path(f"Pulumi.{stack}.yaml"))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return None
