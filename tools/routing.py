"""`python -m tools.routing`: which pool takes which task, and what each of them scales on."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Final

import checks
from checks.routing.routes import Route, routes
from checks.scaling.scalers import scale_counts
from checks.scaling.sql import create_index, grant_reading
from config import StackSettings
from tools import stack_file

_DESCRIPTION: Final = """\
Say for every class of tasks which pools of Pulumi.<stack>.yaml take it, and which of them scales for it. The classes
are complete: each task there can be belongs to exactly one line. Nothing is asked but the file.
"""

_EPILOG: Final = """\
types       what a task is: flow, chat or kb
tenants,
workspaces  whose it is; `others`: those that no other line names, and those that may come
taken by    pools whose workers may run it; NOBODY is an error, and stops a preview
scales      the pool that gets replicas for it; several share the tasks out; - : all have fixed numbers of replicas
--sql:      the query of each pool that scales on the queue, the index, and the rights of the role that counts
exit code:  0 every class is taken or accepted as it is, 1 not, 2 the file cannot be read

  python -m tools.routing --stack prod
  python -m tools.routing --stack prod --json | jq '.routes[] | select(.pools == [])'
"""

_COLUMNS: Final = ("types", "tenants", "workspaces", "taken by", "scales")
_SHOWN_IDS: Final = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = stack_file.parser("routing", _DESCRIPTION, _EPILOG, "a table")
    parser.add_argument("--sql", action="store_true", help="show the SQL of scaling too")
    options = parser.parse_args(arguments)
    settings = stack_file.settings(options.stack)
    if settings is None:
        return 2
    if options.json:
        print(json.dumps({"routes": [route.described() for route in routes(settings)], **_sql(settings)}, indent=2))
    else:
        print("\n".join(_lines(settings, sql=options.sql)))
    return 1 if any(finding.severity == "error" for finding in _findings(settings)) else 0


def _sql(settings: StackSettings) -> dict[str, object]:
    queue = settings.scaling.queue
    counts = {name: {"query": count.query, "target": count.target} for name, count in scale_counts(settings).items()}
    if queue is None:
        return {"counts": counts}
    return {"counts": counts, "index": create_index(queue), "rights": grant_reading(queue, settings.scaler_role)}


def _lines(settings: StackSettings, *, sql: bool) -> Iterator[str]:
    found = routes(settings)
    rows = [_COLUMNS, *(_row(route, found) for route in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    yield from (f"{finding.severity:7}  {finding.path}: {finding.message}" for finding in _findings(settings))
    if sql:
        for name, count in scale_counts(settings).items():
            yield f"\n-- {name}: one replica for {count.target} of\n{count.query};"
        if settings.scaling.queue:
            yield f"\n-- the index\n{create_index(settings.scaling.queue)}"
            yield f"\n-- the role\n{grant_reading(settings.scaling.queue, settings.scaler_role)}"


def _findings(settings: StackSettings) -> list[checks.Finding]:
    return checks.findings(settings, checks.ROUTING)


def _row(route: Route, routes: Sequence[Route]) -> tuple[str, ...]:
    siblings = [other for other in routes if other.tenants == route.tenants]
    return (
        ", ".join(route.types),
        _ids(route.tenants, named=any(other.tenants for other in routes)),
        _ids(route.workspaces, named=any(other.workspaces for other in siblings)),
        ", ".join(route.pools) or "NOBODY",
        ", ".join(route.counts_for) or "-",
    )


def _ids(ids: tuple[str, ...] | None, *, named: bool) -> str:
    if ids is None:
        return "others" if named else "all"
    shown = ", ".join(ids[:_SHOWN_IDS])
    return f"{shown} and {len(ids) - _SHOWN_IDS} more" if len(ids) > _SHOWN_IDS else shown


if __name__ == "__main__":
    sys.exit(main())
