"""A Kubernetes control plane of local processes, on loopback only, with fake nodes.

Its data and its certificates live and die together, in one folder. Leaves out high availability, durability against a
power cut, and everything that a kubelet does: `stages.yaml` says what kwok does instead.
"""

import base64
import hashlib
import shutil
import sys
import time
from pathlib import Path
from typing import Final

import yaml

from sandbox import SandboxError, binaries, certificates
from sandbox.parts import API_SERVER, CONTROL_PLANE, FOLDER, KEDA, LOOPBACK, Parts
from sandbox.processes import exclusive, run, say

CRD_MODULES: Final = (
    "github.com/kedacore/keda/v2",
    "github.com/external-secrets/external-secrets",
    "github.com/prometheus-operator/prometheus-operator",
    "sigs.k8s.io/gateway-api",
)


class ControlPlane:
    """The control plane that keeps its state under a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.kubeconfig = self.root / "kubeconfig"
        self.cluster = self.root / "cluster"
        self.parts = Parts(self.root)
        self._pki = self.cluster / "pki"
        self._objects = self.cluster / "objects"
        self._run = self.root / "run"

    def start(self) -> bool:
        """Bring it up or repair it, and return when pods can be scheduled. Says whether the cluster is new."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive(self.root / "lock", "start the control plane"):
            self.parts.check_port()
            if self.ready():
                say(f"control plane: already running at {self.address}")
                return False
            for part in CONTROL_PLANE:
                binaries.program(part)
            started = time.monotonic()
            revived = self._prepare()
            stopped = [part for part, pid in self.pids().items() if pid is None]
            say(f"control plane: starting {', '.join(stopped) or 'again what hangs or has changed'}")
            try:
                self.parts.bring_up("etcd")
            except SandboxError as error:
                if not revived:
                    raise
                say(f"control plane: its data did not survive, so it starts anew: {error}")
                self._discard()
                self._prepare()
                self.parts.bring_up("etcd")
            self.parts.bring_up(API_SERVER)
            say(f"control plane: API server ready after {time.monotonic() - started:.1f} s")
            self._write_kubeconfigs()
            for part in CONTROL_PLANE:
                self.parts.bring_up(part)
            kept = self._objects.exists()
            self._apply_objects()
            self.parts.require(CONTROL_PLANE)
            data = "data kept" if kept else "a new cluster"
            say(f"control plane: ready at {self.address} after {time.monotonic() - started:.1f} s, {data}")
            return not kept

    def stop(self) -> None:
        """End every process that was started here and delete the cluster's data."""
        if self.root.exists():
            with exclusive(self.root / "lock", "stop the control plane"):
                self._discard()

    def ready(self) -> bool:
        """Whether every part runs as it would be started now, and answers; KEDA is not asked."""
        try:
            return (
                self._objects.read_text() == _objects_fingerprint()
                and self.kubeconfig.is_file()
                and self.parts.has_asked_port()
                and self.parts.ready(CONTROL_PLANE)
            )
        except FileNotFoundError:
            return False

    def pids(self) -> dict[str, int | None]:
        """Process id of every part that runs."""
        return self.parts.pids(CONTROL_PLANE)

    def kubectl(self, *arguments: str) -> str:
        """What kubectl prints, as the administrator."""
        options = (f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.cluster / 'discovery'}")
        argv = [str(Path(sys.executable).with_name("kubectl")), *options, *arguments]
        return run(f"kubectl {' '.join(arguments[:3])}", argv, self._run / "kubectl.log", seconds=120)

    def apply(self, *what: str) -> None:
        """Create objects or change them; server-side, for a definition of KEDA's is too large for an annotation."""
        self.kubectl("apply", "--server-side", "--force-conflicts", "--validate=false", *what)

    @property
    def address(self) -> str:
        """Where the API server is."""
        return f"https://{LOOPBACK}:{self.parts.ports()[API_SERVER]}"

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
        partial.rename(self.cluster)
        return False

    def _discard(self) -> None:
        self.parts.stop(CONTROL_PLANE | KEDA)
        self.kubeconfig.unlink(missing_ok=True)
        for folder in (self.cluster, self._run):
            shutil.rmtree(folder, ignore_errors=True)

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
            path = self.kubeconfig if client == "admin" else self.cluster / f"{client}.kubeconfig"
            partial = path.with_suffix(".partial")
            partial.touch(mode=0o600)
            partial.write_text(yaml.safe_dump(content, sort_keys=False))
            partial.replace(path)

    def _apply_objects(self) -> None:
        """Create what a cluster has before anybody deploys to it, and wait until it is there."""
        keda, external_secrets, prometheus, gateway = binaries.module_folders("crds", *CRD_MODULES)
        definitions = sorted((external_secrets / "config/crds/bases").glob("external-secrets.io_*.yaml"))
        definitions.append(prometheus / "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml")
        definitions.append(gateway / "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml")
        files = [f"--filename={file}" for file in (FOLDER / "cluster.yaml", *definitions)]
        self.apply(*files)
        self.apply(f"--kustomize={keda / 'config/crd'}")
        for arguments in (
            ("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"),
            ("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s"),
            ("wait", "--for=create", "serviceaccount/default", "--timeout=60s"),
        ):
            self.kubectl(*arguments)
        self._objects.write_text(_objects_fingerprint())


def _objects_fingerprint() -> str:
    sources = (FOLDER / "cluster.yaml", binaries.MODULES / "crds" / "go.sum")
    return hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()
