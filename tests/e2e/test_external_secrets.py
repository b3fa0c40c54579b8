"""Values in a store outside: on the real engine they reach every pod that uses them, and restart no other."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e.dev_stack import Change, DevStack, touched
from tests.e2e.kubectl import Kubectl, eventually
from tests.e2e.store_operator import StoreOperator
from tests.programs import VAULT


@pytest.fixture
def stack(tmp_path: Path, environment: dict[str, str]) -> Iterator[DevStack]:
    stack = DevStack(tmp_path, environment)
    yield stack
    stack.destroy()


def in_the_store(**revisions: str) -> Change:
    def change(config: dict[str, Any]) -> None:
        config["protect"] = False
        config["secrets"] = {"backend": "externalSecrets", "store": VAULT, "revisions": revisions}
        config["cluster"] = {**config.get("cluster", {}), "scraping": "podMonitors"}
        config["images"]["registries"] = {
            "internal": {"server": "r.example.com", "username": "robot", "password": "registryPassword"}
        }
        config["workers"]["acme"]["secrets"] = {"acme-llm-keys": {"OPENAI_API_KEY": "acmeKey"}}
        config["workers"]["acme"]["pools"]["kb"] = {"workerSubscribe": "kb"}

    return change


def test_a_changed_value_reaches_every_pod_that_uses_it_and_restarts_no_other(
    stack: DevStack, control_plane: ControlPlane
) -> None:
    cluster = Kubectl(control_plane.kubeconfig)
    entries: dict[str, dict[str, str]] = {"noxus-noxus": {"openaiApiKey": "one", "registryPassword": "x"}}
    entries["noxus-acme"] = {**entries["noxus-noxus"], "acmeKey": "one"}

    def values(secret: str, namespace: str) -> dict[str, str]:
        found = json.loads(cluster("get", "secret", secret, "--namespace", namespace, "-o", "json"))["data"]
        return {name: base64.b64decode(text).decode() for name, text in found.items()}

    def rotate(**revisions: str) -> set[str]:
        stack.configure(in_the_store(**revisions))
        outcome = stack.up()
        assert outcome.code == 0, outcome.text
        assert set(touched(outcome).values()) == {"updated"}
        return set(touched(outcome))

    def starts_again(namespace: str, deployment: str) -> int:
        """How many revisions of a Deployment have pods that would start: each key that they wait for is there."""
        own = f"app.kubernetes.io/name={deployment.partition('-')[2]}"
        found = json.loads(cluster("get", "replicasets", "--namespace", namespace, "-o", "json", "-l", own))["items"]
        awaited = [
            [item["valueFrom"]["secretKeyRef"] for item in containers[0]["env"] if item["name"].endswith("_WRITTEN")]
            for revision in found
            for containers in [revision["spec"]["template"]["spec"]["containers"]]
        ]
        return sum(all(key["key"] in values(key["name"], namespace) for key in keys) for keys in awaited)

    def written(namespace: str, deployment: str) -> bool:
        """Whether each key that the pods wait for is in its Secret."""
        pod = json.loads(cluster("get", "deployment", deployment, "--namespace", namespace, "-o", "json"))
        env = pod["spec"]["template"]["spec"]["containers"][0]["env"]
        awaited = [item["valueFrom"]["secretKeyRef"] for item in env if item["name"].endswith("_WRITTEN")]
        assert awaited
        return all(key["key"] in values(key["name"], namespace) for key in awaited)

    stack.configure(in_the_store())
    operator = StoreOperator(control_plane.kubeconfig, entries)
    with operator.running():
        assert (first := stack.up()).code == 0, first.text
        assert values("acme-app-env", "noxus-acme")["OPENAI_API_KEY"] == "one"
        assert "plaintext" not in first.text
        assert stack.up("", "--expect-no-changes").code == 0
        verified = stack.tool("verify")
        assert verified.returncode == 0, verified.stdout
        assert "ExternalSecret acme-llm-keys" in stack.tool("verify", "--json").stdout

        entries["noxus-acme"]["acmeKey"] = "two"
        assert rotate(acmeKey="2") == {"ExternalSecret noxus-acme/acme-llm-keys", "Deployment noxus-acme/acme-flow"}
        eventually(lambda: written("noxus-acme", "acme-flow"))
        assert values("acme-llm-keys", "noxus-acme")["OPENAI_API_KEY"] == "two"

        for entry in entries.values():
            entry["openaiApiKey"] = "two"
        changed = rotate(acmeKey="2", openaiApiKey="2")
        deployments = {name for name in changed if name.startswith("Deployment")}
        assert changed - deployments == {
            "ExternalSecret noxus-acme/acme-app-env",
            "ExternalSecret noxus/noxus-app-env",
        }
        everything = {
            f"Deployment {namespace}/{name}" if name != "noxus-scheduler" else "Deployment scheduler"
            for namespace in ("noxus", "noxus-acme")
            for name in cluster.names_in("deployment", namespace)
        }
        assert deployments == everything
        eventually(lambda: written("noxus", "noxus-backend"))
        assert values("noxus-app-env", "noxus")["OPENAI_API_KEY"] == "two"
        # Pods of the revision before start again, by themselves during a rollout and by an undo after it.
        assert starts_again("noxus", "noxus-backend") == 2
        cluster("rollout", "undo", "deployment/noxus-backend", "--namespace", "noxus")
        assert written("noxus", "noxus-backend")
        assert stack.up().code == 0
