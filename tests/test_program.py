"""The whole program under the mock engine: what holds for every resource of every stack file."""

import json
import os
import subprocess
import sys
import traceback
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from components.short_stacks import short_stacks
from tests.company import COMPANY, COMPANY_SECRETS
from tests.harness import Deployment
from tests.programs import (
    LOGINS,
    OPERATED,
    POOLED,
    REGISTRY,
    ROOT,
    SMALLEST,
    STACK_FILES,
    run_program,
    stack_file,
    with_pool,
)

GOLDEN = Path(__file__).parent / "golden"
SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
ONLY_ONE = {"scheduler", "ingress-backend", "ingress-frontend", "ingress-relays"}
"""What the whole stack has one of at a time: its logical name says no release and no namespace."""
KUBERNETES_MINORS = ("1.32", "1.33", "1.34", "1.35", "1.36", "1.37")

EVERYTHING: dict[str, Any] = {
    **SMALLEST,
    "secretEnv": {"OPENAI_API_KEY": "openaiApiKey"},
    "images": {
        **SMALLEST["images"],
        "pullSecrets": ["regcred"],
        "registries": {"internal": REGISTRY},
        "runAsUser": 1001,
    },
    "primary": {
        "namespace": "noxus",
        "backend": {
            "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}},
            "autoscaling": {
                "type": "hpa",
                "minReplicas": 2,
                "maxReplicas": 6,
                "targetCpuUtilization": 70,
                "targetMemoryUtilization": 80,
            },
        },
        "relays": {"enabled": True, "image": "registry.example.com/noxus/relays:2026.11.0"},
        "scheduler": {"enabled": True, "command": ["celery", "beat"], "image": "registry.example.com/noxus/beat:1"},
        "migrations": {"enabled": True, "command": ["noxus", "migrate"], "resources": {"limits": {"memory": "1Gi"}}},
        "hosts": {"frontend": "app.example.com", "backend": "backend.example.com"},
        "tls": {"secretName": "noxus-tls"},
        "ingress": {"className": "nginx", "classNames": {"relays": "public"}},
        "pools": {"off": {"enabled": False}},
    },
    "workers": {
        "acme": {
            "namespace": "noxus-acme",
            "quota": {"cpu": 40, "memory": "160Gi", "pods": 60, "defaultRequests": {"cpu": "1", "memory": "2Gi"}},
            "env": {"BUCKET": "${bucket.name}", "BACKEND": "at ${backend.url}, always"},
            "secrets": {"acme-keys": {"OPENAI_API_KEY": "acmeKey"}},
            "pools": {
                "flow": {
                    "workerSubscribe": "flow",
                    "envSecretRef": "acme-keys",
                    "concurrency": 4,
                    "env": {"PREFETCH": 1, "BUCKET_OF_POOL": "${bucket.name}"},
                    "autoscaling": {
                        "type": "keda",
                        "maxReplicas": 20,
                        "query": "SELECT 1",
                        "activationQueryValue": 2,
                        "useCachedMetrics": False,
                        "fallback": {"failureThreshold": 5, "replicas": 2},
                        "pausedReplicas": 3,
                        "behavior": {"scaleUpPodsPerMinute": 10, "scaleDownPodsPerMinute": 1},
                    },
                    "affinity": {
                        "nodeAffinity": {
                            "requiredDuringSchedulingIgnoredDuringExecution": {
                                "nodeSelectorTerms": [
                                    {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
                                ]
                            }
                        }
                    },
                    "nodeSelector": {"kubernetes.io/arch": "amd64"},
                    "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "acme", "effect": "NoSchedule"}],
                    "topologySpreadConstraints": [
                        {
                            "maxSkew": 1,
                            "topologyKey": "topology.kubernetes.io/zone",
                            "whenUnsatisfiable": "ScheduleAnyway",
                            "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "flow"}},
                        }
                    ],
                    "podDisruptionBudget": {"minAvailable": "50%"},
                }
            },
        }
    },
}
"""Every optional setting of this slice, so that no branch is seen by no test."""

POOLER: dict[str, Any] = {
    **SMALLEST,
    "postgres": {
        "pooler": {"enabled": True, "exporterImage": "quay.io/prometheuscommunity/pgbouncer-exporter:v0.12.1"}
    },
    "connections": {"postgres": {"backend": 20, "migrations": 1, "worker": 10}},
    "primary": {"namespace": "noxus", "migrations": {"enabled": True, "command": ["noxus", "migrate"]}},
    "workers": {
        "acme": {
            "namespace": "noxus-acme",
            "pools": {
                "flow": {"autoscaling": {"type": "keda", "maxReplicas": 20, "query": "SELECT 1", "targetQueryValue": 2}}
            },
        }
    },
}
"""PgBouncer in front of the Postgres in the cluster."""

KEDA = {"autoscaling": {"type": "keda", "maxReplicas": 5, "query": "SELECT 1", "targetQueryValue": 2}}
EVERYTHING_SECRETS = {
    "openaiApiKey": "plaintext-of-openai",
    "acmeKey": "plaintext-of-acme",
    "registryPassword": "plaintext-of-registry",
}


def _programs() -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
    return {
        **{path.stem.removeprefix("Pulumi."): stack_file(path) for path in STACK_FILES},
        "everything": (EVERYTHING, EVERYTHING_SECRETS),
        "pooler": (POOLER, {}),
        "company": (COMPANY, dict(COMPANY_SECRETS)),
        "smallest": (dict(SMALLEST), {}),
        "pooled": ({**EVERYTHING, **POOLED}, {**EVERYTHING_SECRETS, **LOGINS}),
        "operated": ({**EVERYTHING, **OPERATED}, {**EVERYTHING_SECRETS, **LOGINS}),
    }


PROGRAMS = _programs()
SCHEMA = cache(kubernetes_validate.utils.schema_contents)
"""The validator reads all definitions of a minor version for each object anew."""

CUSTOM = ("keda.sh/", "external-secrets.io/", "gateway.networking.k8s.io/", "monitoring.coreos.com/")
HOLDERS = {
    (SECRET, "stringData"),
    ("aws:rds/instance:Instance", "password"),
    ("aws:elasticache/replicationGroup:ReplicationGroup", "authToken"),
    ("aws:secretsmanager/secretVersion:SecretVersion", "secretString"),
    ("azure-native:dbforpostgresql:Server", "administratorLoginPassword"),
    ("azure-native:keyvault:Secret", "properties"),
    ("gcp:secretmanager/secretVersion:SecretVersion", "secretData"),
    ("gcp:sql/databaseInstance:DatabaseInstance", "rootPassword"),
}
"""Inputs that may hold a secret value, which then is one for the engine too."""

HELD = {
    "aws": {"Instance postgres", "ReplicationGroup redis", "Bucket bucket", "Key key"},
    "azure": {
        *("Server postgres", "RedisEnterprise redis", "Database redis", "StorageAccount bucket"),
        *("BlobContainer bucket", "Vault vault", "Key vault-key"),
        *(f"ManagementLockByScope {service}" for service in ("postgres", "redis", "bucket")),
    },
    "gcp": {"DatabaseInstance postgres", "Instance redis", "Bucket bucket", "CryptoKey key"},
}
"""What holds data in each cloud, and what guards it there."""


@pytest.fixture(params=sorted(PROGRAMS), scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def deployed(name: str) -> Deployment:
    return run_program(*PROGRAMS[name])


def _objects(deployed: Deployment, kind: str) -> list[dict[str, Any]]:
    return [manifest for _, manifest in deployed.objects if manifest["kind"] == kind]


def test_the_inventory_is_the_one_that_was_reviewed(name: str, deployed: Deployment) -> None:
    golden = GOLDEN / f"{name}.txt"
    inventory = "".join(f"{line}\n" for line in deployed.inventory)
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(inventory)
    assert inventory == golden.read_text(), (
        "a changed name deletes and creates; if it is meant: UPDATE_GOLDEN=1 make unit"
    )


def test_preview_declares_the_same_resources_as_up(name: str, deployed: Deployment) -> None:
    assert run_program(*PROGRAMS[name], preview=True).inventory == deployed.inventory


@pytest.mark.parametrize("minor", KUBERNETES_MINORS)
def test_every_object_is_valid_for_six_minor_versions_of_kubernetes(
    deployed: Deployment, minor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_validate.utils, "schema_contents", SCHEMA)
    for logical, manifest in deployed.objects:
        if not manifest["apiVersion"].startswith(CUSTOM):  # custom resources: tests/e2e/test_custom_resources.py
            try:
                kubernetes_validate.validate(manifest, minor, strict=True)
            except kubernetes_validate.ValidationError as error:
                pytest.fail(f"{logical} on {minor}: {error.message} at {list(error.path)}")


def test_every_child_hangs_on_a_component_and_every_component_finishes(deployed: Deployment) -> None:
    for resource in deployed.resources:
        if resource.type == "noxus:components:Platform" or resource.type.startswith("pulumi:providers:"):
            continue
        assert "noxus:" in resource.parent, f"{resource.name} hangs on {resource.parent}"
    components = {r.urn for r in deployed.resources if not r.custom}
    assert components - deployed.finished == set(), "a component without register_outputs never ends for the engine"


def test_every_kubernetes_object_uses_the_explicit_provider_and_names_its_namespace(deployed: Deployment) -> None:
    for resource in deployed.resources:
        if resource.type.startswith("kubernetes:"):
            assert "pulumi:providers:kubernetes::kubernetes" in resource.provider, resource.name
            assert resource.inputs["metadata"]["name"], resource.name
            if resource.inputs["kind"] != "Namespace":
                assert resource.inputs["metadata"]["namespace"], resource.name


def test_an_objects_key_in_the_state_is_its_identity_in_kubernetes(deployed: Deployment) -> None:
    for name, manifest in deployed.objects:
        if name not in ONLY_ONE:
            metadata = manifest["metadata"]
            assert name == "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))


def test_what_the_stack_has_one_of_is_replaced_by_its_successor_wherever_that_is() -> None:
    def only_ones(primary: dict[str, Any]) -> dict[str, str]:
        deployed = run_program({**EVERYTHING, "primary": {**EVERYTHING["primary"], **primary}}, EVERYTHING_SECRETS)
        return {name: manifest["metadata"]["name"] for name, manifest in deployed.objects if name in ONLY_ONE}

    assert only_ones({}).keys() == ONLY_ONE
    assert only_ones({"name": "other", "namespace": "elsewhere"}) == {
        name: f"other-{name.removeprefix('ingress-')}" for name in ONLY_ONE
    }


def test_no_two_objects_of_a_kind_share_a_name_in_a_namespace(deployed: Deployment) -> None:
    names = Counter((m["kind"], m["metadata"].get("namespace"), m["metadata"]["name"]) for _, m in deployed.objects)
    assert [key for key, count in names.items() if count > 1] == []


def test_no_secret_value_appears_outside_a_secret(name: str, deployed: Deployment) -> None:
    generated = {f"generated-{r.name}" for r in deployed.all("random:index/randomPassword:RandomPassword")}
    values = generated | set(PROGRAMS[name][1].values())
    for resource in deployed.resources:
        for key in resource.raw:
            leaked = [v for v in values if v in json.dumps(resource.inputs[key])]
            if leaked:
                assert (resource.type, key) in HOLDERS, f"{resource.name}.{key} holds {leaked}"
                assert resource.secret(key), f"{resource.name}.{key} reaches the engine in plain text"
    assert not any(value in json.dumps(deployed.outputs) for value in values)


def test_every_secret_reaches_the_engine_as_a_secret(deployed: Deployment) -> None:
    for resource in deployed.all(SECRET):
        assert resource.secret("stringData"), resource.name
        assert "data" not in resource.inputs


def test_every_pod_passes_the_restricted_standard(deployed: Deployment) -> None:
    for _, manifest in deployed.objects:
        if manifest["kind"] in ("Deployment", "StatefulSet"):
            pod = manifest["spec"]["template"]["spec"]
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            assert pod["automountServiceAccountToken"] is False
            for container in [*pod.get("initContainers", []), *pod["containers"]]:
                assert container["securityContext"]["allowPrivilegeEscalation"] is False
                assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_no_pod_gets_variables_of_services_that_the_platform_would_take_for_settings(deployed: Deployment) -> None:
    pods = [m["spec"]["template"]["spec"] for _, m in deployed.objects if "template" in m.get("spec", {})]
    assert [spec["enableServiceLinks"] for spec in pods if "containers" in spec] == [False] * len(pods)


def test_selectors_are_two_stable_labels_that_match_the_pods(deployed: Deployment) -> None:
    for _, manifest in deployed.objects:
        if manifest["kind"] in ("Deployment", "StatefulSet"):
            selector = manifest["spec"]["selector"]["matchLabels"]
            assert set(selector) == {"app.kubernetes.io/name", "app.kubernetes.io/instance"}
            assert selector.items() <= manifest["spec"]["template"]["metadata"]["labels"].items()


def test_every_namespace_denies_both_directions_and_enforces_pod_security(deployed: Deployment) -> None:
    policies = {
        m["metadata"]["namespace"]: m
        for m in _objects(deployed, "NetworkPolicy")
        if m["metadata"]["name"] == "deny-all"
    }
    for namespace in _objects(deployed, "Namespace"):
        spec = policies[namespace["metadata"]["name"]]["spec"]
        assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_every_policy_gives_its_reason_and_names_its_direction(deployed: Deployment) -> None:
    for policy in _objects(deployed, "NetworkPolicy"):
        assert policy["metadata"]["annotations"]["noxus.ai/reason"], policy["metadata"]["name"]
        if policy["metadata"]["name"] != "deny-all":
            (direction,) = policy["spec"]["policyTypes"]
            assert direction.lower() in policy["spec"]


def test_what_holds_data_is_protected_unless_the_stack_says_otherwise_and_nothing_else(
    name: str, deployed: Deployment
) -> None:
    protected = {f"{r.type.rpartition(':')[2]} {r.name}" for r in deployed.resources if r.protect}
    settings = PROGRAMS[name][0]
    in_cluster = {f"PersistentVolumeClaim noxus-data/{service}" for service in ("postgres", "redis", "bucket")}
    held = HELD.get(settings.get("cloud", ""), in_cluster | {"Namespace noxus-data"})
    held = held if name not in ("pooled", "operated") else set()
    assert protected == (held if settings.get("protect", True) else set())


def test_workloads_start_after_the_data_services_they_use(deployed: Deployment) -> None:
    stateful = {r.urn for r in deployed.all("kubernetes:apps/v1:StatefulSet")}
    for workload in deployed.all(DEPLOYMENT):
        if workload.name != "noxus-data/postgres-pooler":  # of the data services itself
            assert stateful <= deployed.awaited_by(workload), workload.name


def test_a_scaler_depends_on_its_target_and_its_credential() -> None:
    deployed = run_program(EVERYTHING, EVERYTHING_SECRETS)
    scaler = deployed.one("kubernetes:keda.sh/v1alpha1:ScaledObject")
    target = deployed.one(DEPLOYMENT, "noxus-acme/acme-flow")
    credential = deployed.one("kubernetes:keda.sh/v1alpha1:TriggerAuthentication")
    assert {target.urn, credential.urn} <= set(scaler.dependencies)


def test_adding_a_worker_release_leaves_every_other_resource_as_it_is() -> None:
    alone, both = run_program(SMALLEST), run_program(with_pool())
    before = {r.urn: (r.inputs, r.dependencies) for r in alone.resources}
    after = {r.urn: (r.inputs, r.dependencies) for r in both.resources}
    changed = [urn for urn, what in before.items() if after[urn] != what and "noxus:components:Platform::" not in urn]
    assert changed == []


@pytest.mark.parametrize("scaler", [{}, KEDA], ids=["static", "keda"])
def test_adding_removing_and_renaming_a_pool_touches_that_pool_only(scaler: dict[str, Any]) -> None:
    def declared(*pools: str) -> dict[str, tuple[object, ...]]:
        release = {**with_pool()["workers"]["acme"], "pools": {"kept": KEDA, **dict.fromkeys(pools, scaler)}}
        resources = run_program({**SMALLEST, "workers": {"acme": release}}).resources
        return {r.urn: (r.raw, r.dependencies, r.protect) for r in resources}

    without, before, renamed = declared(), declared("old"), declared("new")
    for left, right in ((without, before), (before, without), (before, renamed)):
        names = {urn.rpartition("::")[2] for urn in left.keys() ^ right.keys()}
        assert names
        assert all(name.endswith(("acme-old", "acme-new")) for name in names), names
        assert [urn for urn in left.keys() & right.keys() if left[urn] != right[urn]] == []


def test_renaming_a_release_in_its_namespace_meets_no_object_that_exists_already() -> None:
    def identities(release: str) -> dict[tuple[str, str], str]:
        deployed = run_program(
            {**SMALLEST, "secretEnv": EVERYTHING["secretEnv"], "workers": {release: EVERYTHING["workers"]["acme"]}},
            EVERYTHING_SECRETS,
        )
        return {(m["kind"], name): name for name, m in deployed.objects}

    before, after = identities("acme"), identities("globex")
    assert ("Namespace", "noxus-acme") in before.keys() & after.keys(), "the same object has the same key"
    assert ("Deployment", "noxus-acme/globex-flow") in after.keys() - before.keys()


def test_a_wrong_stack_file_is_refused_before_anything_is_registered() -> None:
    from config import ConfigError

    with pytest.raises(ConfigError) as refused:
        run_program({**SMALLEST, "primary": {"namespace": "noxus", "pools": {"default": {"workerSubscribe": "flw"}}}})
    assert str(refused.value) == (
        "Pulumi.test.yaml is not valid:\n  - primary.pools.default.workerSubscribe: "
        "must be one of 'all', 'all_but_kb', 'flow', 'chat' or 'kb' (got 'flw')"
    )


@pytest.mark.parametrize(
    ("modules", "others"),
    [
        ("components.platform", ("pulumi_aws", "pulumi_gcp", "pulumi_azure_native")),
        ("components.platform, components.clouds.aws", ("pulumi_gcp", "pulumi_azure_native")),
        ("components.platform, components.clouds.gcp", ("pulumi_aws", "pulumi_azure_native")),
        ("components.platform, components.clouds.azure", ("pulumi_aws", "pulumi_gcp")),
    ],
)
def test_a_stack_loads_no_sdk_of_another_cloud_and_no_sandbox(modules: str, others: tuple[str, ...]) -> None:
    code = (
        f"import sys; import {modules}, components.kubernetes.access, checks, config; "
        f"print([m for m in sys.modules if m.split('.')[0] in {(*others, 'sandbox', 'tests')}])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("stack", "sdk"), [("prod", "pulumi_aws"), ("prod-gcp", "pulumi_gcp"), ("prod-azure", "pulumi_azure_native")]
)
def test_a_stack_whose_sdk_is_missing_says_which_file_to_install(stack: str, sdk: str) -> None:
    cloud = PROGRAMS[stack][0]["cloud"]
    code = (
        f"import sys; sys.modules[{sdk!r}] = None; from pathlib import Path; from config import read_stack_file; "
        f"from components.clouds.registry import room; room(read_stack_file(Path('Pulumi.{stack}.yaml')))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.stderr.splitlines()[-1] == (
        f"  - cloud: is {cloud}, and its SDK is not installed; run `.venv/bin/pip install -r requirements-{cloud}.txt`"
    )
    assert (ROOT / f"requirements-{cloud}.txt").exists()


def test_what_a_workload_waits_for_does_not_grow_with_the_stack(deployed: Deployment) -> None:
    waits = {workload.name: len(workload.dependencies) for workload in deployed.all(DEPLOYMENT)}
    assert max(waits.values()) <= 10, waits


def test_the_state_keeps_few_lines_of_this_program_for_each_resource_and_nothing_of_the_sdk(
    deployed: Deployment,
) -> None:
    below = [r for r in deployed.resources if not r.type.startswith("pulumi:")]
    assert {r.name for r in below if not 1 <= len(r.stack) <= 4} == set()
    assert {file for r in below for file in r.stack if "site-packages" in file} == set()


def test_an_error_while_the_platform_is_built_shows_its_whole_stack() -> None:
    def fail(depth: int) -> None:
        if depth:
            fail(depth - 1)
        raise KeyError

    with pytest.raises(KeyError) as error, short_stacks():
        fail(20)
    assert len(traceback.extract_tb(error.tb)) > 20
