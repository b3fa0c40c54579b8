"""KEDA beside a control plane of the sandbox: its real operator and its real metrics adapter, as processes on loopback.

They have the rights that KEDA's own manifests give them, no more: their certificate names KEDA's ServiceAccount. Leaves
out the admission webhook, which listens on every address of a machine and has no flag against it: what it would refuse
in a ScaledObject is taken here.
"""

import base64
import time
from typing import Final

from sandbox import SandboxError, binaries
from sandbox.control_plane import ControlPlane
from sandbox.parts import FOLDER, KEDA, READY_SECONDS
from sandbox.processes import exclusive, say, tail

MODULE: Final = "github.com/kedacore/keda/v2"
RIGHTS: Final = (
    "general/namespace.yaml",
    "service_account/service_account.yaml",
    "rbac/role.yaml",
    "rbac/role_binding.yaml",
    "rbac/aggregate_cluster_roles.yaml",
    "metrics-server/role.yaml",
    "metrics-server/role_binding.yaml",
)
"""What KEDA's manifests have beside Deployments and Services, in its module's folder `config`."""
HELD: Final = ",".join(
    f"{kind}.keda.sh"
    for kind in ("scaledobjects", "scaledjobs", "triggerauthentications", "clustertriggerauthentications")
)
"""Kinds whose objects only a running KEDA lets go."""


class Keda:
    """KEDA of a control plane that runs."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._registration = plane.cluster / "keda.yaml"

    def start(self) -> None:
        """Bring it up or repair it, and return when the API server answers for external metrics."""
        with exclusive(self._plane.root / "lock", "start KEDA"):
            if self.ready():
                say("KEDA: already running")
                return
            for part in KEDA:
                binaries.program(part)
            started = time.monotonic()
            config = binaries.module_folders("crds", MODULE)[0] / "config"
            self._plane.apply(*(f"--filename={config / file}" for file in RIGHTS))
            for part in KEDA:
                self._plane.parts.bring_up(part)
            self._registration.write_text(self._wanted_registration())
            self._plane.apply(f"--filename={self._registration}")
            self._await_answer()
            say(f"KEDA: ready after {time.monotonic() - started:.1f} s")

    def stop(self) -> None:
        """End it, and before that delete what only it can let go: namespaces can still be deleted without it."""
        with exclusive(self._plane.root / "lock", "stop KEDA"):
            try:
                if self.asked:
                    # First: while an API is registered that does not answer, no namespace can be deleted.
                    self._plane.kubectl("delete", f"--filename={self._registration}", "--ignore-not-found")
                    self._plane.kubectl("delete", HELD, "--all", "--all-namespaces", "--timeout=60s")
            finally:
                self._plane.parts.stop(KEDA)
                self._registration.unlink(missing_ok=True)

    @property
    def asked(self) -> bool:
        """Whether it was started in this cluster, and not stopped."""
        return self._registration.exists()

    def ready(self) -> bool:
        """Whether both parts run as they would be started now, and the API server reaches the adapter."""
        parts = self._plane.parts
        return (
            self.asked
            and parts.ready(KEDA)
            and self._registration.read_text() == self._wanted_registration()
            and parts.answers("https://127.0.0.1:{kube-apiserver}/apis/external.metrics.k8s.io/v1beta1")
        )

    def pids(self) -> dict[str, int | None]:
        """Process id of every part that runs."""
        return self._plane.parts.pids(KEDA)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.ready():
            self._plane.parts.require(KEDA)
            if time.monotonic() > deadline:
                log = tail(self._plane.root / "run" / "keda-adapter.log")
                raise SandboxError(f"KEDA: the API server does not reach its adapter within {READY_SECONDS} s{log}")
            time.sleep(0.1)

    def _wanted_registration(self) -> str:
        authority = base64.b64encode((self._plane.cluster / "pki" / "ca.crt").read_bytes()).decode()
        return (FOLDER / "keda.yaml").read_text().format(ca=authority, **self._plane.parts.ports())
