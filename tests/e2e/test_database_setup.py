"""The database set-up, done on a real PostgreSQL 16 with pgvector."""

from collections.abc import Iterator

import psycopg
import pytest

from checks.scaling.written_queries import queries_only_read
from components.data.cluster.postgres import AFTER_START
from config.data_services import SCALER_ROLE
from tests.e2e.postgres import SUPERUSER, Server, running
from tests.fleets import settings_of

OWNER_PASSWORD = 'owner\'s "password"'  # harder than a generated one: quoting must not depend on luck
SCALER_PASSWORD = "scaler-password"


def set_up(server: Server, **changes: str) -> None:
    owner = changes.get("DATABASE_NAME", "noxus")
    passwords = (changes.pop("OWNER_PASSWORD", OWNER_PASSWORD), changes.pop("SCALER_PASSWORD", SCALER_PASSWORD))
    server.set_up(*passwords, **{"OWNER_NAME": owner, **changes})


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        set_up(server)
        set_up(server)  # it may run any number of times
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


def test_a_written_query_may_name_a_schema_outside_public_made_before_or_after(
    server: Server, owner: psycopg.Connection, scaler: psycopg.Connection
) -> None:
    owner.execute("CREATE SCHEMA before_it; CREATE TABLE before_it.runs (status text)")
    set_up(server)
    owner.execute("CREATE SCHEMA later; CREATE TABLE later.runs (status text)")
    for count in ("SELECT count(*) FROM before_it.runs", "SELECT count(*) FROM later.runs"):
        assert scaler.execute(count.encode()).fetchone() == (0,)


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("SELECT count(*) FROM empty", (0,)),
        ("SELECT sum(n) FROM empty", (None,)),
        ("SELECT coalesce(sum(n), 0) FROM empty", (0,)),
        ("SELECT count(*) FROM empty GROUP BY n", None),
        ("SELECT n FROM empty", None),
    ],
)
def test_postgres_gives_no_number_where_the_check_of_written_queries_says_so(
    owner: psycopg.Connection, query: str, given: tuple[int | None] | None
) -> None:
    owner.execute("CREATE TABLE IF NOT EXISTS empty (n int)")
    assert owner.execute(query.encode()).fetchone() == given
    scaling = {"query": query}
    warned = list(queries_only_read(settings_of([{"workerSubscribe": "all"}], scaling=scaling)))
    assert bool(warned) == (given in (None, (None,)))


@pytest.mark.parametrize("name", ["pg_noxus", "public", "none"])
def test_postgres_gives_no_role_the_names_that_the_check_refuses(server: Server, name: str) -> None:
    with (
        psycopg.connect(server.url(SUPERUSER, "superuser-password", "postgres"), autocommit=True) as admin,
        pytest.raises(psycopg.errors.ReservedName),
    ):
        admin.execute(f'CREATE ROLE "{name}"'.encode())


def test_a_database_with_the_name_of_kedas_role_fails_in_postgres_so_the_check_refuses_it(server: Server) -> None:
    with pytest.raises(AssertionError, match='role "keda_too" already exists'):
        set_up(server, DATABASE_NAME="keda_too", SCALER_NAME="keda_too")


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


def test_it_runs_again_on_a_database_in_use_and_carries_new_passwords(
    server: Server, owner: psycopg.Connection
) -> None:
    owner.execute("CREATE TABLE IF NOT EXISTS before (id int); INSERT INTO before VALUES (1)")
    try:
        set_up(server, OWNER_PASSWORD="rotated", SCALER_PASSWORD="rotated-too")
        with psycopg.connect(server.url("noxus", "rotated", "noxus")) as connection:
            assert connection.execute("SELECT count(*) FROM before").fetchone() == (1,)
        with psycopg.connect(server.url(SCALER_ROLE, "rotated-too", "noxus")) as connection:
            assert connection.execute("SELECT count(*) FROM before").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url("noxus", SCALER_PASSWORD, "noxus"))
    finally:
        set_up(server)


def test_an_administrator_without_superuser_rights_can_do_it_too(server: Server) -> None:
    with psycopg.connect(server.url(SUPERUSER, "superuser-password", "postgres"), autocommit=True) as admin:
        admin.execute("CREATE ROLE cloud_admin LOGIN CREATEDB CREATEROLE PASSWORD 'x'")
    # A cloud lets its administrator create the extension; here a new database has it from the start.
    with psycopg.connect(server.url(SUPERUSER, "superuser-password", "template1"), autocommit=True) as template:
        template.execute("CREATE EXTENSION vector")
    set_up(
        server,
        PGUSER="cloud_admin",
        PGPASSWORD="x",
        DATABASE_NAME="second",
        SCALER_NAME="second_scaler",
    )
    with psycopg.connect(server.url("second_scaler", SCALER_PASSWORD, "second")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_postgres_in_the_cluster_takes_up_a_new_superuser_password_when_it_starts() -> None:
    with running() as server:
        trusted = "local all all trust\n"  # as in the image
        rules = server.folder / "data" / "pg_hba.conf"
        rules.write_text(trusted + rules.read_text())
        server.stop()
        server.start()
        own = {"PGHOST": str(server.folder), "PGPORT": str(server.port), "POSTGRES_USER": SUPERUSER}
        server.run(["sh", "-c", AFTER_START], {**own, "POSTGRES_PASSWORD": OWNER_PASSWORD})
        set_up(server, PGPASSWORD=OWNER_PASSWORD)
        with pytest.raises(AssertionError, match="password authentication failed"):
            set_up(server)
        rules.write_text(rules.read_text().removeprefix(trusted))
        server.stop()
        server.start()
        server.run(["sh", "-c", AFTER_START], {**own, "POSTGRES_PASSWORD": "another"})  # an image that trusts nobody
        set_up(server, PGPASSWORD=OWNER_PASSWORD)
