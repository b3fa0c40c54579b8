"""The Job that lets KEDA count: run as it is declared, on a real Postgres."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from checks.scaling.sql import index_name, table
from components.data.queue_access import SCRIPT, index, rights
from config.data_services import SCALER_ROLE
from config.scaling import QueueSettings
from tests.e2e.postgres import SUPERUSER, Server, running
from tests.fleets import QUEUE

PASSWORD = "password"


def queue(**changes: object) -> QueueSettings:
    return QueueSettings.model_validate({**QUEUE, **changes}, strict=False)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        set_up(server, reads_all=False)
        yield server


def set_up(server: Server, *, reads_all: bool) -> None:
    server.set_up(PASSWORD, PASSWORD, SCALER_READS_ALL="true" if reads_all else "false")


def open_queue(server: Server, wanted: QueueSettings, *, only: bool = True) -> None:
    """Run the script as the Job does."""
    variables = {
        "QUEUE_TABLE": table(wanted),
        "TABLE_ATTEMPTS": "1",
        "RIGHTS": rights(wanted, SCALER_ROLE, "noxus", only=only),
        "INDEX": index(wanted) if wanted.create_index else "",
    }
    server.job(SCRIPT, variables)


@contextmanager
def connected(server: Server, role: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.url(role, PASSWORD, "noxus"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(server: Server) -> Iterator[psycopg.Connection]:
    with connected(server, "noxus") as connection:
        connection.execute(
            "CREATE TABLE runs (id int, status text, kind text, tenant_id text, workspace_id text, x text)"
        )
        connection.execute("CREATE TABLE users (password text)")
        yield connection
        connection.execute('DROP TABLE IF EXISTS runs, users; DROP SCHEMA IF EXISTS "odd $x" CASCADE')


def indexes(owner: psycopg.Connection) -> dict[str, bool]:
    """Indexes of the table, and whether each is whole."""
    rows = owner.execute(
        "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
        "WHERE starts_with(relname, 'noxus_scaling_')"
    )
    return dict(rows.fetchall())


def test_the_role_reads_the_columns_that_queries_name_and_nothing_else(
    server: Server, owner: psycopg.Connection
) -> None:
    owner.execute("INSERT INTO runs VALUES (1, 'queued', 'flow', 't1', 'w1', 'private')")
    open_queue(server, queue())
    open_queue(server, queue())  # it may run any number of times
    with connected(server, SCALER_ROLE) as scaler:
        counted = scaler.execute("SELECT count(*) FROM public.runs WHERE status IN ('queued') AND kind IN ('flow')")
        assert counted.fetchone() == (1,)
        for refused in (
            "SELECT x FROM runs",
            "SELECT * FROM runs",
            "SELECT password FROM users",
            "DELETE FROM runs",
            "UPDATE runs SET status = 'x'",
            "CREATE TABLE mine (id int)",
            "CREATE TEMPORARY TABLE mine (id int)",
        ):
            scaler.execute("SET default_transaction_read_only = off")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                scaler.execute(refused.encode())


def test_what_the_role_could_read_before_is_taken_away_and_given_back_for_written_queries(
    server: Server, owner: psycopg.Connection
) -> None:
    set_up(server, reads_all=True)
    open_queue(server, queue(), only=False)
    owner.execute('CREATE SCHEMA "odd $x"; CREATE TABLE "odd $x".runs (status text)')
    with connected(server, SCALER_ROLE) as scaler:
        assert scaler.execute('SELECT count(*) FROM "odd $x".runs').fetchone() == (0,)
        assert scaler.execute("SELECT count(*) FROM users").fetchone() == (0,)
        open_queue(server, queue())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            scaler.execute("SELECT count(*) FROM users")
        owner.execute("CREATE TABLE later (id int)")
        for taken in ("SELECT count(*) FROM later", 'SELECT count(*) FROM "odd $x".runs'):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                scaler.execute(taken.encode())
        set_up(server, reads_all=False)
        assert scaler.execute("SELECT count(status) FROM runs").fetchone() == (0,)
    owner.execute("DROP TABLE later")


def test_the_index_follows_its_definition_and_a_broken_one_is_made_again(
    server: Server, owner: psycopg.Connection
) -> None:
    first, second = queue(), queue(countedStatuses=["queued", "running", "retrying"])
    open_queue(server, first)
    assert indexes(owner) == {index_name(first): True}
    open_queue(server, second)
    assert indexes(owner) == {index_name(second): True}
    with psycopg.connect(server.url(SUPERUSER, "superuser-password", "noxus"), autocommit=True) as admin:
        admin.execute("UPDATE pg_index SET indisvalid = false WHERE indrelid = 'runs'::regclass")
    open_queue(server, second)
    assert indexes(owner) == {index_name(second): True}


def test_no_index_is_made_where_the_stack_says_so(server: Server, owner: psycopg.Connection) -> None:
    open_queue(server, queue(createIndex=False))
    assert indexes(owner) == {}


def test_names_that_need_quotes_reach_postgres_as_they_are(server: Server, owner: psycopg.Connection) -> None:
    owner.execute('CREATE SCHEMA "odd $x"; CREATE TABLE "odd $x"."Runs; --" ("st\'" text, "k\\" text, t text, w text)')
    wanted = queue(
        table='"odd $x"."Runs; --"',
        statusColumn="st'",
        typeColumn="k\\",
        tenantColumn="t",
        workspaceColumn="w",
        countedStatuses=["it's $(date)", "\\gexec", ":queue"],
    )
    open_queue(server, wanted)
    assert indexes(owner) == {index_name(wanted): True}


def test_a_table_that_never_comes_is_named(server: Server) -> None:
    with pytest.raises(AssertionError, match=re.escape('no table "public"."elsewhere" in noxus')):
        open_queue(server, queue(table="public.elsewhere"))
