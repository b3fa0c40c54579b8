"""How people and webhooks reach the primary release from outside: hosts, certificates, and the ingress in between."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from config.section import Section
from config.types import HOST_LIMIT, AnnotationName, HostName, ObjectName, Text

PublicRole = Literal["frontend", "backend", "relays"]
"""The services with a public host (platform.md section 2, "Ports, hosts, health")."""


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
    """Where the hosts' certificates come from: one Secret that exists, or cert-manager."""

    secret_name: ObjectName | None = None
    """A TLS Secret in the primary release's namespace whose certificate names all hosts."""
    cluster_issuer: ObjectName | None = None
    """A ClusterIssuer of cert-manager, which makes a certificate for each host."""

    @model_validator(mode="after")
    def _exactly_one_is_set(self) -> Self:
        if (self.secret_name is None) == (self.cluster_issuer is None):
            raise ValueError("takes either secretName or clusterIssuer, such as clusterIssuer: letsencrypt")
        return self


class IngressSettings(Section):
    """What the ingress controller is told. Streams of events last for minutes and must not be buffered."""

    controller: Literal["nginx", "other"] = "nginx"
    """`nginx`: ingress-nginx, told by its annotations; its makers ended it in March 2026 and point to Gateway API, so
    no fault in it is fixed any more. `other`: only `annotations` below are written, for another controller: let it
    buffer no answer and close no stream that is silent for minutes."""
    class_name: ObjectName | None = None
    """IngressClass of all hosts. Unset: the cluster's default class."""
    class_names: Mapping[PublicRole, ObjectName] = {}
    """IngressClass of single hosts, such as a public one for `relays` beside a private one."""
    read_timeout_seconds: int = Field(default=3600, ge=60)
    """How long a stream may be silent before the controller closes it, in seconds."""
    max_body_mib: int = Field(default=100, ge=1)
    """Largest request, such as an uploaded document, in MiB. The controller's own default is 1."""
    annotations: Mapping[AnnotationName, Text] = {}
    """Further annotations of every Ingress; they win over the ones that follow from the settings above."""
    wait_for_address: bool = True
    """Whether an update waits until the controller has given each Ingress an address. Some controllers never do."""
