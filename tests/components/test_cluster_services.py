"""Data services in the cluster: volumes, settings that keep data, and who may come in."""

import json
from typing import Any

import pytest

from components.data.cluster.postgres import AFTER_START
from components.data.cluster.redis import server_config
from tests.harness import Deployment
from tests.programs import SMALLEST, run_program

STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"


@pytest.fixture(scope="module")
def deployed() -> Deployment:
    return run_program({**SMALLEST, "postgres": {"storageGib": 7, "memoryMib": 2048, "storageClass": "fast"}})


def test_redis_refuses_writes_when_it_is_full_instead_of_forgetting_tasks() -> None:
    assert server_config("secret", 768).splitlines() == [
        "requirepass secret",
        "maxmemory 768mb",
        "maxmemory-policy noeviction",
        "appendonly yes",
        "dir /data",
    ]


def test_a_volume_is_a_claim_of_its_own_with_the_size_and_class_of_the_settings(deployed: Deployment) -> None:
    claim = deployed.one("kubernetes:core/v1:PersistentVolumeClaim", "noxus-data/postgres").inputs
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "7Gi"}},
    }
    spec = deployed.one(STATEFUL_SET, "noxus-data/postgres").inputs["spec"]
    assert "volumeClaimTemplates" not in spec, "a template can neither be enlarged nor protected"
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "postgres"}} in spec["template"]["spec"]["volumes"]


@pytest.mark.parametrize("service", ["postgres", "redis", "bucket"])
def test_a_data_service_is_bounded_probed_and_writes_only_where_it_must(deployed: Deployment, service: str) -> None:
    spec = deployed.one(STATEFUL_SET, f"noxus-data/{service}").inputs["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    memory = container["resources"]["limits"]["memory"]
    assert container["resources"]["requests"]["memory"] == memory
    start = container["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] == 1800, (
        "a restart in the middle of a first start loses it"
    )
    assert container["readinessProbe"]
    assert container["livenessProbe"]["failureThreshold"] == 6
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")} >= {"/tmp"}
    assert spec["securityContext"]["fsGroup"] == spec["securityContext"]["runAsUser"]


def test_postgres_has_more_shared_memory_than_a_container_gets_within_its_limit(deployed: Deployment) -> None:
    spec = deployed.one(STATEFUL_SET, "noxus-data/postgres").inputs["spec"]["template"]["spec"]
    (name,) = [m["name"] for m in spec["containers"][0]["volumeMounts"] if m["mountPath"] == "/dev/shm"]
    (volume,) = [volume for volume in spec["volumes"] if volume["name"] == name]
    assert volume["emptyDir"] == {"medium": "Memory", "sizeLimit": "1024Mi"}
    assert spec["containers"][0]["resources"]["limits"]["memory"] == "2048Mi"


def test_passwords_are_long_alphanumeric_and_made_once(deployed: Deployment) -> None:
    passwords = deployed.all("random:index/randomPassword:RandomPassword")
    assert len(passwords) == 7
    for password in passwords:
        assert (password.inputs["length"], password.inputs["special"]) == (32, False)
        assert "keepers" not in password.inputs


def test_a_new_password_of_the_superuser_restarts_postgres_which_takes_it_up(deployed: Deployment) -> None:
    """The image reads it on its first start only; what the hook does is tested on a real Postgres."""
    spec = deployed.one(STATEFUL_SET, "noxus-data/postgres").inputs["spec"]["template"]
    (container,) = spec["spec"]["containers"]
    assert container["lifecycle"]["postStart"]["exec"]["command"] == ["sh", "-c", AFTER_START]
    assert "superuser" not in json.dumps(spec)
    for service in ("redis", "bucket"):
        (other,) = deployed.one(STATEFUL_SET, f"noxus-data/{service}").inputs["spec"]["template"]["spec"]["containers"]
        assert "lifecycle" not in other


def test_each_release_opens_the_data_services_for_itself(deployed: Deployment) -> None:
    policies = [r.inputs for r in deployed.all("kubernetes:networking.k8s.io/v1:NetworkPolicy")]
    ingress = {
        p["metadata"]["name"]: p["spec"]["ingress"]
        for p in policies
        if p["metadata"]["namespace"] == "noxus-data" and "ingress" in p["spec"]
    }
    expected: list[dict[str, Any]] = [
        {
            "from": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "noxus"}},
                    "podSelector": {
                        "matchExpressions": [
                            {
                                "key": "app.kubernetes.io/component",
                                "operator": "In",
                                "values": ["backend", "job", "relays", "scheduler", "worker"],
                            }
                        ]
                    },
                }
            ],
            "ports": [{"protocol": "TCP", "port": 5432}],
        }
    ]
    assert set(ingress) == {"postgres-from-noxus", "postgres-from-setup", "redis-from-noxus", "bucket-from-noxus"}
    assert ingress["postgres-from-noxus"] == expected
