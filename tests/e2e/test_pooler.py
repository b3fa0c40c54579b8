"""The pooler's own files under a real PgBouncer, in front of a real PostgreSQL 16, also with TLS and an authority."""

import ipaddress
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pulumi
import pytest
from cryptography import x509

from checks.capacity.pooler import Share
from components.data.pooler import Pooler, PoolerArgs, configuration
from components.kubernetes.endpoints import AddressTarget, PostgresAddress, PostgresEndpoint
from components.kubernetes.namespace_ref import NamespaceRef
from components.secrets.digest import Digests
from config.data_services import SCALER_ROLE
from config.pods import PlacementSettings
from config.pooler import PoolerSettings
from config.sections import ClusterSettings
from sandbox.certificates import Authority
from tests.e2e.pooler import Running, pooling
from tests.e2e.postgres import SUPERUSER, Server, running
from tests.e2e.tls import encrypting
from tests.harness import deploy
from tests.programs import EXTERNAL_SERVICES, LOGINS, SMALLEST, run_program

OWNER_PASSWORD = LOGINS["postgresPassword"]
SCALER_PASSWORD = "scaler-password"
CONNECTIONS = 3


@dataclass(frozen=True)
class Stack:
    """What a stack with a pooler has made."""

    files: dict[str, str]
    """Mounted in the pooler's pods."""
    password: str
    """Told to the platform's pods."""


def stack(port: int, owner_password: str = OWNER_PASSWORD, **changes: object) -> Stack:
    """One with the server at this port as its Postgres, and three connections of a pooler's pod."""
    pooler = {"enabled": True, "connections": CONNECTIONS, "clients": 100}
    postgres = {**EXTERNAL_SERVICES["postgres"], "host": "127.0.0.1", "port": port, "pooler": pooler, **changes}
    raw: dict[str, Any] = {**SMALLEST, **EXTERNAL_SERVICES, "postgres": postgres}
    deployed = run_program(raw, {**LOGINS, "postgresPassword": owner_password})

    def secret(name: str) -> dict[str, str]:
        return deployed.one("kubernetes:core/v1:Secret", name).inputs["stringData"]

    login, _, address = secret("noxus/noxus-app-env")["POSTGRESQL_URL"].partition("@")
    assert address == f"{Pooler.NAME}.noxus-data.svc:6432"
    user, _, password = login.partition(":")
    assert user == "noxus"
    return Stack(secret(f"noxus-data/{Pooler.NAME}"), password)


def set_up(server: Server, owner_password: str = OWNER_PASSWORD) -> None:
    server.set_up(owner_password, SCALER_PASSWORD)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        set_up(server)
        yield server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("authority"), "ca")


@pytest.fixture(scope="module")
def tls_port(server: Server, authority: Authority) -> Iterator[int]:
    """Where the same server is reached over TLS only."""
    authority.issue("server", x509.Name([]), [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate, key = (authority.folder / f"server.{kind}" for kind in ("crt", "key"))
    with encrypting(server.port, certificate, key) as port:
        yield port


@contextmanager
def pooled(made: Stack) -> Iterator[Running]:
    with pooling(made.files, made.password) as pooler:
        yield pooler


@pytest.fixture
def pooler(server: Server) -> Iterator[Running]:
    with pooled(stack(server.port, sslMode="disable")) as pooler:
        yield pooler


@contextmanager
def admin(server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.url(SUPERUSER, "superuser-password", "postgres"), autocommit=True) as connection:
        yield connection


def value(connection: psycopg.Connection, query: str) -> Any:
    found = connection.execute(query.encode()).fetchone()
    assert found is not None
    return found[0]


def opened(server: Server) -> int:
    """Connections of the owner that the server has."""
    with admin(server) as superuser:
        return value(superuser, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'noxus'")


def begun(pooler: Running) -> psycopg.Connection:
    """A client in the middle of a transaction, which has a connection to the server for itself."""
    client = pooler.connect()
    client.execute("BEGIN; SELECT 1")
    return client


def test_the_platform_logs_in_as_the_owner_with_a_password_of_the_poolers_own(server: Server, pooler: Running) -> None:
    with pooler.connect() as client:
        assert value(client, "SELECT current_user || current_database()") == "noxusnoxus"
    with pytest.raises(psycopg.OperationalError, match="SASL authentication failed"):
        pooler.connect(OWNER_PASSWORD)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url("noxus", pooler.password, "noxus"))


def test_no_other_role_and_no_other_database_is_reached_through_it(pooler: Running) -> None:
    for user, database in ((SCALER_ROLE, "noxus"), (SUPERUSER, "noxus"), ("noxus", "postgres")):
        with pytest.raises(psycopg.OperationalError):
            pooler.connect(user=user, database=database)


def test_more_clients_than_connections_wait_for_their_turn_and_the_server_has_no_connection_more(
    server: Server, pooler: Running
) -> None:
    clients = 20
    holders = [begun(pooler) for _ in range(CONNECTIONS)]
    with ThreadPoolExecutor(clients) as threads:

        def count(number: int) -> tuple[int, int]:
            with pooler.connect() as client:
                return number, value(client, "SELECT pg_backend_pid()")

        waiting = [threads.submit(count, number) for number in range(clients)]
        with pooler.connect(database="pgbouncer") as console:
            while pooler.pool(console)["cl_waiting"] < clients:
                assert not any(one.done() for one in waiting)
            assert opened(server) == CONNECTIONS
            assert pooler.pool(console)["sv_active"] == CONNECTIONS
        for holder in holders:
            holder.execute("COMMIT")
        served = [one.result(timeout=30) for one in waiting]
    assert [number for number, _ in served] == list(range(clients))
    assert len({pid for _, pid in served}) <= CONNECTIONS
    assert opened(server) == CONNECTIONS, "they are kept for ten minutes, so this is the most that there ever were"
    for holder in holders:
        holder.close()


def test_a_client_has_a_connection_for_a_transaction_and_no_longer(pooler: Running) -> None:
    with pooler.connect() as first, pooler.connect() as second:
        assert value(first, "SELECT pg_backend_pid()") == value(second, "SELECT pg_backend_pid()")
        first.execute("BEGIN")
        held = value(first, "SELECT pg_backend_pid()")
        assert value(second, "SELECT pg_backend_pid()") != held
        assert value(first, "SELECT pg_backend_pid()") == held


def test_the_set_up_and_kedas_count_go_past_a_pooler_that_is_full(server: Server, pooler: Running) -> None:
    holders = [begun(pooler) for _ in range(CONNECTIONS)]
    set_up(server)
    with psycopg.connect(server.url(SCALER_ROLE, SCALER_PASSWORD, "noxus"), autocommit=True) as scaler:
        assert value(scaler, "SELECT count(*) FROM pg_class WHERE relname = 'runs'") == 0
        assert value(scaler, "SHOW statement_timeout") == "5s", "a setting of the session is kept"
    for holder in holders:
        holder.close()


def test_a_rotated_password_is_the_poolers_alone_to_take_over_and_cuts_no_transaction(
    server: Server, pooler: Running
) -> None:
    """As the update does it: the Job first, then pods with the new files, then the old ones go."""
    rotated = stack(server.port, "rotated", sslMode="disable")
    assert rotated.password == pooler.password
    with begun(pooler) as client:
        try:
            set_up(server, "rotated")
            with pooled(rotated) as successor, successor.connect() as again:
                assert value(again, "SELECT current_user") == "noxus"
            assert value(client, "SELECT 2") == 2
            client.execute("COMMIT")
        finally:
            set_up(server)


def test_a_pod_that_goes_lets_a_transaction_end_and_takes_no_other(pooler: Running) -> None:
    with begun(pooler) as client:
        pooler.process.send_signal(signal.SIGINT)
        pooler.said("SIGINT")
        assert value(client, "SELECT 2") == 2
        client.execute("COMMIT")
        assert pooler.process.wait(timeout=30) == 0


def test_the_exporter_may_look_at_the_console_and_change_nothing(pooler: Running) -> None:
    with pooler.connect(), pooler.connect(database="pgbouncer") as console:
        assert pooler.pool(console)["pool_mode"] == "transaction"
        with pytest.raises(psycopg.errors.Error, match="admin access needed"):
            console.execute("PAUSE")


def test_the_server_is_reached_over_tls_where_the_stack_says_so(tls_port: int) -> None:
    with pooled(stack(tls_port)) as pooler, pooler.connect() as client:
        assert value(client, "SELECT current_user") == "noxus"
    with pooled(stack(tls_port, sslMode="disable")) as pooler, pytest.raises(psycopg.OperationalError):
        pooler.connect(seconds=2)


def verifying(port: int, authority: Authority, host: str = "127.0.0.1") -> Stack:
    """With a server whose certificate must be of this authority and for this name."""

    def program() -> None:
        secret = pulumi.Output.secret("")
        target = AddressTarget(cidrs=(), port=port)
        endpoint = PostgresEndpoint(
            direct=PostgresAddress(host=host, port=port, ssl_mode="verify-full", target=target),
            database="noxus",
            user="noxus",
            password=secret,
            scaler_user=SCALER_ROLE,
            scaler_password=secret,
            ca=secret,
        )
        args = PoolerArgs(
            namespace=NamespaceRef(name="n", created=secret),
            settings=PoolerSettings(),
            share=Share(connections=CONNECTIONS, clients=100),
            digests=Digests(secret),
            postgres=endpoint,
            cluster=ClusterSettings(),
            pods=PlacementSettings(),
        )
        texts.append(configuration(args, host=host, password=OWNER_PASSWORD))

    texts: list[str] = []
    deploy(program)
    made = stack(port)
    authorities = (authority.folder / "ca.crt").read_text()
    return replace(made, files={**made.files, "pgbouncer.ini": texts[0], "ca.crt": authorities})


def test_a_private_authority_and_the_servers_name_are_verified(
    tls_port: int, authority: Authority, tmp_path: Path
) -> None:
    with pooled(verifying(tls_port, authority)) as pooler, pooler.connect() as client:
        assert value(client, "SELECT current_user") == "noxus"
    for wrong in (
        verifying(tls_port, Authority.create(tmp_path, "ca")),
        verifying(tls_port, authority, host="localhost"),
    ):
        with pooled(wrong) as pooler, pytest.raises(psycopg.OperationalError):
            pooler.connect(seconds=2)
