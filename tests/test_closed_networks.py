"""Networks without a way to the internet: what stays open, and the proxy as libraries understand it."""

import base64
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import aiohttp.helpers
import botocore.utils
import pytest
import requests
import yarl

from checks import findings
from tests.harness import Deployment
from tests.programs import (
    EXTERNAL_SERVICES,
    LOGINS,
    ROOT,
    SMALLEST,
    external_secrets_stack,
    on_cloud,
    refused,
    run_program,
    settings,
    stack_file,
)
from tests.reachability import Address, Network, Pod, pods, reaches

SECRET = "kubernetes:core/v1:Secret"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
URL = "http://proxy.example.com:3128"
PROXY: Mapping[str, Any] = {"url": URL, "cidrs": ["10.40.0.0/28", "10.41.0.0/28"]}
LOGIN = {"user": "noxus", "password": "proxyPassword"}
PASSWORD = "p@ss:w/rd %21$(HOME)"
WORKER = {"workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": {}}}}}
INTERNET = "93.184.216.34"


def closed(**network: Any) -> dict[str, Any]:
    """A stack with a worker release and data services outside, whose network is told this."""
    return {**SMALLEST, **WORKER, **EXTERNAL_SERVICES, "network": network}


def env(deployed: Deployment, release: str = "noxus-acme/acme") -> dict[str, str]:
    return deployed.one(SECRET, f"{release}-app-env").inputs["stringData"]


def test_the_internet_can_be_off_and_everything_else_stays() -> None:
    deployed = run_program(closed(internet=False), LOGINS)
    for pod in ("acme-flow", "noxus-backend"):
        assert not reaches(deployed, pod, INTERNET, 443)
        assert reaches(deployed, pod, "10.30.0.7", 6432)
    assert "to-internet" not in {r.inputs["metadata"]["name"] for r in deployed.all(POLICY)}
    assert not {*VARIABLES, "NO_PROXY"} & env(deployed).keys()


@pytest.mark.parametrize("network", [{}, {"internet": True}])
def test_it_is_open_as_long_as_nobody_says_otherwise(network: dict[str, Any]) -> None:
    assert reaches(run_program(closed(**network), LOGINS), "acme-flow", INTERNET, 443)


def test_a_proxy_is_reached_at_its_addresses_and_port_and_is_the_only_way_out() -> None:
    deployed = run_program(closed(proxy=PROXY), LOGINS)
    for pod in ("acme-flow", "noxus-backend"):
        assert reaches(deployed, pod, "10.40.0.3", 3128)
        assert reaches(deployed, pod, "10.41.0.3", 3128)
        assert not reaches(deployed, pod, "10.40.0.3", 443)
        assert not reaches(deployed, pod, INTERNET, 443)
    for pod in ("noxus-frontend", "postgres-setup"):
        assert not reaches(deployed, pod, "10.40.0.3", 3128)


def test_a_proxy_beside_the_internet_leaves_both_ways() -> None:
    deployed = run_program(closed(proxy=PROXY, internet=True), LOGINS)
    assert reaches(deployed, "acme-flow", "10.40.0.3", 3128)
    assert reaches(deployed, "acme-flow", INTERNET, 443)


def test_a_proxy_in_the_cluster_is_reached_by_the_labels_and_the_port_of_its_pods() -> None:
    where = {"url": "http://squid.proxy.svc:80", "podPort": 3128, "namespace": "proxy", "podLabels": {"app": "squid"}}
    deployed = run_program(closed(proxy=where), LOGINS)
    objects = [manifest for _, manifest in deployed.objects]
    made = {m["metadata"]["name"]: m["metadata"]["labels"] for m in objects if m["kind"] == "Namespace"}
    network = Network({**made, "proxy": {}}, [m for m in objects if m["kind"] == "NetworkPolicy"])
    (flow,) = [pod for pod in pods(objects) if pod.name == "acme-flow"]
    assert network.allows(flow, Pod("proxy", "squid", {"app": "squid"}), "TCP", 3128)
    assert not network.allows(flow, Pod("proxy", "squid", {"app": "squid"}), "TCP", 80)
    assert not network.allows(flow, Pod("proxy", "other", {}), "TCP", 3128)
    assert not network.allows(flow, Address("internet", INTERNET, ()), "TCP", 443)


def _aiohttp(url: str) -> bool:
    try:
        return bool(aiohttp.helpers.get_env_proxy_for_url(yarl.URL(url)))
    except LookupError:
        return False


CLIENTS: dict[str, Callable[[str], bool]] = {
    "urllib": lambda url: not urllib.request.proxy_bypass(urlsplit(url).netloc),
    "requests": lambda url: bool(requests.utils.get_environ_proxies(url)),
    "botocore": lambda url: bool(botocore.utils.get_environ_proxies(url)),
    "aiohttp": _aiohttp,
}
"""What libraries make of the variables, each by its own code: whether an address is asked for by the proxy."""

INSIDE = (
    "http://noxus-backend.noxus.svc:8080",
    "http://noxus-backend.noxus.svc.cluster.local:8080",
    "http://noxus-backend:8080",
    "http://noxus-relays.noxus:8080",
    "http://llm.models.svc:8000/v1",
    "http://localhost:8080",
    "http://127.0.0.1:8080",
    "http://169.254.169.254/latest/meta-data",
    "https://s3.example.com:9000/noxus",
    "https://noxus.s3.example.com:9000/x",
    "http://postgres.example.com:6432",
    "http://10.9.0.7:8443",
    "https://crm.example.org",
    "https://deep.below.example.org",
)
OUTSIDE = (
    "https://api.openai.com/v1",
    "http://example.com",
    "https://notexample.org",
    "https://example.com.svc.evil.test",
    "https://s3.example.net",
    "https://10.9.0.8",
)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The environment of a pod, as this process' own."""
    raw = closed(proxy={**PROXY, "noProxy": ["crm.example.org", ".below.example.org"]})
    raw["egress"] = {"crm": {"cidrs": ["10.9.0.7/32", "10.20.0.0/16"], "ports": [8443], "reason": "a CRM"}}
    variables = env(run_program(raw, LOGINS))
    for name in (*VARIABLES, "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, variables[name])
    for name in ("ALL_PROXY", "all_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    return variables


@pytest.mark.parametrize("client", CLIENTS)
def test_libraries_reach_what_is_inside_without_the_proxy_and_all_else_by_it(
    client: str, told: Mapping[str, str]
) -> None:
    proxied = CLIENTS[client]
    assert [url for url in INSIDE if proxied(url)] == []
    assert [url for url in OUTSIDE if not proxied(url)] == []
    assert told["NO_PROXY"] == told["no_proxy"]
    assert {told[name] for name in VARIABLES} == {URL}


def test_no_proxy_says_every_host_once_and_no_block(told: Mapping[str, str]) -> None:
    entries = told["NO_PROXY"].split(",")
    assert len(entries) == len(set(entries))
    assert "10.9.0.7" in entries
    assert not [entry for entry in entries if "/" in entry or not entry]


def test_a_bucket_on_the_internet_is_reached_by_the_proxy() -> None:
    storage = {"mode": "external", "url": "https://s3.example.com", "accessKeyId": "bucketKeyId"}
    raw = closed(proxy=PROXY) | {"storage": {**storage, "secretAccessKey": "bucketKey"}}
    assert "s3.example.com" not in env(run_program(raw, LOGINS))["NO_PROXY"].split(",")


@pytest.mark.parametrize(
    ("cloud", "hosts"),
    [
        ("prod", {"postgres", "redis"}),
        ("prod-gcp", {"postgres", "redis", "metadata.google.internal"}),
        ("prod-azure", {"postgres", "redis"}),
    ],
)
def test_a_clouds_data_services_are_reached_without_it_though_their_hosts_are_known_late(
    cloud: str, hosts: set[str]
) -> None:
    plain, secrets = stack_file(ROOT / f"Pulumi.{cloud}.yaml")
    deployed = run_program({**plain, "network": {"proxy": PROXY}}, secrets)
    written = deployed.all("kubernetes:external-secrets.io/v1:ExternalSecret")
    (app_env,) = [r for r in written if r.name == "noxus/noxus-app-env"]
    direct = app_env.inputs["spec"]["target"]["template"]["data"]["NO_PROXY"]
    assert app_env.inputs["spec"]["target"]["template"]["data"]["HTTPS_PROXY"] == URL
    for service in ("postgres", "redis"):
        host = deployed.outputs["dataServices"][service].rpartition(":")[0]
        assert host in direct.split(","), service
    assert hosts - {"postgres", "redis"} <= set(direct.split(","))


def test_the_agent_of_a_clouds_identity_is_reached_without_it() -> None:
    stack = on_cloud("prod")
    stack["aws"] |= {"identity": "podIdentity", "clusterName": "prod"}
    deployed = run_program({**closed(proxy=PROXY), **stack}, LOGINS)
    assert {"169.254.170.23", "fd00:ec2::23"} <= set(env(deployed)["NO_PROXY"].split(","))


class _Proxy(BaseHTTPRequestHandler):
    """Answers every request itself, and keeps who asked for what."""

    seen: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["Proxy-Authorization"]))
        self.send_response(200)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture
def proxy() -> Iterator[tuple[int, list[tuple[str, str | None]]]]:
    handler = type("Proxy", (_Proxy,), {"seen": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1], handler.seen
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


def _urllib(url: str) -> None:
    urllib.request.build_opener().open(url, timeout=10).close()


@pytest.mark.parametrize("get", [_urllib, lambda url: requests.get(url, timeout=10)], ids=["urllib", "requests"])
def test_a_proxy_gets_the_login_as_it_is_whatever_characters_it_has(
    get: Callable[[str], object], proxy: tuple[int, list[tuple[str, str | None]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, seen = proxy
    raw = closed(proxy={**PROXY, **LOGIN, "url": f"http://127.0.0.1:{port}"})
    variables = env(run_program(raw, {**LOGINS, "proxyPassword": PASSWORD}))
    for name in (*VARIABLES, "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, variables[name])
    get("http://models.example.com/v1")
    login = base64.b64encode(f"noxus:{PASSWORD}".encode()).decode()
    assert seen == [("http://models.example.com/v1", f"Basic {login}")]


def holders(deployed: Deployment, value: str) -> set[str]:
    """Names of the resources that hold some text, each of which must be secret to the engine there."""
    found = [(r, key) for r in deployed.resources for key in r.raw if value in str(r.inputs[key])]
    for resource, key in found:
        assert resource.secret(key), f"{resource.name}.{key} is plain text"
    return {resource.name for resource, _ in found}


def test_the_login_is_secret_from_end_to_end_and_in_the_secrets_only() -> None:
    deployed = run_program(closed(proxy={**PROXY, **LOGIN}), {**LOGINS, "proxyPassword": "Passw0rd"})
    assert holders(deployed, "Passw0rd") == {"noxus/noxus-app-env", "noxus-acme/acme-app-env"}
    assert "Passw0rd" not in str(deployed.outputs)


def test_external_secrets_never_sees_the_login() -> None:
    deployed = run_program(external_secrets_stack(network={"proxy": {**PROXY, **LOGIN}}), {"proxyPassword": "Passw0rd"})
    assert holders(deployed, "Passw0rd") == {"noxus/noxus-credentials", "noxus-acme/acme-credentials"}
    written = deployed.all("kubernetes:external-secrets.io/v1:ExternalSecret")
    (own,) = [r for r in written if r.name == "noxus-acme/acme-app-env"]
    data = own.inputs["spec"]["target"]["template"]["data"]
    assert "NO_PROXY" in data
    assert not set(VARIABLES) & data.keys()


def test_a_store_that_the_stack_writes_holds_the_login_instead() -> None:
    plain, secrets = stack_file(ROOT / "Pulumi.prod.yaml")
    raw = {**plain, "network": {"proxy": {**PROXY, **LOGIN}}}
    deployed = run_program(raw, {**secrets, "proxyPassword": "Passw0rd"})
    releases = [plain["primary"].get("name", "noxus"), *plain.get("workers", {})]
    assert holders(deployed, "Passw0rd") == {f"{release}-entry" for release in releases}


def test_another_password_rolls_the_pods_and_another_host_does_too() -> None:
    def checksum(proxy: Mapping[str, Any], password: str) -> str:
        deployed = run_program(closed(proxy=proxy), {**LOGINS, "proxyPassword": password})
        deployment = deployed.one("kubernetes:apps/v1:Deployment", "noxus-acme/acme-flow")
        return deployment.inputs["spec"]["template"]["metadata"]["annotations"]["noxus.ai/env-checksum"]

    first = checksum({**PROXY, **LOGIN}, "one")
    assert first != checksum({**PROXY, **LOGIN}, "two")
    assert first != checksum({**PROXY, **LOGIN, "noProxy": ["crm.example.org"]}, "one")
    assert first == checksum({**PROXY, **LOGIN}, "one")


WRONG: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"url": "http://noxus:hunter2@proxy.example.com:3128"}, "url", "must be scheme, host and port, such as"),
    ({"url": "http://proxy.example.com"}, "url", "must be scheme, host and port, such as"),
    ({"url": "socks5://proxy.example.com:1080"}, "url", "must be scheme, host and port, such as"),
    ({"user": "noxus"}, "", "takes user and password together, or neither"),
    ({"cidrs": []}, "", "needs cidrs, all addresses that its name can stand for, such as cidrs: [10.30.0.0/24]"),
    ({"namespace": "proxy"}, "", "takes either cidrs or namespace"),
    ({"noProxy": ["*.example.com"]}, "noProxy.0", "must be a host, an address, or a suffix such as .example.com"),
    ({"noProxy": ["a.example.com,b.example.com"]}, "noProxy.0", "must be a host, an address, or a suffix"),
)


@pytest.mark.parametrize(("change", "setting", "rule"), WRONG)
def test_a_wrong_proxy_is_refused_and_no_login_is_shown(change: dict[str, Any], setting: str, rule: str) -> None:
    problems = refused({**SMALLEST, "network": {"proxy": {**PROXY, **change}}})
    (path,) = problems
    assert path == ".".join(filter(None, ("network.proxy", setting)))
    assert problems[path].startswith(rule)
    assert "hunter2" not in problems[path]


def test_a_password_that_is_not_set_is_asked_for() -> None:
    assert refused({**SMALLEST, "network": {"proxy": {**PROXY, **LOGIN}}}) == {
        "network.proxy.password": "names the secret key 'proxyPassword', which is not set; run `pulumi config set "
        "--secret noxus:proxyPassword`"
    }


@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "NO_PROXY"])
def test_a_variable_of_the_proxy_has_one_source(name: str) -> None:
    raw = {**SMALLEST, "network": {"proxy": PROXY}, "env": {name: "x"}}
    rule = "is set by network.proxy, the same for all releases; set that instead"
    assert refused(raw) == {f"env.{name}": rule}
    assert refused({**SMALLEST, "env": {name: "x"}}) == {}


def test_an_egress_with_the_name_of_the_proxys_policy_is_refused_where_there_is_a_proxy() -> None:
    egress = {"proxy": {"cidr": "10.0.0.0/8", "ports": [443], "reason": "x"}}
    assert refused({**SMALLEST, "egress": egress}) == {}
    assert refused({**SMALLEST, "egress": egress, "network": {"proxy": PROXY}}) == {
        "egress.proxy": "is the name of a policy for the HTTP proxy is the way out; choose another"
    }


def test_a_bucket_on_the_internet_that_nobody_can_reach_is_refused() -> None:
    storage = {"mode": "external", "url": "https://s3.example.com", "accessKeyId": "bucketKeyId"}
    raw = {**SMALLEST, "storage": {**storage, "secretAccessKey": "bucketKey"}, "network": {"internet": False}}
    keys = ("bucketKeyId", "bucketKey")
    assert refused(raw, *keys) == {
        "storage": "is on the internet, which network.internet: false closes; write network.proxy, its private "
        "addresses, or an egress to its public ones"
    }
    gateway = {"s3": {"cidr": "52.218.0.0/17", "ports": [443], "reason": "a gateway endpoint"}}
    for way in (
        {"network": {"proxy": PROXY}},
        {"egress": gateway},
        {"storage": {**raw["storage"], "cidrs": ["10.30.2.0/28"]}},
    ):
        assert refused({**raw, **way}, *keys) == {}


def test_what_wins_over_the_proxys_variables_is_told() -> None:
    raw = {**closed(proxy=PROXY)}
    raw["workers"] = {"acme": {"namespace": "noxus-acme", "pools": {"flow": {"env": {"NO_PROXY": "x"}}}}}
    notes = [found.message for found in findings(settings(raw, *LOGINS)) if found.severity == "note"]
    assert "NO_PROXY comes from the pool's env, over the platform" in notes
