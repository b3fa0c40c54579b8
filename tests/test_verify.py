"""What `tools.verify` finds on snapshots of a healthy cluster, in which one thing at a time is broken."""

from collections.abc import Callable
from typing import Any

import pytest

from config import StackSettings
from tests.programs import external_secrets_stack, settings, with_pool
from tests.snapshots import READY, Manifest, Objects, dev_cluster, dev_settings, healthy, hpa, observed
from tests.test_program import EVERYTHING, EVERYTHING_SECRETS
from tools.inspection import Check, inspect
from tools.pods import JOB_NAME


@pytest.fixture
def cluster() -> Objects:
    return dev_cluster()


@pytest.fixture
def dev() -> StackSettings:
    return dev_settings()


def checked(dev: StackSettings, objects: Objects) -> list[Check]:
    return list(inspect(dev, observed(objects)))


def failures(dev: StackSettings, objects: Objects) -> dict[str, str]:
    """What failed, with its reason."""
    return {check.check: check.reason for check in checked(dev, objects) if check.outcome == "fail"}


def test_a_healthy_stack_passes_every_check(dev: StackSettings, cluster: Objects) -> None:
    found = checked(dev, cluster)
    assert [check for check in found if check.outcome != "ok" or check.reason] == []
    assert len({(check.release, check.check) for check in found}) == len(found), "each check has a title of its own"
    assert list(dict.fromkeys(check.release for check in found)) == ["data", "noxus", "acme"]


def deployment(cluster: Objects, name: str) -> Manifest:
    return cluster["Deployment", "noxus-acme" if name.startswith("acme") else "noxus", name]


def container(cluster: Objects, name: str) -> Manifest:
    return deployment(cluster, name)["spec"]["template"]["spec"]["containers"][0]


def scaled_to(cluster: Objects, name: str, count: int) -> None:
    deployment(cluster, name)["spec"]["replicas"] = count
    deployment(cluster, name)["status"] = {
        "observedGeneration": 1,
        **({"availableReplicas": count, "updatedReplicas": count} if count else {}),
    }


def foreign(cluster: Objects, kind: str, namespace: str) -> None:
    metadata = {"name": "stray", "labels": {"app.kubernetes.io/part-of": "noxus"}}
    cluster[kind, namespace, "stray"] = {"kind": kind, "metadata": metadata}


def unavailable(cluster: Objects) -> None:
    conditions = [
        {"type": "Available", "status": "False", "message": "no minimum."},
        {"type": "Progressing", "status": "True", "message": "going well"},
        {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"},
    ]
    deployment(cluster, "noxus-kb")["status"] = {"observedGeneration": 1, "conditions": conditions}


def unlayered(cluster: Objects) -> None:
    container(cluster, "acme-flow")["envFrom"].reverse()


def beside(cluster: Objects, target: str) -> None:
    cluster["HorizontalPodAutoscaler", "noxus-acme", "mine"] = hpa("mine", target)


def left_over(cluster: Objects) -> None:
    policy = {"name": "to-old", "annotations": {"noxus.ai/reason": "an older version allowed it"}}
    cluster["NetworkPolicy", "noxus", "to-old"] = {"kind": "NetworkPolicy", "metadata": policy, "spec": {}}


def debugging(cluster: Objects) -> None:
    metadata = {"name": "debug"}
    cluster["NetworkPolicy", "noxus", "debug"] = {"kind": "NetworkPolicy", "metadata": metadata, "spec": {}}


def unreached(cluster: Objects) -> None:
    answer = cluster["Health", "noxus", "noxus-relays"]
    cluster["Health", "noxus", "noxus-relays"] = {**answer, "unreached": "no endpoints"}
    del cluster["Health", "noxus", "noxus-relays"]["code"]


def applied(cluster: Objects) -> None:
    entry = {"manager": "argocd", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    deployment(cluster, "acme-chat")["metadata"]["managedFields"] = [entry]


def removed(kind: str, namespace: str, name: str) -> Callable[[Objects], object]:
    return lambda cluster: cluster.pop((kind, namespace, name))


def changed(kind: str, namespace: str, name: str, *path: str | int, value: object) -> Callable[[Objects], None]:
    def change(cluster: Objects) -> None:
        found: Any = cluster[kind, namespace, name]
        for part in path[:-1]:
            found = found[part]
        found[path[-1]] = value

    return change


POD = ("spec", "template", "spec")
FLOW = ("Deployment", "noxus-acme", "acme-flow")
SCALED = ("ScaledObject", "noxus-acme", "acme-flow")
CHAT = ("HorizontalPodAutoscaler", "noxus-acme", "acme-chat")
INACTIVE = {"type": "ScalingActive", "status": "False", "message": "no metrics"}
ACTIVE = {"phase": "Active"}
ENFORCE = "pod-security.kubernetes.io/enforce"

BROKEN: dict[str, tuple[Callable[[Objects], object], str, str]] = {
    "a namespace that does not enforce": (
        changed("Namespace", "noxus", "noxus", "metadata", "labels", ENFORCE, value="privileged"),
        "noxus namespace noxus",
        f'{ENFORCE} is "privileged", expected "restricted"; see `kubectl -n noxus describe namespace noxus`',
    ),
    "a namespace that is being deleted": (
        changed("Namespace", "noxus", "noxus", "status", "phase", value="Terminating"),
        "noxus namespace noxus",
        'phase is "Terminating", expected "Active"',
    ),
    "a data service without its pod": (
        changed("StatefulSet", "noxus-data", "redis", "status", value={"observedGeneration": 1}),
        "data redis: available",
        "0 of 1 replicas available, 0 up to date; see `kubectl -n noxus-data describe statefulset redis`",
    ),
    "a claim without volume": (
        changed("PersistentVolumeClaim", "noxus-data", "postgres", "status", "phase", value="Pending"),
        "data postgres: volume",
        'phase is "Pending", expected "Bound"',
    ),
    "a data service that was deleted": (
        removed("StatefulSet", "noxus-data", "bucket"),
        "data bucket: available",
        "StatefulSet bucket does not exist",
    ),
    "a scale that is wrong": (
        lambda cluster: scaled_to(cluster, "noxus-default", 1),
        "noxus noxus-default: available",
        "spec.replicas is 1, expected 2",
    ),
    "a Deployment that is unavailable": (
        unavailable,
        "noxus noxus-kb: available",
        "0 up to date; Available is False: no minimum; ReplicaFailure is True: exceeded quota; see `kubectl -n noxus",
    ),
    "a change nobody has seen": (
        changed(*FLOW, "metadata", "generation", value=2),
        "acme acme-flow: available",
        "has not seen the latest change",
    ),
    "an HPA's Deployment at zero": (
        lambda cluster: scaled_to(cluster, "acme-chat", 0),
        "acme acme-chat: available",
        "scaled to 0, but autoscaling.minReplicas is 1",
    ),
    "a Deployment that was deleted": (
        removed("Deployment", "noxus", "noxus-backend"),
        "noxus noxus-backend: available",
        "Deployment noxus-backend does not exist",
    ),
    "an image that is older": (
        changed("Deployment", "noxus", "noxus-kb", *POD, "containers", 0, "image", value="worker:1"),
        "noxus noxus-kb: image",
        'image is "worker:1", expected "registry.example.com/noxus/worker:2026.11.0"',
    ),
    "another queue type": (
        changed(*FLOW, *POD, "containers", 0, "env", 0, "value", value="all"),
        "acme acme-flow: literal env",
        'WORKER_SUBSCRIBE is "all", expected "flow"',
    ),
    "a literal that shadows the Secrets": (
        lambda cluster: container(cluster, "acme-flow")["env"].append({"name": "LOG_LEVEL", "value": "info"}),
        "acme acme-flow: literal env",
        'LOG_LEVEL is "info", expected not set',
    ),
    "a routing variable that is missing": (
        lambda cluster: container(cluster, "noxus-kb")["env"].pop(),
        "noxus noxus-kb: literal env",
        'WORKER_SUBSCRIBE_WORKSPACES is not set, expected ""',
    ),
    "layers in the wrong order": (
        unlayered,
        "acme acme-flow: envFrom order",
        'envFrom is ["acme-llm-keys", "acme-app-env"], expected ["acme-app-env", "acme-llm-keys"]',
    ),
    "a Secret that is gone": (
        removed("Secret", "noxus-acme", "acme-llm-keys"),
        "acme acme-flow: Secrets",
        "Secret acme-llm-keys does not exist",
    ),
    "another identity": (
        changed(*FLOW, *POD, "serviceAccountName", value="default"),
        "acme acme-flow: identity",
        'serviceAccountName is "default", expected "acme"',
    ),
    "a token in the pods": (
        changed(*FLOW, *POD, "automountServiceAccountToken", value=True),
        "acme acme-flow: identity",
        "automountServiceAccountToken is true, expected false",
    ),
    "a service that is not well": (
        changed("Health", "noxus", "noxus-backend", "code", value=500),
        "noxus noxus-backend: health",
        "answers 500 through its Service, expected 200: 'down'",
    ),
    "a ServiceAccount that is gone": (
        removed("ServiceAccount", "noxus", "noxus"),
        "noxus ServiceAccount",
        "ServiceAccount noxus does not exist",
    ),
    "a policy that is gone": (
        removed("NetworkPolicy", "noxus-data", "postgres-from-keda"),
        "data network policies",
        "postgres-from-keda does not exist",
    ),
    "a deny-all that denies one direction": (
        changed("NetworkPolicy", "noxus", "deny-all", "spec", "policyTypes", value=["Ingress"]),
        "noxus network policies",
        'deny-all: policyTypes is ["Ingress"], expected ["Ingress", "Egress"]',
    ),
    "a deny-all that allows": (
        changed("NetworkPolicy", "noxus", "deny-all", "spec", "egress", value=[{}]),
        "noxus network policies",
        "deny-all: egress is [{}], expected not set",
    ),
    "a policy of an older configuration": (left_over, "noxus network policies", "to-old is left over"),
    "an HPA beside a ScaledObject": (
        lambda cluster: beside(cluster, "acme-flow"),
        "acme acme-flow: autoscaler",
        "HorizontalPodAutoscaler mine scales it, expected only a ScaledObject",
    ),
    "an autoscaler that nobody configured": (
        lambda cluster: cluster.update(
            {("HorizontalPodAutoscaler", "noxus", "mine"): hpa("mine", "noxus-kb")},
        ),
        "noxus noxus-kb: autoscaler",
        "HorizontalPodAutoscaler mine scales it, expected no autoscaler",
    ),
    "an HPA that is gone": (removed(*CHAT), "acme acme-chat: autoscaler", "HorizontalPodAutoscaler acme-chat does not"),
    "another maximum": (
        changed(*CHAT, "spec", "maxReplicas", value=40),
        "acme acme-chat: autoscaler",
        "is 40, expected 4",
    ),
    "another target": (
        changed(*CHAT, "spec", "metrics", 0, "resource", "target", "averageUtilization", value=10),
        "acme acme-chat: autoscaler",
        "cpu target is 10, expected 70",
    ),
    "an autoscaler of something else": (
        changed(*CHAT, "spec", "scaleTargetRef", "name", value="acme-old"),
        "acme acme-chat: autoscaler",
        '"name": "acme-old"}, expected Deployment acme-chat;',
    ),
    "replicas that somebody applies": (
        applied,
        "acme acme-chat: autoscaler",
        "argocd applies the Deployment's spec.rep",
    ),
    "another query": (
        changed(*SCALED, "spec", "triggers", 0, "metadata", "query", value="SELECT 1"),
        "acme acme-flow: autoscaler",
        'query is "SELECT 1", expected "SELECT count(*)',
    ),
    "another target value": (
        changed(*SCALED, "spec", "triggers", 0, "metadata", "targetQueryValue", value="9"),
        "acme acme-flow: autoscaler",
        'targetQueryValue is "9", expected "4"',
    ),
    "another credential": (
        changed(*SCALED, "spec", "triggers", 0, "authenticationRef", "name", value="mine"),
        "acme acme-flow: autoscaler",
        'authenticationRef is "mine", expected "acme-scaler"',
    ),
    "a ScaledObject that KEDA refuses": (
        changed(*SCALED, "status", "conditions", 0, value={"type": "Ready", "status": "False", "message": "no host"}),
        "acme acme-flow: autoscaler",
        "Ready is False: no host",
    ),
    "a TriggerAuthentication that is gone": (
        removed("TriggerAuthentication", "noxus-acme", "acme-scaler"),
        "acme acme-flow: autoscaler",
        "TriggerAuthentication acme-scaler does not exist",
    ),
    "a credential that is gone": (
        removed("Secret", "noxus-acme", "acme-scaler"),
        "acme acme-flow: autoscaler",
        "Secret acme-scaler, which TriggerAuthentication acme-scaler reads, does not exist",
    ),
    "a budget that is gone": (
        removed("PodDisruptionBudget", "noxus", "noxus-default"),
        "noxus noxus-default: disruption budget",
        "PodDisruptionBudget noxus-default does not exist",
    ),
    "a budget that allows more": (
        changed("PodDisruptionBudget", "noxus", "noxus-default", "spec", "maxUnavailable", value=2),
        "noxus noxus-default: disruption budget",
        "maxUnavailable is 2, expected 1",
    ),
    "a pool's Service with an address": (
        changed("Service", "noxus", "noxus-kb", "spec", "clusterIP", value="10.17.0.9"),
        "noxus noxus-kb: headless Service",
        'clusterIP is "10.17.0.9", expected None',
    ),
    "a Service of other pods": (
        changed("Service", "noxus", "noxus-backend", "spec", "selector", value={"app": "else"}),
        "noxus noxus-backend: Service",
        'selector is {"app": "else"}, expected {',
    ),
    "a Deployment that nobody configured": (
        lambda cluster: foreign(cluster, "Deployment", "noxus-acme"),
        "acme nothing else",
        "Deployment stray is asked for by no setting; see `kubectl -n noxus-acme get",
    ),
    "a database that was never set up": (
        removed("Job", "noxus-data", "postgres-setup"),
        "data postgres-setup: complete",
        "Job postgres-setup does not exist",
    ),
    "a set-up that failed": (
        changed(
            "Job",
            "noxus-data",
            "postgres-setup",
            "status",
            "conditions",
            value=[{"type": "Failed", "status": "True", "message": "deadline"}],
        ),
        "data postgres-setup: complete",
        "not complete: deadline",
    ),
    "an Ingress that is gone": (
        removed("Ingress", "noxus", "noxus-relays"),
        "noxus noxus-relays: Ingress",
        "Ingress noxus-relays does not exist",
    ),
    "an Ingress of another host": (
        changed("Ingress", "noxus", "noxus-backend", "spec", "rules", value=[{"host": "else.example.com"}]),
        "noxus noxus-backend: Ingress",
        "rules is [], expected ",
    ),
    "an Ingress without its certificate": (
        changed("Ingress", "noxus", "noxus-backend", "spec", "tls", value=[]),
        "noxus noxus-backend: Ingress",
        "tls is [], expected ",
    ),
    "a data service that nobody configured": (
        lambda cluster: foreign(cluster, "StatefulSet", "noxus-data"),
        "data nothing else",
        "StatefulSet stray",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_one_broken_thing_fails_exactly_its_check(dev: StackSettings, cluster: Objects, case: str) -> None:
    breaks, title, reason = BROKEN[case]
    breaks(cluster)
    failed = [check for check in checked(dev, cluster) if not check.passed]
    assert [f"{check.release} {check.check}" for check in failed] == [title]
    assert reason in failed[0].reason


def test_a_missing_namespace_is_one_failure(dev: StackSettings, cluster: Objects) -> None:
    left = {key: manifest for key, manifest in cluster.items() if key[1] != "noxus-acme"}
    failed = [check for check in checked(dev, left) if not check.passed]
    assert [check.reason.partition(";")[0] for check in failed] == ["Namespace noxus-acme does not exist"]


def test_the_migrations_of_another_image_are_not_the_configured_ones(dev: StackSettings, cluster: Objects) -> None:
    (job,) = [key for key in cluster if key[0] == "Job" and "migrations" in key[2]]
    other = cluster.pop(job)
    other["metadata"]["name"] = "noxus-migrations-00000000"
    cluster["Job", "noxus", "noxus-migrations-00000000"] = other
    failed = [check for check in checked(dev, cluster) if not check.passed]
    assert [check.check for check in failed] == ["migrations: complete"]


def test_a_pool_that_keda_scales_to_zero_passes_at_zero(dev: StackSettings, cluster: Objects) -> None:
    scaled_to(cluster, "acme-flow", 0)
    assert all(check.passed for check in checked(dev, cluster))


def test_a_pool_that_keda_is_told_to_hold_at_zero_passes_at_zero() -> None:
    keda = {"type": "keda", "query": "SELECT 1", "targetQueryValue": 1, "minReplicas": 1, "maxReplicas": 2}
    raw = with_pool(autoscaling={**keda, "pausedReplicas": 0})
    cluster = healthy((raw, {}))
    scaled_to(cluster, "acme-flow", 0)
    assert failures(settings(raw), cluster) == {}


NOTES: dict[str, tuple[Callable[[Objects], object], str, str]] = {
    "a certificate that cert-manager has not written": (
        removed("Secret", "noxus", "noxus-backend-tls"),
        "noxus noxus-backend: certificate",
        "Secret noxus-backend-tls is not written yet; is cert-manager running, with self-signed?; "
        "see `kubectl -n noxus describe ingress noxus-backend`",
    ),
    "an Ingress without address": (
        changed("Ingress", "noxus", "noxus-relays", "status", value={}),
        "noxus noxus-relays: Ingress",
        "has no address yet; is an ingress controller of its class running?; "
        "see `kubectl -n noxus describe ingress noxus-relays`",
    ),
    "a ScaledObject that KEDA never saw": (
        changed(*SCALED, "status", value={}),
        "acme acme-flow: autoscaler",
        "KEDA has not reported on it, so nothing scales it; is the KEDA operator running?; "
        "see `kubectl -n noxus-acme describe scaledobject acme-flow`",
    ),
    "an HPA without metrics": (
        changed(*CHAT, "status", value={"conditions": [INACTIVE]}),
        "acme acme-chat: autoscaler",
        "ScalingActive is False: no metrics; see `kubectl -n noxus-acme describe horizontalpodautoscaler acme-chat`",
    ),
    "a policy created elsewhere": (
        debugging,
        "noxus network policies",
        "debug was created elsewhere, and may allow what the stack denies; see `kubectl -n noxus get networkpolicies`",
    ),
    "a service that the API server does not reach": (
        unreached,
        "noxus noxus-relays: health",
        "not asked, the API server does not get through: no endpoints; "
        "see `kubectl -n noxus describe deployment noxus-relays`",
    ),
}


@pytest.mark.parametrize("case", NOTES)
def test_what_the_stack_does_not_own_is_a_note_and_no_failure(dev: StackSettings, cluster: Objects, case: str) -> None:
    happens, title, reason = NOTES[case]
    happens(cluster)
    found = [check for check in checked(dev, cluster) if check.outcome != "ok"]
    assert [(check.outcome, f"{check.release} {check.check}", check.reason) for check in found] == [
        ("note", title, reason)
    ]
    assert found[0].passed


def test_a_service_that_is_gone_fails_once_and_that_it_was_not_asked_is_a_note(
    dev: StackSettings, cluster: Objects
) -> None:
    del cluster["Service", "noxus", "noxus-backend"]
    del cluster["Health", "noxus", "noxus-backend"]
    found = [check for check in checked(dev, cluster) if check.outcome != "ok"]
    assert [(check.outcome, check.check, check.reason.partition(";")[0]) for check in found] == [
        ("fail", "noxus-backend: Service", "Service noxus-backend does not exist"),
        ("note", "noxus-backend: health", "not asked: there is no such Service"),
    ]


def test_a_namespace_created_elsewhere_that_enforces_less_is_a_note() -> None:
    raw = with_pool()
    raw["workers"]["acme"]["createNamespace"] = False
    cluster = healthy((raw, {}))
    metadata = {"name": "noxus-acme"}
    cluster["Namespace", "noxus-acme", "noxus-acme"] = {"kind": "Namespace", "metadata": metadata, "status": ACTIVE}
    found = [check for check in checked(settings(raw), cluster) if check.outcome != "ok"]
    assert [(check.outcome, check.check, check.reason) for check in found] == [
        (
            "note",
            "namespace noxus-acme",
            "enforces no Pod Security, and the stack's other namespaces enforce restricted; "
            "see `kubectl --context test -n noxus-acme describe namespace noxus-acme`",
        )
    ]


def test_a_check_with_a_fault_and_a_note_fails_and_says_both(dev: StackSettings, cluster: Objects) -> None:
    left_over(cluster)
    debugging(cluster)
    assert failures(dev, cluster) == {
        "network policies": "debug was created elsewhere, and may allow what the stack denies; "
        "to-old is left over: no setting asks for it; see `kubectl -n noxus get networkpolicies`"
    }


UNPULLED = {
    "phase": "Pending",
    "containerStatuses": [
        {
            "name": "worker",
            "image": "noxus/worker:1",
            "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}},
        }
    ],
}
CRASHED = {
    "phase": "Failed",
    "containerStatuses": [
        {"name": "job", "state": {"terminated": {"exitCode": 1, "reason": "Error", "message": "no such table"}}}
    ],
}
EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}


def of_pod(cluster: Objects, namespace: str, name: str, status: Manifest, **metadata: object) -> None:
    """Give a pod another status; a new one is like the first pod of its workload."""
    first = cluster["Pod", namespace, f"{name.rpartition('-')[0]}-0"]
    cluster["Pod", namespace, name] = {
        **first,
        "metadata": {**first["metadata"], "name": name, **metadata},
        "status": status,
    }


def short(cluster: Objects, name: str, *, available: int = 0, updated: int = 0) -> None:
    counts = {"availableReplicas": available, "updatedReplicas": updated}
    deployment(cluster, name)["status"] = {"observedGeneration": 1, **counts}


def test_a_deployment_that_is_short_of_replicas_says_why_and_points_to_the_pod(
    dev: StackSettings, cluster: Objects
) -> None:
    short(cluster, "noxus-kb", updated=1)
    of_pod(cluster, "noxus", "noxus-kb-0", UNPULLED)
    assert failures(dev, cluster) == {
        "noxus-kb: available": "0 of 1 replicas available, 1 up to date; "
        "pod noxus-kb-0: container worker: ImagePullBackOff: noxus/worker:1: Back-off pulling image; "
        "see `kubectl -n noxus describe pod noxus-kb-0`"
    }


def test_a_stuck_rollout_is_explained_by_its_new_pods(dev: StackSettings, cluster: Objects) -> None:
    short(cluster, "noxus-default", available=2, updated=1)
    labels = {**cluster["Pod", "noxus", "noxus-default-0"]["metadata"]["labels"], "pod-template-hash": "new"}
    created = "2026-08-01T11:00:00Z"
    of_pod(cluster, "noxus", "noxus-default-1", EVICTED)
    of_pod(cluster, "noxus", "noxus-default-2", UNPULLED, labels=labels, creationTimestamp=created)
    assert failures(dev, cluster) == {
        "noxus-default: available": "2 of 2 replicas available, 1 up to date; "
        "pod noxus-default-2: container worker: ImagePullBackOff: noxus/worker:1: Back-off pulling image; "
        "see `kubectl -n noxus describe pod noxus-default-2`"
    }


def test_a_stuck_rollout_fails_although_an_old_pod_still_serves(dev: StackSettings, cluster: Objects) -> None:
    short(cluster, "noxus-kb", available=1, updated=1)
    cluster["Deployment", "noxus", "noxus-kb"]["status"]["replicas"] = 2
    assert failures(dev, cluster) == {
        "noxus-kb: available": "1 of 1 replicas available, 1 up to date, 1 of an older template; "
        "see `kubectl -n noxus describe deployment noxus-kb`"
    }


def test_a_data_service_that_is_not_available_is_explained_by_its_pod(dev: StackSettings, cluster: Objects) -> None:
    cluster["StatefulSet", "noxus-data", "redis"]["status"] = {"observedGeneration": 1, "updatedReplicas": 1}
    unschedulable = {
        "type": "PodScheduled",
        "status": "False",
        "message": "0/1 nodes are available: 1 Insufficient cpu.",
    }
    of_pod(cluster, "noxus-data", "redis-0", {"phase": "Pending", "conditions": [unschedulable]})
    assert failures(dev, cluster) == {
        "redis: available": "0 of 1 replicas available, 1 up to date; "
        "pod redis-0: not scheduled to a node: 0/1 nodes are available: 1 Insufficient cpu; "
        "see `kubectl -n noxus-data describe pod redis-0`"
    }


@pytest.mark.parametrize(
    ("namespace", "job", "title"),
    [
        ("noxus-data", "postgres-setup", "postgres-setup: complete"),
        ("noxus-data", "postgres-queue", "postgres-queue: complete"),
        ("noxus", "noxus-migrations-", "migrations: complete"),
    ],
)
def test_a_job_that_failed_is_explained_by_its_pods(
    dev: StackSettings, cluster: Objects, namespace: str, job: str, title: str
) -> None:
    ((_, _, name),) = [key for key in cluster if key[0] == "Job" and key[2].startswith(job)]
    failed = {"type": "Failed", "status": "True", "message": "Job has reached the specified backoff limit"}
    cluster["Job", namespace, name]["status"] = {"conditions": [failed]}
    of_pod(cluster, namespace, f"{name}-0", CRASHED)
    of_pod(cluster, namespace, f"{name}-1", CRASHED, creationTimestamp="2026-08-01T10:05:00Z")
    another = {"name": "another", "labels": {JOB_NAME: "another"}, "creationTimestamp": "2026-08-01T10:06:00Z"}
    cluster["Pod", namespace, "another"] = {"kind": "Pod", "metadata": another, "status": EVICTED}
    assert failures(dev, cluster) == {
        title: "not complete: Job has reached the specified backoff limit; "
        f"pod {name}-1 (1 more like it): container job: Error, exit code 1: no such table; "
        f"see `kubectl -n {namespace} logs {name}-1 -c job`"
    }


def test_pods_of_what_has_all_its_replicas_are_not_asked(dev: StackSettings, cluster: Objects) -> None:
    of_pod(cluster, "noxus", "noxus-default-2", EVICTED)
    assert failures(dev, cluster) == {}
    scaled_to(cluster, "noxus-default", 1)
    assert failures(dev, cluster) == {
        "noxus-default: available": "spec.replicas is 1, expected 2; "
        "see `kubectl -n noxus describe deployment noxus-default`"
    }


def test_a_pool_at_zero_is_not_explained_by_pods_that_are_left(dev: StackSettings, cluster: Objects) -> None:
    scaled_to(cluster, "acme-flow", 0)
    of_pod(cluster, "noxus-acme", "acme-flow-0", EVICTED)
    assert failures(dev, cluster) == {}


def test_every_optional_setting_is_understood() -> None:
    """Among them: a pool that is off, an HPA on two resources, a budget as a share."""
    configured, objects = settings(EVERYTHING, *EVERYTHING_SECRETS), healthy((EVERYTHING, EVERYTHING_SECRETS))
    found = checked(configured, objects)
    assert [check for check in found if check.outcome != "ok" or check.reason] == []
    objects["Deployment", "noxus", "noxus-off"] = {"kind": "Deployment", "metadata": {"name": "noxus-off"}}
    failed = [check for check in checked(configured, objects) if not check.passed]
    assert [(check.check, check.reason.partition(";")[0]) for check in failed] == [
        ("noxus-off: disabled", "Deployment noxus-off exists, expected none")
    ]


def _written(cluster: Objects) -> Objects:
    """A cluster with the Secrets that External Secrets writes."""
    secrets: Objects = {}
    for (kind, namespace, name), manifest in cluster.items():
        if kind == "ExternalSecret":
            secret = manifest["spec"]["target"].get("name", name)
            secrets["Secret", namespace, secret] = {"kind": "Secret", "metadata": {"name": secret}}
    return {**cluster, **secrets}


def test_a_store_an_entry_and_an_identity_are_checked_where_there_are_some() -> None:
    raw = external_secrets_stack()
    wanted, cluster = settings(raw), _written(healthy((raw, {})))
    assert [check for check in checked(wanted, cluster) if check.outcome != "ok"] == []
    unready = {**READY, "status": "False", "message": "no such property"}
    cluster["SecretStore", "noxus-acme", "acme"]["status"] = {"conditions": [{**unready, "message": "no such role"}]}
    cluster["ExternalSecret", "noxus-acme", "acme-keys"]["status"] = {"conditions": [unready]}
    del cluster["ServiceAccount", "noxus-acme", "acme"]["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    assert failures(wanted, cluster) == {
        "ServiceAccount": 'eks.amazonaws.com/role-arn is not set, expected "arn:x"; '
        "see `kubectl --context test -n noxus-acme describe serviceaccount acme`",
        "SecretStore": "is not ready: no such role; "
        "see `kubectl --context test -n noxus-acme describe secretstore acme`",
        "ExternalSecret acme-keys": "is not ready: no such property; "
        "see `kubectl --context test -n noxus-acme describe externalsecret acme-keys`",
    }


def test_what_external_secrets_never_saw_is_a_note_and_the_secret_that_is_missing_a_failure() -> None:
    raw = external_secrets_stack()
    wanted, cluster = settings(raw), _written(healthy((raw, {})))
    for kind, name in (("SecretStore", "acme"), ("ExternalSecret", "acme-keys")):
        cluster[kind, "noxus-acme", name]["status"] = {"conditions": []}
    del cluster["Secret", "noxus-acme", "acme-keys"]
    kubectl = "see `kubectl --context test -n noxus-acme"
    silent = f"External Secrets has not reported on it; is its operator running?; {kubectl} describe"
    found = [check for check in checked(wanted, cluster) if check.outcome != "ok"]
    assert [(check.outcome, check.check, check.reason) for check in found] == [
        ("note", "SecretStore", f"{silent} secretstore acme`"),
        ("note", "ExternalSecret acme-keys", f"{silent} externalsecret acme-keys`"),
        (
            "fail",
            "acme-flow: Secrets",
            f"Secret acme-keys does not exist; {kubectl} get secrets`",
        ),
    ]
