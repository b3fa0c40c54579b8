"""A web service of the primary release: backend or frontend, with the Service that others reach it by."""

from dataclasses import dataclass
from typing import Final, Literal

import pulumi
from pulumi_kubernetes.core.v1 import Service, ServicePortArgs, ServiceSpecArgs

from components.autoscaling import hpa
from components.labels import labels, selector
from components.workload import PORT, ReleaseContext, WorkloadArgs, workload
from config.sections import HpaAutoscaling, ServiceSettings

TYPE: Final = "noxus:components:WebService"

Role = Literal["backend", "frontend"]


def service_url(release: str, role: Role, namespace: str) -> str:
    """Address of a web service within the cluster."""
    return f"http://{release}-{role}.{namespace}.svc:{PORT}"


@dataclass(frozen=True, kw_only=True)
class WebServiceArgs:
    """What a `WebService` needs."""

    context: ReleaseContext
    role: Role
    image: str
    settings: ServiceSettings


class WebService(pulumi.ComponentResource):
    """A service that people or other services call over HTTP."""

    service_name: pulumi.Output[str]
    """Name of the Kubernetes Service."""

    def __init__(self, name: str, args: WebServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        context, settings = args.context, args.settings
        deployment = workload(
            WorkloadArgs(context=context, role=args.role, component=args.role, image=args.image, settings=settings),
            child,
        )
        # The port is the container's: some network policy engines match a Service's port, not its target.
        service = Service(
            context.namespace.key(name),
            metadata=context.namespace.metadata(name, labels=labels(context.name, args.role, args.role)),
            spec=ServiceSpecArgs(
                selector=selector(context.name, args.role),
                ports=[ServicePortArgs(name="http", port=PORT, target_port="http")],
            ),
            opts=child,
        )
        if isinstance(settings.autoscaling, HpaAutoscaling):
            hpa(name, context.namespace, settings.autoscaling, deployment, child)
        self.service_name = service.metadata["name"]
        self.register_outputs({"service_name": self.service_name})
