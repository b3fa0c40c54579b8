"""A real PgBouncer of Debian on loopback, with the files that the component mounts. It refuses to run as root."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from components.data.pooler import FOLDER, PORT
from tests.e2e.debian import package

_NEWER: Final = "max_prepared_statements = 200\n"
"""Debian 12 has PgBouncer 1.18, which refuses what 1.21 has brought; the image has 1.25."""


@dataclass(frozen=True)
class Running:
    """A running one."""

    port: int
    password: str
    process: subprocess.Popen[str]

    def connect(
        self, password: str | None = None, *, user: str = "noxus", database: str = "noxus", seconds: int = 60
    ) -> psycopg.Connection:
        """Log in, as a pod of the platform unless told otherwise."""
        connection = psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=user,
            password=password or self.password,
            dbname=database,
            connect_timeout=seconds,
            autocommit=True,
            # What psycopg prepares by itself after a while needs max_prepared_statements.
            prepare_threshold=None,
        )
        if database == "pgbouncer":  # the console speaks the simple protocol only
            connection.cursor_factory = psycopg.ClientCursor
        return connection

    def pool(self, console: psycopg.Connection) -> dict[str, Any]:
        """How the one pool of the platform is."""
        with psycopg.ClientCursor(console, row_factory=dict_row) as cursor:
            rows = cursor.execute("SHOW POOLS").fetchall()
        (found,) = [row for row in rows if row["database"] == "noxus"]
        return {key: int(count) if str(count).isdigit() else count for key, count in found.items()}

    def said(self, words: str) -> None:
        """Wait until it has said this."""
        assert self.process.stderr is not None
        lines: list[str] = []
        for line in self.process.stderr:
            lines.append(line)
            if words in line:
                return
        raise AssertionError("".join(lines))


@contextmanager
def pooling(files: Mapping[str, str], password: str) -> Iterator[Running]:
    """Run it with these files, by name, until the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
    user = "nobody" if os.geteuid() == 0 else None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    try:
        program = package("pgbouncer").copy("pgbouncer", folder)
        for name, text in files.items():
            here = text.replace(FOLDER, str(folder))
            if name == "pgbouncer.ini":
                assert _NEWER in here
                here = here.replace(_NEWER, "").replace(f"listen_port = {PORT}\n", f"listen_port = {port}\n")
            (folder / name).write_text(here)
        if user:
            for path in (folder, *folder.iterdir()):
                os.chown(path, pwd.getpwnam(user).pw_uid, -1)
        command = [program, folder / "pgbouncer.ini"]
        process = subprocess.Popen(
            command, user=user, env={"LD_LIBRARY_PATH": str(folder)}, stderr=subprocess.PIPE, text=True
        )
        pooler = Running(port, password, process)
        try:
            pooler.said("process up")
            yield pooler
        finally:
            process.kill()
            process.communicate(timeout=10)
    finally:
        shutil.rmtree(folder)
