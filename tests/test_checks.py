"""Every check, on a configuration that is right and on one that is not, with the whole sentence it says."""

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import Finding, enforce, findings
from checks.capacity.peak import most_pods
from config import ConfigError
from config.quantity import amount, written
from tests.programs import ROOT, SMALLEST, VAULT, settings, stack_file, with_pool

POOL = "workers.acme.pools.flow"
EGRESS = {"reason": "r", "cidr": "10.0.0.0/8", "ports": [443]}
KEDA = {"type": "keda", "maxReplicas": 4, "query": "SELECT 1", "targetQueryValue": 2}


IN_VAULT = {"backend": "externalSecrets", "store": VAULT}


def found(raw: dict[str, Any], *encrypted: str) -> list[str]:
    """Every error and warning as `severity path: message`."""
    found = findings(settings(raw, *encrypted))
    return [f"{f.severity} {f.path}: {f.message}" for f in found if f.severity != "note"]


def test_a_sound_configuration_has_no_finding() -> None:
    assert found(dict(SMALLEST)) == []
    plain, secrets = stack_file(ROOT / "Pulumi.dev.yaml")
    assert found(plain, *secrets) == []


@pytest.mark.parametrize(
    ("raw", "finding"),
    [
        (
            with_pool(autoscaling={"type": "keda", "maxReplicas": 4, "targetQueryValue": 2}),
            f"error {POOL}.autoscaling.query: required with type keda, not set; describe the platform's table in "
            "scaling.queue, or write the SQL that counts this pool's waiting and running tasks here",
        ),
        (
            with_pool(autoscaling={"type": "keda", "maxReplicas": 4, "query": "SELECT 1"}),
            f"error {POOL}.autoscaling.targetQueryValue: required with type keda, not set; write the tasks per replica "
            "here, in scaling.targetQueryValue or as the pool's concurrency",
        ),
        (
            {
                **with_pool(workerSubscribe="flow", concurrency=1, autoscaling={"type": "keda", "maxReplicas": 4}),
                "scaling": {"query": "SELECT 1"},
            },
            f"warning {POOL}.autoscaling.query: not set, so the pool scales on scaling.query, which counts tasks that "
            "this pool does not take; remove scaling.query and describe the table in scaling.queue, so that each "
            "pool's query is derived",
        ),
        (
            with_pool(env={"WORKER_SUBSCRIBE": "flow"}),
            f"error {POOL}.env.WORKER_SUBSCRIBE: has no effect: each pool sets its own; set the pool's workerSubscribe",
        ),
        (
            with_pool(env={"RELAYS": "${relays.url}"}),
            f"error {POOL}.env.RELAYS: refers to ${{relays.url}}, which this stack lacks; enable primary.relays",
        ),
        (
            with_pool(autoscaling={**KEDA, "paused": True}),
            f"warning {POOL}.autoscaling.paused: holds the pool where it is, however much work there is",
        ),
        (
            with_pool(autoscaling={**KEDA, "paused": True, "pausedReplicas": 2}),
            f"warning {POOL}.autoscaling.pausedReplicas: holds the pool at 2 replicas, however much work there is",
        ),
        (
            with_pool(autoscaling={**KEDA, "minReplicas": 1, "cooldownSeconds": 60}),
            f"warning {POOL}.autoscaling.cooldownSeconds: is used at minReplicas 0 only, and minReplicas is 1; "
            "remove it",
        ),
        (
            with_pool(autoscaling={**KEDA, "minReplicas": 1, "activationQueryValue": 4}),
            f"warning {POOL}.autoscaling.activationQueryValue: is used at minReplicas 0 only, and minReplicas is 1; "
            "remove it",
        ),
        (
            {**SMALLEST, "egress": {"dns": {"reason": "r", "cidr": "10.0.0.0/8", "ports": [53]}}},
            "error egress.dns: is the name of a policy that every release has, to-dns; choose another",
        ),
        (
            {
                **SMALLEST,
                "egress": {"models": EGRESS},
                "primary": {"namespace": "noxus", "egress": {"models": EGRESS}},
            },
            "error primary.egress.models: has the name of egress.models; choose another, both are allowed",
        ),
        (
            {**SMALLEST, "workers": {"setup": {"namespace": "noxus-setup", "pools": {"flow": {}}}}},
            "error workers.setup: makes a second policy postgres-from-setup; rename the release",
        ),
        (
            {**SMALLEST, "archive": {"batchIntervalSeconds": 30}},
            "warning archive.batchIntervalSeconds: is used in mode async only, and the mode is sync; remove it",
        ),
        (
            {**SMALLEST, "archive": {"mode": "async"}},
            "error archive.mode: is async, and nothing starts the sweep that archives runs; set primary.scheduler to "
            "enabled with a command, or to embedded if the backend's or a pool's image starts periodic tasks itself",
        ),
        (
            {**SMALLEST, "archive": {"mode": "disabled"}},
            "error archive.mode: is disabled, for benchmarks, but the stack's data is protected; write sync or async, "
            "or protect: false",
        ),
        (
            {**SMALLEST, "primary": {"namespace": "noxus", "hosts": {"frontend": "app.example.com"}}},
            "warning primary.tls: not set, so the hosts are served in plain HTTP; name a secretName or a "
            "clusterIssuer, or set external: true if something else ends TLS",
        ),
        (
            {**SMALLEST, "primary": {"namespace": "noxus", "tls": {"secretName": "tls"}}},
            "warning primary.tls: is used with primary.hosts only, which is not set; set the hosts",
        ),
        (
            {
                **SMALLEST,
                "primary": {
                    "namespace": "noxus",
                    "hosts": {"frontend": "app.example.com"},
                    "tls": {"secretName": "tls"},
                    "ingress": {"classNames": {"relays": "public"}},
                },
            },
            "warning primary.ingress.classNames.relays: is used by the relays only, which are off; enable "
            "primary.relays or remove it",
        ),
        (
            {**SMALLEST, "env": {"PUBLIC": "${backend.publicUrl}"}},
            "error env.PUBLIC: refers to ${backend.publicUrl}, which this stack lacks; set primary.hosts",
        ),
        (
            {
                **SMALLEST,
                "primary": {
                    "namespace": "noxus",
                    "name": "n" * 44,
                    "migrations": {"enabled": True, "command": ["migrate"]},
                },
            },
            "error primary.name: makes the migrations' Job name 64 characters long, and 63 fit; shorten the release's "
            "name by 1",
        ),
        (
            {**SMALLEST, "workers": {"acme": {"namespace": "noxus", "pools": {"flow": {}}}}},
            "error workers.acme.namespace: 'noxus' is the namespace of primary.namespace; give it one of its own",
        ),
        (
            {**SMALLEST, "primary": {"namespace": "keda"}},
            "error primary.namespace: 'keda' is the namespace of KEDA (cluster.kedaNamespace); give it one of its own",
        ),
        (
            {**SMALLEST, "primary": {"namespace": "kube-system"}},
            "error primary.namespace: 'kube-system' is the namespace of Kubernetes itself; give it one of its own",
        ),
        (
            {**SMALLEST, "primary": {"namespace": "noxus-data"}},
            "error primary.namespace: 'noxus-data' is the namespace of cluster.dataNamespace; give it one of its own",
        ),
        (
            {**SMALLEST, "workers": {"noxus": {"namespace": "other", "pools": {"flow": {}}}}},
            "error workers.noxus: has the name of the primary release; rename one of the two",
        ),
        (
            {**SMALLEST, "primary": {"namespace": "noxus", "pools": {"backend": {}}}},
            "error primary.pools.backend: is the name of a service, and both would be noxus-backend; "
            "call it backend-tasks, for example",
        ),
        (
            {**SMALLEST, "primary": {"namespace": "noxus", "pools": {"p" * 49: {}}}},
            f"error primary.pools.{'p' * 49}: makes the name 'noxus-{'p' * 49}' of 55 characters, and at most 54 fit "
            "into KEDA's keda-hpa-<name>; shorten the pool's or the release's name",
        ),
        (
            {**SMALLEST, "env": {"KEY": "a"}, "secretEnv": {"KEY": "apiKey"}},
            "error secretEnv.KEY: is set in env too; keep one of the two",
        ),
        (
            {**SMALLEST, "env": {"WORKER_SUBSCRIBE": "flow"}},
            "error env.WORKER_SUBSCRIBE: has no effect: each pool sets its own; set the pool's workerSubscribe",
        ),
        (
            {**SMALLEST, "primary": {"namespace": "noxus", "env": {"ARCHIVE_MODE": "sync"}}},
            "error primary.env.ARCHIVE_MODE: is set by archive.mode, the same for all releases; set that instead",
        ),
        (
            {
                **SMALLEST,
                "primary": {"namespace": "noxus", "secrets": {"s": {"WORKER_SUBSCRIBE_TENANTS": "apiKey"}}},
            },
            "error primary.secrets.s.WORKER_SUBSCRIBE_TENANTS: has no effect: each pool sets its own; "
            "set the pool's workerSubscribeTenants",
        ),
        (
            {**SMALLEST, "primary": {"namespace": "noxus", "secrets": {"noxus-app-env": {"A": "apiKey"}}}},
            "error primary.secrets.noxus-app-env: is the name of the release's shared settings; choose another",
        ),
        (
            with_pool(envSecretRef="acme-app-env"),
            f"error {POOL}.envSecretRef: is the release's shared settings, not a layer on top; name another Secret or "
            "leave it out",
        ),
    ],
)
def test_what_is_not_right_is_found_and_said_in_full(raw: dict[str, Any], finding: str) -> None:
    assert found(raw, "apiKey") == [finding]


def test_two_workloads_of_one_name_in_different_releases_are_both_named() -> None:
    releases = {
        "a": {"namespace": "one", "pools": {"b-c": {}}},
        "a-b": {"namespace": "two", "pools": {"c": {}}},
    }
    assert [f.path for f in findings(settings({**SMALLEST, "workers": releases})) if f.severity == "error"] == [
        "workers.a-b.pools.c",
        "workers.a.pools.b-c",
    ]


@pytest.mark.parametrize(
    "pool",
    [
        {"autoscaling": KEDA},
        {"autoscaling": {"type": "keda", "maxReplicas": 4, "query": "SELECT 1"}, "concurrency": 4},
        {"replicaCount": 3, "podDisruptionBudget": {"minAvailable": 2}},
        {"replicaCount": 0},
        {"enabled": False, "autoscaling": {"type": "keda", "maxReplicas": 4}},
        {"envSecretRef": "acme-keys"},
    ],
)
def test_what_is_right_is_not_complained_about(pool: dict[str, Any]) -> None:
    assert found(with_pool(**pool)) == []


def test_a_pools_own_secret_may_override_archive_settings_as_the_seed_says() -> None:
    raw = {**SMALLEST, "primary": {"namespace": "noxus", "secrets": {"bench": {"ARCHIVE_MODE": "mode"}}}}
    assert found(raw, "mode") == []


BUSY: dict[str, Any] = {"peakRunsPerMinute": 600, "runKib": 1024, "batchIntervalSeconds": 60}


@pytest.mark.parametrize(
    ("mode", "finding"),
    [
        (
            "async",
            "error redis.memoryMib: is 1024, of which data may fill 768, and the runs of 2 minutes take 1200 MiB; "
            "write at least 1600, or archive sooner",
        ),
        (
            "disabled",
            "error redis.memoryMib: is 1024, of which data may fill 768, and the runs of 60 minutes take 36000 MiB; "
            "write at least 48000, or archive sooner",
        ),
    ],
)
def test_redis_must_hold_the_runs_that_wait_for_the_bucket(mode: str, finding: str) -> None:
    primary = {"namespace": "noxus", "scheduler": {"embedded": True}}
    raw = {**SMALLEST, "protect": False, "archive": {**BUSY, "mode": mode}, "primary": primary}
    assert finding in found(raw)
    memory = int(finding.partition("write at least ")[2].partition(",")[0])
    assert finding.partition(":")[0] not in " ".join(found({**raw, "redis": {"memoryMib": memory}}))


def test_runs_that_are_archived_at_once_wait_for_nothing() -> None:
    archive = {"peakRunsPerMinute": 600, "runKib": 1024}
    assert found({**SMALLEST, "archive": archive}) == []


@pytest.mark.parametrize("scheduler", [{"enabled": True, "command": ["beat"]}, {"embedded": True}])
def test_async_archiving_works_with_any_scheduler(scheduler: dict[str, Any]) -> None:
    raw = {**SMALLEST, "archive": {"mode": "async"}, "primary": {"namespace": "noxus", "scheduler": scheduler}}
    assert found(raw) == []


def test_a_benchmark_whose_data_nobody_needs_may_archive_nothing() -> None:
    assert found({**SMALLEST, "archive": {"mode": "disabled"}, "protect": False}) == []


def with_quota(quota: dict[str, Any], **pool: object) -> dict[str, Any]:
    raw = with_pool(**pool)
    defaults = {"cpu": "500m", "memory": "1Gi"}
    raw["workers"]["acme"]["quota"] = {"cpu": 100, "memory": "1Ti", "pods": 500, "defaultRequests": defaults, **quota}
    return raw


@pytest.mark.parametrize(
    ("quota", "finding"),
    [
        (
            {"pods": 12},
            "error workers.acme.quota.pods: is 12, and with every workload at its maximum and in a rollout 13 is asked "
            "for: flow 13 (13 pods); raise it, or lower replicas or requests",
        ),
        (
            {"cpu": "3250m"},
            "error workers.acme.quota.cpu: is 3250m, and with every workload at its maximum and in a rollout 6500m is "
            "asked for: flow 6500m (13 pods); raise it, or lower replicas or requests",
        ),
        (
            {"memory": "25Gi"},
            "error workers.acme.quota.memory: is 25600Mi, and with every workload at its maximum and in a rollout "
            "26624Mi is asked for: flow 26624Mi (13 pods); raise it, or lower replicas or requests",
        ),
    ],
)
def test_a_quota_that_a_rollout_at_the_maximum_does_not_fit_into_is_refused(
    quota: dict[str, Any], finding: str
) -> None:
    pool: dict[str, Any] = {"autoscaling": {**KEDA, "maxReplicas": 10}, "resources": {"limits": {"memory": "2Gi"}}}
    assert found(with_quota(quota, **pool)) == [finding]


def test_a_pool_that_is_paused_at_a_number_asks_for_that_number() -> None:
    scaler = {**KEDA, "maxReplicas": 2, "pausedReplicas": 10}
    assert any(finding.startswith("error") for finding in found(with_quota({"pods": 12}, autoscaling=scaler)))
    assert not any(finding.startswith("error") for finding in found(with_quota({"pods": 13}, autoscaling=scaler)))


def test_a_quota_that_fits_exactly_is_accepted() -> None:
    quota = {"pods": 13, "cpu": "6500m", "memory": "13Gi"}
    assert found(with_quota(quota, autoscaling={**KEDA, "maxReplicas": 10})) == []


@given(st.integers(min_value=0, max_value=10_000))
def test_a_rollout_adds_a_quarter_rounded_up(replicas: int) -> None:
    assert most_pods(replicas) == replicas + math.ceil(replicas / 4)


@given(st.integers(min_value=0, max_value=10**9), st.sampled_from(["m", "", "k", "M", "Ki", "Mi", "Gi"]))
def test_quantities_are_exact_numbers(number: int, suffix: str) -> None:
    value = amount(f"{number}{suffix}")
    assert value == number * {"m": Fraction(1, 1000), "": 1, "k": 1000, "M": 10**6, "Ki": 2**10, "Mi": 2**20}.get(
        suffix, Fraction(2**30)
    )
    assert amount(written(value)) == value
    assert 0 <= amount(written(value, "Mi")) - value < 2**20


def test_a_pool_that_takes_everything_may_scale_on_everything() -> None:
    raw = with_pool(workerSubscribe="all", concurrency=1, autoscaling={"type": "keda", "maxReplicas": 4})
    assert found({**raw, "scaling": {"query": "SELECT 1"}}) == []


def test_errors_come_first_and_stop_the_program_all_at_once_while_warnings_are_told() -> None:
    raw = with_pool(interruptible="on trial", envSecretRef="acme-app-env")
    raw["primary"] = {"namespace": "keda"}
    told: list[str] = []
    with pytest.raises(ConfigError) as error:
        enforce(settings(raw), warn=told.append)
    assert [problem.path for problem in error.value.problems] == ["primary.namespace", f"{POOL}.envSecretRef"]
    assert [warning.partition(":")[0] for warning in told] == [f"{POOL}.interruptible"]
    assert [f.severity for f in findings(settings(raw))] == [
        "error",
        "error",
        "warning",
        *["note"] * 9,
    ]


def test_findings_are_plain_values() -> None:
    assert Finding("note", "a", "b") == Finding("note", "a", "b")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"secretEnv": {}},
            [
                "error secretEnv: is empty, so External Secrets would write no app-env; "
                "name a key, or use backend: kubernetes"
            ],
        ),
        (
            {"secrets": {**IN_VAULT, "revisions": {"openaiApikey": "2"}}},
            [
                "error secrets.revisions.openaiApikey: is the revision of a key that nothing uses; "
                "did you mean openaiApiKey?"
            ],
        ),
        (
            {"secrets": {**IN_VAULT, "store": {"type": "awsSecretsManager", "region": "eu-west-1"}}},
            [
                "error primary.identity.annotations: lacks eks.amazonaws.com/role-arn, by which the store "
                "knows who reads; write the release's role there"
            ],
        ),
        ({}, []),
    ],
)
def test_what_external_secrets_is_to_read_can_be_read(changes: dict[str, Any], expected: list[str]) -> None:
    sound = {**SMALLEST, "secretEnv": {"OPENAI_API_KEY": "openaiApiKey"}, "secrets": IN_VAULT}
    assert found({**sound, **changes}) == expected
