"""The processes of `parts.yaml`: what each is started with, on which ports, and whether it answers.

Leaves out an order between them: who needs whom is for `control_plane` and `keda` to know.
"""

import hashlib
import json
import os
import socket
import ssl
import time
from collections.abc import Iterable
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from sandbox import SandboxError, binaries
from sandbox.processes import PROGRESS_SECONDS, Service, say, tail

FOLDER: Final = Path(__file__).parent
Described = dict[str, dict[str, Any]]
"""Parts by name, in the order of starting."""
CONTROL_PLANE: Final[Described]
KEDA: Final[Described]
CONTROL_PLANE, KEDA = yaml.safe_load_all((FOLDER / "parts.yaml").read_text())
API_SERVER: Final = "kube-apiserver"
API_PORT: Final = "SANDBOX_API_PORT"
LOOPBACK: Final = "127.0.0.1"
READY_SECONDS: Final = 60
HANG_SECONDS: Final = 10
"""How long a part that runs already may take to answer before it is started again."""
START_ATTEMPTS: Final = 3


class Parts:
    """The processes that run with the data under a folder."""

    def __init__(self, root: Path) -> None:
        self._cluster = root / "cluster"
        self._pki = self._cluster / "pki"
        self._run = root / "run"
        self._described = CONTROL_PLANE | KEDA
        self._services = {part: Service(part, self._run) for part in self._described}

    def pids(self, parts: Iterable[str]) -> dict[str, int | None]:
        """Process id of every one that runs."""
        return {part: self._services[part].pid() for part in parts}

    def ready(self, parts: Iterable[str]) -> bool:
        """Whether all run as they would be started now, and answer."""
        try:
            return all(self._services[part].pid(self._fingerprint(part)) and self._answers(part) for part in parts)
        except (FileNotFoundError, KeyError):
            return False

    def bring_up(self, part: str) -> None:
        """Leave a part running and ready, with the arguments it should have now."""
        service = self._services[part]
        for _ in range(START_ATTEMPTS):
            self._settle_ports(part)
            fingerprint = self._fingerprint(part)
            running = service.pid(fingerprint) is not None
            if not running:
                service.stop()
                service.start(self._argv(part), fingerprint)
            if self._becomes_ready(part, HANG_SECONDS if running else READY_SECONDS):
                return
            service.stop()
            # Once more for a part that hung, and when somebody took a port between its choice and its use.
            if not running and "address already in use" not in service.log.read_text():
                break
        raise SandboxError(f"{part} did not get ready{tail(service.log)}")

    def require(self, parts: Iterable[str]) -> None:
        """Refuse to go on if one of them has ended."""
        for part, pid in self.pids(parts).items():
            if pid is None:
                raise SandboxError(f"{part} stopped again{tail(self._services[part].log)}")

    def stop(self, parts: Iterable[str]) -> None:
        """End them, the last first."""
        for part in reversed(list(parts)):
            self._services[part].stop()

    def ports(self) -> dict[str, int]:
        """Every port that was chosen, by the name it has in `parts.yaml`."""
        try:
            return json.loads((self._run / "ports.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def has_asked_port(self) -> bool:
        """Whether the API server's port is the one that the user asked for, if any was."""
        return _asked_port() in (None, self.ports().get(API_SERVER))

    def check_port(self) -> None:
        """Refuse a port that the user asked for and somebody else has."""
        port = _asked_port()
        if port is None or (self._services[API_SERVER].pid() and self.ports().get(API_SERVER) == port):
            return
        if reason := _refusal(port):
            advice = "set it to a free port, or unset it and one is chosen for you"
            raise SandboxError(f"{API_PORT}={port}: {reason}; {advice}")

    def answers(self, url: str) -> bool:
        """Whether a URL says OK to the administrator. Braces in it stand for ports."""
        parsed = urlsplit(url.format(**self.ports()))
        try:
            if parsed.scheme == "https":
                context = ssl.create_default_context(cafile=self._pki / "ca.crt")
                context.load_cert_chain(self._pki / "admin.crt", self._pki / "admin.key")
                connection = HTTPSConnection(parsed.netloc, context=context, timeout=5)
            else:
                connection = HTTPConnection(parsed.netloc, timeout=5)
            try:
                connection.request("GET", parsed.path)
                return connection.getresponse().status == HTTPStatus.OK
            finally:
                connection.close()
        except (OSError, HTTPException):
            return False

    def _becomes_ready(self, part: str, seconds: int) -> bool:
        started, told = time.monotonic(), 0
        while self._services[part].pid() is not None and (elapsed := time.monotonic() - started) < seconds:
            if self._answers(part):
                return True
            if elapsed // PROGRESS_SECONDS > told:
                told += 1
                say(f"waiting for {part} ... {elapsed:.0f} s")
            time.sleep(0.1)
        return False

    def _answers(self, part: str) -> bool:
        health = self._described[part].get("health")
        return health is None or self.answers(health)

    def _settle_ports(self, part: str) -> None:
        """Keep a part's ports while nobody else has them, so that addresses survive a repair; else choose others."""
        ports = self.ports()
        running = self._services[part].pid() is not None
        for name in self._described[part].get("ports", ()):
            if name not in ports or (not running and _refusal(ports[name])):
                with socket.create_server((LOOPBACK, 0)) as probe:
                    ports[name] = probe.getsockname()[1]
        if part == API_SERVER:
            ports[part] = _asked_port() or ports[part]
        (self._run / "ports.json").write_text(json.dumps(ports))

    def _argv(self, part: str) -> list[str]:
        places = {"cluster": self._cluster, "pki": self._pki, "sandbox": FOLDER, **self.ports()}
        flags = {flag: value.format(**places) for flag, value in self._described[part]["flags"].items()}
        command = [str(binaries.path(part)), *(f"--{flag}={value}" for flag, value in flags.items())]
        variables = [f"{name}={value}" for name, value in self._described[part].get("environment", {}).items()]
        return ["env", *variables, *command] if variables else command

    def _fingerprint(self, part: str) -> str:
        """What a part is started from: its arguments, and the files among them that it reads only once."""
        argv = self._argv(part)
        digest = hashlib.sha256("\0".join(argv).encode())
        for flag, _, value in (argument.partition("=") for argument in argv):
            if flag in ("--kubeconfig", "--config"):
                digest.update(Path(value).read_bytes())
        return digest.hexdigest()


def _asked_port() -> int | None:
    value = os.environ.get(API_PORT)
    if not value:
        return None
    if not value.isdecimal() or not 0 < int(value) < 2**16:
        raise SandboxError(f"{API_PORT}={value}: not a port; set it to a number from 1 to 65535, or unset it")
    return int(value)


def _refusal(port: int) -> str | None:
    """Why nobody can listen on a port now, or nothing."""
    try:
        with socket.create_server((LOOPBACK, port)):
            return None
    except OSError as error:
        return os.strerror(error.errno or 0).lower()
