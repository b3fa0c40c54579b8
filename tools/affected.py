"""Say which stacks a change touches, for the check of a pull request.

A stack file touches its own stack; whatever the program is made of, and YAML that stack files may name, touches all of
them; documents and tests touch none.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Final

_PROGRAM: Final = frozenset(
    {"__main__.py", "Pulumi.yaml", "Makefile", "requirements.txt", "checks", "components", "config"}
)
"""Files and folders that every stack is made of."""

_SDK: Final = re.compile(r"requirements-(aws|gcp|azure)\.txt")
"""A cloud's SDK. Which stack has which cloud is not asked: a new version is rare, and touches all of them."""

_NO_SETTINGS: Final = frozenset({".ci", ".github", "docs", "sandbox", "tests", "tools"})
"""Folders whose YAML no stack file names."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the stacks that the commits since a base touch, as a JSON list."""
    parser = argparse.ArgumentParser(prog="python -m tools.affected", description=__doc__)
    parser.add_argument("--base", default="origin/main", help="commit that the change started from (%(default)s)")
    options = parser.parse_args(arguments)
    try:
        changed = _git("diff", "--name-only", f"{options.base}...HEAD")
        stacks = [path.split(".")[1] for path in _git("ls-files", "Pulumi.*.yaml")]
    except subprocess.CalledProcessError as error:
        print(f"--base {options.base}: {error.stderr.strip()}", file=sys.stderr)
        return 2
    print(json.dumps(affected(changed, stacks)))
    return 0


def affected(changed: Iterable[str], stacks: Iterable[str]) -> list[str]:
    """The stacks that changed paths touch, sorted."""
    paths = [PurePosixPath(path) for path in changed]
    if any(path.parts[0] in _PROGRAM or _SDK.fullmatch(str(path)) or _may_be_named(path) for path in paths):
        return sorted(stacks)
    names = {path.name for path in paths if len(path.parts) == 1}
    return sorted(stack for stack in stacks if f"Pulumi.{stack}.yaml" in names)


def _may_be_named(path: PurePosixPath) -> bool:
    """Whether a stack file may name it, as `routing.tenantsFile` does."""
    own = len(path.parts) == 1 and path.name.startswith("Pulumi.")
    return path.suffix in (".yaml", ".yml") and not own and path.parts[0] not in _NO_SETTINGS


def _git(*arguments: str) -> list[str]:
    run = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return run.stdout.split()


if __name__ == "__main__":
    sys.exit(main())
