"""Whether a query that the stack file gives in place of a derived one asks one question and changes nothing."""

from collections.abc import Iterator

from checks.finding import Finding, error, warning
from config import StackSettings


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
