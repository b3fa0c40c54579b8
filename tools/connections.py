"""`python -m tools.connections`: who connects to Postgres and to Redis, and whether they take it. Asks nothing.

With a pooler in front of Postgres, `postgres` is the server's side and `pooler` that of its clients.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

from checks.capacity.connections import SERVICES, findings_of, findings_of_clients, there
from checks.capacity.ledger import Ledger, client_ledger, ledger
from checks.capacity.pooler import the_pooler_is_told
from checks.capacity.ways_out import cheapest
from checks.finding import Finding
from tools import stack_file

_DESCRIPTION: Final = """\
Add up the connections that everything in Pulumi.<stack>.yaml opens at most, with every workload at its maximum and in a
rollout, beside what Postgres and Redis take. Nothing is asked but the file.
"""

_EPILOG: Final = """\
each line:  consumer, its pods (of KEDA: its triggers), connections of one pod, connections of all
exit code:  0 it fits or is not counted, 1 it does not fit or a figure is missing, 2 the file cannot be read

  python -m tools.connections --stack prod
  python -m tools.connections --stack prod --json | jq .postgres.left
"""

_HEAD: Final = ("consumer", "pods", "each", "total")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = stack_file.parser("connections", _DESCRIPTION, _EPILOG, "tables")
    options = parser.parse_args(arguments)
    settings = stack_file.settings(options.stack)
    if settings is None:
        return 2
    said: dict[str, list[Finding]] = {service: list(findings_of(settings, service)) for service in SERVICES}
    ledgers: dict[str, Ledger | None] = {service: ledger(settings, service) for service in SERVICES}
    if settings.postgres.pooler.enabled:
        said["pooler"] = [*the_pooler_is_told(settings), *findings_of_clients(settings)]
        ledgers["pooler"] = client_ledger(settings)
    if options.json:
        print(json.dumps({service: found and _plain(found) for service, found in ledgers.items()}, indent=2))
    else:
        print("\n\n".join("\n".join(_lines(service, found, said[service])) for service, found in ledgers.items()))
    problems = (finding for findings in said.values() for finding in findings)
    return 1 if any(finding.severity == "error" for finding in problems) else 0


def _plain(found: Ledger) -> dict[str, Any]:
    limit = found.limit
    return {
        "rows": [
            {"consumer": row.consumer, "pods": row.pods, "each": row.each, "total": row.total} for row in found.rows
        ],
        "total": found.total,
        "limit": limit and limit.connections,
        "source": limit and limit.source,
        "reserved": limit and limit.reserved,
        "left": found.left,
        "waysOut": [{"setting": way.setting, "value": way.value, "present": way.present} for way in cheapest(found)],
    }


def _lines(service: str, found: Ledger | None, said: Sequence[Finding]) -> Iterator[str]:
    """A table with what is there under it, or why there is none."""
    if found is None:
        yield f"{service}: not counted"
        yield from (f"  {finding.path}: {finding.message}" for finding in said)
        return
    rows = [_HEAD, *((row.consumer, str(row.pods), str(row.each), str(row.total)) for row in found.rows)]
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    yield f"{service}: {found.total} connections at most"
    for name, *numbers in rows:
        columns = (f"{number:>{width}}" for number, width in zip(numbers, others, strict=True))
        yield "  ".join(("", f"{name:{first}}", *columns))
    if found.limit is None:
        yield "what the server takes is not known"
        return
    yield f"there are {there(found.limit)}"
    yield f"{found.left} are left" if found.fits else f"{found.total - found.limit.available} too many"
    yield from (f"  enough: {way}" for way in cheapest(found))


if __name__ == "__main__":
    sys.exit(main())
