"""Whether a query that the stack file gives in place of a derived one asks one question and changes nothing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.finding import Finding, error, warning
from config import StackSettings

if TYPE_CHECKING:
    from sqlglot import exp


def queries_only_read(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a written query that is no single SELECT of one column, or that writes or locks."""
    written = {"scaling.query": settings.scaling.query}
    for path, _, _, scaler in settings.scaled_pools():
        written[f"{path}.autoscaling.query"] = scaler.query
    for path, text in written.items():
        if text is not None:
            yield from _query_findings(path, text)


def _query_findings(path: str, text: str) -> Iterator[Finding]:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = [statement for statement in sqlglot.parse(text, dialect="postgres") if statement is not None]
    except SqlglotError as problem:
        yield warning(path, f"cannot be read as PostgreSQL: {str(problem).splitlines()[0]}; try it with psql")
        return
    if len(statements) != 1:
        yield error(path, f"has {len(statements)} statements; write one SELECT that gives one number")
        return
    (statement,) = statements
    writes = next(
        statement.find_all(
            exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Into, exp.Lock, exp.Command
        ),
        None,
    )
    if not isinstance(statement, exp.Query) or writes is not None:
        yield error(path, "does more than read; write one SELECT that gives one number, without locks")
    elif len(statement.selects) != 1:
        yield error(path, f"selects {len(statement.selects)} columns; KEDA reads one number, write one column")
    elif isinstance(statement, exp.Select) and (gap := _gap(statement)):
        yield warning(
            path,
            f"gives {gap} while nothing waits, which KEDA takes for an error and not for 0; write count(*), or "
            "coalesce(sum(...), 0) without GROUP BY",
        )


def _gap(select: "exp.Select") -> str:
    """What a query surely gives in place of 0 when no row is left: `no row`, `NULL`, or nothing of the kind."""
    from sqlglot import exp

    (column,) = select.selects
    aggregates = [
        found
        for found in column.find_all(exp.AggFunc)
        if found.parent_select is select and not found.find_ancestor(exp.Window)
    ]
    grouped = select.args.get("group") or select.args.get("having")
    if (aggregates and grouped) or (not aggregates and _reads_a_table(select)):
        return "no row"
    unsafe = [found for found in aggregates if isinstance(found, exp.Avg | exp.Max | exp.Min | exp.Sum)]
    return "" if all(found.find_ancestor(exp.Case, exp.Coalesce, exp.Greatest) for found in unsafe) else "NULL"


def _reads_a_table(select: "exp.Select") -> bool:
    """Whether rows come from a table itself, and not from another query, which may always give one."""
    from sqlglot import exp

    source = select.args.get("from_")
    queries = {query.alias for query in select.find_all(exp.CTE)}
    return source is not None and isinstance(source.this, exp.Table) and source.this.name not in queries
