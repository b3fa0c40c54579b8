"""What a report says of changes, as the program declares them: every cloud's properties, and sets of rights."""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from tests.previews import classes, preview, reported, side
from tests.programs import ROOT, run_program, stack_file
from tools.preview import Step, parse
from tools.report.clouds import KNOWN
from tools.report.report import Report, report

PLAIN, SECRETS = stack_file(ROOT / "Pulumi.prod.yaml")
GATEWAY = {
    "cluster.ingressNamespace": "gateways",
    "primary.ingress": {"controller": "gatewayApi", "gateway": {"name": "public", "namespace": "gateways"}},
    "primary.tls": {"external": True},
}
"""Settings of hosts that a Gateway leads to, by path."""


def changed(raw: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """A stack file with other settings, by path."""
    copy = deepcopy(dict(raw))
    for path, value in settings.items():
        *parents, last = path.split(".")
        section = copy
        for parent in parents:
            section = section.setdefault(parent, {})
        section[last] = value
    return copy


def of(stack: str, settings: Mapping[str, Any]) -> Report:
    plain, secrets = stack_file(ROOT / f"Pulumi.{stack}.yaml")
    return reported(plain, changed(plain, settings), secrets)


def what(report: Report, kind: str) -> list[str]:
    return [f"{finding.subject} {finding.what}" for finding in report.findings if finding.kind == kind]


def test_types_that_hold_data_are_those_that_the_program_protects() -> None:
    protected = set[str]()
    for stack in ("prod", "prod-gcp", "prod-azure", "dev"):
        plain, secrets = stack_file(ROOT / f"Pulumi.{stack}.yaml")
        context = {"cluster": {"context": "test"}} if stack == "dev" else {}
        deployed = run_program({**plain, **context, "protect": True}, secrets)
        protected |= {r.type for r in deployed.resources if r.protect}
    assert protected == KNOWN.holds | {"kubernetes:core/v1:Namespace"}, "of namespaces only the one with the volumes"


def test_every_type_that_is_known_is_one_that_the_program_makes() -> None:
    made = set[str]()
    for stack in ("prod", "prod-gcp", "prod-azure", "dev"):
        plain, secrets = stack_file(ROOT / f"Pulumi.{stack}.yaml")
        made |= {r.type for r in run_program(plain, secrets).resources}
    pod_identity = changed(
        PLAIN, {"aws.identity": "podIdentity", "aws.clusterName": "prod", "secrets.backend": "kubernetes"}
    )
    made |= {r.type for r in run_program(pod_identity, SECRETS).resources}
    made |= {r.type for r in run_program(changed(PLAIN, GATEWAY), SECRETS).resources}
    known = {
        type_
        for part in (KNOWN.keeps, KNOWN.guards, KNOWN.restarts, KNOWN.sizes, KNOWN.grants, KNOWN.secrets)
        for type_ in part
    }
    assert known - made == set()


CHANGES = [
    ("prod", {"postgres.backupDays": 7}, {"dataLoss": {"postgres.backupDays"}}),
    ("prod", {"postgres.backupDays": 35}, {}),
    ("prod", {"redis.snapshotDays": 1}, {"dataLoss": {"redis.snapshotDays"}}),
    ("prod", {"storage.noncurrentVersionDays": 3}, {"dataLoss": {"storage.noncurrentVersionDays"}}),
    ("prod", {"protect": False}, {"dataLoss": {"protect"}}),
    ("prod", {"redis.replicas": 2}, {"cost": {"redis.replicas"}}),
    (
        "prod",
        {"redis.nodeType": "cache.m7g.xlarge"},
        {"cost": {"redis.nodeType"}, "interruption": {"redis.nodeType"}},
    ),
    (
        "prod",
        {"postgres.instanceClass": "db.m7g.xlarge"},
        {
            "cost": {"postgres.instanceClass"},
            "interruption": {"postgres.instanceClass"},
            "scaling": {"postgres.instanceClass"},
        },
    ),
    ("prod-gcp", {"postgres.backups": 10}, {"dataLoss": {"postgres.backups"}}),
    ("prod-gcp", {"storage.softDeleteDays": 14}, {}),
    ("prod-gcp", {"storage.softDeleteDays": 0}, {"dataLoss": {"storage.softDeleteDays"}}),
    ("prod-gcp", {"redis.snapshotHours": 0}, {"dataLoss": {"redis.snapshotHours"}}),
    ("prod-gcp", {"protect": False}, {"dataLoss": {"protect"}}),
    (
        "prod-gcp",
        {"redis.memoryGib": 16},
        {"cost": {"redis.memoryGib"}, "interruption": {"redis.memoryGib"}},
    ),
    ("prod-azure", {"storage.deleteRetentionDays": 7}, {"dataLoss": {"storage.deleteRetentionDays"}}),
    ("prod-azure", {"storage.noncurrentVersionDays": 60}, {}),
    ("prod-azure", {"redis.persistence": "none"}, {"dataLoss": {"redis.persistence"}}),
    (
        "prod-azure",
        {"postgres.standby": "sameZone"},
        {"cost": {"postgres.standby"}, "interruption": {"postgres.standby"}},
    ),
    ("prod-azure", {"azure.tags": {"owner": "somebody else"}}, {}),
]


@pytest.mark.parametrize(("stack", "settings", "expected"), CHANGES)
def test_each_clouds_own_properties_are_understood(
    stack: str, settings: dict[str, Any], expected: dict[str, set[str]]
) -> None:
    assert classes(of(stack, settings)) == expected


def test_data_that_is_replaced_is_lost_and_what_else_is_deleted_first_is_missed() -> None:
    halves = ("delete-replaced", "replace", "create-replacement")
    found = reported(PLAIN, PLAIN, SECRETS, replaced={"postgres": halves, "noxus/noxus-backend": halves})
    assert what(found, "dataLoss") == ["Instance postgres is replaced by an empty one"]
    assert "Deployment noxus/noxus-backend is deleted before it is made again" in what(found, "gap")
    other = reported(PLAIN, PLAIN, SECRETS, replaced={"noxus/noxus-backend": halves[::-1]})
    assert what(other, "gap") == [], "the new one is there first"


def test_a_finding_without_a_setting_behind_it_says_so() -> None:
    found = reported(PLAIN, PLAIN, SECRETS, replaced={"postgres": ("replace",)})
    assert found.findings
    assert {finding.cause for finding in found.findings} == {None}


POLICY = {
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*"},
        {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::b/*"},
    ]
}
SPLIT = {
    "Statement": [
        {"Resource": ["arn:aws:s3:::b/*"], "Action": "s3:DeleteObject", "Effect": "Deny"},
        {"Resource": "arn:aws:s3:::b/*", "Action": "s3:PutObject", "Effect": "Allow", "Sid": "Write"},
        {"Resource": "arn:aws:s3:::b/*", "Action": "s3:GetObject", "Effect": "Allow"},
    ]
}


def policies(old: Mapping[str, Any], new: Mapping[str, Any]) -> Report:
    """The report of a role's policy that becomes another."""
    urn = "urn:pulumi:x::noxus::aws:iam/rolePolicy:RolePolicy::acme-role"
    states = [{"inputs": {"role": "acme", "policy": json.dumps(policy)}} for policy in (old, new)]
    step = {"op": "update", "urn": urn, "oldState": states[0], "newState": states[1]}
    settings = side(PLAIN, SECRETS)
    return report("x", parse(json.dumps({"steps": [step]})), settings, settings)


def test_a_policy_that_is_written_in_another_way_allows_the_same() -> None:
    assert classes(policies(POLICY, SPLIT)) == {}


def test_a_wider_action_and_a_denial_that_goes_are_both_more_than_before() -> None:
    wider = deepcopy(POLICY)
    wider["Statement"][0]["Action"].append("s3:*")
    del wider["Statement"][1]
    assert what(policies(POLICY, wider), "permissionWidened") == [
        "role acme may now s3:* on arn:aws:s3:::b/*; s3:DeleteObject on arn:aws:s3:::b/* (forbidden)"
    ]
    assert what(policies(wider, POLICY), "permissionNarrowed") == [
        "role acme may no longer s3:* on arn:aws:s3:::b/*; s3:DeleteObject on arn:aws:s3:::b/* (forbidden)"
    ]


def test_a_new_release_gets_rights_of_its_own_and_each_names_it() -> None:
    pools = {"chat": {"workerSubscribe": "chat", "workerSubscribeTenants": "t9"}}
    found = of("prod", {"workers.globex": {"namespace": "noxus-globex", "pools": pools}})
    assert classes(found)["permissionWidened"] == {"workers.globex"}
    assert "permissionNarrowed" not in classes(found)


def test_a_right_that_another_object_still_gives_is_not_lost() -> None:
    more = changed(PLAIN, {"primary.pools.second": {"workerSubscribe": "kb"}})
    found = reported(more, PLAIN, SECRETS)
    assert "permissionNarrowed" not in classes(found), "other pods of the namespace still read the Secret"


def test_a_secret_is_rotated_where_its_value_is_another_and_nowhere_else() -> None:
    found = reported(PLAIN, PLAIN, SECRETS, rotated={"openaiApiKey": "another"})
    assert what(found, "secretRotated") == ["openaiApiKey has another value, as secretEnv.OPENAI_API_KEY"]
    assert classes(found)["interruption"] == {"openaiApiKey"}
    assert classes(reported(PLAIN, PLAIN, SECRETS)) == {}


def test_tasks_are_cut_off_whose_pods_were_promised_less_time() -> None:
    found = of("prod", {"workers.acme.pools.flow.maxTaskSeconds": 9000})
    held = [finding for finding in found.findings if finding.held]
    assert [f"{finding.subject} {finding.what}" for finding in held] == [
        "Deployment noxus-acme/acme-flow up to 20 pods restart: up to 80 running tasks at risk, of up to 9000 s, which "
        "get 7230 s"
    ]


def test_nothing_can_be_lost_of_a_stack_that_is_made() -> None:
    plain, secrets = stack_file(ROOT / "Pulumi.prod.yaml")
    text = preview(plain, plain, secrets)
    root = "urn:pulumi:x::noxus::pulumi:pulumi:Stack::noxus-x"
    first = replace(text, first=True, steps=[Step(op="create", urn=root)])
    made = report("x", first, None, side(plain, secrets))
    assert (classes(made), made.code) == ({}, 0)


def test_a_gateway_in_place_of_an_ingress_leads_to_the_same_hosts() -> None:
    found = of("prod", GATEWAY)
    assert not [line for line in what(found, "permissionWidened") if line.startswith("everybody")]
    narrowed = {"cluster.ingressNamespace", "primary.tls.clusterIssuer"}
    assert classes(found)["permissionNarrowed"] == narrowed, "the controller's way in, and the solver's"
