"""How a waiting or running task is seen in Postgres, and what KEDA makes of it."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field

from config.routing import TaskType
from config.section import Section
from config.types import as_text

_IDENTIFIER_BYTES: Final = 63
"""Longest name in Postgres, which cuts a longer one without an error (NAMEDATALEN)."""

_PART: Final = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')
"""One part of a table's name: in double quotes, where two stand for one, or without any."""

_PARTS: Final = (1, 2)

_TABLE_RULE: Final = (
    "must be a table or schema.table, such as public.runs; a part with '.' or '\"' in it stands in double quotes, "
    'such as public."odd.name"'
)


def table_parts(table: str) -> tuple[str, ...]:
    """The names that a table's written form stands for: schema and table, or the table alone.

    Names are taken to the letter, capital letters too; SQL would fold those. Raises `ValueError` on anything else.
    """
    parts: list[str] = []
    position = 0
    while part := _PART.match(table, position):
        parts.append(part[1].replace('""', '"') if part[1] else part[2])
        position = part.end() + 1
        if table[part.end() : position] != ".":
            break
    if position != len(table) + 1 or len(parts) not in _PARTS:
        raise ValueError(_TABLE_RULE)
    for name in parts:
        _identifier(name)
    return tuple(parts)


def _identifier(name: str) -> str:
    if "\0" in name or len(name.encode()) > _IDENTIFIER_BYTES:
        raise ValueError(f"must be at most {_IDENTIFIER_BYTES} bytes long: Postgres cuts longer names")
    return name


def _table(value: str) -> str:
    table_parts(value)
    return value


def _no_null(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain the character NUL, which text in Postgres cannot hold")
    return value


Table = Annotated[str, AfterValidator(_table)]
"""A table's name as it is written in SQL, except that capital letters count without quotes too."""

Column = Annotated[str, Field(min_length=1), AfterValidator(_identifier)]
"""A column's name to the letter, without any quotes of SQL."""

ColumnValue = Annotated[
    str, BeforeValidator(as_text, json_schema_input_type=str | int | float), AfterValidator(_no_null)
]
"""A value in a column, as text; Postgres turns it into the column's own type."""


class QueueSettings(Section):
    """The table in which the platform keeps its tasks. It is not published: look at your database."""

    table: Table = Field(examples=["public.runs"])
    """Table with a row for each task, with its schema."""
    status_column: Column = Field(examples=["status"])
    """Column that says how far a task is."""
    counted_statuses: tuple[ColumnValue, ...] = Field(min_length=1, examples=[["queued", "running"]])
    """Its values for tasks that wait and for tasks that run. Without those that run, a busy pool would be scaled in."""
    type_column: Column = Field(examples=["kind"])
    """Column that says what kind of task it is."""
    types: Mapping[TaskType, tuple[ColumnValue, ...]] = Field(examples=["{ flow: [flow], chat: [chat], kb: [kb] }"])
    """Its values by task type. Tasks of any other value count for no pool."""
    tenant_column: Column = Field(examples=["tenant_id"])
    """Column with the tenant's id."""
    workspace_column: Column = Field(examples=["workspace_id"])
    """Column with the workspace's id."""
    create_index: bool = True
    """Whether the stack makes the partial index that every count is answered from. False: `python -m
    tools.routing --sql` prints it, and without one each count reads the whole table."""


class ScalingSettings(Section):
    """What KEDA counts. With `queue`, each pool's query follows from its subscription."""

    queue: QueueSettings | None = None
    """Where tasks are. Unset: pools need a `query`."""
    query: str | None = Field(default=None, min_length=1, examples=["SELECT count(*) FROM ..."])
    """SQL for all KEDA pools in place of the derived ones: one SELECT, one row, one number, and 0 for
    nothing."""
    target_query_value: float | None = Field(default=None, gt=0)
    """Tasks per replica. Unset: the pool's `concurrency`."""
