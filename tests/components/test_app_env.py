"""The environment of a workload: what is in it, who wins, and when it rolls."""

from typing import Any

import pytest

from tests.harness import Deployment
from tests.programs import SMALLEST, run_program, with_pool

SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def layered(secrets: dict[str, str] | None = None, **stack: object) -> Deployment:
    """A pool `flow` with a Secret of its own, and a pool `chat` without."""
    raw = with_pool(envSecretRef="acme-keys")
    raw["workers"]["acme"] |= {"secrets": {"acme-keys": {"KEY": "acmeKey"}}, "env": {"SHARED": "release"}}
    raw["workers"]["acme"]["pools"]["chat"] = {"workerSubscribe": "chat"}
    values = {"acmeKey": "acme-value", "openaiApiKey": "shared-value", **(secrets or {})}
    env = {"env": {"SHARED": "stack", "PLAIN": "yes"}, "secretEnv": {"OPENAI_API_KEY": "openaiApiKey"}}
    return run_program({**raw, **env, **stack}, values)


def app_env(deployed: Deployment, release: str = "noxus-acme/acme") -> dict[str, Any]:
    return deployed.one(SECRET, f"{release}-app-env").inputs["stringData"]


def container(deployed: Deployment, name: str) -> dict[str, Any]:
    (only,) = deployed.one(DEPLOYMENT, name).inputs["spec"]["template"]["spec"]["containers"]
    return only


def checksum(deployed: Deployment, name: str) -> str:
    return deployed.one(DEPLOYMENT, name).inputs["spec"]["template"]["metadata"]["annotations"]["noxus.ai/env-checksum"]


def test_the_shared_secret_holds_what_the_platform_documents_in_the_documented_forms() -> None:
    assert app_env(run_program(with_pool())) == {
        "POSTGRESQL_URL": "noxus:generated-postgres-owner-password@postgres.noxus-data.svc:5432",
        "VECTOR_POSTGRESQL_URL": "noxus:generated-postgres-owner-password@postgres.noxus-data.svc:5432",
        "REDIS_URL": "redis.noxus-data.svc",
        "REDIS_PASSWORD": "generated-redis-password",
        "S3_ACCESS_KEY_ID": "generated-bucket-access-key",
        "S3_SECRET_ACCESS_KEY": "generated-bucket-secret-key",
        "ARCHIVE_MODE": "sync",
        "ARCHIVE_BATCH_INTERVAL": "60",
    }


def test_a_releases_own_settings_win_over_the_stacks_and_stay_in_the_release() -> None:
    deployed = layered()
    assert app_env(deployed)["SHARED"] == "release"
    assert app_env(deployed, "noxus/noxus")["SHARED"] == "stack"
    assert app_env(deployed)["OPENAI_API_KEY"] == "shared-value"


def test_every_release_has_the_same_archive_settings() -> None:
    deployed = layered(
        archive={"mode": "async", "batchIntervalSeconds": 30},
        primary={"namespace": "noxus", "scheduler": {"embedded": True}},
    )
    for release in ("noxus/noxus", "noxus-acme/acme"):
        env = app_env(deployed, release)
        assert (env["ARCHIVE_MODE"], env["ARCHIVE_BATCH_INTERVAL"]) == ("async", "30")


def test_a_pools_secret_comes_after_the_shared_one_and_routing_is_literal() -> None:
    flow = container(layered(), "noxus-acme/acme-flow")
    assert [source["secretRef"]["name"] for source in flow["envFrom"]] == ["acme-app-env", "acme-keys"]
    assert {variable["name"]: variable["value"] for variable in flow["env"]} == {
        "WORKER_SUBSCRIBE": "all_but_kb",
        "WORKER_SUBSCRIBE_TENANTS": "",
        "WORKER_SUBSCRIBE_WORKSPACES": "",
    }
    chat = container(layered(), "noxus-acme/acme-chat")
    assert [source["secretRef"]["name"] for source in chat["envFrom"]] == ["acme-app-env"]


def test_a_secret_that_somebody_else_makes_can_be_layered_too() -> None:
    flow = container(run_program(with_pool(envSecretRef="made-elsewhere")), "noxus-acme/acme-flow")
    assert flow["envFrom"][1] == {"secretRef": {"name": "made-elsewhere"}}


@pytest.mark.parametrize(
    ("changed", "rolled"),
    [
        ({"acmeKey": "another"}, {"noxus-acme/acme-flow"}),
        (
            {"openaiApiKey": "another"},
            {"noxus-acme/acme-flow", "noxus-acme/acme-chat", "noxus/noxus-backend", "noxus/noxus-frontend"},
        ),
        ({}, set()),
    ],
)
def test_a_changed_value_rolls_those_who_read_it_and_nobody_else(changed: dict[str, str], rolled: set[str]) -> None:
    before, after = layered(), layered(changed)
    names = {r.name for r in before.all(DEPLOYMENT)}
    assert {name for name in names if checksum(before, name) != checksum(after, name)} == rolled


def test_a_setting_can_refer_to_what_only_the_deployment_knows() -> None:
    env = {
        "BUCKET": "${bucket.name}",
        "S3": "${bucket.endpoint}/${bucket.name}",
        "BACKEND": "${backend.url}",
        "DB": "${postgres.host}:${postgres.port}/${postgres.database}?user=${postgres.user}",
        "COST": "$5 {a day}",
    }
    resolved = app_env(run_program({**SMALLEST, "env": env}), "noxus/noxus")
    assert {name: resolved[name] for name in env} == {
        "BUCKET": "noxus",
        "S3": "http://bucket.noxus-data.svc:7070/noxus",
        "BACKEND": "http://noxus-backend.noxus.svc:8080",
        "DB": "postgres.noxus-data.svc:5432/noxus?user=noxus",
        "COST": "$5 {a day}",
    }
