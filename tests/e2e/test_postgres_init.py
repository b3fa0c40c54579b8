"""What the in-cluster Postgres does on its first start, done on a real PostgreSQL 16 with pgvector."""

from collections.abc import Iterator

import psycopg
import pytest

from components.cluster.postgres import INIT_SCRIPT, SCALER_ROLE
from tests.e2e.postgres import SUPERUSER, Server, running

OWNER_PASSWORD = 'owner\'s "password"'  # harder than a generated one: quoting must not depend on luck
SCALER_PASSWORD = "scaler-password"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        env = {
            "POSTGRES_USER": SUPERUSER,
            "PGPASSWORD": "superuser-password",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server.port),
            "DATABASE_NAME": "noxus",
            "OWNER_PASSWORD": OWNER_PASSWORD,
            "SCALER_PASSWORD": SCALER_PASSWORD,
        }
        server.run(["bash", "-c", INIT_SCRIPT], env)
        yield server


@pytest.fixture
def owner(server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        host="127.0.0.1", port=server.port, user="noxus", password=OWNER_PASSWORD, dbname="noxus", autocommit=True
    ) as connection:
        yield connection


@pytest.fixture
def scaler(server: Server) -> Iterator[psycopg.Connection]:
    url = server.url(SCALER_ROLE, SCALER_PASSWORD, "noxus")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def test_the_owner_can_store_vectors_without_being_superuser(owner: psycopg.Connection) -> None:
    owner.execute("CREATE TABLE embeddings (v vector(3)); INSERT INTO embeddings VALUES ('[1,2,3]')")
    assert owner.execute("SELECT v <-> '[1,2,4]' FROM embeddings").fetchone() == (1.0,)
    assert owner.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)


def test_the_scaler_counts_rows_of_a_table_that_was_made_later(
    owner: psycopg.Connection, scaler: psycopg.Connection
) -> None:
    owner.execute("CREATE TABLE runs (status text); INSERT INTO runs VALUES ('queued'), ('running')")
    assert scaler.execute("SELECT count(*) FROM runs").fetchone() == (2,)


def test_the_scaler_can_change_nothing_even_if_it_asks_to_write(
    owner: psycopg.Connection, scaler: psycopg.Connection
) -> None:
    owner.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
    scaler.execute("SET default_transaction_read_only = off")
    for statement in (
        "INSERT INTO kept VALUES (1)",
        "DELETE FROM kept",
        "CREATE TABLE mine (id int)",
        "DROP TABLE kept",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            scaler.execute(statement)


def test_a_slow_count_is_stopped_and_connections_are_bounded(scaler: psycopg.Connection) -> None:
    assert scaler.execute("SHOW statement_timeout").fetchone() == ("5s",)
    limit = scaler.execute("SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user").fetchone()
    assert limit == (20,)


def test_no_other_role_may_connect_to_the_platforms_database(server: Server) -> None:
    with psycopg.connect(server.url(SUPERUSER, "superuser-password", "postgres"), autocommit=True) as admin:
        admin.execute("CREATE ROLE stranger LOGIN PASSWORD 'x'")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(server.url("stranger", "x", "noxus"))
