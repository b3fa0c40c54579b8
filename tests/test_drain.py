"""Drains: what becomes of a task when its pod must go, and what is refused because it can never work."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import findings
from checks.interruption.drain import Row, survival
from tests.programs import ROOT, SMALLEST, on_cloud, settings, stack_file, with_pool
from tools import drain

POOL = "workers.acme.pools.flow"
KEDA = {"type": "keda", "maxReplicas": 4, "query": "SELECT 1", "targetQueryValue": 2}
PRODUCTION = {"aws": "prod", "gcp": "prod-gcp", "azure": "prod-azure"}
"""A production stack by its cloud."""
EKS_BEYOND = "an update of an EKS managed node group waits 900 s, then it fails or, if forced, cuts off"
SPOT_LABELS = (
    ("eks.amazonaws.com/capacityType", "SPOT", 120),
    ("karpenter.sh/capacity-type", "spot", 120),
    ("cloud.google.com/gke-spot", "true", 15),
    ("kubernetes.azure.com/scalesetpriority", "spot", 30),
)


def found(raw: dict[str, Any], *, notes: bool = False) -> list[str]:
    """Every error and warning, or every note about pools' ends, as `severity path: message`."""
    every = [f for f in findings(settings(raw)) if (f.severity == "note") is notes]
    shown = [f for f in every if not notes or f.path.endswith(("maxTaskSeconds", "interruptible"))]
    return [f"{f.severity} {f.path}: {f.message}" for f in shown]


def rows(cloud: str = "kubernetes", **pool: object) -> dict[str, Row]:
    """What becomes of the longest task of one pool, by event."""
    own = settings({**with_pool(**pool), **({} if cloud == "kubernetes" else on_cloud(PRODUCTION[cloud]))})
    return {row.event: row for row in survival(own)[POOL]}


def outcomes(cloud: str, seconds: int) -> dict[str, str]:
    return {event: row.outcome for event, row in rows(cloud, maxTaskSeconds=seconds).items()}


@pytest.mark.parametrize(
    ("seconds", "upgrade", "spot"),
    [
        (90, "survives", "survives"),
        (91, "survives", "cut off"),
        (870, "survives", "cut off"),
        (871, "cut off", "cut off"),
    ],
)
def test_on_aws_a_task_survives_what_waits_for_its_whole_grace_period(seconds: int, upgrade: str, spot: str) -> None:
    assert outcomes("aws", seconds) == {
        "scale-in": "survives",
        "rollout": "survives",
        "node autoscaler": "survives",
        "node upgrade": upgrade,
        "spot reclaim": spot,
    }


def test_on_an_unknown_cloud_nothing_is_claimed_of_upgrades_and_spot_nodes() -> None:
    assert outcomes("kubernetes", 60) == {
        "scale-in": "survives",
        "rollout": "survives",
        "node autoscaler": "survives",
        "node upgrade": "unknown",
        "spot reclaim": "unknown",
    }


def test_the_label_of_a_spot_node_tells_its_cloud() -> None:
    chosen = rows(nodeSelector={"cloud.google.com/gke-spot": "true"}, interruptible="batches")["spot reclaim"]
    assert chosen == Row("spot reclaim", "cut off", 600, 15, "the pool chooses spot nodes; interruptible: batches")


def test_a_row_says_what_is_needed_what_is_given_and_why() -> None:
    long = rows("aws", maxTaskSeconds=7200)
    assert long["scale-in"] == Row("scale-in", "survives", 7230, None, "the pod has its whole grace period")
    assert long["node autoscaler"] == Row("node autoscaler", "survives", 7230, 600, "kept by the eviction annotations")
    assert long["node upgrade"] == Row("node upgrade", "cut off", 7230, 900, EKS_BEYOND)
    short = rows("aws", maxTaskSeconds=570)
    assert short["node autoscaler"] == Row("node autoscaler", "survives", 600, 600, "the node waits for it")


def test_pods_that_keep_their_nodes_are_noted_and_no_error() -> None:
    assert found(with_pool(maxTaskSeconds=571), notes=True) == [
        f"note {POOL}.maxTaskSeconds: gives pods 601 s to end, and a node autoscaler waits 600 s: annotations keep it "
        "from taking their nodes; how long an upgrade of the nodes waits is up to who runs the cluster"
    ]
    plain, secrets = stack_file(ROOT / "Pulumi.prod.yaml")
    notes = [f.message for f in findings(settings(plain, *secrets)) if f.path.endswith("maxTaskSeconds")]
    assert notes == [
        "gives pods 7230 s to end, and a node autoscaler waits 600 s: annotations keep it from taking their nodes; "
        + EKS_BEYOND
    ]
    assert found(with_pool(), notes=True) == []


NEVER = "lets no pod go at any number of replicas, so drains wait for ever; write maxUnavailable: 1"


@pytest.mark.parametrize(
    ("budget", "pool"),
    [
        ({"maxUnavailable": 0}, {"replicaCount": 3}),
        ({"maxUnavailable": "0%"}, {"autoscaling": KEDA}),
        ({"minAvailable": "100%"}, {"autoscaling": KEDA}),
        ({"minAvailable": 4}, {"autoscaling": KEDA}),
        ({"minAvailable": 3}, {"replicaCount": 3}),
        ({"minAvailable": 1}, {}),
        ({"minAvailable": 1}, {"replicaCount": 0}),
        ({"minAvailable": "76%"}, {"autoscaling": KEDA}),
    ],
)
def test_a_budget_that_no_drain_can_ever_satisfy_is_refused(budget: dict[str, Any], pool: dict[str, Any]) -> None:
    assert found(with_pool(podDisruptionBudget=budget, **pool)) == [f"error {POOL}.podDisruptionBudget: {NEVER}"]


@pytest.mark.parametrize("budget", [{"minAvailable": 1}, {"minAvailable": "50%"}])
def test_a_budget_that_blocks_drains_at_the_fewest_replicas_only_is_warned_of(budget: dict[str, Any]) -> None:
    assert found(with_pool(podDisruptionBudget=budget, autoscaling=KEDA)) == [
        f"warning {POOL}.podDisruptionBudget: lets no pod go while there is no more than 1, so drains wait for ever "
        "then; write maxUnavailable: 1"
    ]


@pytest.mark.parametrize(
    ("budget", "pool"),
    [
        ({}, {}),
        ({"maxUnavailable": 1}, {}),
        ({"maxUnavailable": "1%"}, {"replicaCount": 3}),
        ({"minAvailable": 2}, {"replicaCount": 3}),
        ({"minAvailable": 0}, {}),
        ({"minAvailable": "50%"}, {"autoscaling": {**KEDA, "minReplicas": 2}}),
    ],
)
def test_a_budget_that_every_drain_can_satisfy_is_silent(budget: dict[str, Any], pool: dict[str, Any]) -> None:
    assert found(with_pool(podDisruptionBudget=budget, **pool)) == []


def test_a_services_budget_is_held_to_the_same() -> None:
    raw = {**SMALLEST, "primary": {"namespace": "noxus", "backend": {"podDisruptionBudget": {"minAvailable": 2}}}}
    assert found(raw) == [f"error primary.backend.podDisruptionBudget: {NEVER}"]
    relays = {"command": ["noxus", "relays"], "podDisruptionBudget": {"maxUnavailable": 0}}
    for enabled, expected in ((True, [f"error primary.relays.podDisruptionBudget: {NEVER}"]), (False, [])):
        primary = {"namespace": "noxus", "relays": {**relays, "enabled": enabled}}
        assert found({**SMALLEST, "primary": primary}) == expected


@given(st.integers(0, 100), st.integers(1, 60))
def test_a_share_is_refused_exactly_if_it_keeps_every_pod_of_any_number(percent: int, most: int) -> None:
    raw = with_pool(podDisruptionBudget={"minAvailable": f"{percent}%"}, autoscaling={**KEDA, "maxReplicas": most})
    kept_always = all(-(-pods * percent // 100) >= pods for pods in range(1, most + 1))
    assert (f"error {POOL}.podDisruptionBudget: {NEVER}" in found(raw)) is kept_always


def node_affinity(*, required: bool, expression: dict[str, Any]) -> dict[str, Any]:
    term = {"matchExpressions": [expression]}
    if required:
        rule: dict[str, Any] = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    else:
        rule = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": term}]}
    return {"affinity": {"nodeAffinity": rule}}


def ways_to_choose(label: str, value: str) -> list[dict[str, Any]]:
    chosen = {"key": label, "operator": "In", "values": ["other", value]}
    return [
        {"nodeSelector": {label: value}},
        node_affinity(required=True, expression=chosen),
        node_affinity(required=False, expression=chosen),
        {"tolerations": [{"key": label, "operator": "Equal", "value": value, "effect": "NoSchedule"}]},
        {"tolerations": [{"key": label, "value": value}]},
        {"tolerations": [{"key": label, "operator": "Exists"}]},
    ]


@pytest.mark.parametrize(("label", "value", "notice"), SPOT_LABELS)
def test_a_long_task_on_spot_nodes_is_refused_however_they_are_chosen(label: str, value: str, notice: int) -> None:
    for way in ways_to_choose(label, value):
        assert found(with_pool(maxTaskSeconds=7200, env={"V": "${tasks.visibilityTimeoutSeconds}"}, **way)) == [
            f"error {POOL}: chooses spot nodes, which go {notice} s after their notice, and its pods need 7230 s to "
            "end; choose other nodes, or say in interruptible why its tasks may be cut off"
        ]


def test_a_task_that_ends_within_the_notice_may_run_on_spot_nodes() -> None:
    label, value, _ = SPOT_LABELS[0]
    assert found(with_pool(maxTaskSeconds=90, nodeSelector={label: value})) == []
    assert len(found(with_pool(maxTaskSeconds=91, nodeSelector={label: value}))) == 1


@pytest.mark.parametrize(
    "placement",
    [
        {"nodeSelector": {"karpenter.sh/capacity-type": "on-demand"}},
        {"nodeSelector": {"cloud.google.com/gke-spot": "false"}},
        {"tolerations": [{"operator": "Exists"}]},
        {"tolerations": [{"key": "gpu", "operator": "Exists"}]},
        node_affinity(
            required=True, expression={"key": "karpenter.sh/capacity-type", "operator": "NotIn", "values": ["spot"]}
        ),
        node_affinity(required=True, expression={"key": "karpenter.sh/capacity-type", "operator": "Exists"}),
        node_affinity(required=True, expression={"key": "cloud.google.com/gke-spot", "operator": "DoesNotExist"}),
        {
            "affinity": {
                "podAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        {
                            "topologyKey": "kubernetes.io/hostname",
                            "labelSelector": {
                                "matchExpressions": [{"key": "cloud.google.com/gke-spot", "operator": "Exists"}]
                            },
                        }
                    ]
                }
            }
        },
    ],
)
def test_a_pool_that_chooses_no_spot_nodes_is_left_alone(placement: dict[str, Any]) -> None:
    assert found(with_pool(**placement)) == []


def test_a_label_that_only_spot_nodes_have_chooses_them_by_existing() -> None:
    exists = {"key": "cloud.google.com/gke-spot", "operator": "Exists"}
    assert len(found(with_pool(**node_affinity(required=True, expression=exists)))) == 1


def test_a_written_waiver_lets_a_long_task_run_on_spot_nodes_and_says_what_follows() -> None:
    raw = with_pool(nodeSelector={"karpenter.sh/capacity-type": "spot"}, interruptible="imports, repeated nightly")
    assert found(raw) == []
    assert found(raw, notes=True) == [
        f"note {POOL}.interruptible: tasks are cut off 120 s after a spot node's notice, and delivered again only if "
        "the platform acknowledges them late: imports, repeated nightly"
    ]


def test_a_waiver_that_nothing_needs_is_warned_of() -> None:
    assert found(with_pool(interruptible="just in case")) == [
        f"warning {POOL}.interruptible: is used on spot nodes only, and the pool chooses none; remove it"
    ]


def untold(who: str, seconds: int) -> str:
    return (
        f"warning env: says nothing to {who} about the visibility time-out, and by default a task that is acknowledged "
        f"late is delivered a second time after 3600 s, while it runs; all pools need {seconds} s: write "
        '{ <variable>: "${tasks.visibilityTimeoutSeconds}" } with the variable that the platform reads, whose name is '
        "not published"
    )


REFERS = {"V": "at ${tasks.visibilityTimeoutSeconds} s"}


def test_long_tasks_need_a_visibility_time_out_that_the_platform_is_told() -> None:
    assert found(with_pool(maxTaskSeconds=7200)) == [untold("any pool", 14460)]
    assert found({**with_pool(maxTaskSeconds=7200), "env": REFERS}) == []
    assert found(with_pool(maxTaskSeconds=1700)) == [], "kombu's own hour is long enough"


def test_one_pool_that_is_not_told_is_enough_for_a_second_delivery() -> None:
    raw = with_pool(maxTaskSeconds=7200, env=REFERS)
    raw["primary"] = {"namespace": "noxus", "pools": {"a": {}, "b": {"env": REFERS}, "off": {"enabled": False}}}
    assert found(raw) == [untold("primary.pools.a", 14460)]
    raw["primary"]["env"] = REFERS
    assert found(raw) == []


def test_the_command_prints_one_table_for_each_pool(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert drain.main(["--stack", "prod"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "cloud aws; visibility time-out of the broker, for all workers:",
        "14460 s, ${tasks.visibilityTimeoutSeconds}",
    ]
    start = lines.index(f"{POOL}: a longest task of 7200 s")
    assert [" ".join(line.split()) for line in lines[start + 1 : start + 7]] == [
        "event outcome needs limit how",
        "scale-in survives 7230 s all the pod has its whole grace period",
        "rollout survives 7230 s all the pod has its whole grace period",
        "node autoscaler survives 7230 s 600 s kept by the eviction annotations",
        f"node upgrade cut off 7230 s 900 s {EKS_BEYOND}",
        "spot reclaim cut off 7230 s 120 s only if it runs on one: the pool chooses none",
    ]
    assert drain.main(["--stack", "dev"]) == 0
    assert "node upgrade     unknown     7230 s         ?  how long" in capsys.readouterr().out


def test_the_command_hands_the_same_to_machines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert drain.main(["--stack", "prod", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["visibilityTimeoutSeconds"] == 14460
    assert report["pools"][POOL][3] == {
        "event": "node upgrade",
        "outcome": "cut off",
        "neededSeconds": 7230,
        "limitSeconds": 900,
        "how": EKS_BEYOND,
    }


def test_a_file_that_cannot_be_read_is_the_commands_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert drain.main(["--stack", "absent"]) == 2
    assert "Pulumi.absent.yaml is not valid" in capsys.readouterr().err
