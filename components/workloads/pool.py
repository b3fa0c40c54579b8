"""A worker pool: workers that share one subscription, with their own autoscaler, budget and metrics Service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Service

from checks.scaling.scalers import Count
from components.kubernetes.endpoints import PostgresEndpoint
from components.kubernetes.labels import labels, selector
from components.secrets.app_env import resolved
from components.workloads.autoscaling import ScalerCredential, hpa, scaled_object
from components.workloads.workload import PORT, ReleaseContext, WorkloadArgs, workload
from config.autoscaling import HpaAutoscaling, KedaAutoscaling
from config.timing import scale_down
from config.workloads import PoolSettings

TYPE: Final = "noxus:components:WorkerPool"

KEEP_NODE: Final[Mapping[str, str]] = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
}
"""What stops the cluster autoscaler and Karpenter from taking a pod's node (the former's FAQ, the latter's
"Disruption"). Neither stops an upgrade of the nodes, an expired Karpenter node, or a cloud that takes a spot node."""


def routing_env(settings: PoolSettings) -> dict[str, str]:
    """The pool's subscription. All three are always set: a literal wins over every Secret, an absent one would not."""
    return {
        "WORKER_SUBSCRIBE": settings.worker_subscribe,
        "WORKER_SUBSCRIBE_TENANTS": ",".join(settings.worker_subscribe_tenants),
        "WORKER_SUBSCRIBE_WORKSPACES": ",".join(settings.worker_subscribe_workspaces),
    }


@dataclass(frozen=True, kw_only=True)
class WorkerPoolArgs:
    """What a `WorkerPool` needs."""

    context: ReleaseContext
    pool: str
    """Name within the release."""
    settings: PoolSettings
    count: Count | None
    """What KEDA asks for the pool; needed by pools that scale with KEDA."""
    postgres: PostgresEndpoint
    references: Mapping[str, pulumi.Input[str]]
    """Values that the pool's plain settings may refer to, by name."""
    credential: ScalerCredential | None
    """How KEDA logs in to Postgres; needed by pools that scale with KEDA."""


class WorkerPool(pulumi.ComponentResource):
    """Workers of one subscription. Nobody calls them, so the Service is headless and serves metrics only."""

    deployment_name: pulumi.Output[str]
    """Name of the Deployment."""

    def __init__(self, name: str, args: WorkerPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        context, settings = args.context, args.settings
        deployment = workload(
            WorkloadArgs(
                context=context,
                role=args.pool,
                component="worker",
                image=settings.image or context.images.worker,
                command=settings.command,
                settings=settings,
                replicas=settings.fixed_replicas,
                budget=settings.pod_disruption_budget,
                startup_seconds=settings.startup_seconds,
                env={**resolved(settings.env, args.references), **routing_env(settings)},
                env_secret_ref=settings.env_secret_ref,
                grace_seconds=settings.grace_seconds,
                pod_annotations=KEEP_NODE if settings.keeps_its_nodes else {},
            ),
            child,
        )
        # Headless: a Service with an address would wait for ready pods, and a pool may well be at zero.
        Service(
            context.namespace.key(name),
            metadata=context.namespace.metadata(name, labels=labels(context.name, args.pool, "worker")),
            spec={
                "cluster_ip": "None",
                "selector": selector(context.name, args.pool),
                "ports": [{"name": "http", "port": PORT, "target_port": "http"}],
            },
            opts=child,
        )
        self._autoscale(name, args, deployment)
        self.deployment_name = deployment.metadata["name"]
        self.register_outputs({"deployment_name": self.deployment_name})

    def _autoscale(self, name: str, args: WorkerPoolArgs, deployment: Deployment) -> None:
        child = pulumi.ResourceOptions(parent=self)
        settings, namespace = args.settings, args.context.namespace
        match settings.autoscaling:
            case HpaAutoscaling() as scaler:
                shrinking = scale_down(scaler.behavior, scaler.max_replicas, settings.max_task_seconds)
                hpa(name, namespace, scaler, deployment, child, shrinking=shrinking)
            case KedaAutoscaling() as scaler:
                if args.credential is None or args.count is None:
                    raise ValueError(f"{name} scales with KEDA and needs a count and its release's ScalerCredential")
                scaled_object(
                    name, namespace, settings, scaler, args.count, args.postgres, args.credential, deployment, child
                )
            case None:
                pass
