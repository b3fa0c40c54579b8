"""What a release may use of the cluster, and what a pod counts as that does not say what it needs."""

from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import LimitRange, ResourceQuota

from components.kubernetes.namespace_ref import NamespaceRef
from config.releases import QuotaSettings

TYPE: Final = "noxus:components:Quota"


def hard_limits(settings: QuotaSettings) -> dict[str, str]:
    """The quota's limits in Kubernetes' spelling."""
    return {"requests.cpu": settings.cpu, "requests.memory": settings.memory, "pods": str(settings.pods)}


class Quota(pulumi.ComponentResource):
    """A ResourceQuota and a LimitRange, always together: with a quota alone, pods without requests are refused."""

    def __init__(
        self, name: str, namespace: NamespaceRef, settings: QuotaSettings, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        child, defaults = pulumi.ResourceOptions(parent=self), settings.default_requests
        LimitRange(
            namespace.key(name),
            metadata=namespace.metadata(name),
            spec={
                "limits": [{"type": "Container", "default_request": {"cpu": defaults.cpu, "memory": defaults.memory}}]
            },
            opts=child,
        )
        hard = hard_limits(settings)
        ResourceQuota(namespace.key(name), metadata=namespace.metadata(name), spec={"hard": hard}, opts=child)
        self.register_outputs({})
