"""A Kubernetes control plane of local processes, on loopback only, with fake nodes.

Its data and its certificates live and die together, in one folder. Leaves out high availability, durability against a
power cut, and everything that a kubelet does: `stages.yaml` says what kwok does instead.
"""

import base64
import hashlib
import json
import os
import shutil
import socket
import ssl
import sys
import time
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final

import yaml

from sandbox import SandboxError, binaries, certificates
from sandbox.processes import PROGRESS_SECONDS, Service, exclusive, run, say, tail

FOLDER: Final = Path(__file__).parent
PARTS: Final[dict[str, dict[str, Any]]] = yaml.safe_load((FOLDER / "parts.yaml").read_text())
API_SERVER: Final = "kube-apiserver"
API_PORT: Final = "SANDBOX_API_PORT"
LOOPBACK: Final = "127.0.0.1"
READY_SECONDS: Final = 60
HANG_SECONDS: Final = 10
"""How long a part that runs already may take to answer before it is started again."""
START_ATTEMPTS: Final = 3
CRD_MODULES: Final = (
    "github.com/kedacore/keda/v2",
    "github.com/external-secrets/external-secrets",
    "github.com/prometheus-operator/prometheus-operator",
)


class ControlPlane:
    """The control plane that keeps its state under a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.kubeconfig = self.root / "kubeconfig"
        self._cluster = self.root / "cluster"
        self._pki = self._cluster / "pki"
        self._objects = self._cluster / "objects"
        self._run = self.root / "run"
        self._services = {part: Service(part, self._run) for part in PARTS}

    def start(self) -> bool:
        """Bring it up or repair it, and return when pods can be scheduled. Says whether the cluster is new."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive(self.root / "lock", "start the control plane"):
            self.check_port()
            if self.ready():
                say(f"control plane: already running at {self.address}")
                return False
            for part in PARTS:
                binaries.program(part)
            started = time.monotonic()
            revived = self._prepare()
            stopped = [part for part, pid in self.pids().items() if pid is None]
            say(f"control plane: starting {', '.join(stopped) or 'again what hangs or has changed'}")
            try:
                self._bring_up("etcd")
            except SandboxError as error:
                if not revived:
                    raise
                say(f"control plane: its data did not survive, so it starts anew: {error}")
                self._discard()
                self._prepare()
                self._bring_up("etcd")
            self._bring_up(API_SERVER)
            say(f"control plane: API server ready after {time.monotonic() - started:.1f} s")
            self._write_kubeconfigs()
            for part in PARTS:
                self._bring_up(part)
            kept = self._objects.exists()
            self._apply_objects()
            for part, pid in self.pids().items():
                if pid is None:
                    raise SandboxError(f"{part} stopped again{tail(self._services[part].log)}")
            data = "data kept" if kept else "a new cluster"
            say(f"control plane: ready at {self.address} after {time.monotonic() - started:.1f} s, {data}")
            return not kept

    def stop(self) -> None:
        """End every process that was started here and delete the cluster's data."""
        if self.root.exists():
            with exclusive(self.root / "lock", "stop the control plane"):
                self._discard()

    def ready(self) -> bool:
        """Whether every part runs as it would be started now, and answers."""
        try:
            return (
                self._objects.read_text() == _objects_fingerprint()
                and self.kubeconfig.is_file()
                and _asked_port() in (None, self._ports()[API_SERVER])
                and all(self._services[part].pid(_fingerprint(self._argv(part))) for part in PARTS)
                and all(self._answers(part) for part in PARTS)
            )
        except (FileNotFoundError, KeyError):
            return False

    def check_port(self) -> None:
        """Refuse a port that the user asked for and somebody else has."""
        port = _asked_port()
        if port is None or (self._services[API_SERVER].pid() and self._ports().get(API_SERVER) == port):
            return
        if reason := _refusal(port):
            advice = "set it to a free port, or unset it and one is chosen for you"
            raise SandboxError(f"{API_PORT}={port}: {reason}; {advice}")

    def pids(self) -> dict[str, int | None]:
        """Process id of every part that runs."""
        return {part: service.pid() for part, service in self._services.items()}

    @property
    def address(self) -> str:
        """Where the API server is."""
        return f"https://{LOOPBACK}:{self._ports()[API_SERVER]}"

    @property
    def identity(self) -> str:
        """Tells one cluster from another: its certificate authority, which lives and dies with its data."""
        return hashlib.sha256((self._pki / "ca.crt").read_bytes()).hexdigest()

    def _prepare(self) -> bool:
        """Make a new cluster's folder unless there is a whole one; says whether there was."""
        self._run.mkdir(exist_ok=True)
        if certificates.complete(self._pki):
            return True
        self._discard()
        self._run.mkdir()
        partial = self.root / "cluster.partial"
        shutil.rmtree(partial, ignore_errors=True)
        (partial / "pki").mkdir(mode=0o700, parents=True)
        certificates.create(partial / "pki")
        partial.rename(self._cluster)
        return False

    def _discard(self) -> None:
        for part in reversed(PARTS):
            self._services[part].stop()
        self.kubeconfig.unlink(missing_ok=True)
        for folder in (self._cluster, self._run):
            shutil.rmtree(folder, ignore_errors=True)

    def _bring_up(self, part: str) -> None:
        """Leave a part running and ready, with the arguments it should have now."""
        service = self._services[part]
        for _ in range(START_ATTEMPTS):
            self._settle_ports(part)
            argv = self._argv(part)
            running = service.pid(_fingerprint(argv)) is not None
            if not running:
                service.stop()
                service.start(argv, _fingerprint(argv))
            if self._becomes_ready(part, HANG_SECONDS if running else READY_SECONDS):
                return
            service.stop()
            # Once more for a part that hung, and when somebody took a port between its choice and its use.
            if not running and "address already in use" not in service.log.read_text():
                break
        raise SandboxError(f"{part} did not get ready{tail(service.log)}")

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
        path = PARTS[part].get("health")
        if path is None:
            return True
        try:
            context = ssl.create_default_context(cafile=self._pki / "ca.crt")
            context.load_cert_chain(self._pki / "admin.crt", self._pki / "admin.key")
            connection = HTTPSConnection(LOOPBACK, self._ports()[part], context=context, timeout=5)
            try:
                connection.request("GET", path)
                return connection.getresponse().status == HTTPStatus.OK
            finally:
                connection.close()
        except (OSError, HTTPException):
            return False

    def _ports(self) -> dict[str, int]:
        try:
            return json.loads((self._run / "ports.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def _settle_ports(self, part: str) -> None:
        """Keep a part's ports while nobody else has them, so that addresses survive a repair; else choose others."""
        ports = self._ports()
        running = self._services[part].pid() is not None
        for name in PARTS[part].get("ports", ()):
            if name not in ports or (not running and _refusal(ports[name])):
                with socket.create_server((LOOPBACK, 0)) as probe:
                    ports[name] = probe.getsockname()[1]
        if part == API_SERVER:
            ports[part] = _asked_port() or ports[part]
        (self._run / "ports.json").write_text(json.dumps(ports))

    def _argv(self, part: str) -> list[str]:
        places = {"cluster": self._cluster, "pki": self._pki, "sandbox": FOLDER, **self._ports()}
        flags = {flag: value.format(**places) for flag, value in PARTS[part]["flags"].items()}
        return [str(binaries.path(part)), *(f"--{flag}={value}" for flag, value in flags.items())]

    def _write_kubeconfigs(self) -> None:
        def data(file: str) -> str:
            return base64.b64encode((self._pki / file).read_bytes()).decode()

        cluster = {"server": self.address, "certificate-authority-data": data("ca.crt")}
        for client in certificates.CLIENTS:
            user = {"client-certificate-data": data(f"{client}.crt"), "client-key-data": data(f"{client}.key")}
            content = {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "sandbox", "cluster": cluster}],
                "users": [{"name": client, "user": user}],
                "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": client}}],
                "current-context": "sandbox",
            }
            path = self.kubeconfig if client == "admin" else self._cluster / f"{client}.kubeconfig"
            partial = path.with_suffix(".partial")
            partial.touch(mode=0o600)
            partial.write_text(yaml.safe_dump(content, sort_keys=False))
            partial.replace(path)

    def _apply_objects(self) -> None:
        """Create what a cluster has before anybody deploys to it, and wait until it is there."""
        keda, external_secrets, prometheus = binaries.module_folders("crds", *CRD_MODULES)
        definitions = sorted((external_secrets / "config/crds/bases").glob("external-secrets.io_*.yaml"))
        definitions.append(prometheus / "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml")
        files = [f"--filename={file}" for file in (FOLDER / "cluster.yaml", *definitions)]
        apply = ("apply", "--server-side", "--force-conflicts", "--validate=false")
        kubectl = [Path(sys.executable).with_name("kubectl"), f"--kubeconfig={self.kubeconfig}"]
        for arguments in (
            (*apply, *files),
            (*apply, f"--kustomize={keda / 'config/crd'}"),
            ("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"),
            ("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s"),
            ("wait", "--for=create", "serviceaccount/default", "--timeout=60s"),
        ):
            argv = [*map(str, kubectl), f"--cache-dir={self._cluster / 'discovery'}", *arguments]
            run(f"kubectl {' '.join(arguments[:3])}", argv, self._run / "kubectl.log", seconds=120)
        self._objects.write_text(_objects_fingerprint())


def _fingerprint(argv: list[str]) -> str:
    """What a part is started from: its arguments, and the files among them that it reads only once."""
    digest = hashlib.sha256("\0".join(argv).encode())
    for flag, _, value in (argument.partition("=") for argument in argv):
        if flag in ("--kubeconfig", "--config"):
            digest.update(Path(value).read_bytes())
    return digest.hexdigest()


def _objects_fingerprint() -> str:
    sources = (FOLDER / "cluster.yaml", binaries.MODULES / "crds" / "go.sum")
    return hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()


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
