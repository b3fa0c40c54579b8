"""The production stacks on the real engine and API server; each cloud is a stand-in that records what it is told."""

import base64
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e.accounts import Inputs, gcp
from tests.e2e.dev_stack import Change, touched
from tests.e2e.kubectl import Kubectl
from tests.e2e.production import CLOUDS, Cloud, ProdStack, write
from tests.e2e.store_operator import StoreOperator
from tests.programs import ROOT

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes in a preview for a value that it does not know yet."""

GOLDEN = ROOT / "tests" / "golden"

MODES = {
    "cloud": ("kubernetes", "is 'kubernetes', and"),
    "postgres.mode": ("cluster", "is 'cluster', and 'managed' is deployed"),
    "redis.mode": ("cluster", "is 'cluster', and 'managed' is deployed"),
    "storage.mode": ("cluster", "is 'cluster', and 'managed' is deployed"),
}
"""Settings of every stack that never change."""

CONDITIONAL = {"postgres.connections", "cluster.fingerprint"}
"""What is remembered and is no setting of the stack file."""


@pytest.fixture(params=CLOUDS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def stack(name: str, tmp_path: Path, environment: dict[str, str]) -> Iterator[ProdStack]:
    stack = ProdStack(tmp_path, environment, name)
    yield stack
    stack.ended()


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


def test_a_preview_without_credentials_shows_every_value_that_is_known_before_creation(
    name: str, stack: ProdStack
) -> None:
    reviewed = GOLDEN / f"unknown-{name}.txt"
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
        reviewed.write_text("\n".join(found) + "\n")
    assert found == reviewed.read_text().splitlines()


class Store(defaultdict[str, defaultdict[str, str]]):
    """A store in which every entry has every property: what the stack writes is asserted in its state."""

    def __init__(self) -> None:
        super().__init__(lambda: defaultdict(lambda: "from the store"))


def test_it_comes_up_whole_takes_a_further_release_refuses_to_move_and_ends_on_purpose(
    stack: ProdStack, control_plane: ControlPlane
) -> None:
    cloud, cluster = stack.cloud, Kubectl(control_plane.kubeconfig)
    with StoreOperator(control_plane.kubeconfig, Store()).running():
        assert (first := stack.up()).code == 0, first.text
        secret = json.loads(cluster("get", "secret", "acme-app-env", "--namespace", "noxus-acme", "-o", "json"))["data"]
        assert base64.b64decode(secret["POSTGRESQL_URL"]).decode() == "from the store"
        written = stack.entry("acme")
        assert re.search(f"@{cloud.postgres}:5432$", written["POSTGRESQL_URL"])
        assert written["acmeOpenaiApiKey"] != written["openaiApiKey"]
        for value in (written["REDIS_PASSWORD"], written["POSTGRESQL_URL"]):
            assert value not in stack.export() + first.text
        assert (again := stack.up("", "--expect-no-changes")).code == 0, again.text
        verified = stack.tool("verify")
        assert verified.returncode == 0, verified.stdout

        globex = {"namespace": "noxus-globex", "pools": {"chat": {"workerSubscribe": "chat"}}}
        stack.configure(lambda config: config["workers"].update(globex=globex))
        assert (more := stack.up()).code == 0, more.text
        assert set(touched(more).values()) == {"created"}
        assert all("globex" in name for name in touched(more)), touched(more)

        _is_refused(stack, cloud.elsewhere, lambda config: _elsewhere(config, cloud))
        _is_refused(stack, MODES, _in_the_cluster)
        assert set(_permanent(stack)) - CONDITIONAL == {*cloud.elsewhere, *MODES}
        assert stack.entry("acme") == written

        stack.configure()
        assert stack.guarded() == cloud.guarded
        refused = stack.run("destroy", "--preview-only")
        assert refused.code != 0
        assert "protected" in refused.text
        if cloud.refusal:
            assert stack.run("state", "unprotect", "--all", "--yes").code == 0
            refused = stack.destroy()
            assert refused.code != 0
            assert cloud.refusal in refused.text
        if isinstance(stack.account, gcp.Account):
            _a_bucket_that_holds_an_object_stays(stack, stack.account)
        stack.ended()
        assert stack.resources() == {}
        assert {line.partition(" ")[0] for line in stack.account.held()} == cloud.left

        def made_again(config: Inputs) -> None:
            write(config, {**cloud.again})

        stack.configure(made_again)
        assert (made := stack.up()).code == 0, made.text
        stack.ended(made_again)


def _a_bucket_that_holds_an_object_stays(stack: ProdStack, account: gcp.Account) -> None:
    """Lift all guards, and find that the cloud's last one is what the bucket holds."""
    stack.configure(lambda config: config.update(protect=False))
    assert (let_go := stack.up()).code == 0, let_go.text
    (bucket,) = [line.partition(" ")[2] for line in account.held() if line.startswith("Bucket ")]
    account.fill(bucket)
    refused = stack.destroy()
    assert refused.code != 0
    assert f"Error trying to delete bucket {bucket} containing objects" in refused.text
    account.fill(bucket, emptied=True)
    assert (gone := stack.destroy()).code == 0, gone.text


def _is_refused(stack: ProdStack, settings: Mapping[str, tuple[Any, str]], change: Change) -> None:
    stack.configure(change)
    for outcome in (stack.run("preview"), stack.up()):
        assert outcome.code != 0
        assert "Traceback" not in outcome.text
        for setting, (_, problem) in settings.items():
            assert re.search(rf"- {re.escape(setting)}: .*{re.escape(problem)}", outcome.text), outcome.text
        assert touched(outcome) == {}, outcome.text


def _permanent(stack: ProdStack) -> dict[str, str]:
    """What the stack remembers that it may never change."""
    text = stack.run("stack", "output", "permanent", "--json").text
    return json.loads(text)


def _elsewhere(config: Inputs, cloud: Cloud) -> None:
    write(config, {setting: value for setting, (value, _) in cloud.elsewhere.items()} | cloud.besides)


def _in_the_cluster(config: Inputs) -> None:
    """Another cloud, and so other services: those of the cluster itself."""
    del config[config["cloud"]]
    config.update(cloud="kubernetes", connections={}, env={}, secrets={"backend": "kubernetes"})
    for service in ("postgres", "redis", "storage"):
        config[service] = {"mode": "cluster"}
