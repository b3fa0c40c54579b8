"""A release's quota and what stands beside it."""

from typing import Any

from tests.harness import Deployment
from tests.programs import run_program, with_pool


def limited() -> Deployment:
    raw: dict[str, Any] = with_pool()
    defaults = {"cpu": "250m", "memory": "512Mi"}
    raw["workers"]["acme"]["quota"] = {"cpu": 40, "memory": "160Gi", "pods": 60, "defaultRequests": defaults}
    return run_program(raw)


def test_a_quota_comes_with_the_requests_of_containers_that_set_none() -> None:
    deployed = limited()
    quota = deployed.one("kubernetes:core/v1:ResourceQuota", "noxus-acme/acme-quota").inputs["spec"]
    assert quota == {"hard": {"requests.cpu": "40", "requests.memory": "160Gi", "pods": "60"}}
    limits = deployed.one("kubernetes:core/v1:LimitRange", "noxus-acme/acme-quota").inputs["spec"]["limits"]
    assert limits == [{"type": "Container", "defaultRequest": {"cpu": "250m", "memory": "512Mi"}}]


def test_pods_start_after_the_quota_that_counts_them() -> None:
    deployed = limited()
    workload = deployed.one("kubernetes:apps/v1:Deployment", "noxus-acme/acme-flow")
    for kind in ("ResourceQuota", "LimitRange"):
        assert deployed.one(f"kubernetes:core/v1:{kind}").urn in deployed.awaited_by(workload)


def test_without_a_quota_there_is_neither() -> None:
    inventory = " ".join(run_program(with_pool()).inventory)
    assert "ResourceQuota" not in inventory
    assert "LimitRange" not in inventory
