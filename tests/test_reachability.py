"""Who reaches whom: every pair of workloads and everything outside, against a table that people can read."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Deployment
from tests.programs import run_program
from tests.reachability import Address, Network, Pod, Target, pods
from tests.test_program import PROGRAMS

GOLDEN = Path(__file__).parent / "golden"

TCP_443 = (("TCP", 443),)
OTHERS: tuple[Target, ...] = (
    Pod("kube-system", "dns", {"k8s-app": "kube-dns"}, (("UDP", 53), ("TCP", 53))),
    Pod("kube-system", "not-the-dns", {}, (("UDP", 53),)),
    Pod("keda", "operator", {"app": "keda-operator"}),
    Pod("ingress-nginx", "controller", {"app.kubernetes.io/component": "backend"}),
    Pod("monitoring", "prometheus", {}),
    Pod("stranger", "worker", {"app.kubernetes.io/component": "worker"}),
    Address("internet", "93.184.216.34", (("TCP", 443), ("TCP", 80))),
    Address("internet-v6", "2606:2800:21f:cb07::1", TCP_443),
    Address("private", "10.1.2.3", (("TCP", 443), ("TCP", 5432))),
    Address("metadata", "169.254.169.254", (("TCP", 80), ("TCP", 443))),
    Address("metadata-v6", "fd00:ec2::254", (("TCP", 80), ("TCP", 443))),
)


def labelled(target: Target) -> str:
    return f"{target.namespace}/{target.name}" if isinstance(target, Pod) else target.name


def world(deployed: Deployment) -> tuple[Network, list[Target]]:
    """The stack's network, and everything that is on it or outside."""
    objects = [manifest for _, manifest in deployed.objects]
    made = {m["metadata"]["name"]: m["metadata"]["labels"] for m in objects if m["kind"] == "Namespace"}
    foreign: dict[str, dict[str, str]] = {pod.namespace: {} for pod in OTHERS if isinstance(pod, Pod)}
    network = Network({**made, **foreign}, [m for m in objects if m["kind"] == "NetworkPolicy"])
    return network, [*sorted(pods(objects), key=labelled), *OTHERS]


def connections(deployed: Deployment) -> dict[str, list[str]]:
    """Everything that each source can open, sources and targets by name."""
    network, everything = world(deployed)
    return {
        labelled(source): [
            f"{labelled(target)}:{port}{'' if protocol == 'TCP' else '/udp'}"
            for target in everything
            if target is not source and not (target in OTHERS and source in OTHERS)
            for protocol, port in target.ports
            if network.allows(source, target, protocol, port)
        ]
        for source in everything
    }


@pytest.fixture(params=["dev", "everything"], scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def reached(name: str) -> dict[str, list[str]]:
    return connections(run_program(*PROGRAMS[name]))


def test_who_reaches_whom_is_what_was_reviewed(name: str, reached: dict[str, list[str]]) -> None:
    lines = [f"{source}\n" + "".join(f"    {target}\n" for target in found) for source, found in reached.items()]
    table = "Each name can open connections to the names below it, and to nothing else.\n\n" + "".join(lines)
    golden = GOLDEN / f"reachability-{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(table)
    assert table == golden.read_text(), "if it is meant: UPDATE_GOLDEN=1 make unit"


def test_no_release_reaches_a_workload_of_another(reached: dict[str, list[str]]) -> None:
    for source, found in reached.items():
        for target in found:
            ours, theirs = source.partition("/")[0], target.partition("/")[0]
            if {ours, theirs} <= {"noxus", "noxus-acme"}:
                assert ours == theirs == "noxus", f"{source} reaches {target}"


def test_nobody_reaches_a_metadata_address_a_private_one_or_plain_http(reached: dict[str, list[str]]) -> None:
    for source, found in reached.items():
        if "/" in source and source.startswith("noxus"):
            assert not [t for t in found if t.startswith(("metadata", "private", "stranger")) or t == "internet:80"]


def test_the_frontend_reaches_the_backend_and_names_only(reached: dict[str, list[str]]) -> None:
    assert reached["noxus/noxus-frontend"] == [
        "noxus/noxus-backend:8080",
        "kube-system/dns:53/udp",
        "kube-system/dns:53",
    ]


def test_a_worker_reaches_all_data_services_and_the_internet(reached: dict[str, list[str]]) -> None:
    assert reached["noxus-acme/acme-flow"] == [
        "noxus-data/bucket:7070",
        "noxus-data/postgres:5432",
        "noxus-data/redis:6379",
        "kube-system/dns:53/udp",
        "kube-system/dns:53",
        "internet:443",
        "internet-v6:443",
    ]


def test_the_scheduler_stays_inside_and_migrations_reach_the_database_only(reached: dict[str, list[str]]) -> None:
    assert [t for t in reached["noxus/noxus-scheduler"] if "dns" not in t] == [
        "noxus-data/postgres:5432",
        "noxus-data/redis:6379",
    ]
    (migrations,) = [source for source in reached if "migrations" in source]
    assert [t for t in reached[migrations] if "dns" not in t] == ["noxus-data/postgres:5432"]


def test_strangers_reach_nothing_and_the_operator_the_database_only(reached: dict[str, list[str]]) -> None:
    assert reached["stranger/worker"] == []
    assert reached["internet"] == []
    assert reached["keda/operator"] == ["noxus-data/postgres:5432"]


def test_the_ingress_controller_reaches_the_public_services_only(reached: dict[str, list[str]]) -> None:
    assert reached["ingress-nginx/controller"] == [
        "noxus/noxus-backend:8080",
        "noxus/noxus-frontend:8080",
        "noxus/noxus-relays:8080",
    ]


def policy(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "here"}, "spec": {"podSelector": {}, **spec}}


THERE = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "there"}}}
FRIEND = {"podSelector": {"matchLabels": {"app": "friend"}}}


@pytest.mark.parametrize(
    ("policies", "allowed"),
    [
        ([], True),
        ([policy(policyTypes=["Ingress"])], False),
        ([policy(policyTypes=["Egress"])], True),
        ([policy(ingress=[{"from": [{**THERE, **FRIEND}]}])], False),
        ([policy(ingress=[{"from": [THERE, FRIEND]}])], True),  # the classic hole: two peers are an or
        ([policy(ingress=[{"from": [FRIEND]}])], False),  # of the policy's own namespace
        ([policy(ingress=[{"from": [THERE], "ports": [{"port": 9999}]}])], False),
        ([policy(ingress=[{"from": [THERE], "ports": [{"port": 8080, "protocol": "UDP"}]}])], False),
        ([policy(policyTypes=["Ingress"]), policy(ingress=[{}])], True),  # policies add up
        ([policy(ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])], False),
    ],
)
def test_the_computation_is_kubernetes_own(policies: list[dict[str, Any]], allowed: bool) -> None:
    network = Network({"here": {}, "there": {}}, policies)
    enemy, target = Pod("there", "enemy", {"app": "enemy"}), Pod("here", "target", {})
    assert network.allows(enemy, target, "TCP", 8080) is allowed


def test_an_exception_of_a_block_is_no_part_of_it() -> None:
    block = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}
    network = Network({"here": {}}, [policy(egress=[{"to": [block]}], policyTypes=["Egress"])])
    pod = Pod("here", "pod", {})
    assert network.allows(pod, Address("public", "93.184.216.34", TCP_443), "TCP", 443)
    assert not network.allows(pod, Address("private", "10.1.2.3", TCP_443), "TCP", 443)
