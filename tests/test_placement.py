"""Where pods run: affinity, tolerations and spread, checked as Kubernetes takes them."""

from typing import Any

import pytest

from checks import findings
from components.kubernetes.labels import labels, selector
from tests.harness import Deployment
from tests.placement_cases import HOLDS_NOWHERE, REFUSED, TAKEN, near, spread
from tests.programs import run_program, settings, with_pool
from tests.snapshots import dev_cluster, dev_settings, observed
from tests.test_config import POOL, refused
from tools.inspection import inspect

OWN = {"matchLabels": selector("acme", "flow")}


def pod(deployed: Deployment) -> dict[str, Any]:
    return deployed.one("kubernetes:apps/v1:Deployment", "noxus-acme/acme-flow").inputs["spec"]["template"]["spec"]


@pytest.mark.parametrize("block", TAKEN, ids=str)
def test_a_block_that_kubernetes_takes_arrives_as_it_is_written(block: dict[str, Any]) -> None:
    pool = settings(with_pool(**block)).workers["acme"].pools["flow"]
    found = {
        "affinity": pool.affinity.manifest(),
        "nodeSelector": dict(pool.node_selector),
        "tolerations": [it.manifest() for it in pool.tolerations],
        "topologySpreadConstraints": [it.manifest_of({}) for it in pool.topology_spread_constraints or ()],
    }
    assert {key: value for key, value in found.items() if value or key in block} == block


@pytest.mark.parametrize(("block", "problem"), REFUSED + HOLDS_NOWHERE, ids=str)
def test_a_slip_in_affinity_tolerations_or_spread_is_refused_by_name(block: dict[str, Any], problem: str) -> None:
    assert refused(with_pool(**block)) == [f"{POOL}.{problem}"]


def test_a_spread_without_a_selector_spreads_the_pools_own_pods() -> None:
    constraint = spread()["topologySpreadConstraints"][0]
    del constraint["labelSelector"]
    found = pod(run_program(with_pool(topologySpreadConstraints=[constraint])))
    assert found["topologySpreadConstraints"] == [{**constraint, "labelSelector": OWN}]


def test_a_spread_of_other_pods_is_warned_of() -> None:
    found = {finding.path: finding for finding in findings(settings(with_pool(**spread())))}
    assert found[f"{POOL}.topologySpreadConstraints.0.labelSelector"].severity == "warning"
    own = {"matchLabels": labels("acme", "flow", "worker")}
    paths = {finding.path for finding in findings(settings(with_pool(**spread(labelSelector=own))))}
    assert f"{POOL}.topologySpreadConstraints.0.labelSelector" not in paths


@pytest.mark.parametrize("kind", ["podAffinity", "podAntiAffinity"])
def test_a_neighbour_that_is_not_named_is_warned_of(kind: str) -> None:
    found = {finding.path: finding for finding in findings(settings(with_pool(**near(kind))))}
    assert found[f"{POOL}.affinity.{kind}"].severity == "warning"


def test_pods_whose_place_was_changed_by_hand_fail_verify() -> None:
    cluster = dev_cluster()
    pods = cluster["Deployment", "noxus-acme", "acme-flow"]["spec"]["template"]["spec"]
    pods["nodeSelector"] = {"disk": "ssd"}
    failed = {check.check: check.reason for check in inspect(dev_settings(), observed(cluster)) if not check.passed}
    assert failed.keys() == {"acme-flow: placement"}
    assert "nodeSelector" in failed["acme-flow: placement"]
