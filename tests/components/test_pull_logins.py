"""Private registries: every pod of the stack logs in, those of set-up and data services too."""

from typing import Any

import pytest

from tests.harness import Deployment
from tests.programs import EXTERNAL_SERVICES, IDENTITY, REGISTRY, SMALLEST, VAULT, run_program

SECRET = "kubernetes:core/v1:Secret"
IMAGES = {**SMALLEST["images"], "pullSecrets": ["regcred"], "registries": {"internal": REGISTRY}}
STACK = {**SMALLEST, "images": IMAGES, "workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": {}}}}}
PASSWORD = {"registryPassword": "plaintext-of-the-registry"}


def pods(deployed: Deployment) -> dict[str, dict[str, Any]]:
    """The pods of everything that has any, by name and kind."""
    return {
        f"{manifest['kind']} {name}": manifest["spec"]["template"]["spec"]
        for name, manifest in deployed.objects
        if "template" in manifest.get("spec", {})
    }


def test_a_private_mirror_serves_every_pod_of_the_stack_data_services_and_set_up_included() -> None:
    found = pods(run_program(STACK, PASSWORD))
    assert {"StatefulSet noxus-data/postgres", "Job noxus-data/postgres-setup", "Deployment noxus-acme/acme-flow"} <= (
        found.keys()
    )
    for name, spec in found.items():
        own = "registry-internal" if "noxus-data" in name else "internal"
        assert spec["imagePullSecrets"] == [{"name": "regcred"}, {"name": own}], name


def test_a_login_is_made_in_the_namespace_of_the_data_services_too_and_is_secret() -> None:
    login = run_program(STACK, PASSWORD).one(SECRET, "noxus-data/registry-internal")
    assert login.secret("stringData")
    assert not login.protect
    assert login.inputs["type"] == "kubernetes.io/dockerconfigjson"


def test_pods_wait_for_their_login() -> None:
    deployed = run_program(STACK, PASSWORD)
    login = deployed.one(SECRET, "noxus-data/registry-internal")
    waiting = [r for r in deployed.resources if r.name in ("noxus-data/postgres", "noxus-data/postgres-setup")]
    pods_of = [r for r in waiting if r.type.rpartition(":")[2] in ("Job", "StatefulSet")]
    assert len(pods_of) == 2
    assert all(login.urn in deployed.awaited_by(resource) for resource in pods_of)


def test_a_login_may_be_called_like_a_secret_of_the_data_services() -> None:
    names = ("postgres", "postgres-setup", "redis-client")
    images = {**IMAGES, "registries": dict.fromkeys(names, REGISTRY)}
    deployed = run_program({**STACK, "images": images}, PASSWORD)
    assert {f"{SECRET} noxus-data/registry-{name}" for name in names} <= set(deployed.inventory)


def test_a_login_that_a_store_alone_knows_is_made_for_releases_only() -> None:
    secrets = {"backend": "externalSecrets", "store": VAULT}
    raw = {
        **STACK,
        "secrets": secrets,
        "secretEnv": {"KEY": "key"},
        "primary": {"namespace": "noxus", "identity": IDENTITY},
    }
    assert SECRET + " noxus-data/registry-internal" not in run_program(raw).inventory


@pytest.mark.parametrize("images", [IMAGES, SMALLEST["images"]])
def test_a_set_up_job_for_a_database_outside_logs_in_too(images: dict[str, Any]) -> None:
    keys = ("adminPassword", "postgresPassword", "scalerPassword", "redisPassword", "bucketKeyId", "bucketKey")
    logins = dict.fromkeys(keys, "plaintext-of-a-login")
    deployed = run_program({**SMALLEST, **EXTERNAL_SERVICES, "images": images}, {**logins, **PASSWORD})
    (job,) = (spec for name, spec in pods(deployed).items() if name == "Job noxus-data/postgres-setup")
    assert [login["name"] for login in job.get("imagePullSecrets", [])] == (
        ["regcred", "registry-internal"] if images is IMAGES else []
    )
