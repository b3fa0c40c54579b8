"""PodDisruptionBudgets: how many pods of a workload a node drain may take at once."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.kubernetes.namespace_ref import NamespaceRef
from components.kubernetes.pod import stated
from config.workloads import DisruptionSettings


def disruption_budget(
    name: str,
    namespace: NamespaceRef,
    selector: Mapping[str, str],
    settings: DisruptionSettings,
    opts: pulumi.ResourceOptions,
) -> PodDisruptionBudget:
    """Bound evictions. By default one pod at a time: unlike a minimum, that follows every scale and blocks no drain.

    Pods that are not ready may always go (`AlwaysAllow`): a crash loop must not hold up a drain. A budget guards
    against evictions only, not against scaling in.
    """
    unset = settings.min_available is None and settings.max_unavailable is None
    return PodDisruptionBudget(
        namespace.key(name),
        metadata=namespace.metadata(name),
        spec=stated(
            selector={"match_labels": selector},
            min_available=settings.min_available,
            max_unavailable=1 if unset else settings.max_unavailable,
            unhealthy_pod_eviction_policy="AlwaysAllow",
        ),
        opts=opts,
    )
