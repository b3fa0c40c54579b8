"""Autoscalers: HorizontalPodAutoscaler on CPU and memory, KEDA's ScaledObject on the depth of the queue in Postgres.

A workload has one of them or none, never both, and an autoscaled Deployment states no `spec.replicas`: under
server-side apply the two would fight over the field.
"""

from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1 import Secret

from checks.scaling.scalers import Count
from components.kubernetes.endpoints import PostgresEndpoint
from components.kubernetes.namespace_ref import NamespaceRef
from components.kubernetes.pod import stated
from components.secrets.digest import Digests
from components.secrets.external_secret import StoreAccess, StoreKey, external_secret
from config.autoscaling import BehaviorSettings, HpaAutoscaling, KedaAutoscaling
from config.names import SCALER_LOGIN
from config.timing import ScaleDown, cooldown_seconds, polling_seconds, scale_down
from config.workloads import PoolSettings

CREDENTIAL_TYPE: Final = "noxus:components:ScalerCredential"

PAUSED: Final = "autoscaling.keda.sh/paused"
PAUSED_REPLICAS: Final = "autoscaling.keda.sh/paused-replicas"

_HANDED_OVER: Final = {"validations.keda.sh/hpa-ownership": "false"}
"""KEDA's webhook takes a ScaledObject although this HPA scales the workload: the HPA goes once KEDA has taken over."""

_MINUTE_SECONDS: Final = 60


def behavior(settings: BehaviorSettings, shrinking: ScaleDown | None = None) -> dict[str, Any]:
    """How fast the number of pods may change, in the HorizontalPodAutoscaler's spelling; empty for its defaults.

    `shrinking` is a pool's; without it what the stack file says is all there is.
    """
    down = shrinking or ScaleDown(settings.scale_down_stabilization_seconds, settings.scale_down_pods_per_minute)
    rules = {
        "scaleUp": _rules(settings.scale_up_stabilization_seconds, settings.scale_up_pods_per_minute),
        "scaleDown": _rules(down.stabilization_seconds, down.pods_per_minute),
    }
    return {direction: rule for direction, rule in rules.items() if rule}


def _rules(window: int | None, pods_per_minute: int | None) -> dict[str, Any]:
    policy = {"type": "Pods", "value": pods_per_minute, "periodSeconds": _MINUTE_SECONDS}
    return {
        **({} if window is None else {"stabilizationWindowSeconds": window}),
        **({} if pods_per_minute is None else {"policies": [policy]}),
    }


def fallback(scaler: KedaAutoscaling) -> dict[str, Any]:
    """What KEDA does while it cannot count. `currentReplicasIfHigher`: a database that is down never shrinks a pool."""
    replicas = scaler.fallback.replicas
    return {
        "failureThreshold": scaler.fallback.failure_threshold,
        "replicas": max(1, scaler.min_replicas) if replicas is None else replicas,
        "behavior": "currentReplicasIfHigher",
    }


def pause_annotations(scaler: KedaAutoscaling) -> dict[str, str]:
    """What stops KEDA. With both, the number wins; either removes KEDA's HPA until it is taken back."""
    return {
        **({PAUSED: "true"} if scaler.paused else {}),
        **({} if scaler.paused_replicas is None else {PAUSED_REPLICAS: str(scaler.paused_replicas)}),
    }


def hpa(
    name: str,
    namespace: NamespaceRef,
    settings: HpaAutoscaling,
    deployment: Deployment,
    opts: pulumi.ResourceOptions,
    *,
    shrinking: ScaleDown | None = None,
) -> HorizontalPodAutoscaler:
    """Scale a Deployment on the utilisation of what its pods request; `shrinking` is a pool's."""
    targets = {"cpu": settings.target_cpu_utilization, "memory": settings.target_memory_utilization}
    metrics = [
        {
            "type": "Resource",
            "resource": {"name": resource, "target": {"type": "Utilization", "average_utilization": target}},
        }
        for resource, target in targets.items()
        if target is not None
    ]
    return HorizontalPodAutoscaler(
        namespace.key(name),
        metadata=namespace.metadata(name, annotations=_HANDED_OVER),
        spec=stated(
            scale_target_ref={"api_version": "apps/v1", "kind": "Deployment", "name": deployment.metadata["name"]},
            min_replicas=settings.min_replicas,
            max_replicas=settings.max_replicas,
            metrics=metrics,
            behavior=behavior(settings.behavior, shrinking) or None,
        ),
        opts=opts,
    )


class ScalerCredential(pulumi.ComponentResource):
    """How KEDA logs in to Postgres for the ScaledObjects of one namespace: a Secret and its TriggerAuthentication.

    One per namespace instead of one for the cluster: KEDA's own namespace then holds nobody's credential. `password` is
    that of the read-only role that counts; it is read from `store`, under `SCALER_LOGIN`, if there is one.
    """

    revision: pulumi.Output[str]
    """Changes with the password. KEDA reads a credential when it builds a scaler and does not watch its Secret, so
    whatever a ScaledObject says must change with it (KEDA issues 563 and 7640)."""
    authentication_name: str
    """Name of the TriggerAuthentication; whoever refers to it depends on this component."""

    def __init__(
        self,
        name: str,
        namespace: NamespaceRef,
        digests: Digests,
        password: pulumi.Output[str],
        store: StoreAccess | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(CREDENTIAL_TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        if store:
            secret = external_secret(name, namespace, store, {"password": StoreKey(SCALER_LOGIN, password)}, child)
        else:
            text = pulumi.Output.secret({"password": password})
            secret = Secret(namespace.key(name), metadata=namespace.metadata(name), string_data=text, opts=child)
        CustomResource(
            namespace.key(name),
            api_version="keda.sh/v1alpha1",
            kind="TriggerAuthentication",
            metadata=namespace.metadata(name),
            spec={"secretTargetRef": [{"parameter": "password", "name": name, "key": "password"}]},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[secret]),
        )
        self.revision = digests.of({"password": password}).apply(lambda sha: sha[:8])
        self.authentication_name = name
        self.register_outputs({"authentication_name": self.authentication_name})


def scaled_object(
    name: str,
    namespace: NamespaceRef,
    pool: PoolSettings,
    scaler: KedaAutoscaling,
    count: Count,
    postgres: PostgresEndpoint,
    credential: ScalerCredential,
    deployment: Deployment,
    opts: pulumi.ResourceOptions,
) -> CustomResource:
    """Scale a Deployment on the number that a query gives, as tasks per replica.

    If the query fails, the replicas stay as they are or rise to one, but never fall: that says nothing about how much
    work is running. While Postgres cannot be reached KEDA gives no number, and all stay as they are. The metadata holds
    names only; the password is in the credential.
    """
    metadata = {
        "query": count.query,
        "targetQueryValue": count.target,
        "host": postgres.direct.host,
        "port": str(postgres.direct.port),
        "userName": postgres.scaler_user,
        "dbName": postgres.database,
        "sslmode": postgres.scaler_ssl_mode or postgres.direct.ssl_mode,
    }
    if scaler.activation_query_value is not None:
        metadata["activationTargetQueryValue"] = f"{scaler.activation_query_value:g}"
    shrinking = scale_down(scaler.behavior, scaler.max_replicas, pool.max_task_seconds)
    return CustomResource(
        namespace.key(name),
        api_version="keda.sh/v1alpha1",
        kind="ScaledObject",
        metadata=namespace.metadata(name, annotations=pause_annotations(scaler)),
        spec={
            "scaleTargetRef": {"name": deployment.metadata["name"]},
            "pollingInterval": polling_seconds(scaler, pool.response_target_seconds),
            "cooldownPeriod": cooldown_seconds(scaler, pool.max_task_seconds),
            "minReplicaCount": scaler.min_replicas,
            "maxReplicaCount": scaler.max_replicas,
            "fallback": fallback(scaler),
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": behavior(scaler.behavior, shrinking)}},
            "triggers": [
                {
                    "type": "postgresql",
                    "name": pulumi.Output.concat("tasks-", credential.revision),
                    "metadata": metadata,
                    "useCachedMetrics": scaler.use_cached_metrics,
                    "authenticationRef": {"name": credential.authentication_name},
                }
            ],
        },
        # KEDA's webhook refuses a target that does not exist yet, and without its credential KEDA asks for no host.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[deployment, credential])),
    )
