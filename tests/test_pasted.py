"""Blocks of Helm values files, pasted as they are, and messages that say what to write."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from config import ConfigError, read_stack_file
from config.autoscaling import HpaAutoscaling
from config.workloads import PoolSettings
from tests.programs import EXTERNAL_SERVICES, LOGINS, SMALLEST, run_program, settings, with_pool
from tests.test_config import POOL, refused
from tools.schema import stack_file_schema

REQUEST = {"requests": {"cpu": "1", "memory": "1Gi"}}


def pool(**fields: object) -> PoolSettings:
    return settings(with_pool(**fields)).workers["acme"].pools["flow"]


@pytest.mark.parametrize("setting", sorted(info.alias or "" for info in PoolSettings.model_fields.values()))
def test_a_setting_of_a_pool_with_nothing_after_it_has_its_default(setting: str) -> None:
    assert pool(**{setting: None}) == pool()


def test_empty_settings_have_their_default_at_every_depth() -> None:
    raw = with_pool(resources={"requests": None}, podDisruptionBudget={"minAvailable": None})
    assert settings({**raw, "cluster": {"dns": None}, "images": {**raw["images"], "pullSecrets": None}})
    raw["workers"]["acme"] |= {"quota": None, "pools": {"flow": None}}
    assert settings(raw).workers["acme"].pools["flow"] == PoolSettings()


def test_a_section_with_nothing_after_it_is_refused_as_by_the_engine(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    whole = "\n".join(f"  noxus:{key}: {json.dumps(value)}" for key, value in SMALLEST.items())
    file.write_text(f"config:\n{whole}\n  noxus:workers:\n")
    with pytest.raises(ConfigError, match=r"workers: must be a mapping of settings"):
        read_stack_file(file)


def test_a_tenant_or_variable_with_nothing_after_it_is_not_forgotten() -> None:
    assert refused({**SMALLEST, "env": {"A": None}}) == ["env.A: must be text; put it in quotes (got None)"]
    routing = {**SMALLEST["routing"], "tenants": {"tenant-a": None}}
    assert [problem.partition(":")[0] for problem in refused({**SMALLEST, "routing": routing})] == [
        "routing.tenants.tenant-a"
    ]


def test_a_required_setting_with_nothing_after_it_is_required() -> None:
    assert refused({**SMALLEST, "primary": {"namespace": None}}) == [
        "primary.namespace: required, not set; for example namespace: noxus"
    ]


def test_what_helm_create_writes_for_autoscaling_is_taken() -> None:
    block: dict[str, Any] = {"minReplicas": 1, "maxReplicas": 100, "targetCPUUtilizationPercentage": 80}
    assert pool(resources=REQUEST, autoscaling={"enabled": False, **block}).autoscaling is None
    assert pool(resources=REQUEST, autoscaling={"enabled": False}).autoscaling is None
    scaler = pool(
        resources=REQUEST, autoscaling={"enabled": True, **block, "targetMemoryUtilizationPercentage": 70}
    ).autoscaling
    assert isinstance(scaler, HpaAutoscaling)
    assert (scaler.max_replicas, scaler.target_cpu_utilization, scaler.target_memory_utilization) == (100, 80, 70)


def test_enabled_stands_beside_the_type_too() -> None:
    keda = {"type": "keda", "maxReplicas": 3}
    assert pool(autoscaling={"enabled": True, **keda}) == pool(autoscaling=keda)
    assert pool(autoscaling={"enabled": False, **keda}) == pool()


def test_both_spellings_of_a_target_are_one_too_many() -> None:
    both = {"type": "hpa", "maxReplicas": 3, "targetCpuUtilization": 70, "targetCPUUtilizationPercentage": 80}
    (problem,) = refused(with_pool(resources=REQUEST, autoscaling=both))
    assert problem.startswith(f"{POOL}.autoscaling.targetCPUUtilizationPercentage: no such setting")


def test_enabled_is_true_or_false() -> None:
    assert refused(with_pool(autoscaling={"enabled": "yes", "type": "keda", "maxReplicas": 3})) == [
        f"{POOL}.autoscaling: enabled must be true or false (got 'yes')"
    ]


def test_a_budget_that_is_not_enabled_is_not_made() -> None:
    budgets = {
        enabled: run_program(with_pool(podDisruptionBudget={"enabled": enabled, "minAvailable": 0})).all(
            "kubernetes:policy/v1:PodDisruptionBudget"
        )
        for enabled in (True, False)
    }
    assert {it.name for it in budgets[True]} - {it.name for it in budgets[False]} == {"noxus-acme/acme-flow"}


@pytest.mark.parametrize(
    "fields",
    [
        {"autoscaling": {"enabled": False}},
        {"autoscaling": {"enabled": True, "maxReplicas": 3, "targetCPUUtilizationPercentage": 80}},
        {"podDisruptionBudget": {"enabled": True, "minAvailable": 1}},
        {"workerSubscribeTenants": 12345},
    ],
)
def test_an_editor_takes_the_same_blocks(fields: dict[str, Any]) -> None:
    document = {"config": {f"noxus:{key}": value for key, value in with_pool(**fields).items()}}
    jsonschema.validate(document, stack_file_schema(), cls=jsonschema.Draft202012Validator)


def test_a_secret_where_text_belongs_says_how_secrets_are_written(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    whole = "\n".join(f"  noxus:{key}: {json.dumps(value)}" for key, value in SMALLEST.items())
    file.write_text(f"config:\n{whole}\n  noxus:secretEnv: {{ KEY: {{ secure: 'v1:abc:def' }} }}\n")
    with pytest.raises(ConfigError, match=r"secretEnv: must not be encrypted") as error:
        read_stack_file(file)
    assert "secretEnv: { OPENAI_API_KEY: openaiApiKey }" in str(error.value)
    assert "v1:abc" not in str(error.value)


def test_a_host_that_leaves_no_room_for_the_derived_ones_is_refused() -> None:
    longest = ".".join(["a" * 62] * 4)[:247]
    primary = {"namespace": "noxus", "hosts": {"frontend": longest}}
    assert settings({**SMALLEST, "primary": primary})
    primary["hosts"] = {"frontend": longest + "bb"}
    assert refused({**SMALLEST, "primary": primary}) == [
        "primary.hosts: frontend is too long for api. and relay. before it: a host has at most 253 characters; shorten "
        "it, or set backend and relays"
    ]


def test_an_ipv6_address_of_a_server_says_what_to_do() -> None:
    postgres = EXTERNAL_SERVICES["postgres"] | {"host": "fd00::1"}
    (problem,) = refused({**SMALLEST, **EXTERNAL_SERVICES, "postgres": postgres}, *LOGINS)
    assert problem.startswith(
        "postgres.host: must be a host name in lower-case letters, such as db.example.com, or an "
    )
    assert "give it a name in DNS" in problem


def test_text_that_looks_like_a_reference_can_be_written() -> None:
    raw = with_pool(env={"PATTERN": "$${name}", "MIXED": "$${x}-${bucket.name}", "PLAIN": "$x $$ $(y)"})
    deployed = run_program(raw).one("kubernetes:apps/v1:Deployment", "noxus-acme/acme-flow")
    (container,) = deployed.inputs["spec"]["template"]["spec"]["containers"]
    found = {item["name"]: item.get("value") for item in container["env"]}
    # The kubelet takes `$$` for one sign.
    assert found["PATTERN"] == "$${name}"
    assert found["MIXED"].startswith("$${x}-")
    assert "bucket.name" not in found["MIXED"]
    assert found["PLAIN"] == "$$x $$$$ $$(y)"
