"""What each kind of pod may be let reach besides: its own targets, by UDP and ranges of ports, and nobody else's."""

from typing import Any

import pytest

from tests.harness import Deployment
from tests.programs import EXTERNAL_SERVICES, LOGINS, SMALLEST, run_program, settings
from tests.reachability import Address, Network, Pod, pods
from tools import expectations

POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"

MAIL = {"reason": "mail", "cidrs": ["10.50.0.25/32", "10.50.1.25/32"], "ports": [587]}
COLLECTOR = {"namespace": "otel", "podLabels": {"app": "collector"}}
TRACES = {"reason": "traces", **COLLECTOR, "ports": [6831], "protocol": "UDP"}
CALLS = {"reason": "calls", "cidr": "10.60.0.0/24", "ports": [443, "30000-32767"]}
MESH = {"reason": "the mesh", "namespace": "istio-system", "ports": [15012]}

PLACES = ("backend", "frontend", "relays", "scheduler", "migrations", "pools.flow")

STACK: dict[str, Any] = {
    **SMALLEST,
    "pods": {"egress": {"mesh": MESH}},
    "postgres": {"egress": {"archive": CALLS}},
    "primary": {
        "namespace": "noxus",
        "pods": {"egress": {"calls": CALLS}},
        "frontend": {"egress": {"mail": MAIL, "traces": TRACES}},
        "relays": {"enabled": True, "command": ["noxus", "relays"]},
        "scheduler": {"enabled": True, "command": ["celery", "beat"]},
        "migrations": {"enabled": True, "command": ["noxus", "migrate"]},
        "pools": {"flow": {}},
    },
    "workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": {}}}},
}


class Asked:
    """A deployed stack that can be asked who reaches what."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.deployed: Deployment = run_program(raw)
        objects = [manifest for _, manifest in self.deployed.objects]
        spaces = {m["metadata"]["name"]: m["metadata"]["labels"] for m in objects if m["kind"] == "Namespace"}
        others: dict[str, dict[str, str]] = {"otel": {}, "istio-system": {}}
        self._network = Network({**spaces, **others}, [m for m in objects if m["kind"] == "NetworkPolicy"])
        self._pods = list(pods(objects))

    def who(self, target: Address | Pod, port: int, protocol: str = "TCP") -> set[str]:
        """Everything of the stack that can open this connection; a Job without the mark of its run."""
        reaching = [pod for pod in self._pods if self._network.allows(pod, target, protocol, port)]
        return {f"{pod.namespace}/{pod.name.split('-migrations-')[0]}" for pod in reaching}

    @property
    def all(self) -> set[str]:
        """Everything of the stack."""
        return {f"{pod.namespace}/{pod.name.split('-migrations-')[0]}" for pod in self._pods}


@pytest.fixture(scope="module")
def asked() -> Asked:
    return Asked(STACK)


def at(ip: str) -> Address:
    return Address(ip, ip, ())


@pytest.mark.parametrize("place", PLACES)
def test_a_workloads_target_is_its_own(place: str) -> None:
    own, _, pool = place.partition(".")
    further = {pool: {"egress": {"mail": MAIL}}} if pool else {"egress": {"mail": MAIL}}
    raw = {**STACK, "primary": {**STACK["primary"], own: {**STACK["primary"].get(own, {}), **further}}}
    if own != "frontend":
        raw["primary"]["frontend"] = {}
    reached = Asked(raw)
    role = place.rpartition(".")[2]
    assert reached.who(at("10.50.1.25"), 587) == {"noxus/noxus" if role == "migrations" else f"noxus/noxus-{role}"}
    assert reached.who(at("10.50.1.25"), 25) == set()
    assert f"{POLICY} noxus/noxus-{role}-to-mail" in reached.deployed.inventory


def test_the_frontend_sends_mail_to_each_address_and_traces_by_udp_only(asked: Asked) -> None:
    assert asked.who(at("10.50.0.25"), 587) == asked.who(at("10.50.1.25"), 587) == {"noxus/noxus-frontend"}
    collector = Pod("otel", "collector", {"app": "collector"})
    assert asked.who(collector, 6831, "UDP") == {"noxus/noxus-frontend"}
    assert asked.who(collector, 6831) == set()


def test_what_the_stack_says_of_its_pods_holds_for_every_one_of_them(asked: Asked) -> None:
    mesh = Pod("istio-system", "istiod", {})
    assert asked.who(mesh, 15012) == asked.all
    assert {"noxus-data/postgres", "noxus-data/postgres-setup", "noxus/noxus", "noxus-acme/acme-flow"} < asked.all
    assert asked.who(mesh, 15010) == set()


def test_what_a_release_says_of_its_pods_holds_for_its_own(asked: Asked) -> None:
    own = {name for name in asked.all if name.startswith("noxus/")}
    for port in (443, 30000, 31000, 32767):
        assert asked.who(at("10.60.0.9"), port) == own | {"noxus-data/postgres"}
    for port in (29999, 32768, 444):
        assert asked.who(at("10.60.0.9"), port) == set()


def test_every_policy_is_one_that_verify_expects_and_there_once() -> None:
    found: dict[str, list[str]] = {}
    for resource in run_program(STACK).all(POLICY):
        metadata = resource.inputs["metadata"]
        found.setdefault(metadata["namespace"], []).append(metadata["name"])
    expected = expectations.policies(settings(STACK))
    assert {namespace: sorted(names) for namespace, names in found.items()} == {
        namespace: sorted(names) for namespace, names in expected.items()
    }


def test_migrations_wait_for_their_ways_out() -> None:
    raw = {**STACK, "primary": {**STACK["primary"]}}
    raw["primary"]["migrations"] = {**raw["primary"]["migrations"], "egress": {"mail": MAIL}}
    deployed = run_program(raw)
    (job,) = [r for r in deployed.all("kubernetes:batch/v1:Job") if "migrations" in r.name]
    assert deployed.one(POLICY, "noxus/noxus-migrations-to-mail").urn in deployed.awaited_by(job)


def test_the_set_up_of_a_database_outside_reaches_what_all_pods_do() -> None:
    raw = {**SMALLEST, **EXTERNAL_SERVICES, "pods": {"egress": {"mesh": MESH}}}
    deployed = run_program(raw, LOGINS)
    assert f"{POLICY} noxus-data/pods-to-mesh" in deployed.inventory
