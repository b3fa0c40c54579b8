"""Every workload shape with every scaler, secret backend and network shape: what must hold of each combination."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest

from checks import findings
from tests.harness import Deployment
from tests.policy.judging import OF_A_STACK_WITHOUT_REQUESTS, judged, recorded
from tests.programs import (
    EXTERNAL_SERVICES,
    IDENTITY,
    LOGINS,
    OPERATED,
    POOLED,
    SMALLEST,
    STORES,
    run_program,
    settings,
)
from tests.ways_in import WAYS, way_in
from tools.expectations import policies

WORKLOADS: dict[str, dict[str, Any]] = {
    "primary only": {},
    "whole primary": {
        "relays": {"enabled": True, "command": ["noxus", "relays"]},
        "scheduler": {"enabled": True, "command": ["celery", "beat"]},
        "migrations": {"enabled": True, "command": ["noxus", "migrate"]},
        "hosts": {"frontend": "app.example.com"},
        "tls": {"secretName": "noxus-tls"},
    },
    "worker release": {},
}
REQUESTS = {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}
SCALERS: dict[str, dict[str, Any]] = {
    "static": {"replicaCount": 3},
    "none": {"replicaCount": 0},
    "hpa": {**REQUESTS, "autoscaling": {"type": "hpa", "maxReplicas": 5, "targetCpuUtilization": 70}},
    "keda": {"autoscaling": {"type": "keda", "maxReplicas": 5, "query": "SELECT 1", "targetQueryValue": 2}},
}
KINDS = {"hpa": "HorizontalPodAutoscaler", "keda": "ScaledObject"}
BACKENDS: dict[str, dict[str, Any]] = {
    "kubernetes": {},
    **{store["type"]: {"backend": "externalSecrets", "store": store} for store in (STORES[0], STORES[-1])},
}
"""A store that knows accounts and one that a cloud has; how each is logged in to is tests/components' to show."""
PROXY_LOGIN = {"user": "noxus", "password": "proxyPassword"}
NETWORKS: dict[str, Mapping[str, Any]] = {
    "kube-dns": {},
    "OpenShift, NodeLocal, a target in the cluster": {
        "cluster": {"context": "test", "dns": {"type": "openshift", "cidrs": ["169.254.20.10/32"]}},
        "egress": {"models": {"namespace": "models", "ports": [8000], "reason": "self-hosted models"}},
    },
    "data services outside": EXTERNAL_SERVICES,
    "closed, but for what is said": {
        "network": {"internet": False},
        "pods": {
            "egress": {
                "mesh": {"namespace": "istio-system", "ports": [15012, "15014-15021"], "reason": "the mesh"},
                "traces": {"cidrs": ["10.9.0.0/28"], "ports": [6831], "protocol": "UDP", "reason": "traces"},
            }
        },
    },
    "behind a proxy with a login": {
        "network": {"proxy": {"url": "http://squid.proxy.svc:3128", "namespace": "proxy", **PROXY_LOGIN}}
    },
    "behind a pooler": POOLED,
    "run by operators in the cluster": OPERATED,
    "a pooler": {"postgres": {"pooler": {"enabled": True, "connections": 20, "clients": 500}}},
    "private endpoint": {"egress": {"vpc": {"cidr": "10.20.0.0/16", "ports": [443], "reason": "private endpoints"}}},
}


def stack(workload: str, backend: str, network: str) -> dict[str, Any]:
    """Each release has a pool for every scaler."""
    pools = {name: {"workerSubscribe": "all", "envSecretRef": "keys", **own} for name, own in SCALERS.items()}
    release = {"identity": IDENTITY, "secrets": {"keys": {"OPENAI_API_KEY": "own"}}, "pools": pools}
    return {
        **SMALLEST,
        **NETWORKS[network],
        "secrets": BACKENDS[backend],
        "secretEnv": {"OPENAI_API_KEY": "shared"},
        "primary": {"namespace": "noxus", **release, **WORKLOADS[workload]},
        **({"workers": {"acme": {"namespace": "noxus-acme", **release}}} if workload == "worker release" else {}),
    }


def secrets_of(backend: str, network: str) -> dict[str, str]:
    """The encrypted keys that such a stack names."""
    secrets = dict(LOGINS) if "postgres" in NETWORKS[network] else {}
    secrets |= {"proxyPassword": "plaintext-proxyPassword"} if "login" in network else {}
    return secrets | ({} if backend != "kubernetes" else {"shared": "plaintext-shared", "own": "plaintext-own"})


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_combination_is_complete(workload: str, backend: str, network: str) -> None:
    _assert_stack(stack(workload, backend, network), secrets_of(backend, network))


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_is_complete_with_every_scaler(way: str) -> None:
    raw, reached = stack("whole primary", "vault", "kube-dns"), way_in(way)
    hosts = {key: reached["primary"][key] for key in ("hosts", "tls", "ingress")}
    _assert_stack({**raw, "cluster": reached["cluster"], "primary": {**raw["primary"], **hosts}}, {})


def _assert_stack(raw: dict[str, Any], secrets: dict[str, str]) -> None:
    """No errors, no rule broken, the policies that `verify` expects, and all that belongs to every release."""
    parsed = settings(raw, *secrets)
    assert [finding for finding in findings(parsed) if finding.severity == "error"] == []
    deployed = run_program(raw, secrets)
    violations, undecided = judged(recorded(deployed), {})
    assert [line for line in violations if not line.startswith(OF_A_STACK_WITHOUT_REQUESTS)] == []
    assert undecided == []
    objects = _by_namespace(deployed)
    for namespace, wanted in policies(parsed).items():
        assert objects[namespace, "NetworkPolicy"].keys() == wanted
    for _, release, own in parsed.releases():
        _assert_complete(objects, own.namespace, release, external=parsed.secrets.external)
        for scaler in SCALERS:
            _assert_scaled(objects, own.namespace, f"{release}-{scaler}", scaler)


def _by_namespace(deployed: Deployment) -> dict[tuple[str, str], dict[str, Any]]:
    found = defaultdict[tuple[str, str], dict[str, Any]](dict)
    for _, manifest in deployed.objects:
        metadata = manifest["metadata"]
        found[metadata.get("namespace", ""), manifest["kind"]][metadata["name"]] = manifest
    return found


def _assert_complete(
    objects: dict[tuple[str, str], dict[str, Any]], namespace: str, release: str, *, external: bool
) -> None:
    """Namespace, account, KEDA's credential, and Secrets with one writer each."""
    assert namespace in objects["", "Namespace"]
    assert release in objects[namespace, "ServiceAccount"]
    by_pulumi, by_operator = objects[namespace, "Secret"].keys(), objects[namespace, "ExternalSecret"].keys()
    assert by_pulumi & by_operator == set()
    assert (release in objects[namespace, "SecretStore"]) is external
    deployments, budgets = objects[namespace, "Deployment"], objects[namespace, "PodDisruptionBudget"]
    assert deployments.keys() == budgets.keys()
    for deployment in deployments.values():
        pod = deployment["spec"]["template"]["spec"]
        read = {source["secretRef"]["name"] for source in pod["containers"][0]["envFrom"]}
        assert read <= by_pulumi | by_operator
        assert pod["serviceAccountName"] == release
    assert objects[namespace, "TriggerAuthentication"].keys() == {f"{release}-scaler"}


def _assert_scaled(objects: dict[tuple[str, str], dict[str, Any]], namespace: str, name: str, scaler: str) -> None:
    """Exactly the scaler that the pool asks for, and a stated number of replicas only without one."""
    kinds = {kind for kind in KINDS.values() if name in objects[namespace, kind]}
    assert kinds == ({KINDS[scaler]} if scaler in KINDS else set())
    replicas = objects[namespace, "Deployment"][name]["spec"].get("replicas")
    assert replicas == (None if scaler in KINDS else SCALERS[scaler]["replicaCount"])
