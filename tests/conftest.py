"""What every test may rely on: a kubeconfig whose API server listens, so that the program finds a cluster to reach."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml


def kubeconfig(address: str) -> str:
    """A kubeconfig with the one context `test` and an API server at this address."""
    return yaml.safe_dump(
        {
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "clusters": [{"name": "test", "cluster": {"server": f"https://{address}"}}],
            "users": [{"name": "test", "user": {}}],
        }
    )


@pytest.fixture(autouse=True, scope="session")
def _a_cluster_listens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        path: Path = tmp_path_factory.mktemp("kube") / "config"
        path.write_text(kubeconfig(f"127.0.0.1:{server.getsockname()[1]}"))
        patch.setenv("KUBECONFIG", str(path))
        yield
