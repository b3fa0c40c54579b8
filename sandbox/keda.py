"""KEDA next to a control plane of the sandbox: its real operator, metrics adapter and webhooks, on loopback.

They have the rights that KEDA's own manifests give them, no more: their certificate names KEDA's ServiceAccount. The
webhooks can run without the rest: then every ScaledObject is validated and none is acted on. While they do not answer,
every ScaledObject is refused.
"""

import base64
import time
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml

from sandbox import SandboxError, binaries
from sandbox.control_plane import ControlPlane
from sandbox.parts import FOLDER, KEDA, LOOPBACK, READY_SECONDS
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
"""What KEDA's manifests have next to Deployments and Services, in its module's folder `config`."""
HELD: Final = ",".join(
    f"{kind}.keda.sh"
    for kind in ("scaledobjects", "scaledjobs", "triggerauthentications", "clustertriggerauthentications")
)
"""Kinds whose objects only a running KEDA lets go."""
WEBHOOKS: Final = "keda-webhooks"
SCALERS: Final = tuple(part for part in KEDA if part != WEBHOOKS)


class Keda:
    """KEDA of a control plane that runs."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._metrics = plane.cluster / "keda-metrics.yaml"
        self._webhooks = plane.cluster / "keda-webhooks.yaml"

    def start(self) -> None:
        """Bring it up or repair it, and return when the API server answers for external metrics."""
        with exclusive(self._plane.root / "lock", "start KEDA"):
            if self.ready():
                say("KEDA: already running")
                return
            started = time.monotonic()
            self._start_webhooks()
            self._bring_up(*SCALERS)
            self._register(self._metrics, self._metrics_api())
            self._await_answer()
            say(f"KEDA: ready after {time.monotonic() - started:.1f} s")

    def start_webhooks(self) -> None:
        """Bring only the webhooks up, or repair them: nothing is scaled, and what KEDA would refuse is refused."""
        with exclusive(self._plane.root / "lock", "start KEDA's webhooks"):
            if not self._validates():
                self._start_webhooks()

    def stop(self) -> None:
        """End it, and before that delete what only it can let go: namespaces can still be deleted without it."""
        with exclusive(self._plane.root / "lock", "stop KEDA"):
            try:
                # First: while an API is registered that does not answer, no namespace can be deleted.
                self._unregister(self._metrics)
                if any(self.pids()[part] for part in SCALERS):
                    self._plane.kubectl("delete", HELD, "--all", "--all-namespaces", "--timeout=60s")
                self._unregister(self._webhooks)
            finally:
                self._plane.parts.stop(KEDA)
                for file in (self._metrics, self._webhooks):
                    file.unlink(missing_ok=True)

    @property
    def asked(self) -> bool:
        """Whether it was started in this cluster, and not stopped."""
        return self._metrics.exists()

    def ready(self) -> bool:
        """Whether every part runs as it would be started now, and the API server reaches the adapter."""
        parts = self._plane.parts
        return (
            _holds(self._metrics, self._metrics_api)
            and self._validates()
            and parts.ready(SCALERS)
            and parts.answers("https://127.0.0.1:{kube-apiserver}/apis/external.metrics.k8s.io/v1beta1")
        )

    def pids(self) -> dict[str, int | None]:
        """Process id of every part that runs."""
        return self._plane.parts.pids(KEDA)

    def _validates(self) -> bool:
        return _holds(self._webhooks, self._admission) and self._plane.parts.ready([WEBHOOKS])

    def _start_webhooks(self) -> None:
        self._plane.apply(*(f"--filename={self._manifests / file}" for file in RIGHTS))
        self._bring_up(WEBHOOKS)
        self._register(self._webhooks, self._admission())

    def _bring_up(self, *parts: str) -> None:
        for part in parts:
            binaries.program(part)
        for part in parts:
            self._plane.parts.bring_up(part)

    def _register(self, file: Path, manifest: str) -> None:
        file.write_text(manifest)
        self._plane.apply(f"--filename={file}")

    def _unregister(self, file: Path) -> None:
        if file.exists():
            self._plane.kubectl("delete", f"--filename={file}", "--ignore-not-found")

    def _await_answer(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.ready():
            self._plane.parts.require(KEDA)
            if time.monotonic() > deadline:
                log = tail(self._plane.root / "run" / "keda-adapter.log")
                raise SandboxError(f"KEDA: the API server does not reach its adapter within {READY_SECONDS} s{log}")
            time.sleep(0.1)

    @cached_property
    def _manifests(self) -> Path:
        """KEDA's own, of the version that runs. Go is asked once: whether all is ready is asked many times."""
        return binaries.module_folders("crds", MODULE)[0] / "config"

    @property
    def _authority(self) -> str:
        return base64.b64encode((self._plane.cluster / "pki" / "ca.crt").read_bytes()).decode()

    def _metrics_api(self) -> str:
        """Where the API server finds the adapter."""
        return (FOLDER / "keda.yaml").read_text().format(ca=self._authority, **self._plane.parts.ports())

    def _admission(self) -> str:
        """KEDA's own list of its webhooks, each found on loopback and missed when it is not there."""
        webhooks: dict[str, Any] = yaml.safe_load((self._manifests / "webhooks/validation_webhooks.yaml").read_text())
        for webhook in webhooks["webhooks"]:
            path = webhook["clientConfig"]["service"]["path"]
            url = f"https://{LOOPBACK}:{self._plane.parts.ports()[WEBHOOKS]}{path}"
            webhook |= {"clientConfig": {"url": url, "caBundle": self._authority}, "failurePolicy": "Fail"}
        return yaml.safe_dump(webhooks)


def _holds(file: Path, wanted: Any) -> bool:
    """Whether the API server was told what it would be told now."""
    return file.exists() and file.read_text() == wanted()
