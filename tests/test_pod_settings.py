"""What pods are told: by the stack, by their release, by themselves, and which of these wins."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import findings
from tests.fleets import QUEUE, keda
from tests.harness import Deployment
from tests.programs import SMALLEST, refused, run_program, settings
from tests.snapshots import healthy, observed
from tools.inspection import inspect

EVERYTHING: dict[str, Any] = {
    **SMALLEST,
    "scaling": {"queue": QUEUE},
    "primary": {
        "namespace": "noxus",
        "relays": {"enabled": True, "command": ["noxus", "relays"]},
        "scheduler": {"enabled": True, "command": ["celery", "beat"], "livenessCommand": ["alive"]},
        "migrations": {"enabled": True, "command": ["noxus", "migrate"]},
        "pools": {"flow": {}},
    },
    "workers": {"acme": {"namespace": "noxus-acme", "pools": {"kb": {"workerSubscribe": "kb", "autoscaling": keda()}}}},
}
"""Every kind of pod that the program makes."""

PLACED: dict[str, Any] = {
    "nodeSelector": {"node_pool": "platform"},
    "tolerations": [{"key": "platform", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{}]}}},
    "topologySpreadConstraints": [],
    "priorityClassName": "platform",
}
"""A place for all pods; each key is that of a pod's manifest too."""


def changed(path: str, value: object, raw: dict[str, Any] = EVERYTHING) -> dict[str, Any]:
    """A stack file with another value at a path."""
    key, _, rest = path.partition(".")
    return {**raw, key: changed(rest, value, raw.get(key, {})) if rest else value}


def templates(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The pods of everything that runs, by namespace and name of what makes them."""
    return dict(_templates(run_program(raw)))


def _templates(deployed: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    for _, manifest in deployed.objects:
        if manifest["kind"] in ("Deployment", "StatefulSet", "Job"):
            metadata = manifest["metadata"]
            yield f"{metadata['namespace']}/{metadata['name'].split('-migrations')[0]}", manifest["spec"]["template"]


def test_what_the_stack_says_of_all_pods_holds_for_every_one_of_them() -> None:
    marks = {"podLabels": {"team_name": "ai"}, "podAnnotations": {"sidecar.istio.io/inject": "false"}}
    found = templates({**EVERYTHING, "pods": {**PLACED, **marks}})
    assert len(found) == len(templates(EVERYTHING)) >= 11
    for template in found.values():
        spec = template["spec"]
        assert {key: spec.get(key) for key in PLACED} == {**PLACED, "topologySpreadConstraints": None}
        assert template["metadata"]["labels"]["team_name"] == "ai"
        assert template["metadata"]["annotations"]["sidecar.istio.io/inject"] == "false"


@pytest.mark.parametrize(
    ("path", "pods"),
    [
        ("primary", {"noxus/noxus-backend", "noxus/noxus-frontend", "noxus/noxus-relays", "noxus/noxus-scheduler"}),
        ("workers.acme", {"noxus-acme/acme-kb"}),
    ],
)
def test_what_a_release_says_holds_for_its_own_pods_and_no_others(path: str, pods: set[str]) -> None:
    raw = changed(f"{path}.pods", {"nodeSelector": {"disk": "ssd"}}, {**EVERYTHING, "pods": PLACED})
    selectors = {name: template["spec"]["nodeSelector"] for name, template in templates(raw).items()}
    assert all(selectors[name] == {"disk": "ssd"} for name in pods)
    other = "noxus-acme/" if path == "primary" else "noxus/"
    assert all(found == {"node_pool": "platform"} for name, found in selectors.items() if name.startswith(other))


@pytest.mark.parametrize(
    ("path", "pods"),
    [
        ("primary.backend", "noxus/noxus-backend"),
        ("primary.frontend", "noxus/noxus-frontend"),
        ("primary.relays", "noxus/noxus-relays"),
        ("primary.scheduler", "noxus/noxus-scheduler"),
        ("primary.migrations", "noxus/noxus"),
        ("primary.pools.flow", "noxus/noxus-flow"),
        ("workers.acme.pools.kb", "noxus-acme/acme-kb"),
        ("postgres", "noxus-data/postgres"),
        ("redis", "noxus-data/redis"),
        ("storage", "noxus-data/bucket"),
    ],
)
def test_what_a_workload_says_itself_wins_also_when_it_is_nothing(path: str, pods: str) -> None:
    before = templates({**EVERYTHING, "pods": PLACED})
    raw = changed(f"{path}.nodeSelector", {}, {**EVERYTHING, "pods": PLACED})
    found = templates(changed(f"{path}.tolerations", [], raw))
    changed_pods = {name for name in found if found[name]["spec"] != before[name]["spec"]}
    assert changed_pods == {pods}
    assert not {"nodeSelector", "tolerations"} & found[pods]["spec"].keys()
    assert found[pods]["spec"]["priorityClassName"] == "platform", "what it is silent about is inherited"


def test_labels_annotations_and_volumes_of_all_levels_come_together_by_name() -> None:
    raw = {**EVERYTHING, "pods": {"podLabels": {"a": "stack", "b": "stack", "c": "stack"}}}
    raw = changed("primary.pods", {"podLabels": {"b": "release", "c": "release"}}, raw)
    raw = changed("primary.backend.podLabels", {"c": "workload"}, raw)
    labels = templates(raw)["noxus/noxus-backend"]["metadata"]["labels"]
    assert {key: labels[key] for key in "abc"} == {"a": "stack", "b": "release", "c": "workload"}


@given(levels=st.lists(st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=3, max_size=3))
def test_of_any_three_levels_the_narrowest_that_speaks_is_heard(levels: list[dict[str, str]]) -> None:
    stack, release, workload = levels
    raw = {**SMALLEST, "pods": {"nodeSelector": stack, "podLabels": stack}}
    raw = changed("primary.pods", {"podLabels": release, **({"nodeSelector": release} if release else {})}, raw)
    raw = changed("primary.backend", {"podLabels": workload, **({"nodeSelector": workload} if workload else {})}, raw)
    backend = settings(raw).primary.backend
    assert backend.node_selector == (workload or release or stack)
    assert backend.pod_labels == {**stack, **release, **workload}


def test_a_stack_without_a_word_about_pods_is_as_it_is_written() -> None:
    parsed = settings(EVERYTHING)
    assert parsed.primary.backend.model_fields_set == set()
    assert parsed.workers["acme"].pools["kb"].model_fields_set == {"autoscaling", "worker_subscribe"}


def test_a_private_authority_is_mounted_and_named_to_libraries_in_the_platforms_pods_only() -> None:
    raw = {**EVERYTHING, "pods": {"certificateAuthority": {"configMap": "company-ca", "key": "bundle.pem"}}}
    raw = changed("primary.pools.flow.env", {"SSL_CERT_FILE": "/own.pem"}, raw)
    for name, template in templates(raw).items():
        container, spec = template["spec"]["containers"][0], template["spec"]
        variables = {item["name"]: item.get("value") for item in container.get("env", ())}
        ours = not name.startswith("noxus-data/")
        volume = {"name": "authority", "configMap": {"name": "company-ca"}}
        mount = {"name": "authority", "mountPath": "/etc/noxus/authority", "readOnly": True}
        assert (volume in spec.get("volumes", ())) is ours
        assert (mount in container.get("volumeMounts", ())) is ours
        assert variables.get("REQUESTS_CA_BUNDLE") == ("/etc/noxus/authority/bundle.pem" if ours else None)
        if ours:
            own = "/own.pem" if name == "noxus/noxus-flow" else "/etc/noxus/authority/bundle.pem"
            assert variables["SSL_CERT_FILE"] == own, "what a pool says itself wins"


@pytest.mark.parametrize("source", ["env", "primary.env"])
def test_a_shared_variable_that_an_authority_would_hide_is_refused(source: str) -> None:
    raw = changed(source, {"SSL_CERT_FILE": "/own.pem"}, {**SMALLEST, "pods": {}})
    raw = changed("primary.backend.certificateAuthority", {"secret": "company-ca"}, raw)
    assert list(refused(raw)) == [f"{source}.SSL_CERT_FILE"]


def test_files_of_secrets_and_config_maps_are_mounted_read_only() -> None:
    volumes = {
        "models": {"configMap": "models", "mountPath": "/etc/models"},
        "keys": {"secret": "acme-keys", "mountPath": "/etc/keys"},
    }
    spec = templates(changed("workers.acme.pods.volumes", volumes))["noxus-acme/acme-kb"]["spec"]
    assert spec["volumes"] == [
        {"name": "models", "configMap": {"name": "models"}},
        {"name": "keys", "secret": {"secretName": "acme-keys"}},
    ]
    assert spec["containers"][0]["volumeMounts"] == [
        {"name": "models", "mountPath": "/etc/models", "readOnly": True},
        {"name": "keys", "mountPath": "/etc/keys", "readOnly": True},
    ]


def test_two_volumes_of_different_levels_in_one_place_are_refused() -> None:
    raw = {**SMALLEST, "pods": {"volumes": {"a": {"configMap": "a", "mountPath": "/etc/x"}}}}
    raw = changed("primary.backend.volumes", {"b": {"configMap": "b", "mountPath": "/etc/x"}}, raw)
    assert list(refused(raw)) == ["primary.backend.volumes.b.mountPath"]


def test_probes_are_asked_as_often_as_is_written_and_keep_what_is_not() -> None:
    probes = {"readiness": {"periodSeconds": 3}, "liveness": {"timeoutSeconds": 9, "failureThreshold": 2}}
    found = templates({**EVERYTHING, "pods": {"probes": probes}})
    backend = found["noxus/noxus-backend"]["spec"]["containers"][0]
    assert backend["readinessProbe"] == {
        "httpGet": {"path": "/status/health", "port": "http"},
        "periodSeconds": 3,
    }
    for name, period in (("noxus-backend", 20), ("noxus-scheduler", 30)):
        liveness = found[f"noxus/{name}"]["spec"]["containers"][0]["livenessProbe"]
        times = {key: liveness[key] for key in ("periodSeconds", "timeoutSeconds", "failureThreshold")}
        assert times == {"periodSeconds": period, "timeoutSeconds": 9, "failureThreshold": 2}


def test_a_user_id_of_one_workload_leaves_the_others_theirs() -> None:
    raw = changed("images.runAsUser", 1000, changed("primary.frontend.runAsUser", 101))
    users = {name: it["spec"]["securityContext"].get("runAsUser") for name, it in templates(raw).items()}
    assert (users["noxus/noxus-frontend"], users["noxus/noxus-backend"]) == (101, 1000)
    assert users["noxus-data/redis"] == 999


def test_openshift_gives_every_pod_its_ids_and_none_is_written() -> None:
    raw = changed("cluster", {"context": "test", "openshift": True, "dns": {"type": "openshift"}})
    for template in templates(raw).values():
        assert template["spec"]["securityContext"] == {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        containers = [*template["spec"]["containers"], *template["spec"].get("initContainers", ())]
        assert all("runAsUser" not in container["securityContext"] for container in containers)


OPENSHIFT = {"context": "test", "openshift": True, "dns": {"type": "openshift"}}


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"images.runAsUser": 1000, "cluster": OPENSHIFT}, ["images.runAsUser"]),
        ({"primary.backend.runAsUser": 1000, "cluster": OPENSHIFT}, ["primary.backend.runAsUser"]),
        ({"cluster": {"context": "test", "openshift": True}}, ["cluster"]),
        ({"pods.podLabels": {"app.kubernetes.io/name": "x"}}, ["pods.podLabels"]),
        ({"primary.identity.podLabels": {"app.kubernetes.io/instance": "x"}}, ["primary.identity.podLabels"]),
        ({"postgres.podAnnotations": {"noxus.ai/checksum": "x"}}, ["postgres.podAnnotations"]),
        ({"pods.volumes": {"authority": {"configMap": "x", "mountPath": "/x"}}}, ["pods.volumes"]),
        ({"pods.volumes": {"x": {"configMap": "x", "mountPath": "/etc/noxus/redis"}}}, ["pods.volumes.x.mountPath"]),
        ({"pods.volumes": {"x": {"configMap": "x", "mountPath": "relative"}}}, ["pods.volumes.x.mountPath"]),
        ({"pods.volumes": {"x": {"configMap": "x", "mountPath": "/a/../b"}}}, ["pods.volumes.x.mountPath"]),
        ({"pods.volumes": {"x": {"configMap": "x", "secret": "x", "mountPath": "/x"}}}, ["pods.volumes.x"]),
        ({"pods.certificateAuthority": {"key": "ca.crt"}}, ["pods.certificateAuthority"]),
        ({"pods.replicaCount": 2}, ["pods.replicaCount"]),
        ({"redis.runAsUser": 999}, ["redis.runAsUser"]),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_by_name(changes: dict[str, Any], paths: list[str]) -> None:
    raw = EVERYTHING
    for path, value in changes.items():
        raw = changed(path, value, raw)
    assert list(refused(raw)) == paths


def test_verify_asks_of_every_workload_whether_its_pods_are_where_they_should_be() -> None:
    raw = {**EVERYTHING, "pods": {**PLACED, "certificateAuthority": {"configMap": "company-ca"}}}
    cluster = healthy((raw, {}))
    parsed = settings(raw)
    assert [check.check for check in inspect(parsed, observed(cluster)) if not check.passed] == []
    del cluster["Deployment", "noxus", "noxus-scheduler"]["spec"]["template"]["spec"]["priorityClassName"]
    failed = [check.check for check in inspect(parsed, observed(cluster)) if not check.passed]
    assert failed == ["noxus-scheduler: placement"]


def test_an_inherited_tolerance_of_spot_nodes_is_checked_against_each_pools_tasks() -> None:
    spot = [{"key": "kubernetes.azure.com/scalesetpriority", "value": "spot", "effect": "NoSchedule"}]
    found = {it.path for it in findings(settings({**EVERYTHING, "pods": {"tolerations": spot}}))}
    assert {"primary.pools.flow", "workers.acme.pools.kb"} <= found
