"""A web service of the primary release: backend, frontend or relays, with the Service that others reach it by."""

from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import Service

from components.kubernetes.labels import labels, selector
from components.workloads.autoscaling import hpa
from components.workloads.controllers import service_annotations
from components.workloads.ingress import public_ingress
from components.workloads.workload import PORT, ReleaseContext, WorkloadArgs, workload
from config.autoscaling import HpaAutoscaling
from config.ingress import PublicRole
from config.releases import PrimarySettings
from config.workloads import RelaySettings

TYPE: Final = "noxus:components:WebService"


def service_url(release: str, role: PublicRole, namespace: str) -> str:
    """Address of a web service within the cluster."""
    return f"http://{release}-{role}.{namespace}.svc:{PORT}"


class WebService(pulumi.ComponentResource):
    """A service that people or other services call over HTTP."""

    service_name: pulumi.Output[str]
    """Name of the Kubernetes Service."""

    def __init__(
        self,
        name: str,
        context: ReleaseContext,
        role: PublicRole,
        primary: PrimarySettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings, images = primary.services[role], context.images
        image, command = images.frontend if role == "frontend" else images.backend, ()
        if isinstance(settings, RelaySettings):
            image, command = settings.image or image, settings.command
        deployment = workload(
            WorkloadArgs(
                context=context,
                role=role,
                component=role,
                image=image,
                command=command,
                settings=settings,
                replicas=settings.fixed_replicas,
                budget=settings.pod_disruption_budget,
                startup_seconds=settings.startup_seconds,
                grace_seconds=settings.grace_seconds,
                pre_stop_seconds=settings.pre_stop_seconds,
            ),
            child,
        )
        marks, annotations = labels(context.name, role, role), service_annotations(name, primary)
        # The port is the container's: some network policy engines match a Service's port, not its target.
        service = Service(
            context.namespace.key(name),
            metadata=context.namespace.metadata(name, labels=marks, annotations=annotations),
            spec={
                "selector": selector(context.name, role),
                "ports": [{"name": "http", "port": PORT, "target_port": "http"}],
            },
            # Pulumi waits ten minutes for a Service's pods. They may wait longer, for a database and its migrations.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[deployment]),
        )
        if isinstance(settings.autoscaling, HpaAutoscaling):
            hpa(name, context.namespace, settings.autoscaling, deployment, child)
        if role in primary.public_hosts:
            public_ingress(name, role, primary, context.namespace, service, child)
        self.service_name = service.metadata["name"]
        self.register_outputs({"service_name": self.service_name})
