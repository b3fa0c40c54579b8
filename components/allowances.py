"""Who a release's pods may reach and who may reach them, after platform.md section 2: one policy for each edge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi

from components.endpoints import DataServices, PodTarget
from components.network import Pods, allow_egress, allow_ingress, internet, pods_of, tcp
from components.workload import PORT

TYPE: Final = "noxus:components:Allowances"

_HTTPS_PORT: Final = 443

_WITH_DATA: Final = ("backend", "worker")
"""What talks to the data services and to the internet. The frontend talks to the backend only."""


@dataclass(frozen=True, kw_only=True)
class AllowancesArgs:
    """What `Allowances` need."""

    release: str
    namespace: pulumi.Output[str]
    services: DataServices
    monitoring_namespace: str


class Allowances(pulumi.ComponentResource):
    """The edges that every release has. Those of web services are added by `allow_web`."""

    def __init__(self, name: str, args: AllowancesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        targets: Mapping[str, PodTarget] = {
            "postgres": args.services.postgres.target,
            "redis": args.services.redis.target,
            "bucket": args.services.bucket.target,
        }
        for service, target in targets.items():
            self._allow_data_service(service, target)
        allow_egress(
            f"{name}-to-internet",
            "to-internet",
            "model providers, integrations and the control service are called over HTTPS",
            source=self._pods(*_WITH_DATA),
            to=internet(),
            ports=tcp(_HTTPS_PORT),
            opts=self._child,
        )
        allow_ingress(
            f"{name}-from-monitoring",
            "from-monitoring",
            "metrics are scraped",
            target=self._pods(),
            source=Pods(namespace=args.monitoring_namespace),
            port=PORT,
            opts=self._child,
        )
        self.register_outputs({})

    def allow_web(self, ingress_namespace: str) -> None:
        """Add the edges of backend and frontend: from the ingress controller, and from frontend to backend."""
        backend, frontend = self._pods("backend"), self._pods("frontend")
        allow_ingress(
            f"{self._name}-from-ingress",
            "from-ingress",
            "people reach backend and frontend through the ingress controller",
            target=self._pods("backend", "frontend"),
            source=Pods(namespace=ingress_namespace),
            port=PORT,
            opts=self._child,
        )
        allow_egress(
            f"{self._name}-frontend-to-backend",
            "frontend-to-backend",
            "the frontend calls the backend",
            source=frontend,
            to=[backend.peer()],
            ports=tcp(PORT),
            opts=self._child,
        )
        allow_ingress(
            f"{self._name}-backend-from-frontend",
            "backend-from-frontend",
            "the frontend calls the backend",
            target=backend,
            source=frontend,
            port=PORT,
            opts=self._child,
        )

    def _pods(self, *components: str) -> Pods:
        return Pods(namespace=self._args.namespace, components=components)

    def _allow_data_service(self, service: str, target: PodTarget) -> None:
        """Open both sides. The service's side is this release's own policy, so that no release touches another's."""
        callers = self._pods(*_WITH_DATA)
        allow_egress(
            f"{self._name}-to-{service}",
            f"to-{service}",
            f"backend and workers use {service}",
            source=callers,
            to=[pods_of(target).peer()],
            ports=tcp(target.port),
            opts=self._child,
        )
        allow_ingress(
            f"{self._name}-{service}-ingress",
            f"{service}-from-{self._args.release}",
            f"backend and workers of {self._args.release} use {service}",
            target=pods_of(target),
            source=callers,
            port=target.port,
            opts=self._child,
        )
