"""What every test may rely on: a kubeconfig whose API server listens, so that the program finds a cluster to reach."""

from collections.abc import Iterator
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer
from threading import Thread

import pytest
import yaml


def kubeconfig(address: str) -> str:
    """A kubeconfig with the contexts `test` and `prod` of one API server, at this address."""
    return yaml.safe_dump(
        {
            "current-context": "test",
            "contexts": [{"name": name, "context": {"cluster": "test", "user": "test"}} for name in ("test", "prod")],
            "clusters": [{"name": "test", "cluster": {"server": f"https://{address}"}}],
            "users": [{"name": "test", "user": {}}],
        }
    )


@pytest.fixture(autouse=True, scope="session")
def _a_cluster_listens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # Each connection is taken and closed: of those that wait, a socket holds a hundred or so.
    server = TCPServer(("127.0.0.1", 0), BaseRequestHandler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with server, pytest.MonkeyPatch.context() as patch:
        path: Path = tmp_path_factory.mktemp("kube") / "config"
        path.write_text(kubeconfig(f"127.0.0.1:{server.server_address[1]}"))
        patch.setenv("KUBECONFIG", str(path))
        yield
        server.shutdown()
    thread.join(timeout=10)
