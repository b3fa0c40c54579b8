"""`python -m tools.drain`: what becomes of each pool's longest task when its pod must go. No engine, no cluster."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Final

from pydantic.alias_generators import to_camel

from checks.interruption.drain import VISIBILITY_REFERENCE, Row, survival
from config import StackSettings
from tools import stack_file

_DESCRIPTION: Final = """\
Say for each pool of Pulumi.<stack>.yaml which events its longest task survives, on the stack's cloud, and what follows
from maxTaskSeconds. Nothing is asked but the file.
"""

_EPILOG: Final = """\
needs:      seconds a pod may take to end: the longest task and a margin, its grace period
limit:      seconds that the event gives it; "all" it needs, or "?" where nobody has published a number
exit code:  0, or 2 if the file cannot be read; what cannot work is an error of `python -m tools.check`

  python -m tools.drain --stack prod
  python -m tools.drain --stack prod --json | jq '.pools["workers.acme.pools.flow"]'
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = stack_file.parser("drain", _DESCRIPTION, _EPILOG, "tables")
    options = parser.parse_args(arguments)
    settings = stack_file.settings(options.stack)
    if settings is None:
        return 2
    if options.json:
        pools = {path: [_plain(row) for row in rows] for path, rows in survival(settings).items()}
        print(json.dumps({"visibilityTimeoutSeconds": settings.visibility_timeout_seconds, "pools": pools}, indent=2))
    else:
        print("\n".join(_lines(settings)))
    return 0


def _plain(row: Row) -> dict[str, object]:
    return {to_camel(key): value for key, value in asdict(row).items()}


def _lines(settings: StackSettings) -> Iterator[str]:
    yield f"cloud {settings.cloud}; visibility time-out of the broker, for all workers:"
    yield f"{settings.visibility_timeout_seconds} s, ${{{VISIBILITY_REFERENCE}}}"
    longest = {path: pool.max_task_seconds for path, _, pool in settings.pools()}
    for path, rows in survival(settings).items():
        yield from ("", f"{path}: a longest task of {longest[path]} s")
        yield _line("event", "outcome", "needs", "limit", "how")
        for row in rows:
            yield _line(row.event, row.outcome, f"{row.needed_seconds} s", _limit(row), row.how)


def _line(event: str, outcome: str, needs: str, limit: str, how: str) -> str:
    return f"  {event:15}  {outcome:8}  {needs:>8}  {limit:>8}  {how}"


def _limit(row: Row) -> str:
    if row.limit_seconds is None:
        return "?" if row.outcome == "unknown" else "all"
    return f"{row.limit_seconds} s"


if __name__ == "__main__":
    sys.exit(main())
