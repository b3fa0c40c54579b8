"""The production stacks on the real engine and API server; each cloud is a stand-in that records what it is told."""

import base64
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e.dev_stack import DevStack, touched
from tests.e2e.kubectl import Kubectl
from tests.e2e.store_operator import StoreOperator
from tests.programs import ROOT

Inputs = dict[str, Any]

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes in a preview for a value that it does not know yet."""

GOLDEN = ROOT / "tests" / "golden"

CREDENTIALS = ("AWS_", "ARM_", "AZURE_", "CLOUDSDK_", "GOOGLE_")
"""Variables by which SDKs and command lines of clouds find a login."""


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """What differs between the lives of the production stacks."""

    holder: str
    """Type of what holds a release's entry."""
    text: Callable[[Inputs], str]
    """Its text, of the holder's inputs."""
    postgres: str
    """Pattern of the address of Postgres."""
    elsewhere: Mapping[str, tuple[Any, str]]
    """Settings that never change: another value, and what is said of it."""


CLOUDS: Mapping[str, Cloud] = {
    "prod": Cloud(
        holder="SecretVersion",
        text=lambda inputs: inputs["secretString"],
        postgres=r"noxus-prod-postgres\.eu-west-1\.rds\.example\.com",
        elsewhere={
            "aws.name": ("another", "is 'another', and 'noxus-prod' is deployed; everything in the account is named"),
            "postgres.version": ("15", "is 15, and 16 is deployed; Postgres has no way back"),
            "storage.bucket": ("another-bucket", "is 'another-bucket', and 'example-noxus-prod' is deployed"),
        },
    ),
    "prod-gcp": Cloud(
        holder="SecretVersion",
        text=lambda inputs: inputs["secretData"],
        postgres=r"10\.30\.0\.[0-9]+",
        elsewhere={
            "gcp.name": ("another", "is 'another', and 'noxus-prod' is deployed; everything in the project is named"),
            "gcp.region": ("europe-west4", "is 'europe-west4', and 'europe-west1' is deployed; data does not move"),
            "postgres.tier": ("db-c4a-highmem-4", "whose disk is HYPERDISK_BALANCED, and PD_SSD is deployed"),
            "postgres.version": ("15", "is 15, and 16 is deployed; Postgres has no way back"),
            "redis.standby": (False, "is 'false', and 'true' is deployed; the other tier is another, empty instance"),
            "redis.version": ("7.0", "is '7.0', and '7.2' is deployed; a lower one is another, empty instance"),
            "storage.bucket": ("another-bucket", "is 'another-bucket', and 'example-noxus-prod' is deployed"),
            "storage.location": ("EU", "is 'EU', and 'EUROPE-WEST1' is deployed; a bucket does not move"),
        },
    ),
    "prod-azure": Cloud(
        holder="Secret",
        text=lambda inputs: inputs["properties"]["value"],
        postgres=r"example-noxus-prod-postgres\.postgres\.database\.azure\.com",
        elsewhere={
            "azure.name": ("another", "and 'example-noxus-prod' is deployed; everything in the group is named"),
            "azure.location": ("northeurope", "is 'northeurope', and 'westeurope' is deployed; data does not move"),
            "azure.vaultName": ("another-vault", "it holds the key that everything is encrypted with"),
            "postgres.version": ("15", "is 15, and 16 is deployed; Postgres has no way back"),
            "storage.container": ("another", "is 'another', and"),
        },
    ),
}


@pytest.fixture(params=CLOUDS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def stack(name: str, tmp_path: Path, environment: dict[str, str]) -> Iterator[DevStack]:
    environment = {key: value for key, value in environment.items() if not key.startswith(CREDENTIALS)}
    stack = DevStack(tmp_path, environment, name)
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


def test_a_preview_without_credentials_shows_every_value_that_is_known_before_creation(
    name: str, stack: DevStack
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


def entry(stack: DevStack, cloud: Cloud, release: str) -> dict[str, str]:
    """A release's entry as the stack has written it."""
    text = stack.run("stack", "export", "--show-secrets").text
    resources = json.loads("{" + text.partition("{")[2])["deployment"]["resources"]
    (holder,) = [r for r in resources if r["urn"].endswith(f":{cloud.holder}::{release}-entry")]
    return json.loads(cloud.text(_plain(holder["inputs"])))


def _plain(value: Any) -> Any:
    """What the state holds, with the secrets in it in plain text."""
    if isinstance(value, dict):
        if "plaintext" in value:
            return _plain(json.loads(value["plaintext"]))
        return {key: _plain(item) for key, item in value.items()}
    return value


def test_it_comes_up_whole_takes_a_further_release_refuses_to_move_and_ends_on_purpose(
    name: str, stack: DevStack, control_plane: ControlPlane
) -> None:
    cloud, cluster = CLOUDS[name], Kubectl(control_plane.kubeconfig)
    with StoreOperator(control_plane.kubeconfig, Store()).running():
        assert (first := stack.up()).code == 0, first.text
        secret = json.loads(cluster("get", "secret", "acme-app-env", "--namespace", "noxus-acme", "-o", "json"))["data"]
        assert base64.b64decode(secret["POSTGRESQL_URL"]).decode() == "from the store"
        written = entry(stack, cloud, "acme")
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

        stack.configure(lambda config: _elsewhere(config, cloud))
        for outcome in (stack.run("preview"), stack.up()):
            assert outcome.code != 0
            assert "Traceback" not in outcome.text
            for setting, (_, problem) in cloud.elsewhere.items():
                assert re.search(rf"- {re.escape(setting)}: .*{re.escape(problem)}", outcome.text), outcome.text
            assert touched(outcome) == {}, outcome.text
        assert entry(stack, cloud, "acme") == written

        stack.configure()
        refused = stack.destroy()
        assert refused.code != 0
        assert "protected" in refused.text
        stack.configure(lambda config: config.update(protect=False))
        assert (let_go := stack.up()).code == 0, let_go.text
        assert (gone := stack.destroy()).code == 0, gone.text
        assert stack.resources() == {}


def _elsewhere(config: Inputs, cloud: Cloud) -> None:
    for setting, (value, _) in cloud.elsewhere.items():
        section, _, key = setting.partition(".")
        config[section][key] = value
    if config["postgres"].get("tier", "").startswith("db-c4a"):
        config["postgres"]["edition"] = "ENTERPRISE_PLUS"
