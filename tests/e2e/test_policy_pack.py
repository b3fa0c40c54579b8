"""The policy pack under the real engine, which the sandbox's language host starts as the official one does."""

import json
import re
from pathlib import Path

import pytest

from tests.e2e.dev_stack import DevStack
from tests.e2e.kubectl import eventually
from tests.e2e.production import CLOUDS, ProdStack
from tests.e2e.stack import Outcome, Stack
from tests.programs import ROOT

PACK = ROOT / "policy"
STRICT, DEV = PACK / "config.json", PACK / "config.dev.json"

RECORDED = """
import json
import pulumi

class Recorded(pulumi.CustomResource):
    def __init__(self, token, name, outputs="", /, opts=None, **inputs):
        super().__init__(token, name, {**inputs, **dict.fromkeys(outputs.split())}, opts)
"""
FAULTS = (
    RECORDED
    + """
import pulumi_kubernetes as k8s

aws = pulumi.ResourceOptions(provider=pulumi.ProviderResource("aws", "aws", {"region": "eu-west-1"}))
inside = pulumi.ResourceOptions(provider=k8s.Provider("planted"))
Recorded(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "public", opts=aws, bucket="b",
    blockPublicAcls=True, blockPublicPolicy=True, ignorePublicAcls=True, restrictPublicBuckets=False,
)
Recorded("aws:rds/instance:Instance", "database", opts=pulumi.ResourceOptions.merge(aws, pulumi.ResourceOptions(
    protect=True)), deletionProtection=True, storageEncrypted=True, identifier="main", password="CANARY")
container = {
    "name": "main", "image": "registry.example.com/noxus/worker:latest",
    "env": [{"name": "API_KEY", "value": "CANARY"}],
    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}, "securityContext": {
        "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"}},
}
k8s.apps.v1.Deployment("unpinned", metadata={"name": "unpinned", "namespace": "noxus"}, opts=inside, spec={
    "replicas": 2, "selector": {"matchLabels": {"app": "unpinned"}},
    "template": {"metadata": {"labels": {"app": "unpinned"}}, "spec": {"containers": [container]}}})
k8s.autoscaling.v2.HorizontalPodAutoscaler("s", metadata={"name": "s", "namespace": "noxus"}, opts=inside, spec={
    "maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "unpinned"}})
k8s.core.v1.Namespace("open", metadata={"name": "open"}, opts=inside)
"""
)
REFUSED = {
    ("nothing-is-public", "public", "restrictPublicBuckets: must be true"),
    (
        "secrets-are-nowhere-in-plain",
        "database",
        "password: must be a secret of Pulumi's: the state and every preview would show it",
    ),
    (
        "images-are-pinned",
        "unpinned",
        "spec.template.spec.containers[main].image: must name one build, by a digest or by a version as its tag",
    ),
    (
        "secrets-are-nowhere-in-plain",
        "unpinned",
        "spec.template.spec.containers[main].env[API_KEY].value: must not be here: whoever may read the object reads "
        "it. Put it into a Secret and refer to that",
    ),
    (
        "replicas-belong-to-the-autoscaler",
        "unpinned",
        "spec.replicas: must be left out: an autoscaler owns it, and every update would set it back",
    ),
    (
        "pods-are-restricted",
        "open",
        "metadata.labels.pod-security.kubernetes.io/enforce: must be restricted, so that the API server refuses what "
        "this rule did not see",
    ),
    *(
        (
            "namespaces-deny-all",
            which,
            f"metadata.{key}: must be a namespace with a network policy that selects every pod, names {direction} and "
            "allows nothing: else whatever nobody has thought of is open",
        )
        for direction in ("Egress", "Ingress")
        for which, key in (("open", "name"), ("unpinned", "namespace"))
    ),
}
"""Rule, resource and sentence of each fault. Another provider is another cluster, as far as names can tell."""

OPENED = (
    RECORDED
    + """
bucket = Recorded("aws:s3/bucket:Bucket", "bucket", "arn", pulumi.ResourceOptions(protect=True), bucket="b")
allowed = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
policy = bucket.arn.apply(lambda arn: json.dumps({"Statement": [{**allowed, "Resource": f"{arn}/*"}]}))
Recorded("aws:s3/bucketPolicy:BucketPolicy", "policy", bucket="b", policy=policy)
password = Recorded("random:index/randomPassword:RandomPassword", "password", "result", length=20)
Recorded("aws:rds/instance:Instance", "database", "", pulumi.ResourceOptions(protect=True), deletionProtection=True,
    storageEncrypted=True, identifier="main", password=pulumi.Output.secret(password.result))
"""
)


UNDECIDED = {
    "prod": [("acme-role", "policy"), ("noxus-role", "policy")],
    "prod-gcp": [],
    "prod-azure": [("acme-identity-entry", "scope"), ("noxus-identity-entry", "scope")],
}
"""Resource and path of all that the first preview of a production stack cannot decide."""


def previewed(stack: Stack, config: Path | None = DEV) -> Outcome:
    configured = ["--policy-pack-config", str(config)] if config else []
    return stack.run("preview", "--policy-pack", str(PACK), *configured)


def said(outcome: Outcome) -> list[tuple[str, str, str, str]]:
    """Level, rule, resource and sentence of everything that the pack has said."""
    found = re.findall(
        r"^ +- \[(\w+)\] +(\S+) +\(\S+: (\S+)\)\n +.*\n +(.*)$", outcome.text.partition("Policies:")[2], re.MULTILINE
    )
    assert len(found) == len(re.findall(r"^ +- \[\w+\]", outcome.text, re.MULTILINE)), outcome.text
    return found


def running() -> list[str]:
    """Packs of this checkout that still run."""
    commands = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if "pulumi.policy" in command and str(PACK) in command:
            commands.append(command)
    return commands


def test_the_development_stack_passes_and_is_warned_of_what_its_file_switches_off(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    stack = DevStack(tmp_path, environment)
    outcome = previewed(stack)
    assert outcome.code == 0, outcome.text
    warned = said(outcome)
    assert {(level, rule) for level, rule, *_ in warned} == {
        ("advisory", "containers-ask-for-resources"),
        ("advisory", "volumes-are-protected"),
    }
    assert (
        "advisory",
        "volumes-are-protected",
        "noxus-data/redis",
        "protect: must be set in the resource's options: it holds data",
    ) in warned
    refused = previewed(stack, STRICT)
    assert refused.code != 0
    assert {(level, rule) for level, rule, *_ in said(refused)} == {("mandatory", rule) for _, rule, *_ in warned}
    assert running() == []


def test_faults_in_the_stacks_program_are_refused_with_the_rules_sentences(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    stack = DevStack(tmp_path, environment)
    program = stack.folder / "__main__.py"
    program.write_text(program.read_text() + FAULTS.replace("CANARY", "hunter2-canary"))
    outcome = previewed(stack)
    assert outcome.code != 0
    refused = {found[1:] for found in said(outcome) if found[0] == "mandatory"}
    assert refused == REFUSED
    assert "hunter2-canary" not in outcome.text
    assert running() == []


def test_what_a_preview_cannot_decide_it_says_and_the_update_refuses(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    stack = Stack(tmp_path, environment, prelude=False)
    stack.write(OPENED)
    shown = previewed(stack)
    assert shown.code == 0, shown.text
    assert [(level, rule, which) for level, rule, which, _ in said(shown)] == [
        ("advisory", "nothing-is-public", "policy")
    ]
    assert "not decided by a preview: policy will be known in the update, which then decides" in shown.text
    refused = stack.run("up", "--yes", "--skip-preview", "--policy-pack", str(PACK))
    assert refused.code != 0
    assert said(refused) == [
        (
            "mandatory",
            "nothing-is-public",
            "policy",
            "policy: must not allow anything to everybody: name a principal, or a condition",
        )
    ]
    made = stack.resources()
    assert "bucket" in made
    assert "policy" not in made, "it is refused before it is made"


def test_a_rule_is_switched_off_for_one_resource_with_a_reason_and_for_all_by_its_level(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    stack = Stack(tmp_path, environment, prelude=False)
    stack.write(
        RECORDED + 'Recorded("aws:ec2/securityGroup:SecurityGroup", "web", ingress=[{"cidrBlocks": ["0.0.0.0/0"]}])'
    )
    rule, written = "nothing-is-public", tmp_path / "config.json"
    assert previewed(stack, None).code != 0
    urn = "urn:pulumi:x::plugins::aws:ec2/securityGroup:SecurityGroup::web"
    reason = {"reason": "the shop is for everybody", "match": [{"policies": [rule], "targets": [urn]}]}
    for config in (
        {rule: "disabled"},
        {"all": "advisory"},
        {rule: {"enforcementLevel": "advisory"}},
        {"version": 2, "exceptions": {"SEC-1": reason}},
    ):
        written.write_text(json.dumps(config))
        assert (passed := previewed(stack, written)).code == 0, passed.text
    written.write_text(json.dumps({"images-come-from-allowed-registries": {"registries": "docker.io"}}))
    assert "registries: Invalid type. Expected: array, given: string" in previewed(stack, written).text


def test_a_killed_engine_leaves_no_pack_behind(tmp_path: Path, environment: dict[str, str]) -> None:
    stack = Stack(tmp_path, environment, prelude=False)
    stack.write("import signal\nsignal.pause()")
    with stack.start("preview", "--policy-pack", str(PACK)) as engine:
        eventually(running)
        engine.kill()
        engine.communicate(timeout=30)  # ends when the last plugin has let go of the pipe
    eventually(lambda: not running())


@pytest.mark.parametrize("name", CLOUDS)
def test_a_production_stack_passes_what_is_mandatory_there(
    name: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    """What its first preview cannot decide is said, and is not refused."""
    stack = ProdStack(tmp_path, environment, name)
    outcome = previewed(stack, STRICT)
    assert outcome.code == 0, outcome.text
    waits = "not decided by a preview: {} will be known in the update, which then decides"
    assert sorted(said(outcome)) == [
        ("advisory", "identities-name-what-they-may", which, waits.format(path)) for which, path in UNDECIDED[name]
    ]
