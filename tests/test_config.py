"""What a stack file may say, and the whole sentence for everything that it may not."""

import copy
import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import config
from config import ConfigError, parse, read_stack_file
from config.autoscaling import HpaAutoscaling, KedaAutoscaling
from config.workloads import PoolSettings
from tests.harness import deploy, is_secret
from tests.programs import ROOT, SMALLEST, run_program, settings, stack_file, with_pool

RULE_LABEL = "must be lower-case letters, digits and '-', at most 63 characters, such as noxus-acme"
POOL = "workers.acme.pools.flow"
ON_CPU = {"type": "hpa", "maxReplicas": 4, "targetCpuUtilization": 70}
WITH_CPU = {"requests": {"cpu": "1"}}


def refused(raw: dict[str, Any], *encrypted: str) -> list[str]:
    """Every problem of a stack file, as the user reads it."""
    with pytest.raises(ConfigError) as error:
        parse("Pulumi.test.yaml", raw, encrypted)
    return [str(problem) for problem in error.value.problems]


def pool(**fields: object) -> PoolSettings:
    return settings(with_pool(**fields)).workers["acme"].pools["flow"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"clowd": "aws"}, "clowd: no such setting; did you mean cloud?"),
        ({"cloud": "ibm"}, "cloud: must be one of 'kubernetes', 'aws', 'gcp' or 'azure' (got 'ibm')"),
        ({"protect": "yes"}, "protect: must be true or false (got 'yes')"),
        ({"redis": 5}, "redis: must be a mapping of settings (got 5)"),
        (
            {"redis": {"memory": 5}},
            "redis.memory: no such setting; did you mean memoryMib?",
        ),
        ({"redis": {"memoryMib": 64}}, "redis.memoryMib: must be at least 128 (got 64)"),
        ({"postgres": {"storageGib": 2.5}}, "postgres.storageGib: must be a whole number (got 2.5)"),
        ({"postgres": {"database": "No"}}, "postgres.database: must match ^[a-z_][a-z0-9_]{0,62}$ (got 'No')"),
        ({"storage": {"bucket": "My_Bucket"}}, f"storage.bucket: {RULE_LABEL} (got 'My_Bucket')"),
        (
            {"archive": {"mode": "never"}},
            "archive.mode: must be one of 'sync', 'async' or 'disabled' (got 'never')",
        ),
        (
            {"images": {**SMALLEST["images"], "worker": "noxus/worker"}},
            "images.worker: must name a tag or a digest, such as registry.example.com/noxus/backend:2026.11.0 "
            "(got 'noxus/worker')",
        ),
        (
            {"images": {**SMALLEST["images"], "worker": "noxus/worker:latest"}},
            "images.worker: must not be :latest, which changes under a running release; name a version or a digest "
            "(got 'noxus/worker:latest')",
        ),
        (
            {"images": {**SMALLEST["images"], "worker": "not an image"}},
            "images.worker: must be an image reference, such as registry.example.com/noxus/backend:2026.11.0 "
            "(got 'not an image')",
        ),
        (
            {"images": {"backend": "b:1", "frontend": "f:1"}},
            "images.worker: required, not set; for example worker: registry.example.com/noxus/worker:2026.11.0",
        ),
        (
            {"env": {"LOG-LEVEL": "info"}},
            "env.LOG-LEVEL: must be an environment variable name: letters, digits and '_', such as LOG_LEVEL "
            "(got 'LOG-LEVEL')",
        ),
        ({"env": {"DEBUG": True}}, "env.DEBUG: must be text; put it in quotes (got True)"),
        (
            {"env": {"DB": "${postgres.hots}"}},
            "env.DB: refers to ${postgres.hots}, which does not exist; $${postgres.hots} is the text itself; did you "
            "mean postgres.host? (got '${postgres.hots}')",
        ),
        (
            {"secretEnv": {"KEY": "not a key"}},
            "secretEnv.KEY: must be the name of a secret config key, such as openaiApiKey (got 'not a key')",
        ),
        ({"primary": {}}, "primary.namespace: required, not set; for example namespace: noxus"),
        ({"primary": {"namespace": "Noxus"}}, f"primary.namespace: {RULE_LABEL} (got 'Noxus')"),
        (
            {"primary": {"namespace": "noxus", "backend": {"autoscaling": {"type": "keda", "maxReplicas": 2}}}},
            "primary.backend: autoscaling.type keda counts queued tasks, which a web service does not take; "
            "use type: hpa",
        ),
        (
            {"workers": {"acme": {"namespace": "acme"}}},
            "workers.acme.pools: required, not set; for example pools: { flow: { workerSubscribe: flow } }",
        ),
        (
            {"workers": {"acme": {"namespace": "acme", "pools": {}}}},
            "workers.acme.pools: must not be empty (got {})",
        ),
        (
            {"workers": {"acme": {"namespace": "acme", "pools": {"My_Pool": {}}}}},
            f"workers.acme.pools.My_Pool: {RULE_LABEL} (got 'My_Pool')",
        ),
        (
            {"workers": {"acme": {"namespace": "acme", "backend": {}, "pools": {"flow": {}}}}},
            "workers.acme.backend: no such setting; known are createNamespace, egress, env, identity, namespace, "
            "pods, pools, quota, secrets",
        ),
    ],
)
def test_a_wrong_stack_is_refused_with_path_rule_value_and_remedy(change: dict[str, Any], problem: str) -> None:
    assert refused({**SMALLEST, **change}) == [problem]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"replicaCnt": 1}, f"{POOL}.replicaCnt: no such setting; did you mean replicaCount?"),
        ({"replicaCount": -1}, f"{POOL}.replicaCount: must be at least 0 (got -1)"),
        ({"replicaCount": "2"}, f"{POOL}.replicaCount: must be a whole number (got '2')"),
        ({"enabled": "true"}, f"{POOL}.enabled: must be true or false (got 'true')"),
        (
            {"workerSubscribe": "flows"},
            f"{POOL}.workerSubscribe: must be one of 'all', 'all_but_kb', 'flow', 'chat' or 'kb' (got 'flows')",
        ),
        (
            {"workerSubscribeTenants": "a,b,a"},
            f"{POOL}.workerSubscribeTenants: must name each id once; a is repeated (got 'a,b,a')",
        ),
        (
            {"workerSubscribeTenants": ["a,b"]},
            f"{POOL}.workerSubscribeTenants: must be ids separated by commas, or a YAML list of ids, such as "
            "tenant-abc,tenant-xyz",
        ),
        (
            {"workerSubscribeTenants": "a,,b"},
            f"{POOL}.workerSubscribeTenants: must be ids separated by commas, or a YAML list of ids, such as "
            "tenant-abc,tenant-xyz (got 'a,,b')",
        ),
        (
            {"envSecretRef": "Not A Name"},
            f"{POOL}.envSecretRef: must be a Kubernetes object name: lower-case letters, digits, '-' and '.' "
            "(got 'Not A Name')",
        ),
        (
            {"resources": {"requests": {"memory": "2gb"}}},
            f"{POOL}.resources.requests.memory: must be a Kubernetes quantity, such as 500m, 2 or 4Gi (got '2gb')",
        ),
        (
            {"podDisruptionBudget": {"minAvailable": 1, "maxUnavailable": 1}},
            f"{POOL}.podDisruptionBudget: takes minAvailable or maxUnavailable, not both; "
            "maxUnavailable: 1 fits most pools",
        ),
        (
            {"podDisruptionBudget": {"maxUnavailable": "200%"}},
            f"{POOL}.podDisruptionBudget.maxUnavailable: must be a whole number of pods from 0, such as 1, or a share "
            "such as 25% (got '200%')",
        ),
        ({"tolerations": {"key": "a"}}, f"{POOL}.tolerations: must be a list (got {{'key': 'a'}})"),
        ({"maxTaskSeconds": 0}, f"{POOL}.maxTaskSeconds: must be at least 1 (got 0)"),
        (
            {"autoscaling": {"type": "vpa"}},
            f"{POOL}.autoscaling.type: must be one of 'hpa', 'keda' (got 'vpa')",
        ),
        (
            {"autoscaling": {"maxReplicas": 3}},
            f"{POOL}.autoscaling: must say its type: hpa or keda (got {{'maxReplicas': 3}})",
        ),
        (
            {"autoscaling": {"type": "keda"}},
            f"{POOL}.autoscaling.maxReplicas: required, not set; for example maxReplicas: 8",
        ),
        (
            {"autoscaling": {"type": "keda", "minReplicas": 5, "maxReplicas": 2}},
            f"{POOL}.autoscaling: minReplicas 5 is above maxReplicas 2; lower minReplicas or raise maxReplicas",
        ),
        (
            {"autoscaling": {"type": "keda", "maxReplicas": 2, "targetQueryValue": 0}},
            f"{POOL}.autoscaling.targetQueryValue: must be above 0 (got 0)",
        ),
        (
            {"autoscaling": {"type": "keda", "maxReplicas": 2, "targetCpuUtilization": 50}},
            f"{POOL}.autoscaling.targetCpuUtilization: no such setting; known are activationQueryValue, "
            "behavior, cooldownSeconds, fallback, maxReplicas, minReplicas, paused, pausedReplicas, "
            "pollingIntervalSeconds, query, targetQueryValue, type, useCachedMetrics",
        ),
        (
            {"autoscaling": {**ON_CPU, "minReplicas": 0}, "resources": WITH_CPU},
            f"{POOL}.autoscaling.minReplicas: must be at least 1 (got 0)",
        ),
        (
            {"autoscaling": {"type": "hpa", "maxReplicas": 2}},
            f"{POOL}.autoscaling: needs targetCpuUtilization or targetMemoryUtilization, such as "
            "targetCpuUtilization: 70",
        ),
        (
            {"autoscaling": ON_CPU},
            f"{POOL}: autoscaling on cpu is a share of the cpu request, which is not set; set resources.requests.cpu",
        ),
        (
            {"resources": {"requests": {"cpu": "2", "memory": "512m"}, "limits": {"cpu": "1500m", "gpu": 1}}},
            f"{POOL}.resources: gpu is no resource; known are cpu, memory, ephemeral-storage and names such as "
            "nvidia.com/gpu; requests.memory 512m is less than a mebibyte; write 512Mi; requests.cpu 2 is above "
            "limits.cpu 1500m",
        ),
    ],
)
def test_a_wrong_pool_is_refused_with_path_rule_value_and_remedy(fields: dict[str, Any], problem: str) -> None:
    assert refused(with_pool(**fields)) == [problem]


def test_every_problem_of_the_file_is_reported_at_once_in_order() -> None:
    raw = with_pool(replicaCount=-1, workerSubscribe="flows")
    raw |= {"cloud": "ibm", "clowd": "aws", "images": {**SMALLEST["images"], "backend": "b"}}
    assert [problem.partition(":")[0] for problem in refused(raw, "redis")] == [
        "cloud",
        "clowd",
        "images.backend",
        "redis",
        f"{POOL}.replicaCount",
        f"{POOL}.workerSubscribe",
    ]


def test_the_error_reads_as_one_message() -> None:
    with pytest.raises(ConfigError) as error:
        parse("Pulumi.test.yaml", {**SMALLEST, "cloud": "ibm"})
    assert str(error.value) == (
        "Pulumi.test.yaml is not valid:\n  - cloud: must be one of 'kubernetes', 'aws', 'gcp' or 'azure' (got 'ibm')"
    )


def test_a_long_value_is_shortened_in_the_error() -> None:
    (problem,) = refused({**SMALLEST, "cloud": "x" * 500})
    assert len(problem) < 160
    assert problem.endswith("...)")


@pytest.mark.parametrize(
    ("plain", "encrypted", "problem"),
    [
        (
            {},
            (),
            "secretEnv.KEY: names the secret key 'apiKey', which is not set; "
            "run `pulumi config set --secret noxus:apiKey`",
        ),
        ({"apiKey": "in the clear"}, (), "apiKey: must be encrypted: run `pulumi config set --secret noxus:apiKey`"),
        (
            {},
            ("apiKey", "redis"),
            "redis: must not be encrypted, nor hold anything encrypted: it is read in plain text; give the secret a "
            "key of its own by `pulumi config set --secret noxus:openaiApiKey`, and name that key, such as secretEnv: "
            "{ OPENAI_API_KEY: openaiApiKey }",
        ),
    ],
)
def test_a_secret_is_encrypted_under_a_key_of_its_own_and_its_value_never_shown(
    plain: dict[str, Any], encrypted: tuple[str, ...], problem: str
) -> None:
    assert refused({**SMALLEST, "secretEnv": {"KEY": "apiKey"}, **plain}, *encrypted) == [problem]


def test_an_encrypted_key_that_nobody_names_is_no_problem() -> None:
    assert settings(SMALLEST, "left-from-before").secret_env == {}


def test_an_encrypted_section_is_not_reported_as_missing_too() -> None:
    raw = {key: value for key, value in SMALLEST.items() if key != "images"}
    assert [problem.partition(":")[0] for problem in refused(raw, "images")] == ["images"]


def test_an_empty_pool_has_the_seeds_defaults() -> None:
    default = pool()
    assert default.replica_count == 1
    assert default.worker_subscribe == "all_but_kb"
    assert (default.worker_subscribe_tenants, default.worker_subscribe_workspaces) == ((), ())
    assert default.env_secret_ref == ""
    assert (default.affinity.manifest(), default.node_selector) == ({}, {})
    assert default.tolerations == ()
    assert default.topology_spread_constraints is None, "an empty list would be somebody's wish: no spreading"
    assert default.autoscaling is None
    assert default.enabled


def test_the_thirteen_fields_of_the_seed_are_accepted_as_it_writes_them() -> None:
    fields: dict[str, Any] = {
        "enabled": True,
        "replicaCount": 2,
        "workerSubscribe": "flow",
        "workerSubscribeTenants": "tenant-abc,tenant-xyz",
        "workerSubscribeWorkspaces": "",
        "envSecretRef": "",
        "resources": {"requests": {"cpu": 1, "memory": "2Gi"}, "limits": {"memory": "4Gi", "nvidia.com/gpu": 1}},
        "autoscaling": {"type": "keda", "minReplicas": 0, "maxReplicas": 20},
        "podDisruptionBudget": {"minAvailable": "50%"},
        "affinity": {},
        "nodeSelector": {"pool": "gpu"},
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "topologySpreadConstraints": [],
    }
    accepted = pool(**fields)
    assert set(fields) <= {info.alias for info in PoolSettings.model_fields.values()}
    assert accepted.worker_subscribe_tenants == ("tenant-abc", "tenant-xyz")
    assert accepted.resources.requests == {"cpu": "1", "memory": "2Gi"}
    assert accepted.resources.limits["nvidia.com/gpu"] == "1"
    assert isinstance(accepted.autoscaling, KedaAutoscaling)


@pytest.mark.parametrize(
    "written", ["tenant-abc,tenant-xyz", " tenant-abc , tenant-xyz ", ["tenant-abc", "tenant-xyz"]]
)
def test_tenants_are_a_comma_string_or_a_list(written: object) -> None:
    assert pool(workerSubscribeTenants=written).worker_subscribe_tenants == ("tenant-abc", "tenant-xyz")


@pytest.mark.parametrize("queue", ["all", "all_but_kb", "flow", "chat", "kb"])
def test_each_of_the_five_queue_types_is_accepted(queue: str) -> None:
    assert pool(workerSubscribe=queue).worker_subscribe == queue


def test_zero_stays_zero() -> None:
    scaler = pool(autoscaling={"type": "keda", "minReplicas": 0, "maxReplicas": 1, "cooldownSeconds": 0}).autoscaling
    assert isinstance(scaler, KedaAutoscaling)
    assert (scaler.min_replicas, scaler.cooldown_seconds) == (0, 0)
    assert pool(replicaCount=0).replica_count == 0


def test_an_hpa_may_measure_memory_alone() -> None:
    scaler = {"type": "hpa", "maxReplicas": 3, "targetMemoryUtilization": 80}
    assert isinstance(pool(autoscaling=scaler, resources={"requests": {"memory": "1Gi"}}).autoscaling, HpaAutoscaling)


def test_settings_cannot_be_changed_after_they_were_checked() -> None:
    frozen: Any = settings(SMALLEST)
    with pytest.raises(Exception, match="frozen"):
        frozen.protect = False


def test_load_gives_settings_and_secrets_as_secret_outputs() -> None:
    def program() -> None:
        stack = config.load()
        pulumi.export("protect", stack.settings.protect)
        pulumi.export("keys", list(stack.secrets))
        pulumi.export("value", stack.secrets["apiKey"])

    raw = {**SMALLEST, "protect": "false", "secretEnv": {"KEY": "apiKey"}}
    outputs = deploy(program, config=raw, secrets={"apiKey": "hush", "unused": "x"}).outputs
    assert outputs["protect"] is False, "the engine hands booleans over as text"
    assert outputs["keys"] == ["apiKey"]
    assert is_secret(outputs["value"])
    assert outputs["value"]["value"] == "hush"


def test_a_stack_file_reads_the_same_without_the_engine() -> None:
    plain, secrets = stack_file(ROOT / "Pulumi.dev.yaml")
    assert read_stack_file(ROOT / "Pulumi.dev.yaml") == parse("Pulumi.dev.yaml", plain, secrets)


def test_on_and_off_in_a_stack_file_are_text_as_the_engine_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    entries = {f"noxus:{key}": value for key, value in SMALLEST.items()}
    file.write_text(json.dumps({"config": entries})[:-2] + ', "noxus:env": {SWITCH: on}, "noxus:protect": "false"}}')
    read = read_stack_file(file)
    assert read.env == {"SWITCH": "on"}
    assert read.protect is False


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "file: cannot be read: No such file or directory"),
        ("config: []", "file: config must be a mapping of settings, such as noxus:primary"),
        ("just text", "file: must be a mapping that has the key config"),
        ("- a list", "file: must be a mapping that has the key config"),
    ],
)
def test_a_file_that_is_no_stack_file_is_refused_in_one_line(tmp_path: Path, content: str | None, problem: str) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError) as error:
        read_stack_file(file)
    assert [str(found) for found in error.value.problems] == [problem]


def test_a_file_that_is_not_yaml_says_where(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text("config: [")
    with pytest.raises(ConfigError, match=r"file: is not YAML: .* at line 2"):
        read_stack_file(file)


EVERYTHING: dict[str, Any] = {
    **stack_file(ROOT / "Pulumi.dev.yaml")[0],
    "cluster": {"context": "test", "podSecurity": "baseline"},
    "scaling": {"query": "SELECT 1", "targetQueryValue": 2},
}
ENCRYPTED = tuple(stack_file(ROOT / "Pulumi.dev.yaml")[1])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in children for place in _places(child, (*path, key)))][0 if path else 1 :]


PLACES = _places(EVERYTHING)


@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), JSON_VALUES, st.sampled_from(["put", "drop", "add"])), min_size=1, max_size=3
    )
)
@hypothesis_settings(max_examples=320, deadline=None, derandomize=True)
def test_any_mutated_configuration_is_rendered_or_refused_with_a_path_and_never_a_stack_trace(
    mutations: list[tuple[tuple[Any, ...], Any, str]],
) -> None:
    raw = copy.deepcopy(EVERYTHING)
    for place, value, how in mutations:
        parent: Any = raw
        try:
            for key in place[:-1]:
                parent = parent[key]
            if how == "drop":
                del parent[place[-1]]
            else:
                parent[place[-1] if how == "put" else str(value)] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier mutation has taken the place away
    problems = None
    try:
        run_program(raw, dict.fromkeys(ENCRYPTED, "secret"))
        event("rendered")
    except ConfigError as error:
        problems = error.problems
        event("refused")
    assert problems is None or (problems and all(problem.path and problem.message for problem in problems))
