"""What a report says of real changes: each row a change of the stack file, previewed by the real engine.

A row has every class that is found, each with the settings that cause it, and nothing else but what is harmless.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pytest
import yaml

from sandbox.control_plane import ControlPlane
from tests.e2e.conftest import engine_environment
from tests.e2e.dev_stack import Change, DevStack
from tests.previews import classes
from tools.preview import parse
from tools.report.engine import Engine, answer, deployed, marks
from tools.report.markdown import markdown
from tools.report.plain import plain
from tools.report.report import Report, report
from tools.report.side import of_deployed, of_file

PLANTED = "planted-secret-value"

FLOW = "workers.acme.pools.flow"
CHAT = "workers.acme.pools.chat"
ALL = "workers.globex.pools.all"

Expected = Mapping[str, set[str | None]]


def base(config: dict[str, Any]) -> None:
    """The dev stack with a second worker release."""
    config["workers"]["globex"] = {
        "namespace": "noxus-globex",
        "pools": {
            "all": {
                "workerSubscribe": "all",
                "workerSubscribeTenants": "tenant-one",
                "replicaCount": 3,
                "concurrency": 2,
                "maxTaskSeconds": 300,
            }
        },
    }


def written(path: str, value: object) -> Change:
    """One setting, or one section, with another value."""

    def change(config: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            config = config.setdefault(parent, {})
        config[last] = value

    return change


def without(path: str) -> Change:
    """One setting, or one section, that is gone."""

    def change(config: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            config = config[parent]
        del config[last]

    return change


def renamed(path: str, name: str) -> Change:
    """A pool or a release under another name."""

    def change(config: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            config = config[parent]
        config[name] = config.pop(last)

    return change


def reordered(config: dict[str, Any]) -> None:
    """The same settings, backwards."""

    def backwards(value: Any) -> Any:
        return {key: backwards(value[key]) for key in reversed(value)} if isinstance(value, dict) else value

    for key in list(reversed(config)):
        config[key] = backwards(config.pop(key))


KEDA = {"type": "keda", "minReplicas": 0, "maxReplicas": 4, "targetQueryValue": 2}
CRM = {"crm": {"reason": "the CRM", "cidr": "10.9.0.0/16", "ports": [443]}}
CONNECTIONS = {
    "postgres": {"backend": 5, "relays": 1, "scheduler": 1, "migrations": 1, "worker": 1},
    "redis": {"backend": 5, "relays": 1, "scheduler": 1, "worker": 1},
}
WORKER = "registry.example.com/noxus/worker:2026.12.0"


def all_of(setting: str, *kinds: str) -> Expected:
    """One setting behind several classes."""
    return {kind: {setting} for kind in kinds}


MOVED: set[str | None] = {f"{pool}.workerSubscribeTenants" for pool in (FLOW, CHAT, ALL)}

HARMLESS: Mapping[str, tuple[Change, ...]] = {
    "a reordered file": (reordered,),
    "ids as a list, defaults written out": (
        written(f"{FLOW}.workerSubscribeTenants", ["tenant-abc", "tenant-xyz"]),
        written("archive.batchIntervalSeconds", 60),
        written(f"{CHAT}.enabled", value=True),
    ),
    "a variable of the value that it has": (written("workers.acme.env.LOG_LEVEL", "debug"),),
    "a budget, a quota, and an accepted risk that is none": (
        written(f"{FLOW}.podDisruptionBudget.maxUnavailable", 2),
        written("workers.acme.quota.pods", 50),
        written("accept", {"dataLoss": "none is there"}),
    ),
    "connections that are counted now": (written("connections", CONNECTIONS),),
    "a Secret that nobody reads": (written("workers.acme.secrets.more", {"OTHER": "openaiApiKey"}),),
    "another issuer of certificates": (written("primary.tls.clusterIssuer", "another"),),
}

ROWS: Mapping[str, tuple[tuple[Change, ...], Expected]] = {
    # who runs what
    "a renamed pool": (
        (renamed("primary.pools.kb", "knowledge"),),
        {
            **all_of("primary.pools.kb", "routing", "interruption"),
            "cost": {"primary.pools.kb", "primary.pools.knowledge"},
        },
    ),
    "a renamed release": (
        (renamed("workers.acme", "initech"),),
        {**all_of("workers.acme", "routing", "interruption"), "cost": {"workers.acme", "workers.initech"}},
    ),
    "a moved tenant": (
        (
            written(f"{FLOW}.workerSubscribeTenants", "tenant-abc"),
            written(f"{CHAT}.workerSubscribeTenants", "tenant-abc"),
            written(f"{ALL}.workerSubscribeTenants", "tenant-one,tenant-xyz"),
        ),
        {"routing": MOVED, "interruption": MOVED},
    ),
    "a subscription that leaves a tenant to the other release": (
        (written(f"{CHAT}.workerSubscribeTenants", ["tenant-abc"]),),
        all_of(f"{CHAT}.workerSubscribeTenants", "routing", "interruption"),
    ),
    "another queue type": (
        (written("primary.pools.default.workerSubscribe", "all"),),
        all_of("primary.pools.default.workerSubscribe", "routing", "interruption"),
    ),
    "a pool that is paused at nothing": (
        (written(f"{FLOW}.autoscaling.pausedReplicas", 0),),
        all_of(f"{FLOW}.autoscaling.pausedReplicas", "routing", "interruption", "scaling", "cost"),
    ),
    "a pool that is switched off": (
        (written(f"{CHAT}.enabled", value=False),),
        all_of(f"{CHAT}.enabled", "routing", "interruption", "cost"),
    ),
    "a pool that goes": ((without(CHAT),), all_of(CHAT, "routing", "interruption", "cost")),
    "a pool of its own for a tenant": (
        (written("primary.pools.vip", {"workerSubscribe": "chat", "workerSubscribeTenants": "tenant-vip"}),),
        all_of("primary.pools.vip", "routing", "cost"),
    ),
    "a release that comes": (
        (
            written(
                "workers.initech",
                {
                    "namespace": "noxus-initech",
                    "pools": {"chat": {"workerSubscribe": "chat", "workerSubscribeTenants": "tenant-i"}},
                },
            ),
        ),
        all_of("workers.initech", "routing", "permissionWidened", "cost"),
    ),
    "a release that goes": (
        (without("workers.globex"),),
        all_of("workers.globex", "routing", "permissionNarrowed", "interruption", "cost"),
    ),
    # how many
    "a maximum below what runs": (
        (written(f"{FLOW}.autoscaling.maxReplicas", 2),),
        all_of(f"{FLOW}.autoscaling.maxReplicas", "interruption", "scaling", "cost"),
    ),
    "a higher maximum": (
        (written(f"{FLOW}.autoscaling.maxReplicas", 25), written("workers.acme.quota", None)),
        all_of(f"{FLOW}.autoscaling.maxReplicas", "scaling", "cost"),
    ),
    "another minimum": (
        (written(f"{FLOW}.autoscaling.minReplicas", 1),),
        all_of(f"{FLOW}.autoscaling.minReplicas", "scaling"),
    ),
    "a hand-over between scalers": (
        (written(f"{CHAT}.autoscaling", KEDA),),
        all_of(f"{CHAT}.autoscaling", "scaling"),
    ),
    "a scaler that goes": (
        (without(f"{FLOW}.autoscaling"), written(f"{FLOW}.replicaCount", 3)),
        all_of(f"{FLOW}.autoscaling", "interruption", "permissionNarrowed", "scaling", "cost"),
    ),
    "other tasks of one replica": ((written(f"{FLOW}.concurrency", 2),), all_of(f"{FLOW}.concurrency", "scaling")),
    "fewer replicas": (
        (written(f"{ALL}.replicaCount", 1),),
        all_of(f"{ALL}.replicaCount", "interruption", "scaling", "cost"),
    ),
    "more replicas of a service": (
        (written("primary.backend.replicaCount", 3),),
        all_of("primary.backend.replicaCount", "scaling", "cost"),
    ),
    # pods that restart
    "a variable of all": ((written("env.LOG_LEVEL", "info"),), all_of("env.LOG_LEVEL", "interruption")),
    "a variable of a release": (
        (written("workers.acme.env.FEATURE_X", "off"),),
        all_of("workers.acme.env.FEATURE_X", "interruption"),
    ),
    "a variable of a pool": ((written(f"{FLOW}.env", {"X": "1"}),), all_of(f"{FLOW}.env.X", "interruption")),
    "an image of all pools": ((written("images.worker", WORKER),), all_of("images.worker", "interruption")),
    "an image of the backend": (
        (written("images.backend", "registry.example.com/noxus/backend:2026.12.0"),),
        all_of("images.backend", "interruption"),
    ),
    "an image of a pool": ((written(f"{FLOW}.image", WORKER),), all_of(f"{FLOW}.image", "interruption")),
    "longer tasks": (
        (written(f"{FLOW}.maxTaskSeconds", 10800),),
        all_of(f"{FLOW}.maxTaskSeconds", "interruption"),
    ),
    "requests of a pool": (
        (written(f"{FLOW}.resources.requests.memory", "768Mi"),),
        all_of(f"{FLOW}.resources.requests.memory", "interruption", "cost"),
    ),
    "nodes of a pool": (
        (written(f"{FLOW}.nodeSelector", {"disk": "ssd"}),),
        all_of(f"{FLOW}.nodeSelector.disk", "interruption"),
    ),
    "a command of the scheduler": (
        (written("primary.scheduler.command", ["celery", "beat", "-v"]),),
        all_of("primary.scheduler.command", "interruption"),
    ),
    "another mode of archiving": ((written("archive.mode", "sync"),), all_of("archive.mode", "interruption")),
    "a secret variable more": (
        (written("secretEnv.SECOND", "acmeOpenaiApiKey"),),
        all_of("secretEnv.SECOND", "interruption", "permissionWidened"),
    ),
    # data
    "another namespace of the data": (
        (written("cluster.dataNamespace", "elsewhere"),),
        all_of("cluster.dataNamespace", "dataLoss", "permissionWidened", "permissionNarrowed", "interruption"),
    ),
    "another class of a volume": (
        (written("postgres.storageClass", "fast"),),
        all_of("postgres.storageClass", "dataLoss", "gap", "interruption"),
    ),
    "a larger volume": ((written("postgres.storageGib", 9),), all_of("postgres.storageGib", "cost")),
    "more memory of Redis": ((written("redis.memoryMib", 640),), all_of("redis.memoryMib", "interruption")),
    # rights
    "a way out for all": ((written("egress", CRM),), all_of("egress.crm", "permissionWidened")),
    "a way out for one pool": (
        (written(f"{FLOW}.egress", CRM),),
        all_of(f"{FLOW}.egress.crm", "permissionWidened"),
    ),
    "another Secret": (
        (written(f"{FLOW}.envSecretRef", "another"),),
        all_of(f"{FLOW}.envSecretRef", "permissionWidened", "permissionNarrowed", "interruption"),
    ),
    "pods that may be more": (
        (written("cluster.podSecurity", "baseline"),),
        all_of("cluster.podSecurity", "permissionWidened"),
    ),
    "another host": (
        (written("primary.hosts.frontend", "app.noxus.localhost"),),
        all_of("primary.hosts.frontend", "permissionWidened", "permissionNarrowed"),
    ),
    "another ingress controller": (
        (written("cluster.ingressNamespace", "traefik"),),
        all_of("cluster.ingressNamespace", "permissionWidened", "permissionNarrowed"),
    ),
    "an identity": (
        (written("workers.acme.identity", {"annotations": {"iam.example.com/role": "acme"}}),),
        all_of("workers.acme.identity.annotations.iam.example.com/role", "permissionWidened"),
    ),
    "another namespace of a release": (
        (written("workers.globex.namespace", "globex"),),
        all_of("workers.globex.namespace", "permissionWidened", "permissionNarrowed", "interruption"),
    ),
    "relays that are switched off": (
        (written("primary.relays.enabled", value=False),),
        all_of("primary.relays.enabled", "permissionNarrowed", "interruption", "cost"),
    ),
    # several at once
    "a renamed pool, a way out and a variable": (
        (renamed("primary.pools.kb", "knowledge"), written("egress", CRM), written("env.LOG_LEVEL", "info")),
        {
            "routing": {"primary.pools.kb"},
            "interruption": {"primary.pools.kb", "env.LOG_LEVEL"},
            "cost": {"primary.pools.kb", "primary.pools.knowledge"},
            "permissionWidened": {"egress.crm"},
        },
    ),
    "a reordered file with a lower maximum and another image of one pool": (
        (reordered, written(f"{FLOW}.autoscaling.maxReplicas", 2), written(f"{FLOW}.image", WORKER)),
        {
            **all_of(f"{FLOW}.autoscaling.maxReplicas", "scaling", "cost"),
            "interruption": {f"{FLOW}.image"},
        },
    ),
    **{name: (changes, {}) for name, changes in HARMLESS.items()},
}


@pytest.fixture(scope="module")
def stack(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevStack]:
    folder = tmp_path_factory.mktemp("report")
    stack = DevStack(folder, engine_environment(control_plane, folder))
    stack.configure(base)
    assert (up := stack.up()).code == 0, up.text
    yield stack
    stack.configure(base)
    stack.destroy()


def judged(stack: DevStack) -> Report:
    """What the command does, without starting another Python."""
    engine = Engine("x", stack.folder, stack.environment)
    running = engine.preview(), engine.history(), engine.secrets()
    preview, history, secrets = map(answer, running)
    found = parse(preview)
    assert not found.errors, found.errors
    file = stack.folder / "Pulumi.x.yaml"
    last = deployed(history)
    assert last
    return report("x", found, of_deployed(last, file), replace(of_file(file), marks=marks(secrets)))


def judge(stack: DevStack, *changes: Change) -> dict[str, set[str | None]]:
    stack.configure(base, *changes)
    return classes(judged(stack))


@pytest.mark.parametrize("row", ROWS)
def test_a_change_is_in_its_classes_with_its_settings_and_in_no_other(stack: DevStack, row: str) -> None:
    changes, expected = ROWS[row]
    assert judge(stack, *changes) == expected


def test_a_comment_in_the_file_and_another_description_of_the_project_are_nothing(stack: DevStack) -> None:
    stack.configure(base)
    file, project = stack.folder / "Pulumi.x.yaml", stack.folder / "Pulumi.yaml"
    file.write_text(f"# reviewed\n{file.read_text()}")
    was = project.read_text()
    project.write_text(yaml.safe_dump({**yaml.safe_load(was), "description": "another"}))
    try:
        assert judged(stack).findings == []
    finally:
        project.write_text(was)


def test_another_version_of_the_plugin_is_no_more_than_that(stack: DevStack) -> None:
    stack.configure(base)
    state = stack.export()
    old = state.replace(f'"version": "{version("pulumi-kubernetes")}"', '"version": "4.30.0"')
    assert old != state
    stack.replace_state(old)
    try:
        found = judged(stack)
        assert [(it.kind, it.subject, it.what, it.cause) for it in found.findings] == [
            ("harmless", "kubernetes", "1 updated", None)
        ]
        upgraded = judge(stack, written(f"{FLOW}.autoscaling.minReplicas", 1))
        assert upgraded == {"scaling": {f"{FLOW}.autoscaling.minReplicas"}}, "the plugin has its own cause: none"
    finally:
        stack.replace_state(state)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("openaiApiKey", PLANTED, all_of("openaiApiKey", "secretRotated", "interruption")),
        ("acmeOpenaiApiKey", PLANTED, all_of("acmeOpenaiApiKey", "secretRotated", "interruption")),
        ("openaiApiKey", "placeholder-openai-key", {}),
    ],
    ids=["of all", "of one release", "of the value that it has"],
)
def test_a_rotated_secret_is_told_by_its_name(stack: DevStack, key: str, value: str, expected: Expected) -> None:
    stack.configure(base)
    stack.set_secret(key, value)
    found = judged(stack)
    assert classes(found) == expected
    text = markdown(found) + json.dumps(plain(found))
    for secret in (PLANTED, "placeholder-openai-key"):
        assert secret not in text
        assert hashlib.sha256(secret.encode()).hexdigest()[:16] not in text


def test_a_rotated_secret_and_a_lower_maximum_are_told_apart(stack: DevStack) -> None:
    stack.configure(base, written(f"{FLOW}.autoscaling.maxReplicas", 2))
    stack.set_secret("acmeOpenaiApiKey", PLANTED)
    assert classes(judged(stack)) == {
        "secretRotated": {"acmeOpenaiApiKey"},
        "interruption": {"acmeOpenaiApiKey"},
        **all_of(f"{FLOW}.autoscaling.maxReplicas", "scaling", "cost"),
    }


def test_the_command_prints_a_comment_and_ends_with_its_code(stack: DevStack) -> None:
    stack.configure(base, written("postgres.storageClass", "fast"))
    done = stack.tool("report")
    assert done.returncode == 19, done.stderr
    assert (
        "| PersistentVolumeClaim noxus-data/postgres | is replaced by an empty one | `postgres.storageClass`"
        in done.stdout
    )
    assert stack.tool("report", "--label", "accepts-data-loss", "--label", "accepts-gap", "--json").returncode == 15


def test_there_are_forty_rows_and_harmless_ones_among_them() -> None:
    assert len(ROWS) >= 40
    assert len(HARMLESS) >= 5
