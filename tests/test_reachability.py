"""Who reaches whom: every pair of workloads and everything outside, against a table that people can read."""

import copy
import os
from pathlib import Path
from typing import Any

import pytest

from config import ConfigError
from tests.harness import Deployment
from tests.programs import SMALLEST, run_program, settings
from tests.reachability import Address, Network, Pod, Target, pods
from tests.test_program import PROGRAMS
from tools import expectations

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


FURTHER: dict[str, tuple[Target, ...]] = {
    "company": (
        Pod("openshift-dns", "dns", {"dns.operator.openshift.io/daemonset-dns": "default"}, (("UDP", 5353),)),
        Pod("envoy-gateway-system", "proxy", {}),
        Pod("mesh", "control-plane", {}, (("TCP", 15012), ("TCP", 8080))),
        Address("proxy", "10.0.0.8", (("TCP", 3128), ("TCP", 443))),
        Address("traces", "10.9.0.1", (("TCP", 4317), ("TCP", 4318), ("TCP", 4319))),
        Address("mail", "10.9.1.1", (("TCP", 587), ("TCP", 25))),
        Address("counters", "10.9.2.1", (("UDP", 8125), ("TCP", 8125))),
    )
}
"""What is around a program besides."""


def labelled(target: Target) -> str:
    return f"{target.namespace}/{target.name}" if isinstance(target, Pod) else target.name


def world(deployed: Deployment, others: tuple[Target, ...] = OTHERS) -> tuple[Network, list[Target]]:
    """The stack's network, and everything that is on it or outside."""
    objects = [manifest for _, manifest in deployed.objects]
    made = {m["metadata"]["name"]: m["metadata"]["labels"] for m in objects if m["kind"] == "Namespace"}
    foreign: dict[str, dict[str, str]] = {pod.namespace: {} for pod in others if isinstance(pod, Pod)}
    network = Network({**made, **foreign}, [m for m in objects if m["kind"] == "NetworkPolicy"])
    return network, [*sorted(pods(objects), key=labelled), *others]


def connections(deployed: Deployment, others: tuple[Target, ...] = OTHERS) -> dict[str, list[str]]:
    """Everything that each source can open, sources and targets by name."""
    network, everything = world(deployed, others)
    return {
        labelled(source): [
            f"{labelled(target)}:{port}{'' if protocol == 'TCP' else '/udp'}"
            for target in everything
            if target is not source and not (target in others and source in others)
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


@pytest.mark.parametrize("program", ["company", "dev", "everything", "pooler"])
def test_who_reaches_whom_is_what_was_reviewed(program: str) -> None:
    reached = connections(run_program(*PROGRAMS[program]), (*OTHERS, *FURTHER.get(program, ())))
    lines = [f"{source}\n" + "".join(f"    {target}\n" for target in found) for source, found in reached.items()]
    table = "Each name can open connections to the names below it, and to nothing else.\n\n" + "".join(lines)
    golden = GOLDEN / f"reachability-{program}.txt"
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


def test_with_a_pooler_the_platform_goes_through_it_and_everything_else_past_it() -> None:
    reached = connections(run_program(*PROGRAMS["pooler"]))
    server, pooler = "noxus-data/postgres:5432", "noxus-data/postgres-pooler:6432"
    ways = {
        source: [target for target in found if "postgres" in target and target.startswith("noxus-data/")]
        for source, found in reached.items()
        if "migrations" not in source
    }
    assert {source: found for source, found in ways.items() if found} == {
        "noxus/noxus-backend": [pooler],
        "noxus-acme/acme-flow": [pooler],
        "noxus-data/postgres-pooler": [server],
        "noxus-data/postgres-setup": [server],
        "keda/operator": [server],
        "monitoring/prometheus": ["noxus-data/postgres-pooler:9127"],
    }
    (migrations,) = [found for source, found in reached.items() if "migrations" in source]
    assert [target for target in migrations if "dns" not in target] == [server]


OPENED: dict[str, Any] = {
    **copy.deepcopy(PROGRAMS["everything"][0]),
    "cluster": {"context": "test", "dns": {"cidrs": ["169.254.20.10/32"]}},
    "egress": {"bucket-endpoint": {"reason": "S3's interface endpoint", "cidr": "10.1.2.0/24", "ports": [443]}},
}
OPENED["workers"]["acme"]["egress"] = {
    "models": {"reason": "own models", "namespace": "models", "podLabels": {"app": "llm"}, "ports": [8000, 8001]}
}
OPENED["workers"]["acme"]["pools"]["flow"]["egress"] = {
    "crm": {"reason": "the customer's CRM", "cidr": "10.9.0.7/32", "ports": [8443]}
}


def opens(source: str, target: Target, protocol: str, port: int) -> bool:
    """Whether a workload of `OPENED` can open a connection."""
    deployed = run_program(OPENED, PROGRAMS["everything"][1])
    objects = [manifest for _, manifest in deployed.objects]
    namespaces: dict[str, dict[str, str]] = {"models": {}}
    namespaces |= {m["metadata"]["name"]: m["metadata"]["labels"] for m in objects if m["kind"] == "Namespace"}
    network = Network(namespaces, [m for m in objects if m["kind"] == "NetworkPolicy"])
    (pod,) = [pod for pod in pods(objects) if labelled(pod) == source]
    return network.allows(pod, target, protocol, port)


def test_a_further_egress_of_the_stack_opens_it_to_whatever_reaches_the_internet() -> None:
    endpoint = Address("endpoint", "10.1.2.3", TCP_443)
    assert opens("noxus-acme/acme-flow", endpoint, "TCP", 443)
    assert opens("noxus/noxus-backend", endpoint, "TCP", 443)
    assert not opens("noxus/noxus-frontend", endpoint, "TCP", 443)
    assert not opens("noxus/noxus-backend", endpoint, "TCP", 80)
    assert not opens("noxus/noxus-backend", Address("beside", "10.1.3.3", TCP_443), "TCP", 443)


def test_one_of_a_release_or_pool_opens_it_there_only() -> None:
    llm, other = Pod("models", "llm", {"app": "llm"}), Pod("models", "other", {"app": "other"})
    assert opens("noxus-acme/acme-flow", llm, "TCP", 8001)
    assert not opens("noxus-acme/acme-flow", other, "TCP", 8001)
    assert not opens("noxus/noxus-backend", llm, "TCP", 8000)
    crm = Address("crm", "10.9.0.7", (("TCP", 8443),))
    assert opens("noxus-acme/acme-flow", crm, "TCP", 8443)
    assert not opens("noxus/noxus-backend", crm, "TCP", 8443)


def test_names_are_resolved_by_a_nodes_own_cache_where_there_is_one() -> None:
    cache = Address("cache", "169.254.20.10", (("UDP", 53),))
    assert opens("noxus-acme/acme-flow", cache, "UDP", 53)
    assert not opens("noxus-acme/acme-flow", cache, "TCP", 80)


def test_on_openshift_names_are_resolved_on_the_port_of_its_pods() -> None:
    deployed = run_program({**SMALLEST, "cluster": {"context": "test", "dns": {"type": "openshift"}}})
    (rule,) = deployed.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "noxus/to-dns").inputs["spec"]["egress"]
    assert {(port["protocol"], port["port"]) for port in rule["ports"]} >= {("UDP", 5353), ("TCP", 5353)}
    assert rule["to"][0]["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "openshift-dns"}}


def test_every_further_policy_is_one_that_verify_expects_and_says_why() -> None:
    deployed = run_program(OPENED, PROGRAMS["everything"][1])
    found: dict[str, set[str]] = {}
    for resource in deployed.all("kubernetes:networking.k8s.io/v1:NetworkPolicy"):
        metadata = resource.inputs["metadata"]
        found.setdefault(metadata["namespace"], set()).add(metadata["name"])
        if metadata["name"] == "acme-flow-to-crm":
            assert metadata["annotations"] == {"noxus.ai/reason": "the customer's CRM"}
    assert found == expectations.policies(settings(OPENED, *PROGRAMS["everything"][1]))


SOLVER = Pod("noxus", "cm-acme-http-solver", {"acme.cert-manager.io/http01-solver": "true"}, (("TCP", 8089),))
LOAD_BALANCER = Address("load-balancer", "10.20.3.4", ())


def callers(target: Pod, port: int, **changes: Any) -> set[str]:
    """Who reaches a pod of the dev stack from outside its release, with some of the stack's settings changed."""
    raw, secrets = PROGRAMS["dev"]
    network, everything = world(run_program({**raw, **changes}, secrets))
    strangers = [other for other in (*everything, LOAD_BALANCER) if other in (*OTHERS, LOAD_BALANCER)]
    return {labelled(other) for other in strangers if network.allows(other, target, "TCP", port)}


def test_a_challenge_of_an_acme_issuer_reaches_cert_managers_solver_through_the_ingress_controller_alone() -> None:
    primary = PROGRAMS["dev"][0]["primary"]
    assert callers(SOLVER, 8089) == {"ingress-nginx/controller"}
    assert callers(SOLVER, 8089, primary={**primary, "tls": {"secretName": "noxus-tls"}}) == set()


def test_a_load_balancer_outside_the_cluster_reaches_the_public_services_if_its_addresses_are_named() -> None:
    labels = {"app.kubernetes.io/component": "backend", "app.kubernetes.io/instance": "noxus"}
    backend = Pod("noxus", "backend", labels)
    known = {"ingress-nginx/controller", "monitoring/prometheus"}
    assert callers(backend, 8080) == known
    assert callers(backend, 8080, cluster={"ingressCidrs": ["10.20.0.0/16"]}) == known | {"load-balancer"}


@pytest.mark.parametrize(
    ("egress", "problem"),
    [
        ({"reason": "r", "ports": [443]}, "takes either cidr or namespace, such as cidr: 10.20.0.0/16"),
        (
            {"reason": "r", "ports": [443], "cidr": "10.0.0.1/8"},
            "must be addresses in CIDR form without host bits, such as 10.20.0.0/16; one address is 10.20.0.5/32 "
            "(got '10.0.0.1/8')",
        ),
        *(
            (
                {"reason": "r", "ports": [wrong], "namespace": "n"},
                f'must be a port from 1 to 65535, or a range of them such as "30000-32767" (got {wrong!r})',
            )
            for wrong in (70000, 0, "2-1", "1-2-3", "1-70000", "-5", "http", "")
        ),
        ({"reason": "r", "ports": [], "namespace": "n"}, "must not be empty (got [])"),
        ({"ports": [1], "namespace": "n"}, "required, not set; for example reason: self-hosted models"),
        (
            {"reason": "r", "ports": [1], "cidr": "10.0.0.0/8", "podLabels": {"a": "b"}},
            "takes podLabels with namespace only; addresses have no labels",
        ),
    ],
)
def test_a_wrong_egress_is_refused(egress: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        settings({**SMALLEST, "egress": {"models": egress}})
    assert [found.message for found in error.value.problems] == [problem]


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
def test_the_computation_is_kubernetes_own(policies: list[dict[str, Any]], *, allowed: bool) -> None:
    network = Network({"here": {}, "there": {}}, policies)
    enemy, target = Pod("there", "enemy", {"app": "enemy"}), Pod("here", "target", {})
    assert network.allows(enemy, target, "TCP", 8080) is allowed


def test_an_exception_of_a_block_is_no_part_of_it() -> None:
    block = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}
    network = Network({"here": {}}, [policy(egress=[{"to": [block]}], policyTypes=["Egress"])])
    pod = Pod("here", "pod", {})
    assert network.allows(pod, Address("public", "93.184.216.34", TCP_443), "TCP", 443)
    assert not network.allows(pod, Address("private", "10.1.2.3", TCP_443), "TCP", 443)
