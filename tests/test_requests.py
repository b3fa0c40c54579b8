"""Resource requests: of what the stack itself brings they are set, of the rest the check tells which are not."""

from checks.capacity.requests import workloads_request_memory
from tests.programs import ROOT, SMALLEST, run_program, settings, stack_file

MEMORY = {"requests": {"memory": "256Mi"}}


def named(raw: dict[str, object]) -> set[str]:
    return {finding.path for finding in workloads_request_memory(settings(raw))}


def test_no_job_and_no_data_service_of_the_stack_is_the_first_to_be_evicted() -> None:
    deployed = run_program(SMALLEST)
    seen = 0
    for name, manifest in deployed.objects:
        if manifest["kind"] in ("Job", "StatefulSet"):
            spec = manifest["spec"]["template"]["spec"]
            for container in (*spec["containers"], *spec.get("initContainers", [])):
                seen += 1
                assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
    assert seen == 5, "three services, one of them prepared, and the set-up"


def test_workloads_that_a_node_short_of_memory_ends_first_are_named() -> None:
    primary = {
        "namespace": "noxus",
        "backend": {"resources": MEMORY},
        "scheduler": {"enabled": True, "command": ["beat"]},
        "migrations": {"enabled": True, "command": ["migrate"], "resources": {"limits": {"memory": "1Gi"}}},
        "pools": {"default": {}, "kb": {"resources": MEMORY}},
    }
    assert named({**SMALLEST, "primary": primary}) == {
        "primary.frontend.resources",
        "primary.scheduler.resources",
        "primary.pools.default.resources",
    }


def test_a_release_with_a_quota_has_defaults() -> None:
    quota = {"cpu": "4", "memory": "8Gi", "pods": 9, "defaultRequests": {"cpu": "100m", "memory": "128Mi"}}
    release = {"namespace": "noxus-acme", "pools": {"flow": {}}}
    assert "workers.acme.pools.flow.resources" in named({**SMALLEST, "workers": {"acme": release}})
    with_quota = named({**SMALLEST, "workers": {"acme": {**release, "quota": quota}}})
    assert "workers.acme.pools.flow.resources" not in with_quota


def test_the_production_stack_requests_memory_for_everything() -> None:
    raw, secrets = stack_file(ROOT / "Pulumi.prod.yaml")
    assert list(workloads_request_memory(settings(raw, *secrets))) == []
