"""How people and webhooks reach the primary release from outside: hosts, certificates, and the ingress in between."""

from collections.abc import Mapping
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from config.section import Section
from config.types import HOST_LIMIT, AnnotationName, HostName, Label, ObjectName, Text

PublicRole = Literal["frontend", "backend", "relays"]
"""The services with a public host (platform.md section 2, "Ports, hosts, health")."""

Controller = Literal["nginx", "alb", "gke", "traefik", "gatewayApi", "other"]

OUTSIDE: Final[Mapping[Controller, tuple[str, ...]]] = {"alb": (), "gke": ("130.211.0.0/22", "35.191.0.0/16")}
"""Controllers whose load balancer reaches pods from outside the cluster, and from which addresses as far as published:
a GKE load balancer and its health checks (kubernetes/ingress-gce, docs/faq/gce.md). An ALB has those of its subnets."""


class HostSettings(Section):
    """Public hosts. The platform is reached under three; two of them follow from the first unless they are set."""

    frontend: HostName = Field(examples=["app.example.com"])
    """Host of the web application."""
    backend: HostName | None = None
    """Host of the API. Unset: `api.` before the frontend's."""
    relays: HostName | None = None
    """Host that webhooks come to, which must be public for SaaS webhooks. Unset: `relay.` before the frontend's."""

    def of(self, role: PublicRole) -> str:
        """Host of a service."""
        match role:
            case "frontend":
                return self.frontend
            case "backend":
                return self.backend or f"api.{self.frontend}"
            case "relays":
                return self.relays or f"relay.{self.frontend}"

    @model_validator(mode="after")
    def _each_service_has_a_host_of_its_own(self) -> Self:
        hosts = [self.of(role) for role in ("frontend", "backend", "relays")]
        shared = sorted({host for host in hosts if hosts.count(host) > 1})
        if shared:
            raise ValueError(f"must give each service a host of its own, and {', '.join(shared)} is given twice")
        if any(len(host) > HOST_LIMIT for host in hosts):
            raise ValueError(
                f"frontend is too long for api. and relay. before it: a host has at most {HOST_LIMIT} characters; "
                "shorten it, or set backend and relays"
            )
        return self


class TlsSettings(Section):
    """Where the hosts' certificates come from: one Secret that exists, cert-manager, or whatever ends TLS itself."""

    secret_name: ObjectName | None = None
    """A TLS Secret in the primary release's namespace whose certificate names all hosts."""
    cluster_issuer: ObjectName | None = None
    """A ClusterIssuer of cert-manager, which makes a certificate for each host."""

    external: bool = False
    """True: the certificates are in no Secret of this release, and the hosts are https. An ALB finds those of its hosts
    in ACM; a Gateway's are its listeners', and cert-manager's annotation is the Gateway's too; `gke` reads annotations
    for its own; other controllers have a default one."""

    @model_validator(mode="after")
    def _exactly_one_is_set(self) -> Self:
        if [self.secret_name is not None, self.cluster_issuer is not None, self.external].count(True) != 1:
            raise ValueError(
                "takes one of secretName, clusterIssuer and external: true, such as clusterIssuer: letsencrypt"
            )
        return self


class GatewaySettings(Section):
    """A Gateway that exists. Its listeners must allow routes of the primary release's namespace (`allowedRoutes`)."""

    name: ObjectName = Field(examples=["public"])
    """Name of the Gateway."""
    namespace: Label = Field(examples=["gateways"])
    """Its namespace. Where the pods of its data plane are, `cluster.ingressNamespace` says: often elsewhere."""
    section_name: ObjectName | None = Field(default=None, examples=["https"])
    """Listener of the hosts. Unset: every listener that allows them, one for plain HTTP included."""
    http_section_name: ObjectName | None = Field(default=None, examples=["http"])
    """Listener for plain HTTP, which then redirects to https. Unset: nothing of this stack answers there."""
    timeouts: bool = True
    """Whether routes say that no request has a limit: `timeouts`, standard since Gateway API 1.2, and not supported
    everywhere. False: the Gateway's own policies must hold streams open, as they must those that are silent."""


class IngressSettings(Section):
    """What the ingress controller is told. Streams of events last for minutes and must not be buffered."""

    controller: Controller = "nginx"
    """`nginx`: ingress-nginx, told by its annotations; its makers ended it in March 2026 and point to Gateway API, so
    no fault in it is fixed any more. `alb`: AWS Load Balancer Controller, one load balancer for all hosts of a class.
    `gke`: GKE's own, one load balancer for each host. `traefik`: its entry point ends no stream while `writeTimeout` is
    0, its default, and each upload that takes longer than `readTimeout`: 60 seconds unless set. `gatewayApi`: an
    HTTPRoute for each host. `other`: only `annotations` below are written, for another controller: let it buffer no
    answer and close no stream that is silent for minutes."""
    gateway: GatewaySettings | None = None
    """The Gateway of all hosts, with `gatewayApi`."""
    class_name: ObjectName | None = None
    """IngressClass of all hosts. Unset: the cluster's default class. With `gke`: gce or gce-internal."""
    class_names: Mapping[PublicRole, ObjectName] = {}
    """IngressClass of single hosts, such as a public one for `relays` beside a private one."""
    read_timeout_seconds: int = Field(default=3600, ge=60)
    """How long a stream may be silent before `nginx` or `alb` (at most 4000) closes it, in seconds. With `gke` it is
    how long the whole stream may take. Other controllers are not told."""
    max_body_mib: int = Field(default=100, ge=1)
    """Largest request, such as an uploaded document, in MiB, for `nginx`, whose own default is 1."""
    annotations: Mapping[AnnotationName, Text] = {}
    """Further annotations of every Ingress or route; they win over the ones that follow from the settings above."""
    wait_for_address: bool = True
    """Whether an update waits until each Ingress has an address, or its Gateway takes each route. Some never do."""

    def class_of(self, role: PublicRole) -> str | None:
        """IngressClass of a service's host."""
        return self.class_names.get(role, self.class_name)

    def group_of(self, role: PublicRole, namespace: str) -> str:
        """Hosts that share an ALB: those of one class, for what a class says must be the same in a whole group."""
        own = self.class_names.get(role)
        return f"{namespace}.{own}" if own not in (None, self.class_name) else namespace
