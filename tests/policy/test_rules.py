"""Each rule about each type it is bound to: what passes, what fails, what is missing, and what is not known yet."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from policy.rules import RULES, UNKNOWN, Finding, Secret, Undecided, Violation
from tests.policy.examples import CONFIG, EXAMPLES, FORBIDDEN, Example
from tests.policy.judging import BY_NAME, resource, said, with_value

CASES = [(rule, pattern) for rule, examples in EXAMPLES.items() for pattern in examples]


ANY_IS_WRONG = ("volumes.0.hostPath", "properties.value", "value", "data", "stringData")
"""Paths at which there must be nothing, or nothing that is no secret."""


def one(pattern: str) -> str:
    """A type that a pattern matches."""
    return pattern.replace("*", "x")


def refused(findings: list[Finding]) -> list[Violation]:
    return [finding for finding in findings if isinstance(finding, Violation)]


def example(rule: str, pattern: str) -> Example:
    return EXAMPLES[rule][pattern]


def test_every_type_that_a_rule_is_bound_to_has_an_example() -> None:
    bound = {(rule.name, pattern) for rule in RULES for pattern in rule.checks}
    assert bound == {*CASES, *(("identities-name-what-they-may", type_) for type_ in FORBIDDEN)}


@pytest.mark.parametrize(("rule", "pattern"), CASES)
def test_what_is_right_passes(rule: str, pattern: str) -> None:
    assert said(rule, one(pattern), example(rule, pattern).good, CONFIG) == []


@pytest.mark.parametrize(("rule", "pattern"), CASES)
def test_what_is_wrong_fails_where_it_is(rule: str, pattern: str) -> None:
    given = example(rule, pattern)
    for path, value in ((path, value) for path, values in given.bad.items() for value in values):
        found = said(rule, one(pattern), with_value(given.good, path, value), CONFIG)
        assert refused(found) == found != [], (path, value)
        assert {re.split(r"[.[]", finding.path)[0] for finding in found} == {path.split(".")[0]}


@pytest.mark.parametrize(("rule", "pattern"), CASES)
def test_what_is_left_out_passes_only_where_the_default_is_right(rule: str, pattern: str) -> None:
    given = example(rule, pattern)
    for path in given.bad:
        found = said(rule, one(pattern), with_value(given.good, path, None), CONFIG)
        assert refused(found) == found, path
        assert (found == []) is (path in given.optional), path


@pytest.mark.parametrize(("rule", "pattern"), CASES)
def test_what_is_not_known_yet_neither_passes_nor_fails(rule: str, pattern: str) -> None:
    """Where any value will do, or none, there is nothing to wait for."""
    given = example(rule, pattern)
    for path in given.bad:
        found = said(rule, one(pattern), with_value(given.good, path, UNKNOWN), CONFIG)
        assert (found == []) is (path in given.derived), path
        if not path.endswith(ANY_IS_WRONG):
            assert all(isinstance(finding, Undecided) for finding in found), path


@pytest.mark.parametrize("rule", EXAMPLES)
def test_inputs_of_which_nothing_is_known_do_not_pass_in_silence(rule: str) -> None:
    for pattern, given in EXAMPLES[rule].items():
        tops = {path.split(".")[0] for path in given.bad if path not in given.derived}
        for top in tops - given.derived:
            found = said(rule, one(pattern), with_value(given.good, top, UNKNOWN), CONFIG)
            assert found != [], top


@pytest.mark.parametrize("rule", EXAMPLES)
def test_no_check_is_there_for_nothing(rule: str) -> None:
    """Each of them alone refuses something of the example."""
    for pattern, given in EXAMPLES[rule].items():
        tried = [with_value(given.good, path, value) for path, values in given.bad.items() for value in (*values, None)]
        for check in BY_NAME[rule].checks[pattern]:
            alone = replace(BY_NAME[rule], checks={pattern: [check]})
            resources = [resource(one(pattern), inputs, protect=True) for inputs in tried]
            resources += [resource(one(pattern), given.good, protect=False)]
            assert any(refused(list(alone.findings(made, CONFIG))) for made in resources), check


@pytest.mark.parametrize("rule", EXAMPLES)
def test_inputs_of_another_shape_do_not_end_a_rule(rule: str) -> None:
    for pattern, given in EXAMPLES[rule].items():
        for path in given.bad:
            for odd in ("text", 7, True, [], {}, ["text"], [{}], {"a": {"b": []}}, [[None]]):
                for there in (path, path.split(".")[0]):
                    found = said(rule, one(pattern), with_value(given.good, there, odd), CONFIG)
                    assert refused(found) == found, "there is nothing to wait for"


@pytest.mark.parametrize(
    ("rule", "pattern"), [case for case in CASES if EXAMPLES[case[0]][case[1]].guarded], ids=lambda case: case
)
def test_what_holds_data_is_protected_by_the_engine(rule: str, pattern: str) -> None:
    made = resource(pattern, example(rule, pattern).good, protect=False)
    (found,) = BY_NAME[rule].findings(made, {})
    assert found == Violation("protect", "must be set in the resource's options: it holds data")


@pytest.mark.parametrize("type_", FORBIDDEN)
def test_a_lasting_key_is_not_made(type_: str) -> None:
    (found,) = said("identities-name-what-they-may", type_, {})
    assert isinstance(found, Violation)
    assert "an identity without a key" in found.sentence


def planted(value: Any, secret: str) -> Any:
    """A value in which every text is a secret."""
    if isinstance(value, Mapping):
        return {key: planted(item, secret) for key, item in value.items()}
    if isinstance(value, list):
        return [planted(item, secret) for item in value]
    return f"{value}{secret}" if isinstance(value, str) else value


@pytest.mark.parametrize("wrap", [str, Secret], ids=["plain", "secret"])
@pytest.mark.parametrize("rule", EXAMPLES)
def test_no_value_is_in_what_a_rule_says(rule: str, wrap: Callable[[str], Any]) -> None:
    """Names of containers, variables and volumes are in the path: they say where to look."""
    canary = "canary-of-a-value"
    odd = [wrap("password://me:canary-of-a-value@host"), [canary], {"a": canary}]
    for pattern, given in EXAMPLES[rule].items():
        for path, value in ((path, value) for path, values in given.bad.items() for value in (*values, *odd)):
            inputs = with_value(planted(given.good, canary), path, planted(value, canary))
            for finding in said(rule, one(pattern), inputs, CONFIG):
                assert canary not in re.sub(r"\[[\w.-]+\]", "", finding.path)
                assert isinstance(finding, Undecided) or canary not in finding.sentence


@pytest.mark.parametrize(
    ("variable", "value", "refused_"),
    [
        ("OPENAI_API_KEY", "anything", True),
        ("DATABASE_PASSWORD", "x", True),
        ("TOKEN", "x", True),
        ("DATABASE_PASSWORD", "$(FROM_SECRET)", False),
        ("DATABASE_PASSWORD", "", False),
        ("DATABASE_PASSWORD", Secret("x"), True),
        ("MAX_TOKENS", "4096", False),
        ("PASSWORD_FILE", "/run/secrets/password", False),
        ("SECRET_NAME", "noxus-app-env", False),
        ("DATABASE_URL", "postgresql://noxus:hunter2@db/noxus", True),
        ("DATABASE_URL", "postgresql://noxus:$(PASSWORD)@db/noxus", False),
        ("DATABASE_URL", "postgresql://noxus@db:5432/noxus", False),
        ("LOG_LEVEL", Secret("info"), True),
        ("LOG_LEVEL", "info", False),
    ],
)
def test_a_variable_is_a_secret_by_its_name_its_form_or_its_mark(variable: str, value: Any, *, refused_: bool) -> None:
    pod = {"containers": [{"name": "main", "env": [{"name": variable, "value": value}]}]}
    found = said("secrets-are-nowhere-in-plain", "kubernetes:core/v1:Pod", {"spec": pod})
    assert bool(refused(found)) is refused_
    assert all(finding.path == f"spec.containers[main].env[{variable}].value" for finding in found)


@pytest.mark.parametrize("password", ["hunter2", Secret("hunter2"), Secret(UNKNOWN), UNKNOWN])
def test_a_password_of_a_cloud_resource_is_marked_as_a_secret(password: Any) -> None:
    found = said("secrets-are-nowhere-in-plain", "aws:rds/instance:Instance", {"password": password})
    wanted = {"hunter2": Violation, UNKNOWN: Undecided}.get(password) if not isinstance(password, Secret) else None
    assert [type(finding) for finding in found] == ([wanted] if wanted else [])


@pytest.mark.parametrize("annotation", ["service.beta.kubernetes.io/azure-load-balancer-internal"])
def test_a_load_balancer_inside_the_network_is_not_public(annotation: str) -> None:
    spec = {"type": "LoadBalancer"}
    inside = {"metadata": {"annotations": {annotation: "true"}}, "spec": spec}
    outside = {"metadata": {"annotations": {annotation: "false"}}, "spec": spec}
    found = [said("nothing-is-public", "kubernetes:core/v1:Service", inputs) for inputs in (inside, outside)]
    assert [len(findings) for findings in found] == [0, 1]


@pytest.mark.parametrize(
    ("rule_", "passes"),
    [
        ({"direction": "EGRESS", "sourceRanges": ["0.0.0.0/0"]}, True),
        ({"sourceRanges": ["0.0.0.0/0"]}, False),
    ],
)
def test_a_firewall_rule_that_does_not_say_its_direction_lets_in(rule_: Any, *, passes: bool) -> None:
    assert (said("nothing-is-public", "gcp:compute/firewall:Firewall", rule_) == []) is passes


@pytest.mark.parametrize(
    ("annotation", "value", "passes"),
    [
        ("alb.ingress.kubernetes.io/listen-ports", '[{"HTTP": 80}, {"HTTPS": 443}]', True),
        ("alb.ingress.kubernetes.io/listen-ports", '[{"HTTP": 80}]', False),
        ("traefik.ingress.kubernetes.io/router.tls", "true", True),
        ("traefik.ingress.kubernetes.io/router.tls", "false", False),
        ("nginx.ingress.kubernetes.io/proxy-buffering", "off", False),
    ],
)
def test_a_controller_may_be_told_of_tls_by_an_annotation(annotation: str, value: str, *, passes: bool) -> None:
    inputs = {"metadata": {"annotations": {annotation: value}}, "spec": {}}
    assert (said("hosts-are-served-by-tls", "kubernetes:networking.k8s.io/v1:Ingress", inputs) == []) is passes


def test_a_firewall_rule_that_denies_everything_is_right() -> None:
    rule = {"direction": "Inbound", "access": "Deny", "sourceAddressPrefix": "*"}
    assert said("nothing-is-public", "azure-native:network:SecurityRule", rule) == []
    rule = {"sourceRanges": ["0.0.0.0/0"], "denies": [{"protocol": "all"}]}
    assert said("nothing-is-public", "gcp:compute/firewall:Firewall", rule) == []


def test_a_policy_of_a_thing_for_everybody_under_a_condition_or_in_a_denial_is_not_public() -> None:
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    bound = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    policy = json.dumps({"Statement": [denial, bound]})
    assert said("nothing-is-public", "aws:s3/bucketPolicy:BucketPolicy", {"policy": policy}) == []


def test_registries_are_not_asked_about_where_none_are_configured() -> None:
    spec = {"spec": {"containers": [{"name": "main", "image": "anywhere.example.com/a:1"}]}}
    rule = "images-come-from-allowed-registries"
    assert said(rule, "kubernetes:core/v1:Pod", spec) == []
    assert len(said(rule, "kubernetes:core/v1:Pod", spec, {"registries": ["registry.example.com"]})) == 1


@pytest.mark.parametrize(
    ("image", "allowed", "passes"),
    [
        ("redis:7.4", "docker.io/library/redis", True),
        ("redis:7.4", "docker.io/library", True),
        ("pgvector/pgvector:1", "docker.io/pgvector", True),
        ("pgvector/pgvector:1", "docker.io/library", False),
        ("localhost/a:1", "docker.io", False),
        ("registry.example.com:5000/a/b@sha256:00", "registry.example.com:5000/a", True),
        ("registry.example.com/ab:1", "registry.example.com/a", False),
    ],
)
def test_an_image_is_looked_up_by_its_whole_name(image: str, allowed: str, *, passes: bool) -> None:
    spec = {"spec": {"containers": [{"name": "main", "image": image}]}}
    found = said("images-come-from-allowed-registries", "kubernetes:core/v1:Pod", spec, {"registries": [allowed]})
    assert (found == []) is passes


def test_a_type_with_the_version_of_its_api_is_the_same_type() -> None:
    named = "azure-native:storage/v20230101:BlobContainer"
    assert said("nothing-is-public", named, {"publicAccess": "Blob"}) != []


def test_a_digest_pins_an_image_and_a_port_is_no_tag() -> None:
    for image, passes in (("a@sha256:00", True), ("a:latest@sha256:00", True), ("localhost:5000/a", False)):
        spec = {"spec": {"containers": [{"name": "main", "image": image}]}}
        assert (said("images-are-pinned", "kubernetes:core/v1:Pod", spec) == []) is passes, image


def test_one_container_of_which_the_image_is_not_known_hides_no_other() -> None:
    spec = {"containers": [{"name": "a", "image": UNKNOWN}, {"name": "b", "image": "b:latest"}]}
    found = said("images-are-pinned", "kubernetes:core/v1:Pod", {"spec": spec})
    assert [type(finding) for finding in found] == [Undecided, Violation]
    assert [finding.path for finding in found] == ["spec.containers[a].image", "spec.containers[b].image"]


def test_a_container_that_does_not_listen_needs_no_probes() -> None:
    spec = {"spec": {"containers": [{"name": "beat", "image": "a:1"}]}}
    assert said("containers-are-probed", "kubernetes:core/v1:Pod", spec) == []
