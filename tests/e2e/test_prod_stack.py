"""The production stack on the real engine and API server; AWS is a stand-in that records what it is told."""

import base64
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e.dev_stack import DevStack, touched
from tests.e2e.kubectl import Kubectl
from tests.e2e.store_operator import StoreOperator
from tests.programs import ROOT

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes in a preview for a value that it does not know yet."""

REVIEWED = ROOT / "tests" / "golden" / "unknown-prod.txt"


@pytest.fixture
def stack(tmp_path: Path, environment: dict[str, str]) -> Iterator[DevStack]:
    environment = {key: value for key, value in environment.items() if not key.startswith("AWS_")}
    stack = DevStack(tmp_path, environment, "prod")
    yield stack
    stack.configure(lambda config: config.update(protect=False))
    if stack.resources():
        assert stack.up().code == 0
        stack.destroy()


def unknown(value: Any, path: str = "") -> Iterator[str]:
    """Paths of what a preview does not know."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from unknown(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from unknown(item, f"{path}[]")
    elif isinstance(value, str) and UNKNOWN in value:
        yield path


def test_a_preview_without_credentials_shows_every_value_that_is_known_before_creation(stack: DevStack) -> None:
    outcome = stack.run("preview", "--json")
    assert outcome.code == 0, outcome.text
    steps = json.loads("{" + outcome.text.partition("{")[2])["steps"]
    found = sorted(
        {
            f"{step['urn'].split('::')[2].rpartition('$')[2]} {step['urn'].rpartition('::')[2]} {path.lstrip('.')}"
            for step in steps
            for path in unknown(step["newState"].get("inputs", {}))
        }
    )
    if os.environ.get("UPDATE_GOLDEN"):
        REVIEWED.write_text("\n".join(found) + "\n")
    assert found == REVIEWED.read_text().splitlines()


class Store(defaultdict[str, defaultdict[str, str]]):
    """A store in which every entry has every property: what the stack writes is asserted in its state."""

    def __init__(self) -> None:
        super().__init__(lambda: defaultdict(lambda: "from the store"))


def entry(stack: DevStack, release: str) -> dict[str, str]:
    """A release's entry as the stack has written it."""
    text = stack.run("stack", "export", "--show-secrets").text
    resources = json.loads("{" + text.partition("{")[2])["deployment"]["resources"]
    (version,) = [r for r in resources if r["urn"].endswith(f":SecretVersion::{release}-entry")]
    return json.loads(json.loads(version["inputs"]["secretString"]["plaintext"]))


def test_it_comes_up_whole_and_takes_a_further_release_without_touching_the_rest(
    stack: DevStack, control_plane: ControlPlane
) -> None:
    cluster = Kubectl(control_plane.kubeconfig)
    with StoreOperator(control_plane.kubeconfig, Store()).running():
        assert (first := stack.up()).code == 0, first.text
        secret = json.loads(cluster("get", "secret", "acme-app-env", "--namespace", "noxus-acme", "-o", "json"))["data"]
        assert base64.b64decode(secret["POSTGRESQL_URL"]).decode() == "from the store"
        written = entry(stack, "acme")
        assert written["POSTGRESQL_URL"].endswith("@noxus-prod-postgres.eu-west-1.rds.example.com:5432")
        assert written["acmeOpenaiApiKey"] != written["openaiApiKey"]
        assert stack.up("", "--expect-no-changes").code == 0
        verified = stack.tool("verify")
        assert verified.returncode == 0, verified.stdout

        globex = {"namespace": "noxus-globex", "pools": {"chat": {"workerSubscribe": "chat"}}}
        stack.configure(lambda config: config["workers"].update(globex=globex))
        assert (more := stack.up()).code == 0, more.text
        assert set(touched(more).values()) == {"created"}
        assert all("globex" in name for name in touched(more)), touched(more)

        stack.configure(_replacements)
        for outcome in (stack.run("preview"), stack.up()):
            assert outcome.code != 0
            assert "Traceback" not in outcome.text
            for problem in (
                "aws.name: is 'another', and 'noxus-prod' is deployed; everything in the account is named after it",
                "postgres.version: is 15, and 16 is deployed; Postgres has no way back",
                "storage.bucket: is 'another-bucket', and 'example-noxus-prod' is deployed",
            ):
                assert problem in outcome.text
            assert touched(outcome) == {}, outcome.text
        assert entry(stack, "acme") == written


def _replacements(config: dict[str, Any]) -> None:
    config["aws"]["name"] = "another"
    config["postgres"]["version"] = "15"
    config["storage"]["bucket"] = "another-bucket"
