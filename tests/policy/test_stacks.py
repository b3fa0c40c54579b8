"""The rules about everything that the stacks of this repository declare, and about faults that are planted in it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policy.rules import RULES, UNKNOWN, Node, Resource
from tests.policy.judging import OF_A_STACK_WITHOUT_REQUESTS, judged, recorded, resource, with_value
from tests.programs import ROOT, STACK_FILES, STORES, external_secrets_stack, run_program, stack_file
from tests.test_program import EVERYTHING
from tests.ways_in import WAYS, way_in

STRICT: Mapping[str, Any] = json.loads((ROOT / "policy" / "config.json").read_text())
DEV: Mapping[str, Any] = json.loads((ROOT / "policy" / "config.dev.json").read_text())
UNDECIDED = {
    "prod-azure": [f"identities-name-what-they-may: {name}-identity-entry: scope" for name in ("acme", "noxus")]
}
"""What a preview of a stack that is not there yet cannot decide."""


def stack(name: str) -> Path:
    return ROOT / f"Pulumi.{name}.yaml"


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
@pytest.mark.parametrize("file", [file for file in STACK_FILES if "prod" in file.name], ids=lambda file: file.name)
def test_a_production_stack_meets_every_rule(file: Path, *, preview: bool) -> None:
    violations, undecided = judged(recorded(run_program(*stack_file(file), preview=preview)), STRICT)
    assert violations == []
    name = file.name.split(".")[1]
    assert sorted(undecided) == (UNDECIDED.get(name, []) if preview else [])


def test_the_development_stack_meets_every_rule_but_what_its_file_switches_off() -> None:
    """It protects no volume, and its services ask for no resources: both rules warn unless configured otherwise."""
    violations, undecided = judged(recorded(run_program(*stack_file(stack("dev")))), DEV)
    assert undecided == []
    broken = {line.partition(": ")[0] for line in violations}
    assert broken == {"volumes-are-protected", OF_A_STACK_WITHOUT_REQUESTS}
    assert all(rule.level == "advisory" for rule in RULES if rule.name in broken)
    assert all(name in STRICT for name in broken), "in production they refuse"
    assert sorted(line for line in violations if line.startswith("volumes")) == [
        f"volumes-are-protected: noxus-data/{name}: protect" for name in ("bucket", "postgres", "redis")
    ]


def test_what_is_configured_here_are_rules() -> None:
    assert {*STRICT, *DEV} <= {rule.name for rule in RULES}
    assert DEV.items() <= STRICT.items(), "the development stack is held to no rule that others are not"


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: file.name)
def test_the_rules_have_something_to_say_about_each_stack(file: Path) -> None:
    """One that no resource is bound to would pass whatever the stack declares."""
    made = {resource.type for resource in recorded(run_program(*stack_file(file)))}
    idle = {rule.name for rule in RULES if rule.checks and not any(rule.about(type_) for type_ in made)}
    inside = {"stateful-resources-are-protected", "identities-name-what-they-may", "data-is-encrypted"}
    expected = {"volumes-are-protected"} if "prod" in file.name else inside
    assert idle == expected


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_meets_every_rule(way: str) -> None:
    violations, undecided = judged(recorded(run_program(way_in(way))), STRICT)
    assert {line.partition(": ")[0] for line in violations} <= {OF_A_STACK_WITHOUT_REQUESTS}
    assert undecided == []


@pytest.mark.parametrize("raw", [EVERYTHING, *map(external_secrets_stack, STORES)])
def test_so_does_a_stack_that_uses_every_setting_and_one_on_each_store(raw: Mapping[str, Any]) -> None:
    secrets = {key: f"plaintext-{key}" for key in ("registryPassword", "openaiApiKey", "acmeKey")}
    violations, undecided = judged(recorded(run_program(dict(raw), secrets)), {})
    assert {line.partition(": ")[0] for line in violations} <= {OF_A_STACK_WITHOUT_REQUESTS}
    assert undecided == []


Change = Callable[[Resource], Resource]


def to(path: str, value: Any) -> Change:
    """Another value of an input."""
    return lambda made: replace(made, inputs=Node(with_value(made.inputs.raw, path, value)))


def unprotected(made: Resource) -> Resource:
    return replace(made, protect=False)


PLANTED: Sequence[tuple[str, str, str, Change, str]] = (
    ("prod", "aws:rds/instance:Instance", "postgres", unprotected, "stateful-resources-are-protected"),
    ("prod-gcp", "gcp:storage/bucket:Bucket", "bucket", to("publicAccessPrevention", None), "nothing-is-public"),
    (
        "prod-azure",
        "azure-native:storage:StorageAccount",
        "bucket",
        to("publicNetworkAccess", "Enabled"),
        "nothing-is-public",
    ),
    (
        "prod",
        "aws:iam/rolePolicy:RolePolicy",
        "noxus-role",
        to("policy", '{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::x/*"}]}'),
        "identities-name-what-they-may",
    ),
    ("prod", "aws:rds/instance:Instance", "postgres", to("storageEncrypted", value=False), "data-is-encrypted"),
    (
        "prod",
        "kubernetes:apps/v1:Deployment",
        "noxus-acme/acme-flow",
        to("spec.replicas", 2),
        "replicas-belong-to-the-autoscaler",
    ),
    (
        "prod",
        "kubernetes:apps/v1:Deployment",
        "noxus/noxus-backend",
        to("spec.template.spec.containers.0.image", "registry.example.com/noxus/backend"),
        "images-are-pinned",
    ),
    (
        "dev",
        "kubernetes:apps/v1:StatefulSet",
        "noxus-data/redis",
        to("spec.template.spec.containers.0.image", "quay.example.com/redis:7"),
        "images-come-from-allowed-registries",
    ),
    (
        "prod",
        "kubernetes:apps/v1:Deployment",
        "noxus/noxus-backend",
        to("spec.template.spec.containers.0.livenessProbe", None),
        "containers-are-probed",
    ),
    (
        "prod",
        "kubernetes:apps/v1:Deployment",
        "scheduler",
        to("spec.template.spec.containers.0.resources", {}),
        "containers-ask-for-resources",
    ),
    ("prod", "aws:rds/instance:Instance", "postgres", to("password", "hunter2"), "secrets-are-nowhere-in-plain"),
    (
        "dev",
        "kubernetes:batch/v1:Job",
        "noxus-data/postgres-setup",
        to("spec.template.spec.securityContext", {}),
        "pods-are-restricted",
    ),
    (
        "dev",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        "noxus-acme/deny-all",
        to("spec.policyTypes", ["Ingress"]),
        "namespaces-deny-all",
    ),
    (
        "prod",
        "kubernetes:networking.k8s.io/v1:Ingress",
        "ingress-backend",
        to("spec.tls", None),
        "hosts-are-served-by-tls",
    ),
    ("prod", "kubernetes:core/v1:Namespace", "noxus", to("metadata.labels", {}), "pods-are-restricted"),
)


def test_a_fault_is_planted_for_every_rule_that_refuses() -> None:
    assert {rule.name for rule in RULES} - {rule for *_, rule in PLANTED} == {"volumes-are-protected"}


@pytest.mark.parametrize(
    ("name", "type_", "which", "change", "rule"), PLANTED, ids=[f"{rule}-{which}" for *_, which, _, rule in PLANTED]
)
def test_a_fault_in_a_stack_breaks_one_rule_in_one_place(
    name: str, type_: str, which: str, change: Change, rule: str
) -> None:
    config = DEV if name == "dev" else STRICT
    before = recorded(run_program(*stack_file(stack(name))))
    changed = [change(made) if (made.type, made.name) == (type_, which) else made for made in before]
    assert changed != before
    new = set(judged(changed, config)[0]) - set(judged(before, config)[0])
    assert {line.partition(": ")[0] for line in new} == {rule}, new
    assert len({line.split(": ")[1] for line in new}) == 1


SCALER = "kubernetes:keda.sh/v1alpha1:ScaledObject"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def scaled(target: Mapping[str, Any], namespace: Any = "noxus", **more: Any) -> Resource:
    spec = {"scaleTargetRef": target}
    return resource(SCALER, {"metadata": {"name": "s", "namespace": namespace}, "spec": spec}, name="s", **more)


def deployment(replicas: Any = 2, **more: Any) -> Resource:
    metadata = {"name": "worker", "namespace": "noxus"}
    pods = {"spec": {"containers": []}}
    return resource(DEPLOYMENT, {"metadata": metadata, "spec": {"replicas": replicas, "template": pods}}, **more)


def replicas_owned(*resources: Resource) -> list[str]:
    violations, undecided = judged(resources, {})
    return [line.partition(": ")[2] for line in violations + undecided if line.startswith("replicas")]


def test_a_scaler_owns_the_replicas_of_what_it_names_in_its_namespace_and_cluster() -> None:
    mine = scaled({"name": "worker"})
    assert replicas_owned(mine, deployment()) == ["x: spec.replicas"]
    assert replicas_owned(deployment(), mine) == ["x: spec.replicas"], "in whatever order they come"
    assert replicas_owned(mine, deployment(None)) == []
    assert replicas_owned(scaled({"name": "other"}), deployment()) == []
    assert replicas_owned(scaled({"name": "worker", "kind": "StatefulSet"}), deployment()) == []
    assert replicas_owned(scaled({"name": "worker"}, "elsewhere"), deployment()) == []
    assert replicas_owned(scaled({"name": "worker"}, provider="urn:b"), deployment(provider="urn:a")) == []


def test_what_a_run_leaves_alone_shows_the_replicas_that_the_cluster_has() -> None:
    assert replicas_owned(scaled({"name": "worker"}), deployment(declared=False)) == []


NAMESPACE = resource("kubernetes:core/v1:Namespace", {"metadata": {"name": "noxus"}}, name="noxus")
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def policy(namespace: str = "noxus", **spec: Any) -> Resource:
    metadata = {"name": "deny-all", "namespace": namespace}
    return resource(POLICY, {"metadata": metadata, "spec": {"podSelector": {}, **spec}}, name="deny-all")


def isolation(*resources: Resource) -> int:
    violations, undecided = judged(resources, {})
    assert undecided == []
    return len([line for line in violations if line.startswith("namespaces-deny-all")])


def test_a_namespace_denies_both_directions_in_one_policy_or_in_two() -> None:
    both = ["Ingress", "Egress"]
    assert isolation(NAMESPACE) == 2
    assert isolation(NAMESPACE, policy(policyTypes=both)) == 0
    assert isolation(NAMESPACE, policy(), policy(policyTypes=["Egress"])) == 0, "without types it is about ingress"
    assert isolation(NAMESPACE, policy("elsewhere", policyTypes=both)) == 2
    assert isolation(NAMESPACE, policy(policyTypes=both, podSelector={"matchLabels": {"a": "b"}})) == 2
    allowed = [{"from": [{"podSelector": {}}]}]
    assert isolation(NAMESPACE, policy(policyTypes=both, ingress=allowed)) == 1


def test_a_namespace_that_exists_is_asked_about_where_pods_run_in_it() -> None:
    assert isolation(deployment()) == 2
    assert isolation(deployment(), policy(policyTypes=["Ingress", "Egress"])) == 0


def test_a_namespace_of_which_the_name_is_not_known_is_not_decided() -> None:
    violations, undecided = judged([to("metadata.name", UNKNOWN)(NAMESPACE)], {})
    assert [line for line in violations if line.startswith("namespaces")] == []
    assert undecided == ["namespaces-deny-all: noxus: metadata.name"]
