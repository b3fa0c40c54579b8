"""`tools.verify` on snapshots of a healthy cluster, in which one thing at a time is broken."""

import copy
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from config import StackSettings, read_stack_file
from tests.programs import ROOT, external_secrets_stack, run_program, settings, stack_file, with_pool
from tests.test_program import EVERYTHING, EVERYTHING_SECRETS
from tools import verify
from tools.inspection import Check, inspect
from tools.observed import Namespace, Observed

DEV = ROOT / "Pulumi.dev.yaml"

Key = tuple[str, str, str]
READY = {"type": "Ready", "status": "True"}
Objects = dict[Key, dict[str, Any]]
"""A cluster's objects by kind, namespace and name."""


def _as_the_api_server_shows_it(manifest: dict[str, Any]) -> dict[str, Any]:
    """What a healthy cluster makes of a declared object."""
    shown, spec = copy.deepcopy(manifest), copy.deepcopy(manifest.get("spec", {}))
    shown["metadata"]["generation"] = 1
    if manifest["kind"] in ("Deployment", "StatefulSet"):
        count = spec.setdefault("replicas", 1)
        shown["status"] = {"observedGeneration": 1, "availableReplicas": count, "updatedReplicas": count}
        for variable in spec["template"]["spec"]["containers"][0].get("env", []):
            if variable.get("value") == "":
                del variable["value"]
    statuses: dict[str, dict[str, Any]] = {
        "Namespace": {"phase": "Active"},
        "Ingress": {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}},
        "Job": {"conditions": [{"type": "Complete", "status": "True"}]},
        "PersistentVolumeClaim": {"phase": "Bound"},
        **{kind: {"conditions": [READY]} for kind in ("ExternalSecret", "ScaledObject", "SecretStore")},
    }
    if manifest["kind"] in statuses:
        shown["status"] = statuses[manifest["kind"]]
    if manifest["kind"] == "Service":
        spec.setdefault("clusterIP", "10.17.0.5")
    if manifest["kind"] == "Secret":
        del shown["stringData"]
    return {**shown, "spec": spec}


def _hpa(name: str, target: str, **metadata: object) -> dict[str, Any]:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    spec = {"scaleTargetRef": reference, "minReplicas": 1, "maxReplicas": 9}
    return {"kind": "HorizontalPodAutoscaler", "metadata": {"name": name, **metadata}, "spec": spec}


def _healthy(program: tuple[dict[str, Any], dict[str, str]]) -> Objects:
    objects: Objects = {}
    for _, manifest in run_program(*program).objects:
        metadata = manifest["metadata"]
        key = (manifest["kind"], metadata.get("namespace", metadata["name"]), metadata["name"])
        objects[key] = _as_the_api_server_shows_it(manifest)
    owner = {"kind": "ScaledObject", "name": "acme-flow"}
    keda = _hpa("keda-hpa-acme-flow", "acme-flow", ownerReferences=[owner])
    certificates: Objects = {
        ("Secret", "noxus", name): {"kind": "Secret", "metadata": {"name": name, "namespace": "noxus"}}
        for name in ("noxus-frontend-tls", "noxus-backend-tls", "noxus-relays-tls", "noxus-tls")  # cert-manager's work
    }
    logins: Objects = {
        ("Secret", namespace, "regcred"): {"kind": "Secret", "metadata": {"name": "regcred", "namespace": namespace}}
        for namespace in ("noxus", "noxus-acme")  # somebody else's
    }
    health: Objects = {
        ("Health", "noxus", name): {"kind": "Health", "metadata": {"name": name}, "code": 200, "text": "down"}
        for name in ("noxus-backend", "noxus-frontend", "noxus-relays")
    }
    return {
        **objects,
        **certificates,
        **logins,
        **health,
        ("HorizontalPodAutoscaler", "noxus-acme", "keda-hpa-acme-flow"): keda,
    }


@pytest.fixture(scope="module")
def deployed() -> Objects:
    return _healthy(stack_file(DEV))


@pytest.fixture
def cluster(deployed: Objects) -> Objects:
    return copy.deepcopy(deployed)


@pytest.fixture(scope="module")
def dev() -> StackSettings:
    return read_stack_file(DEV)


def observed(objects: Objects) -> Observed:
    names = {namespace for _, namespace, _ in objects} | {"noxus-data", "noxus", "noxus-acme"}
    return {
        name: Namespace(name, [manifest for (_, namespace, _), manifest in objects.items() if namespace == name])
        for name in names
    }


def checked(dev: StackSettings, objects: Objects) -> list[Check]:
    return list(inspect(dev, observed(objects)))


def test_a_healthy_stack_passes_every_check(dev: StackSettings, cluster: Objects) -> None:
    found = checked(dev, cluster)
    assert [check for check in found if not check.passed or check.reason] == []
    assert len({(check.release, check.check) for check in found}) == len(found), "each check has a title of its own"
    assert list(dict.fromkeys(check.release for check in found)) == ["data", "noxus", "acme"]


def deployment(cluster: Objects, name: str) -> dict[str, Any]:
    return cluster["Deployment", "noxus-acme" if name.startswith("acme") else "noxus", name]


def container(cluster: Objects, name: str) -> dict[str, Any]:
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
        {"type": "Available", "status": "False", "message": "no minimum"},
        {"type": "Progressing", "status": "True", "message": "going well"},
        {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"},
    ]
    deployment(cluster, "noxus-kb")["status"] = {"observedGeneration": 1, "conditions": conditions}


def unlayered(cluster: Objects) -> None:
    container(cluster, "acme-flow")["envFrom"].reverse()


def beside(cluster: Objects, target: str) -> None:
    cluster["HorizontalPodAutoscaler", "noxus-acme", "mine"] = _hpa("mine", target)


def left_over(cluster: Objects) -> None:
    policy = {"name": "to-old", "annotations": {"noxus.ai/reason": "an older version allowed it"}}
    cluster["NetworkPolicy", "noxus", "to-old"] = {"kind": "NetworkPolicy", "metadata": policy, "spec": {}}


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
            {("HorizontalPodAutoscaler", "noxus", "mine"): _hpa("mine", "noxus-kb")},
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


def test_a_certificate_that_cert_manager_still_owes_is_a_remark(dev: StackSettings, cluster: Objects) -> None:
    del cluster["Secret", "noxus", "noxus-backend-tls"]
    (check,) = [check for check in checked(dev, cluster) if check.check == "noxus-backend: certificate"]
    assert check.passed
    assert check.reason.startswith("Secret noxus-backend-tls is not written yet; is cert-manager running")


def test_a_pool_that_keda_scales_to_zero_passes_at_zero(dev: StackSettings, cluster: Objects) -> None:
    scaled_to(cluster, "acme-flow", 0)
    assert all(check.passed for check in checked(dev, cluster))


def test_what_the_stack_does_not_own_is_a_remark_and_no_failure(dev: StackSettings, cluster: Objects) -> None:
    del cluster[SCALED]["status"]
    metadata = {"name": "debug"}
    cluster["NetworkPolicy", "noxus", "debug"] = {"kind": "NetworkPolicy", "metadata": metadata, "spec": {}}
    inactive = {"type": "ScalingActive", "status": "False", "message": "no metrics"}
    cluster[CHAT]["status"] = {"conditions": [inactive]}
    remarks = {
        check.check: (check.passed, check.reason.partition(";")[0]) for check in checked(dev, cluster) if check.reason
    }
    assert remarks == {
        "network policies": (True, "debug is somebody else's, and may open what the stack denies"),
        "acme-chat: autoscaler": (True, "ScalingActive is False: no metrics"),
        "acme-flow: autoscaler": (True, "KEDA has not reported on it, so nothing scales it"),
    }


def test_every_optional_setting_is_understood() -> None:
    """Among them: a pool that is off, an HPA on two resources, a budget as a share."""
    configured, objects = settings(EVERYTHING, *EVERYTHING_SECRETS), _healthy((EVERYTHING, EVERYTHING_SECRETS))
    found = checked(configured, objects)
    assert [check for check in found if not check.passed or check.reason] == []
    objects["Deployment", "noxus", "noxus-off"] = {"kind": "Deployment", "metadata": {"name": "noxus-off"}}
    failed = [check for check in checked(configured, objects) if not check.passed]
    assert [(check.check, check.reason.partition(";")[0]) for check in failed] == [
        ("noxus-off: disabled", "Deployment noxus-off exists, expected none")
    ]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, cluster: Objects) -> Objects:
    """The command in the repository, with a cluster that answers."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(verify, "observe", lambda _: observed(cluster))
    return cluster


def test_the_command_says_one_line_for_each_check(command: Objects, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main(["--stack", "dev"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok    data   namespace noxus-data"
    assert lines[-1] == f"dev: {len(lines) - 1} checks passed, 0 failed"
    unlayered(command)
    assert verify.main(["--stack", "dev"]) == 1
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")]
    assert len(failed) == 1
    assert failed[0].startswith('FAIL  acme   acme-flow: envFrom order: envFrom is ["acme-llm-keys"')


def test_the_command_writes_one_json_object(command: Objects, capsys: pytest.CaptureFixture[str]) -> None:
    unlayered(command)
    assert verify.main(["--stack", "dev", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report.keys() == {"stack", "passed", "failed", "checks"}
    assert (report["stack"], report["failed"], report["passed"]) == ("dev", 1, len(report["checks"]) - 1)
    assert report["checks"][0] == {
        "release": "data",
        "check": "namespace noxus-data",
        "passed": True,
        "reason": "",
    }


def _kubeconfig(path: Path, server: str, current: str = "here") -> str:
    named = {"context": {"cluster": "there", "user": "me"}, "name": "here"}
    clusters = [{"cluster": {"server": server}, "name": "there"}]
    users = [{"name": "me", "user": {"token": "t"}}]
    document = {"contexts": [named], "clusters": clusters, "users": users, "current-context": current}
    path.write_text(json.dumps(document))
    return str(path)


@pytest.fixture
def api_server(cluster: Objects, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, int]]:
    """Answers as the API server does, or with a status given for a plural. KEDA's custom resources are not served."""
    refused: dict[str, int] = {"scaledobjects": 404, "triggerauthentications": 404}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            namespace, _, plural = self.path.partition("/namespaces/")[2].partition("/")
            if plural.endswith("/proxy/status/health"):
                self.send_response(refused.get("health", 200))
                self.end_headers()
                self.wfile.write(b'{"kind": "Status", "message": "no endpoints"}' if "health" in refused else b"well")
                return
            whole = plural != "secrets"
            assert whole == (self.headers["Accept"] == "application/json"), "no Secret's value is asked for"
            irregular = {"networkpolicies": "networkpolicy", "ingresses": "ingress"}
            kind = irregular.get(plural, plural.removesuffix("s"))
            found = [item for (of, within, _), item in cluster.items() if (of.lower(), within) == (kind, namespace)]
            items = [{key: value for key, value in item.items() if key != "kind"} for item in found]
            answer = {"items": items} if plural else cluster["Namespace", namespace, namespace]
            self.send_response(refused.get(plural, 200))
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_request(self, code: object = "-", size: object = "-") -> None:
            del code, size  # nothing of it belongs into a test's output

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.chdir(ROOT)
        monkeypatch.setenv("KUBECONFIG", _kubeconfig(tmp_path / "kubeconfig", f"http://127.0.0.1:{server.server_port}"))
        yield refused
        server.shutdown()
        thread.join()


def test_the_command_asks_the_kubernetes_api(api_server: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main(["--stack", "dev"]) == 1
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")]
    assert [line.partition("; ")[0] for line in failed] == [
        "FAIL  acme   acme-flow: autoscaler: ScaledObject acme-flow does not exist"
    ], "nothing but KEDA is missing"
    api_server["health"] = 503
    assert verify.main(["--stack", "dev"]) == 1
    said = capsys.readouterr().out
    assert said.count("not asked, the API server does not get through: no endpoints") == 3
    assert len([line for line in said.splitlines() if line.startswith("FAIL")]) == 1
    api_server["secrets"] = 403
    assert verify.main(["--stack", "dev"]) == 2
    refusal = "cluster: refused GET /api/v1/namespaces/noxus-data/secrets: 403 Forbidden; ask `kubectl auth"
    assert refusal in capsys.readouterr().err


@pytest.mark.parametrize(
    ("current", "message"),
    [
        ("here", "cannot reach the Kubernetes API server https://127.0.0.1:1 of context 'here'"),
        ("elsewhere", "cluster.context: no such context in the kubeconfig (got 'elsewhere')"),
    ],
)
def test_a_cluster_that_cannot_be_asked_is_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], current: str, message: str
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("KUBECONFIG", _kubeconfig(tmp_path / "kubeconfig", "https://127.0.0.1:1", current))
    assert verify.main(["--stack", "dev", "--json"]) == 2
    said = capsys.readouterr()
    assert (said.out, message in said.err) == ("", True), said.err


def test_a_store_an_entry_and_an_identity_are_checked_where_there_are_some() -> None:
    raw = external_secrets_stack()
    wanted, cluster = settings(raw), _healthy((raw, {}))
    for (kind, namespace, name), manifest in list(cluster.items()):
        if kind == "ExternalSecret":  # what the operator writes
            secret = ("Secret", namespace, manifest["spec"]["target"].get("name", name))
            cluster[secret] = {"kind": "Secret", "metadata": {"name": secret[2]}}
    assert [check for check in checked(wanted, cluster) if not check.passed] == []
    cluster["SecretStore", "noxus-acme", "acme"]["status"] = {"conditions": []}
    unready = {**READY, "status": "False", "message": "no such property"}
    cluster["ExternalSecret", "noxus-acme", "acme-keys"]["status"] = {"conditions": [unready]}
    del cluster["ServiceAccount", "noxus-acme", "acme"]["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    failed = {check.check: check.reason for check in checked(wanted, cluster) if not check.passed}
    assert failed.keys() == {"ServiceAccount", "SecretStore", "ExternalSecret acme-keys"}
    assert failed["ServiceAccount"].startswith('eks.amazonaws.com/role-arn is not set, expected "arn:x"')
    assert "no such property" in failed["ExternalSecret acme-keys"]


UNASKED = {"autoscaling": {"type": "keda", "maxReplicas": 2}}
"""A scaler without a query: a fault that only the checks over the whole configuration see."""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "Pulumi.test.yaml is not valid:\n  - file: cannot be read: No such file or directory"),
        ("config: {noxus:clowd: aws}", "clowd: no such setting; did you mean cloud?"),
        (
            f"config: {json.dumps({f'noxus:{key}': value for key, value in with_pool(**UNASKED).items()})}",
            "workers.acme.pools.flow.autoscaling.query: required with type keda",
        ),
    ],
)
def test_a_bad_stack_file_is_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, message: str
) -> None:
    if text:
        (tmp_path / "Pulumi.test.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert verify.main(["--stack", "test"]) == 2
    said = capsys.readouterr()
    assert (said.out, message in said.err) == ("", True), said.err
