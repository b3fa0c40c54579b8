"""Whether an object does what it is for, kind by kind: pure questions about it and the objects beside it.

Kinds not listed are ready when they exist, as are all custom resources unless `pulumi.com/waitFor` says otherwise.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sandbox.plugins.kubernetes.cluster import Address, ApiError, Cluster, Object
from sandbox.plugins.kubernetes.inputs import annotation

LOG_LINES: Final = 10


@dataclass(frozen=True)
class Verdict:
    """Ready, or not yet with what is missing; `final` means that waiting longer cannot help."""

    missing: str = ""
    final: bool = False

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


READY: Final = Verdict()
Question = Callable[[Object, Cluster], Verdict]


def judge(live: Object, cluster: Cluster) -> Verdict:
    """The verdict on `live` now."""
    if annotation(live, "skipAwait") == "true":
        return READY
    wait_for = annotation(live, "waitFor")
    if wait_for:
        return _as_asked(live, wait_for)
    question = _QUESTIONS.get((live["apiVersion"], live["kind"]))
    return question(live, cluster) if question else READY


def timeout_seconds(inputs: Object, custom: float) -> float:
    """How long to wait: the resource's `customTimeouts`, its annotation, or the kind's default."""
    default = 300 if inputs["kind"] in ("Pod", "PersistentVolumeClaim") else 600
    return custom or float(annotation(inputs, "timeoutSeconds") or default)


def pod_troubles(live: Object, cluster: Cluster) -> Iterator[str]:
    """What the pods of a workload say is wrong with them, with the end of the log of those that failed."""
    labels = ((live.get("spec") or {}).get("selector") or {}).get("matchLabels")
    if not labels:
        return
    namespace = live["metadata"]["namespace"]
    for pod in cluster.find(Address("v1", "Pod", namespace), labels):
        name, status = pod["metadata"]["name"], pod.get("status", {})
        for condition in status.get("conditions", []):
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                yield f"[Pod {name}]: {condition.get('message', 'not scheduled')}"
        for container in status.get("containerStatuses", []):
            state = container.get("state", {})
            bad = state.get("waiting") or state.get("terminated") or {}
            if bad.get("reason") not in (None, "Completed", "ContainerCreating", "PodInitializing"):
                why = f"{bad['reason']} {bad.get('message', '')}".rstrip()
                yield f'[Pod {name}]: container "{container["name"]}": {why}'
        if status.get("phase") == "Failed":
            yield f"[Pod {name}]: {status.get('reason', 'Failed')} {status.get('message', '')}".rstrip()
            if log := cluster.log_tail(Address("v1", "Pod", namespace, name), LOG_LINES):
                yield f"[Pod {name}]: last lines of its log:\n{log}"


def _observed(live: Object) -> Verdict | None:
    if live.get("status", {}).get("observedGeneration", 0) < live["metadata"].get("generation", 0):
        return Verdict("Waiting for the controller to see the change")
    return None


def _conditions(live: Object) -> dict[str, Object]:
    return {condition["type"]: condition for condition in live.get("status", {}).get("conditions", [])}


def _deployment(live: Object, _: Cluster) -> Verdict:
    wanted, status = live["spec"].get("replicas", 1), live.get("status", {})
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if pending := _observed(live):
        return pending
    # A pod that was told to end counts no longer, so long grace periods do not stall.
    if updated == available == wanted == status.get("replicas", 0):
        return READY
    return Verdict(f"Waiting for app ReplicaSet to be available ({min(updated, available)}/{wanted} Pods available)")


def _stateful_set(live: Object, _: Cluster) -> Verdict:
    wanted, status = live["spec"].get("replicas", 1), live.get("status", {})
    if pending := _observed(live):
        return pending
    rolling = live["spec"].get("updateStrategy", {}).get("type", "RollingUpdate") == "RollingUpdate"
    if status.get("readyReplicas", 0) != wanted:
        return Verdict(f"Waiting for StatefulSet to be ready ({status.get('readyReplicas', 0)}/{wanted} Pods ready)")
    if rolling and wanted and status.get("currentRevision") != status.get("updateRevision"):
        return Verdict(f"Waiting for StatefulSet update to roll out ({status.get('updatedReplicas', 0)}/{wanted})")
    return READY


def _job(live: Object, _: Cluster) -> Verdict:
    conditions, status = _conditions(live), live.get("status", {})
    if conditions.get("Complete", {}).get("status") == "True":
        return READY
    failed = conditions.get("Failed", {})
    if failed.get("status") == "True":
        return Verdict(f"[{failed.get('reason')}] {failed.get('message')}", final=True)
    counts = " | ".join(f"{key.title()}: {status.get(key, 0)}" for key in ("active", "succeeded", "failed"))
    return Verdict(f'Waiting for Job "{live["metadata"]["name"]}" to succeed ({counts})')


def _pod(live: Object, _: Cluster) -> Verdict:
    phase = live.get("status", {}).get("phase", "")
    if phase == "Succeeded" or _conditions(live).get("Ready", {}).get("status") == "True":
        return READY
    return Verdict(f"Waiting for Pod to be ready (phase {phase or 'unknown'})", final=phase == "Failed")


def _service(live: Object, cluster: Cluster) -> Verdict:
    spec, metadata = live["spec"], live["metadata"]
    if spec.get("type") == "ExternalName":
        return READY
    if spec.get("selector") and spec.get("clusterIP") != "None":
        collection = Address("discovery.k8s.io/v1", "EndpointSlice", metadata["namespace"])
        slices = cluster.find(collection, {"kubernetes.io/service-name": metadata["name"]})
        endpoints = [endpoint for item in slices for endpoint in item.get("endpoints") or []]
        if not any((endpoint.get("conditions") or {}).get("ready", True) for endpoint in endpoints):
            return Verdict("Service does not target any Pods. Selected Pods may not be ready")
    if spec.get("type") == "LoadBalancer" and not live.get("status", {}).get("loadBalancer", {}).get("ingress"):
        return Verdict("Service was not allocated an IP address; does your cloud provider support this?")
    return READY


def _ingress(live: Object, _: Cluster) -> Verdict:
    if not live.get("status", {}).get("loadBalancer", {}).get("ingress"):
        return Verdict("Ingress .status.loadBalancer field was not updated with a hostname/IP address")
    return READY


def _claim(live: Object, cluster: Cluster) -> Verdict:
    if live.get("status", {}).get("phase") == "Bound":
        return READY
    storage_class = live["spec"].get("storageClassName")
    if storage_class:
        try:
            found = cluster.get(Address("storage.k8s.io/v1", "StorageClass", "", storage_class))
        except ApiError:
            found = {}
        # Bound by the first pod that mounts it, which may come after it in the program.
        if found.get("volumeBindingMode") == "WaitForFirstConsumer":
            return READY
    return Verdict("PersistentVolumeClaim is not bound")


_QUESTIONS: Final[dict[tuple[str, str], Question]] = {
    ("apps/v1", "Deployment"): _deployment,
    ("apps/v1", "StatefulSet"): _stateful_set,
    ("batch/v1", "Job"): _job,
    ("v1", "Pod"): _pod,
    ("v1", "Service"): _service,
    ("v1", "PersistentVolumeClaim"): _claim,
    ("networking.k8s.io/v1", "Ingress"): _ingress,
}


def _as_asked(live: Object, wait_for: str) -> Verdict:
    """`condition=Type[=Status]`, `jsonpath={.path}[=value]`, or a JSON list of such."""
    wanted = json.loads(wait_for) if wait_for.startswith("[") else [wait_for]
    missing = [expression for expression in wanted if not _holds(live, expression)]
    return Verdict(f"Waiting for {', '.join(missing)}") if missing else READY


def _holds(live: Object, expression: str) -> bool:
    kind, _, rest = expression.partition("=")
    if kind == "condition":
        name, _, status = rest.partition("=")
        condition = _conditions(live).get(name, {})
        current = condition.get("observedGeneration", live["metadata"].get("generation", 0))
        fresh = current >= live["metadata"].get("generation", 0)
        return fresh and condition.get("status", "").lower() == (status or "True").lower()
    path, _, value = rest.removeprefix("{").partition("}")
    found = _at(live, path)
    return found is not None and (not value or str(found) == value.removeprefix("="))


def _at(value: Any, path: str) -> Any:
    """What a JSON path of plain fields and indexes leads to."""
    for field, index, quoted in re.findall(r"\.([\w/-]+)|\[(\d+)\]|\['([^']+)'\]", path):
        try:
            value = value[int(index)] if index else value[field or quoted]
        except (KeyError, IndexError, TypeError):
            return None
    return value
