"""Who a release's pods may reach and who may reach them, after platform.md section 2: one policy for each edge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.kubernetes.endpoints import DataServices, Target
from components.kubernetes.labels import Component
from components.kubernetes.namespace_ref import NamespaceRef
from components.network.policies import (
    EVERY_POD,
    Selection,
    addresses,
    allow_egress,
    allow_further_egress,
    allow_ingress,
    allow_way,
    internet,
    tcp,
)
from components.workloads.workload import PORT
from config import StackSettings
from config.ingress import OUTSIDE
from config.releases import ReleaseSettings

TYPE: Final = "noxus:components:Allowances"

HTTPS_PORT: Final = 443

_BACKEND: Final = Selection(components=("backend",))
_FRONTEND: Final = Selection(components=("frontend",))
PUBLIC: Final = Selection(components=("backend", "frontend", "relays"))
"""What is reached through the ingress controller."""
_SOLVER: Final = Selection(labels={"acme.cert-manager.io/http01-solver": "true"})
"""Pods that cert-manager starts in the namespace of an Ingress, for as long as an HTTP-01 challenge takes."""
_SOLVER_PORT: Final = 8089
OUTWARD: Final = Selection(components=("backend", "relays", "worker"))
"""What calls model providers, integrations and the senders of webhooks."""
MIGRATIONS: Final[Sequence[Component]] = ("job",)
USERS: Final[Mapping[str, Sequence[Component]]] = {
    "postgres": ("backend", "relays", "scheduler", "worker"),
    "redis": ("backend", "relays", "scheduler", "worker"),
    "bucket": ("backend", "worker"),
}
"""What talks to each data service; to Postgres itself, migrations do too. The frontend talks to the backend only."""


@dataclass(frozen=True, kw_only=True)
class IngressSource:
    """Where what brings people and webhooks to the public services is on the network."""

    namespace: str | None
    """Of the controller's pods; None: it has none that reach a service."""
    cidrs: Sequence[str]
    """Addresses outside the pod network."""
    solves_challenges: bool
    """Whether cert-manager makes the certificates, so that an issuer may ask for a challenge."""


def ingress_source(stack: StackSettings) -> IngressSource:
    """From where people and webhooks come to the primary release."""
    cluster, controller = stack.cluster, stack.primary.ingress.controller
    has_pods = controller in ("nginx", "other") or "ingress_namespace" in cluster.model_fields_set
    return IngressSource(
        namespace=cluster.ingress_namespace if has_pods and controller not in OUTSIDE else None,
        cidrs=(*OUTSIDE.get(controller, ()), *cluster.ingress_cidrs),
        solves_challenges=stack.primary.solves_challenges,
    )


class Allowances(pulumi.ComponentResource):
    """The edges that every release has, and those of backend and frontend where there are any."""

    def __init__(
        self,
        name: str,
        stack: StackSettings,
        own: ReleaseSettings,
        namespace: NamespaceRef,
        services: DataServices,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        self._release, self._namespace = name, namespace
        self._child = pulumi.ResourceOptions(parent=self)
        postgres = services.postgres
        pooled = () if postgres.pooler else MIGRATIONS
        self._allow_data_service("postgres", postgres.platform.target, sorted((*USERS["postgres"], *pooled)))
        if postgres.pooler and own.migrates:
            self._allow_data_service("postgres-direct", postgres.direct.target, MIGRATIONS)
        self._allow_data_service("redis", services.redis.target, USERS["redis"])
        self._allow_data_service("bucket", services.bucket.target, USERS["bucket"])
        if stack.network.reaches_internet:
            allow_egress(
                "to-internet",
                "model providers, integrations and the control service are called over HTTPS",
                within=namespace,
                source=OUTWARD,
                to=internet(),
                ports=tcp(HTTPS_PORT),
                opts=self._child,
            )
        allow_further_egress("", {**stack.all_egress, **own.egress}, namespace, OUTWARD, self._child)
        allow_ingress(
            "from-monitoring",
            "metrics are scraped",
            within=namespace,
            target=EVERY_POD,
            sources=[EVERY_POD.peer(stack.cluster.monitoring_namespace)],
            port=PORT,
            opts=self._child,
        )
        if own is stack.primary:
            self._allow_web(ingress_source(stack))
        self.register_outputs({})

    def _allow_web(self, ingress: IngressSource) -> None:
        """From the ingress controller to the public services, and from frontend to backend."""
        within = self._namespace
        pods = [EVERY_POD.peer(ingress.namespace)] if ingress.namespace else []
        controllers = [*pods, *addresses(ingress.cidrs)]
        allow_ingress(
            "from-ingress",
            "people and webhooks come through the ingress controller",
            within=within,
            target=PUBLIC,
            sources=controllers,
            port=PORT,
            opts=self._child,
        )
        if ingress.solves_challenges:
            allow_ingress(
                "solver-from-ingress",
                "an ACME issuer asks for a host's challenge, which cert-manager's solver answers",
                within=within,
                target=_SOLVER,
                sources=controllers,
                port=_SOLVER_PORT,
                opts=self._child,
            )
        allow_egress(
            "frontend-to-backend",
            "the frontend calls the backend",
            within=within,
            source=_FRONTEND,
            to=[_BACKEND.peer(within.name)],
            ports=tcp(PORT),
            opts=self._child,
        )
        allow_ingress(
            "backend-from-frontend",
            "the frontend calls the backend",
            within=within,
            target=_BACKEND,
            sources=[_FRONTEND.peer(within.name)],
            port=PORT,
            opts=self._child,
        )

    def _allow_data_service(self, service: str, target: Target, components: Sequence[Component]) -> None:
        """Open both sides. The service's side is this release's own policy, so that no release touches another's."""
        release = self._release
        roles = " and ".join(filter(None, (", ".join(components[:-1]), components[-1])))
        allow_way(
            f"to-{service}",
            f"{service}-from-{release}",
            f"{roles} use {service}",
            within=self._namespace,
            source=Selection(components=components),
            target=target,
            opts=self._child,
            far_reason=f"{roles} of {release} use {service}",
        )
