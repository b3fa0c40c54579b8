"""Whether there is a cluster to deploy to, said before anything is created."""

import base64
import socket
import types
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import cast

import pytest

import config.kubeconfig
from components.kubernetes import access as kubernetes_access
from components.kubernetes.access import ClusterAccess
from config import ConfigError, parse
from config.sections import ClusterSettings
from tests.conftest import kubeconfig
from tests.programs import SMALLEST, run_program


@pytest.fixture
def settings(tmp_path: Path) -> ClusterSettings:
    """A kubeconfig with the context `test`, whose API server is at a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    (tmp_path / "config").write_text(kubeconfig(address))
    return ClusterSettings.model_validate({"kubeconfig": str(tmp_path / "config")})


def problems(settings: ClusterSettings, *, connect: bool) -> list[str]:
    return [str(problem) for problem in ClusterAccess(settings).problems(connect=connect)]


def test_a_preview_needs_no_cluster_to_answer(settings: ClusterSettings) -> None:
    assert problems(settings, connect=False) == []


def test_an_update_against_a_dead_address_names_it_and_the_setting(settings: ClusterSettings) -> None:
    (problem,) = problems(settings, connect=True)
    assert problem.startswith("cluster: cannot reach the Kubernetes API server https://127.0.0.1:")
    assert problem.endswith(
        "Connection refused; start the cluster, or name another in cluster.context or cluster.kubeconfig"
    )


def test_a_listening_api_server_is_all_that_an_update_asks_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        (tmp_path / "config").write_text(kubeconfig(f"127.0.0.1:{server.getsockname()[1]}"))
        settings = ClusterSettings.model_validate({"kubeconfig": str(tmp_path / "config")})
        assert problems(settings, connect=True) == []


def test_a_context_that_does_not_exist_is_refused_with_those_that_do(settings: ClusterSettings) -> None:
    wrong = settings.model_copy(update={"context": "production"})
    message = "cluster.context: no such context in the kubeconfig (got 'production'); its contexts are prod, test"
    assert problems(wrong, connect=False) == problems(wrong, connect=True) == [message]


def test_without_a_kubeconfig_a_preview_passes_and_an_update_says_where_it_looked(tmp_path: Path) -> None:
    nowhere = ClusterSettings.model_validate({"kubeconfig": str(tmp_path / "nowhere")})
    assert problems(nowhere, connect=False) == []
    assert problems(nowhere, connect=True) == [
        f"cluster.kubeconfig: no kubeconfig found (looked at {tmp_path}/nowhere); write its path here or set KUBECONFIG"
    ]


def test_several_files_in_kubeconfig_are_read_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "first").write_text("current-context: test\n")
    (tmp_path / "second").write_text(kubeconfig("127.0.0.1:1"))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/first:{tmp_path}/second")
    assert problems(ClusterSettings.model_validate({}), connect=False) == []


class _Proxy(BaseHTTPRequestHandler):
    """Lets pass what its server's `answer` says."""

    def do_CONNECT(self) -> None:
        server = cast("_ProxyServer", self.server)
        server.asked.append((self.path, self.headers["Proxy-Authorization"]))
        self.send_response(server.answer)
        self.end_headers()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        del code, size


class _ProxyServer(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Proxy)
        self.answer = 200
        self.asked: list[tuple[str, str | None]] = []


@pytest.fixture
def proxy() -> Iterator[_ProxyServer]:
    with _ProxyServer() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClusterSettings:
    """A kubeconfig whose API server has an address for documentation, which only a proxy could know."""
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text(kubeconfig("192.0.2.1:6443"))
    return ClusterSettings.model_validate({"kubeconfig": str(tmp_path / "config")})


def test_our_network_lets_out_through_a_proxy_only(
    far: ClusterSettings, proxy: _ProxyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:pass%21@127.0.0.1:{proxy.server_port}")
    assert problems(far, connect=True) == []
    assert proxy.asked == [("192.0.2.1:6443", f"Basic {base64.b64encode(b'me:pass!').decode()}")]
    proxy.answer = 502
    (problem,) = problems(far, connect=True)
    assert f" through the proxy 127.0.0.1:{proxy.server_port}: Tunnel connection failed: 502" in problem
    assert "pass" not in problem, "the proxy's login is nobody's business"


def test_the_kubeconfigs_own_proxy_comes_before_the_environments(
    far: ClusterSettings, proxy: _ProxyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    own = f"proxy-url: http://127.0.0.1:{proxy.server_port}\n    server:"
    (tmp_path / "config").write_text(kubeconfig("192.0.2.1:6443").replace("server:", own))
    assert problems(far, connect=True) == []
    assert len(proxy.asked) == 1


@pytest.mark.parametrize("listed", ["127.0.0.0/8", "*", ""])
def test_no_proxy_is_asked_for_what_is_near(listed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", listed)
    with socket.create_server(("127.0.0.1", 0)) as server:
        (tmp_path / "config").write_text(kubeconfig(f"127.0.0.1:{server.getsockname()[1]}"))
        settings = ClusterSettings.model_validate({"kubeconfig": str(tmp_path / "config")})
        assert problems(settings, connect=True) == []


def test_addresses_in_no_proxy_are_reached_without_it(far: ClusterSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None]] = []
    monkeypatch.setattr(kubernetes_access, "_connect", lambda *way: asked.append(way))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert problems(far, connect=True) == []
    monkeypatch.setenv("NO_PROXY", "192.0.2.0/24")
    assert problems(far, connect=True) == []
    assert [proxy for _, proxy in asked] == ["http://127.0.0.1:1", None]


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClusterSettings]:
    """What a pod has: no kubeconfig, the API server's address in variables, and files of its service account."""
    account = tmp_path / "serviceaccount"
    account.mkdir()
    (account / "token").write_text("token")
    (account / "ca.crt").write_text("authority\n")
    monkeypatch.setattr(config.kubeconfig, "SERVICE_ACCOUNT", account)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.getsockname()[1]))
        yield ClusterSettings.model_validate({"inCluster": True})


def test_a_runner_in_the_cluster_deploys_with_its_service_account(
    pod: ClusterSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert problems(pod, connect=True) == []
    assert problems(ClusterSettings(), connect=True) == [], "as before, where the stack names no cluster"
    text = kubeconfig("192.0.2.1:6443").replace("server:", "certificate-authority: ca.crt\n    server:")
    (tmp_path / "serviceaccount" / "config").write_text(text)
    elsewhere = ClusterSettings.model_validate({"kubeconfig": str(tmp_path / "serviceaccount" / "config")})
    assert ClusterAccess(elsewhere).fingerprint == ClusterAccess(pod).fingerprint, "a laptop sees the same cluster"
    (tmp_path / "serviceaccount" / "token").unlink()
    assert problems(pod, connect=False) == []
    assert problems(pod, connect=True) == [
        "cluster.inCluster: is true, and this is no pod with the token of a service account"
    ]
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "serviceaccount" / "config"))
    (problem,) = problems(pod, connect=False)
    assert problem.startswith("cluster.inCluster: is true, and the provider would use the kubeconfig /")


def test_another_cluster_behind_the_same_context_is_another_fingerprint(tmp_path: Path) -> None:
    def fingerprint(server: str, authority: str = "") -> str | None:
        data = base64.b64encode(authority.encode()).decode()
        text = kubeconfig(server).replace("server:", f"certificate-authority-data: {data!r}\n    server:")
        (tmp_path / "config").write_text(text)
        return ClusterAccess(ClusterSettings.model_validate({"kubeconfig": str(tmp_path / "config")})).fingerprint

    assert fingerprint("one") != fingerprint("two")
    assert fingerprint("one", "a") == fingerprint("two", "a\n"), "a private and a public address of one cluster"
    assert fingerprint("one", "a") != fingerprint("one", "b"), "two tunnels on one port"
    assert fingerprint("one/c1", "a") != fingerprint("one/c2", "a"), "one proxy before two clusters"


def test_a_stack_file_that_pins_its_cluster_goes_to_no_other(settings: ClusterSettings) -> None:
    fingerprint = ClusterAccess(settings).fingerprint
    assert problems(settings.model_copy(update={"fingerprint": fingerprint}), connect=False) == []
    (problem,) = problems(settings.model_copy(update={"fingerprint": f"sha256:{'0' * 32}"}), connect=False)
    assert problem.startswith(f"cluster.fingerprint: is sha256:{'0' * 32}, and the cluster at https://127.0.0.1:")
    assert problem.endswith(f" has {fingerprint}; name the right context, or write the latter (docs/clusters.md)")


def test_our_state_is_the_same_from_every_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = types.SimpleNamespace(pw_dir=str(tmp_path))
    monkeypatch.setattr(config.kubeconfig.pwd, "getpwuid", lambda _: account)
    monkeypatch.setenv("HOME", "/nowhere")  # the provider asks the account's home folder, as Go does
    (tmp_path / "cluster.yaml").write_text(kubeconfig("192.0.2.1:6443"))
    raw = {**SMALLEST, "protect": False, "cluster": {"kubeconfig": "~/cluster.yaml", "context": "prod"}}
    provider = run_program(raw, preview=True).one("pulumi:providers:kubernetes")
    assert (provider.inputs["kubeconfig"], provider.inputs["context"]) == ("~/cluster.yaml", "prod")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "cluster.yaml"))
    ambient = run_program({**raw, "cluster": {"context": "prod"}}, preview=True).one("pulumi:providers:kubernetes")
    assert ambient.inputs["kubeconfig"] == "", "the SDK's default would be $KUBECONFIG, in the state"


@pytest.mark.parametrize(
    "contents",
    [
        "apiVersion: v1\nusers: [{ name: me, user: { token: s3cret } }]\n",
        '{"users":[{"user":{"token":"s3cret"}}]}',
        {"users": [{"user": {"token": "s3cret"}}]},
        base64.b64encode(b"s3cret" * 300).decode(),
    ],
)
def test_a_kubeconfig_pasted_into_the_stack_file_is_refused_and_not_printed(contents: object) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse("Pulumi.prod.yaml", {**SMALLEST, "cluster": {"context": "prod", "kubeconfig": contents}})
    assert "cluster.kubeconfig: must be the path of a file, and this looks like its contents" in str(refusal.value)
    assert "set KUBECONFIG to the path" in str(refusal.value)
    assert "s3cret" not in str(refusal.value)
    assert base64.b64encode(b"s3cret" * 3).decode() not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "contexts: [s3cret]",
        "contexts: 5",
        "clusters: [{ cluster: {} }]",
        kubeconfig("192.0.2.1").replace("server:", "certificate-authority-data: s3cret\n    server:"),
    ],
)
def test_a_broken_kubeconfig_is_one_message_without_what_is_in_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    settings = ClusterSettings.model_validate({"kubeconfig": str(tmp_path / "config")})
    (problem,) = problems(settings, connect=False)
    assert problem == (
        f"cluster.kubeconfig: {tmp_path}/config is no kubeconfig that kubectl could read; "
        "`kubectl config view` says why"
    )


def test_a_pod_has_one_way_to_its_cluster() -> None:
    with pytest.raises(ConfigError, match="cluster: has inCluster: true, and context or kubeconfig too"):
        parse("Pulumi.prod.yaml", {**SMALLEST, "cluster": {"context": "prod", "inCluster": True}})


@pytest.mark.parametrize("text", ["not: [yaml", "just text", ""])
def test_a_file_that_is_no_kubeconfig_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    settings = ClusterSettings.model_validate({"kubeconfig": str(tmp_path / "config")})
    (problem,) = problems(settings, connect=True)
    assert problem.startswith("cluster.kubeconfig: no kubeconfig found")
