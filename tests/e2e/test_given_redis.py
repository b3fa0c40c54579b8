"""The address of Redis, followed by a real client to a real server: with TLS, a private authority and a user."""

import ipaddress
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from cryptography import x509

from sandbox.certificates import Authority
from tests.e2e.debian import package
from tests.programs import LOGINS, POOLED, SMALLEST, run_program

PASSWORD = "r/d?s#& :@%"
MOUNTED = "/etc/noxus/redis/ca.crt"


@contextmanager
def serving(config: str, port: int, *, tls: bool = False) -> Iterator[Path]:
    """Run the server with this redis.conf on loopback until the end of the block; its folder."""
    redis = package("redis-server")
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        ports = f"port 0\ntls-port {port}" if tls else f"port {port}"
        file = Path(folder) / "redis.conf"
        file.write_text(f"{config.replace('dir /data', '')}\ndir {folder}\nbind 127.0.0.1\n{ports}\n")
        command = [redis.program("redis-server"), file]
        env = {**os.environ, **redis.environment}
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                said: list[str] = []
                for line in process.stdout:
                    said.append(line)
                    if "Ready to accept connections" in line:
                        break
                assert process.poll() is None, "".join(said)
                yield Path(folder)
            finally:
                process.terminate()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def ask(url: str, *question: str, authority: Path | None = None) -> str:
    """What redis-cli gets, that is told the address alone; its options for TLS are those of the address.

    It takes an address without a user for one with a user of no name, which no other client does.
    """
    redis, parts = package("redis-server"), urlsplit(url)
    options = parse_qs(parts.query)
    assert options.get("ssl_cert_reqs", ["required"]) == ["required"]
    trusted = ["--cacert", str(authority or options["ssl_ca_certs"][0])] if options else []
    place = ["-u", url.partition("?")[0]] if parts.username else ["-h", str(parts.hostname), "-p", str(parts.port)]
    command = [redis.program("redis-cli"), "--no-auth-warning", *place, *trusted, *question]
    login = {} if parts.username or not parts.password else {"REDISCLI_AUTH": unquote(parts.password)}
    env = {**os.environ, **redis.environment, **login}
    done = subprocess.run(command, env=env, check=False, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def told(redis: dict[str, object] | None, password: str) -> str:
    """What `${redis.url}` stands for in the pods of a stack."""
    services = {**POOLED, "redis": redis} if redis else {}
    raw = {**SMALLEST, **services, "env": {"BROKER": "${redis.url}"}}
    deployed = run_program(raw, {**LOGINS, "redisPassword": password} if redis else {})
    return deployed.one("kubernetes:core/v1:Secret", "noxus/noxus-app-env").inputs["stringData"]["BROKER"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    authority = Authority.create(tmp_path_factory.mktemp("authority"), "ca")
    authority.issue("server", x509.Name([]), [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    return authority


def test_a_user_logs_in_over_tls_with_the_address_that_pods_are_told(authority: Authority, tmp_path: Path) -> None:
    port, folder = free_port(), authority.folder
    config = (
        f"tls-cert-file {folder}/server.crt\ntls-key-file {folder}/server.key\ntls-auth-clients no\n"
        f'user default off\nuser us:er on ~* +@all ">{PASSWORD}"'
    )
    url = told({**POOLED["redis"], "host": "127.0.0.1", "port": port}, PASSWORD).replace(MOUNTED, f"{folder}/ca.crt")
    with serving(config, port, tls=True):
        assert ask(url, "ACL", "WHOAMI") == "us:er\n"
        assert ask(url, "SET", "task", "1") == "OK\n"
        other = Authority.create(tmp_path, "ca").folder / "ca.crt"
        assert "certificate verify failed" in ask(url, "PING", authority=other)
        wrong = told({**POOLED["redis"], "host": "127.0.0.1", "port": port}, "another")
        assert "WRONGPASS" in ask(wrong.replace(MOUNTED, f"{folder}/ca.crt"), "PING")


def test_redis_in_the_cluster_takes_its_configuration_and_the_address_that_pods_are_told() -> None:
    deployed = run_program({**SMALLEST, "env": {"BROKER": "${redis.url}"}})
    config = deployed.one("kubernetes:core/v1:Secret", "noxus-data/redis-config").inputs["stringData"]["redis.conf"]
    url, port = told(None, ""), free_port()
    here = url.replace("redis.noxus-data.svc:6379", f"127.0.0.1:{port}")
    with serving(config, port) as folder:
        assert ask(here, "PING") == "PONG\n"
        assert ask(here, "CONFIG", "GET", "maxmemory-policy") == "maxmemory-policy\nnoeviction\n"
        assert "NOAUTH" in ask(f"redis://127.0.0.1:{port}/0", "PING")
        assert (folder / "appendonlydir").is_dir()
