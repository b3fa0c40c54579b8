"""Whether there is a cluster to deploy to, said before anything is created."""

import socket
from pathlib import Path

import pytest

from components.kubernetes_access import cluster_problems
from config.sections import ClusterSettings
from tests.conftest import kubeconfig


@pytest.fixture
def settings(tmp_path: Path) -> ClusterSettings:
    """A kubeconfig with the context `test`, whose API server is at a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    (tmp_path / "config").write_text(kubeconfig(address))
    return ClusterSettings.model_validate({"kubeconfig": str(tmp_path / "config")})


def problems(settings: ClusterSettings, *, connect: bool) -> list[str]:
    return [str(problem) for problem in cluster_problems(settings, connect=connect)]


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
    wrong = settings.model_copy(update={"context": "prod"})
    message = "cluster.context: no such context in the kubeconfig (got 'prod'); its contexts are test"
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


def test_behind_a_proxy_nothing_is_asked(tmp_path: Path) -> None:
    text = kubeconfig("127.0.0.1:1").replace("server:", "proxy-url: http://127.0.0.1:2\n    server:")
    (tmp_path / "config").write_text(text)
    assert "proxy-url" in text
    settings = ClusterSettings.model_validate({"kubeconfig": str(tmp_path / "config")})
    assert problems(settings, connect=True) == []


@pytest.mark.parametrize("text", ["not: [yaml", "just text", ""])
def test_a_file_that_is_no_kubeconfig_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    settings = ClusterSettings.model_validate({"kubeconfig": str(tmp_path / "config")})
    (problem,) = problems(settings, connect=True)
    assert problem.startswith("cluster.kubeconfig: no kubeconfig found")
