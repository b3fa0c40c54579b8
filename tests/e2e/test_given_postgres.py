"""A Postgres as companies have it: verified TLS with a private authority, an owner of another name, names in quotes.

The Jobs run as they are declared, with a psql that knows TLS, which the package of the server lacks.
"""

import ipaddress
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509

from sandbox.certificates import Authority
from tests.e2e.debian import package
from tests.e2e.postgres import SUPERUSER, Server, running
from tests.e2e.tls import encrypting
from tests.fleets import QUEUE
from tests.harness import Deployment
from tests.programs import LOGINS, POOLED, SMALLEST, run_program

DATABASE, OWNER, SCALER = "my-db", 'My "Role"\'s \\n', "Keda's role"
SECRETS = {
    **LOGINS,
    "postgresPassword": "p@ss: 'word'/%",
    "scalerPassword": "sc/al er",
    "adminPassword": "superuser-password",
}
MOUNTED = "/etc/noxus/postgres/ca.crt"


@dataclass(frozen=True)
class Given:
    """A server behind TLS, and the stack that was told of it."""

    stack: Deployment
    authority: Path

    def run(self, job: str, authority: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a Job's only container here: its command with its variables, the mounted file in its place."""
        (manifest,) = [m for _, m in self.stack.objects if m["kind"] == "Job" and m["metadata"]["name"] == job]
        (container,) = manifest["spec"]["template"]["spec"]["containers"]
        (source,) = container["envFrom"]
        secret = self.stack.one("kubernetes:core/v1:Secret", f"noxus-data/{source['secretRef']['name']}")
        literal = {item["name"]: item["value"].replace("$$", "$") for item in container["env"]}
        assert literal["PGSSLROOTCERT"] == MOUNTED
        literal |= {"PGSSLROOTCERT": str(authority or self.authority), "TABLE_ATTEMPTS": "1"}
        env = {"PATH": f"{psql()}:{os.environ['PATH']}", **secret.inputs["stringData"], **literal}
        return subprocess.run(container["command"], env=env, check=False, timeout=120, capture_output=True, text=True)

    def url(self) -> str:
        """What `${postgres.url}` stands for in a pod, with the file in its place."""
        env = self.stack.one("kubernetes:core/v1:Secret", "noxus/noxus-app-env").inputs["stringData"]
        return env["DATABASE"].replace(MOUNTED, str(self.authority))

    def counted(self) -> int:
        """What KEDA's query gives, asked with the parameters that its trigger has."""
        scaled = self.stack.one("kubernetes:keda.sh/v1alpha1:ScaledObject").inputs["spec"]["triggers"][0]["metadata"]
        with psycopg.connect(
            host=scaled["host"],
            port=scaled["port"],
            user=scaled["userName"],
            dbname=scaled["dbName"],
            sslmode=scaled["sslmode"],
            sslrootcert=str(self.authority),
            password=SECRETS["scalerPassword"],
        ) as connection:
            found = connection.execute(scaled["query"].encode()).fetchone()
        assert found is not None
        return int(found[0])


def psql() -> Path:
    """Folder of a psql that knows TLS."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/psql"))
    return installed[-1].parent if installed else package("postgresql-client").program("psql").parent


def stack(port: int) -> Deployment:
    direct = {"host": "127.0.0.1", "port": port, "cidrs": ["127.0.0.1/32"]}
    postgres = {**POOLED["postgres"], "host": "127.0.0.1", "port": port, "direct": direct, "database": DATABASE}
    names = {"user": OWNER, "scalerUser": SCALER, "admin": {"user": SUPERUSER, "password": "adminPassword"}}
    pool = {"autoscaling": {"type": "keda", "maxReplicas": 5, "targetQueryValue": 2}}
    raw: dict[str, Any] = {
        **SMALLEST,
        **POOLED,
        "postgres": {**postgres, **names},
        "scaling": {"queue": {**QUEUE, "table": "runs"}},
        "workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": pool}}},
    }
    return run_program(raw, SECRETS)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def given(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    authority = Authority.create(tmp_path_factory.mktemp("authority"), "ca")
    authority.issue("server", x509.Name([]), [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate, key = (authority.folder / f"server.{kind}" for kind in ("crt", "key"))
    with encrypting(server.port, certificate, key) as port:
        yield Given(stack(port), authority.folder / "ca.crt")


def test_set_up_and_queue_access_do_their_work_and_keda_counts(given: Given, server: Server) -> None:
    for _ in range(2):  # they may run any number of times
        done = given.run("postgres-setup")
        assert done.returncode == 0, done.stderr
    with psycopg.connect(given.url(), autocommit=True) as owner:
        assert owner.execute("SELECT current_user::text, current_database()::text").fetchone() == (OWNER, DATABASE)
        columns = ", ".join(f'"{QUEUE[column]}" text' for column in QUEUE if column.endswith("Column"))
        owner.execute(f"CREATE TABLE runs ({columns}); CREATE TABLE others (id int)".encode())
        owner.execute("CREATE TABLE embeddings (v vector(3))")
        owned = owner.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'my-db'").fetchone()
        assert owned == (OWNER,)
    done = given.run("postgres-queue")
    assert done.returncode == 0, done.stderr
    assert given.counted() == 0
    with (
        psycopg.connect(
            host="127.0.0.1", port=server.port, user=SCALER, password=SECRETS["scalerPassword"], dbname=DATABASE
        ) as scaler,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        scaler.execute("SELECT count(*) FROM others")


def test_a_server_that_another_authority_vouches_for_is_refused(given: Given, tmp_path: Path) -> None:
    other = Authority.create(tmp_path, "ca").folder / "ca.crt"
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(given.url().replace(str(given.authority), str(other)))


def test_verify_full_refuses_a_name_that_the_certificate_does_not_have(given: Given) -> None:
    with pytest.raises(psycopg.OperationalError, match='does not match host name "localhost"'):
        psycopg.connect(given.url().replace("@127.0.0.1:", "@localhost:"))
