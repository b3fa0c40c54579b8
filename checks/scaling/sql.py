"""The SQL of scaling: what each pool counts, the index that answers it, and what the role that counts may read.

Names and values come from the stack file and may hold anything: each is quoted here, and nowhere else.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from checks.scaling.shares import Box, Ids, Part, Share
from config.routing import TASK_TYPES, TaskType
from config.scaling import QueueSettings, table_parts

INDEX_PREFIX: Final = "noxus_scaling_"
"""First part of the index's name; the rest changes with its definition."""

NOTHING: Final = "SELECT 0"

_REVOKE_IN_SCHEMAS: Final = (
    "SELECT format('REVOKE SELECT ON ALL TABLES IN SCHEMA %I FROM %I', nspname, :'scaler') FROM pg_namespace "
    "WHERE nspname = 'public' OR pg_get_userbyid(nspowner) = :'owner' \\gexec"
)
"""Each row is a statement that psql runs."""


def identifier(name: str) -> str:
    """A name to the letter (PostgreSQL, "Identifiers and Key Words")."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text constant without a type, so that it becomes the type of the column beside it.

    With a backslash it is an escape string, which means the same whatever `standard_conforming_strings` says.
    """
    quoted = text.replace("'", "''")
    return " E'" + quoted.replace("\\", "\\\\") + "'" if "\\" in text else f"'{quoted}'"


def table(queue: QueueSettings) -> str:
    """The quoted name of the queue's table."""
    return ".".join(identifier(part) for part in table_parts(queue.table))


def count_query(queue: QueueSettings, share: Share) -> str:
    """How many tasks count for a pool, waiting and running: one row with one whole number, never NULL."""
    own = share.own
    kinds = _type_values(queue, own.types)
    if not kinds or own in share.excluded:
        return NOTHING
    conditions = [
        _live(queue),
        _in(queue.type_column, kinds),
        *_ids(queue.tenant_column, own.tenants),
        *_ids(queue.workspace_column, own.workspaces),
        *(f"({_box(queue, own, box)}) IS NOT TRUE" for box in share.excluded),  # of NULL, NOT would be NULL
    ]
    source = f"FROM {table(queue)} WHERE {' AND '.join(conditions)}"
    if [part.period for part in share.parts] == [1]:
        return f"SELECT count(*) {source}"
    counts = [_filtered(queue, own, part) for part in share.parts]
    named = ", ".join(f"{count} AS n{number}" for number, count in enumerate(counts))
    total = " + ".join(_portion(f"n{number}", part) for number, part in enumerate(share.parts))
    clauses = [f"SELECT {total}", f"FROM (SELECT {named} {source}) AS counted"]
    return " ".join(clauses)


def index_name(queue: QueueSettings) -> str:
    """Name of the index, which another definition changes."""
    return INDEX_PREFIX + hashlib.sha256(_index_body(queue).encode()).hexdigest()[:8]


def create_index(queue: QueueSettings) -> str:
    """The partial index by which each count reads live tasks only, and of those only its own.

    All columns that a query filters by are in it and the statuses are its predicate, so PostgreSQL answers from the
    index alone (PostgreSQL, "Index-Only Scans and Covering Indexes").
    """
    return f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {identifier(index_name(queue))} {_index_body(queue)};"


def grant_reading(queue: QueueSettings, role: str) -> str:
    """All that the role needs: the four columns that queries name, of the one table."""
    schema = table_parts(queue.table)[0] if len(table_parts(queue.table)) > 1 else "public"
    columns = dict.fromkeys((queue.status_column, queue.type_column, queue.tenant_column, queue.workspace_column))
    return (
        f"GRANT USAGE ON SCHEMA {identifier(schema)} TO {identifier(role)};\n"
        f"GRANT SELECT ({', '.join(map(identifier, columns))}) ON {table(queue)} TO {identifier(role)};"
    )


def revoke_reading(role: str, owner: str) -> str:
    """Take back what lets the role read every table of the owner's, as stacks without a described queue need it.

    For psql.
    """
    later = f"ALTER DEFAULT PRIVILEGES FOR ROLE {identifier(owner)}"
    defaults = (
        f"{later} IN SCHEMA public REVOKE SELECT ON TABLES",  # granted so until 2026-11
        f"{later} REVOKE SELECT ON TABLES",
        f"{later} REVOKE USAGE ON SCHEMAS",
    )
    revoked = (f"{statement} FROM {identifier(role)};" for statement in defaults)
    return "\n".join((_set("scaler", role), _set("owner", owner), _REVOKE_IN_SCHEMAS, *revoked))


def _set(variable: str, text: str) -> str:
    """A variable of psql's, in quotes where it needs them: those know escapes as C does (psql, "Meta-Commands")."""
    quoted = text.replace("\\", "\\\\").replace("'", "''")
    return f"\\set {variable} '{quoted}'"


def _index_body(queue: QueueSettings) -> str:
    columns = (queue.type_column, queue.tenant_column, queue.workspace_column)
    return f"ON {table(queue)} ({', '.join(map(identifier, columns))}) WHERE {_live(queue)}"


def _live(queue: QueueSettings) -> str:
    return _in(queue.status_column, queue.counted_statuses)


def _in(column: str, values: Iterable[str]) -> str:
    return f"{identifier(column)} IN ({', '.join(map(literal, values))})"


def _ids(column: str, ids: Ids) -> list[str]:
    return [] if ids is None else [_in(column, sorted(ids))]


def _type_values(queue: QueueSettings, types: Iterable[TaskType]) -> list[str]:
    wanted = frozenset(types)
    return [value for type_ in TASK_TYPES if type_ in wanted for value in queue.types.get(type_, ())]


def _box(queue: QueueSettings, own: Box, box: Box) -> str:
    """Whether a task of the pool's own is in a part of them."""
    kinds = _type_values(queue, box.types)
    if box.types != own.types and not kinds:
        return "FALSE"
    conditions = [
        *([] if box.types == own.types else [_in(queue.type_column, kinds)]),
        *([] if box.tenants == own.tenants else _ids(queue.tenant_column, box.tenants)),
        *([] if box.workspaces == own.workspaces else _ids(queue.workspace_column, box.workspaces)),
    ]
    return " AND ".join(conditions) or "TRUE"


def _filtered(queue: QueueSettings, own: Box, part: Part) -> str:
    conditions = [_box(queue, own, box) for box in part.boxes]
    if "TRUE" in conditions:
        return "count(*)"
    return f"count(*) FILTER (WHERE {' OR '.join(f'({condition})' for condition in conditions)})"


def _portion(count: str, part: Part) -> str:
    """The pool's own of a number of tasks that are dealt out in turn."""
    if part.period == 1:
        return count
    rest = f"least(greatest({count} % {part.period} - {part.before}, 0), {part.own})"
    return f"{count} / {part.period} * {part.own} + {rest}"
