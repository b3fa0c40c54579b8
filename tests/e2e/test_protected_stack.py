"""Changes of a protected stack on the real engine: those of docs/aws.md, and those of services in the cluster."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e.accounts import aws
from tests.e2e.dev_stack import Change, DevStack, touched
from tests.e2e.production import ProdStack
from tests.e2e.store_operator import StoreOperator
from tests.e2e.test_prod_stack import Store
from tests.further_rights import FURTHER
from tests.programs import ROOT

PROTECTED = re.compile(r"\$noxus:(aws:(Postgres|Redis|Bucket)|cluster:\w+)(\$|::)|aws:kms/|noxus-data")
"""Resources that earlier versions of the program protected, by their URN."""


def described(stack: DevStack) -> dict[str, dict[str, Any]]:
    """The state's resources by type and name."""
    resources = json.loads(stack.export())["deployment"]["resources"]
    return {f"{r['type'].rpartition(':')[2]} {r['urn'].rpartition('::')[2]}": r for r in resources}


def kept(stack: DevStack) -> set[str]:
    """Type and name of all that the engine refuses to delete."""
    return {name for name, resource in described(stack).items() if resource.get("protect")}


def replacing(stack: DevStack, *passwords: str) -> list[str]:
    """Arguments of an update that replaces passwords."""
    resources = described(stack)
    return [word for name in passwords for word in ("--replace", resources[f"RandomPassword {name}"]["urn"])]


def as_an_earlier_version_left_it(stack: DevStack) -> None:
    """Everything below a data service was protected, and RDS had made its log groups by itself."""
    state = json.loads(stack.export())
    resources = state["deployment"]["resources"]
    groups = {resource["urn"] for resource in resources if resource["type"] == aws.LOG_GROUP}
    state["deployment"]["resources"] = [resource for resource in resources if resource["urn"] not in groups]
    for resource in state["deployment"]["resources"]:
        resource["dependencies"] = [urn for urn in resource.get("dependencies", ()) if urn not in groups]
        if PROTECTED.search(resource["urn"]):
            resource["protect"] = True
    stack.replace_state(json.dumps(state))


def documented(title: str, stack: DevStack) -> None:
    """Run the commands of one part of docs/aws.md, which call the stack `prod`."""
    part = (ROOT / "docs" / "aws.md").read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    commands = part.partition("```console\n")[2].partition("```")[0]
    assert commands
    for own in ("--stack {}", "urn:pulumi:{}::"):
        commands = commands.replace(own.format("prod"), own.format("x"))
    done = subprocess.run(
        ["bash", "-euc", commands], cwd=stack.folder, env=stack.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def up(stack: DevStack, *arguments: str) -> dict[str, str]:
    """Update, and say what was done to what."""
    outcome = stack.up("", *arguments)
    assert outcome.code == 0, outcome.text
    return touched(outcome)


def ended(stack: DevStack, *changes: Change) -> None:
    stack.configure(*changes, lambda config: config.update(protect=False))
    if stack.resources():
        assert stack.up().code == 0
        gone = stack.destroy()
        assert gone.code == 0, gone.text


@pytest.fixture
def prod(tmp_path: Path, environment: dict[str, str]) -> Iterator[DevStack]:
    stack = ProdStack(tmp_path, environment, "prod")
    yield stack
    ended(stack, _changed, _without_keda)  # as the test leaves it: nothing waits for the store any more


@pytest.fixture
def dev(tmp_path: Path, environment: dict[str, str]) -> Iterator[DevStack]:
    stack = DevStack(tmp_path, environment)
    yield stack
    ended(stack)


def _on_redis(config: dict[str, Any]) -> None:
    config["redis"]["engine"] = "redis"
    config["storage"]["logBucket"] = "example-logs"


def _changed(config: dict[str, Any]) -> None:
    """Every row of the table "Change" that the stack file makes."""
    config["workers"]["acme"]["pools"]["flow"]["autoscaling"]["maxReplicas"] = 10
    config["postgres"].update(instanceClass="db.m7g.2xlarge", maxConnections=1400, version="17", allowMajorUpgrade=True)
    config["connections"]["postgres"]["worker"] = 30
    config["redis"].update(nodeType="cache.m7g.xlarge", replicas=2, engine="valkey", applyImmediately=True)
    config["aws"]["clientSecurityGroupIds"] = ["sg-0123456789abcdef9"]
    config["workers"]["acme"]["identity"] = {"statements": FURTHER["aws"]}
    _with_globex(config)


def _with_globex(config: dict[str, Any]) -> None:
    config["workers"]["globex"] = {"namespace": "noxus-globex", "pools": {"chat": {"workerSubscribe": "chat"}}}


def _without_keda(config: dict[str, Any]) -> None:
    del config["workers"]["acme"]["pools"]["flow"]["autoscaling"]


def test_every_change_that_the_documents_describe_is_made_on_a_protected_stack(
    prod: DevStack, control_plane: ControlPlane
) -> None:
    with StoreOperator(control_plane.kubeconfig, Store()).running():
        prod.configure(_on_redis)
        up(prod)
        assert kept(prod) == {"Key key", "Instance postgres", "ReplicationGroup redis", "Bucket bucket"}

        as_an_earlier_version_left_it(prod)
        assert len(kept(prod)) > 15
        refused = prod.up()
        assert refused.code != 0
        assert "postgres-upgrade: RDS made this log group before the stack did; import it once" in refused.text
        documented("Log groups that RDS has made", prod)
        taken_over = up(prod)
        assert taken_over == {"LogGroup postgres-postgresql": "updated", "LogGroup postgres-upgrade": "updated"}
        assert len(kept(prod)) == 4

        prod.configure(_changed)
        prod.set_secret("acmeOpenaiApiKey", "another")
        outcome = prod.up()
        assert outcome.code == 0, outcome.text
        assert "connections are opened at most, and there are 746 until RDS has restarted" in outcome.text
        assert {name: what for name, what in touched(outcome).items() if "globex" not in name} == {
            "RolePolicy acme-role": "updated",
            "SecretVersion acme-entry": "updated",
            "ExternalSecret noxus-acme/acme-llm-keys": "updated",
            "Deployment noxus-acme/acme-flow": "updated",
            "ScaledObject noxus-acme/acme-flow": "updated",
            "ParameterGroup postgres-16": "deleted",
            "ParameterGroup postgres-17": "created",
            "Instance postgres": "updated",
            "ParameterGroup redis-redis7": "deleted",
            "ParameterGroup redis-valkey8": "created",
            "ReplicationGroup redis": "updated",
            "SecurityGroupIngressRule postgres-sg-0123456789abcdef9": "created",
            "SecurityGroupIngressRule redis-sg-0123456789abcdef9": "created",
            "BucketLogging bucket": "deleted",
        }

        prod.configure(_changed, lambda config: config["workers"].pop("globex"))
        passwords = ("postgres-owner-password", "postgres-master-password", "redis-password")
        done = up(prod, *replacing(prod, *passwords))
        assert {f"RandomPassword {name}" for name in passwords} < done.keys()
        assert (done["Instance postgres"], done["ReplicationGroup redis"]) == ("updated", "updated")
        assert "Job noxus-data/postgres-setup" in done, "it carries the passwords into Postgres"
        assert done["Secret globex-entry"] == "deleted"

        prod.configure(_changed, _without_keda, lambda config: config["workers"]["acme"].pop("identity"))
        done = up(prod)
        assert done["RolePolicy acme-role"] == "updated", "further rights are taken away in place"
        assert done["Secret globex-entry"] == "created", "its name is free at once"
        assert done["ScaledObject noxus-acme/acme-flow"] == "deleted"

        before = prod.export()
        state = json.loads(before)
        (instance,) = [r for r in state["deployment"]["resources"] if r["type"] == aws.INSTANCE]
        instance["id"] = "db-RESTORED"
        prod.replace_state(json.dumps(state))
        assert up(prod, "--expect-no-changes") == {}
        assert described(prod)["Instance postgres"]["id"] == "db-RESTORED"
        prod.replace_state(before)


def test_the_last_keda_pool_of_a_protected_stack_in_the_cluster_is_removed_and_passwords_are_replaced(
    dev: DevStack,
) -> None:
    def protected(config: dict[str, Any]) -> None:
        config.update(protect=True, cluster={"context": "sandbox"})

    dev.configure(protected)
    up(dev)
    claims = {f"PersistentVolumeClaim noxus-data/{service}" for service in ("postgres", "redis", "bucket")}
    assert kept(dev) == claims | {"Namespace noxus-data"}

    as_an_earlier_version_left_it(dev)
    assert up(dev) == {}, "what an earlier version protected is let go in place"
    assert kept(dev) == claims | {"Namespace noxus-data"}

    dev.configure(protected, _without_keda)
    passwords = [f"{name}-password" for name in ("postgres-owner", "postgres-superuser", "redis")]
    done = up(dev, *replacing(dev, *passwords))
    assert done["NetworkPolicy noxus-data/postgres-from-keda"] == "deleted"
    assert {f"RandomPassword {name}" for name in passwords} < done.keys()
    assert done["StatefulSet noxus-data/postgres"] == done["StatefulSet noxus-data/redis"] == "updated"
    assert "StatefulSet noxus-data/bucket" not in done
    verified = dev.tool("verify")
    assert verified.returncode == 0, verified.stdout
