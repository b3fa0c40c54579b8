"""The recording providers and the language host under the real engine: what a program can tell of them."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.stack import Stack

RECORDED = """
import pulumi

class Recorded(pulumi.CustomResource):
    def __init__(self, token, name, outputs, /, **inputs):
        super().__init__(token, name, {**inputs, **dict.fromkeys(outputs.split())})
"""

CLOUDS = (
    RECORDED
    + """
class Random(Recorded):
    def __init__(self, kind, name, outputs, /, **inputs):
        super().__init__(f"random:index/{kind[0].lower()}{kind[1:]}:{kind}", name, outputs, **inputs)

password = Random("RandomPassword", "password", "result", length=LENGTH, overrideSpecial="-", minSpecial=2, upper=False)
suffix = Random("RandomId", "suffix", "hex", byteLength=4)
bucket = Recorded("aws:s3/bucket:Bucket", "bucket", "arn", tags={"team": "TEAM"})
database = Recorded("aws:rds/instance:Instance", "db", "endpoint", identifier="main", password=password.result)
pulumi.export("suffix", suffix.hex)
pulumi.export("arn", bucket.arn)
pulumi.export("endpoint", database.endpoint)
pulumi.export("password", password.result)
"""
)

GOOGLE = (
    RECORDED
    + """
gcp = pulumi.ProviderResource("gcp", "gcp", {"project": "mine", "region": "europe-west4"})
inside = pulumi.ResourceOptions(provider=gcp)

class Inside(Recorded):
    def __init__(self, token, name, outputs, /, **inputs):
        pulumi.CustomResource.__init__(self, token, name, {**inputs, **dict.fromkeys(outputs.split())}, inside)

cache = Inside("gcp:redis/instance:Instance", "cache", "host port", name="cache", tier="TIER", memorySizeGb=5,
    transitEncryptionMode="SERVER_AUTHENTICATION")
entry = Inside("gcp:secretmanager/secretVersion:SecretVersion", "entry", "name", secret="projects/mine/secrets/entry",
    secretData="VALUE")
pulumi.export("cache", cache.id)
pulumi.export("port", cache.port)
"""
)

MICROSOFT = (
    RECORDED
    + """
place = {"resourceGroupName": "data"}
account = Recorded("azure-native:storage:StorageAccount", "account", "primaryEndpoints", accountName="noxus",
    sku={"name": "SKU"}, **place)
right = Recorded("azure-native:authorization:RoleAssignment", "right", "", roleAssignmentName="9f1c", scope=account.id,
    principalId="PRINCIPAL")
cache = Recorded("azure-native:redisenterprise:RedisEnterprise", "cache", "hostName", clusterName="cache", **place)
database = Recorded("azure-native:redisenterprise:Database", "database", "name", clusterName="cache",
    databaseName="default", **place)

def keys(id_):
    arguments = {"clusterName": id_.split("/")[8], "databaseName": "default", **place}
    return pulumi.runtime.invoke("azure-native:redisenterprise:listDatabaseKeys", arguments).value["primaryKey"]

pulumi.export("account", account.id)
pulumi.export("blobs", account.primaryEndpoints["blob"])
pulumi.export("key", pulumi.Output.secret(database.id.apply(keys)))
"""
)


@pytest.fixture
def stack(tmp_path: Path, environment: dict[str, str]) -> Stack:
    return Stack(tmp_path, environment, prelude=False)


def outputs(stack: Stack, *arguments: str) -> dict[str, str]:
    return json.loads(stack.run("stack", "output", "--json", *arguments).text)


def test_recorded_resources_have_outputs_that_stay_and_random_ones_are_drawn_once(stack: Stack) -> None:
    program = CLOUDS.replace("LENGTH", "20")
    preview = stack.preview(program)
    assert preview.code == 0, preview.text
    made = stack.up()
    assert made.code == 0, made.text
    first = outputs(stack, "--show-secrets")
    password = first["password"]
    assert len(password) == 20
    assert password.count("-") >= 2
    assert set(password) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert first["endpoint"] == "main.eu-west-1.rds.example.com:5432"
    assert first["arn"].startswith("arn:aws:s3:::bucket-")
    assert len(first["suffix"]) == 8
    assert password not in stack.export() + made.text
    assert outputs(stack)["password"] == "[secret]"

    changed = stack.up(program.replace("TEAM", "other"))
    assert changed.changes == {"updated": 1, "unchanged": 4}, changed.text
    assert outputs(stack, "--show-secrets") == first

    longer = stack.up(CLOUDS.replace("LENGTH", "24"))
    assert longer.code == 0, longer.text
    assert len(outputs(stack, "--show-secrets")["password"]) == 24
    assert stack.resources()["db"]["id"] == "main"
    gone = stack.destroy()
    assert gone.code == 0, gone.text


def test_a_look_up_that_cannot_be_answered_is_refused_by_name(stack: Stack) -> None:
    refused = stack.preview("import pulumi\npulumi.runtime.invoke('aws:ec2/getVpc:getVpc', {})")
    assert refused.code != 0
    assert "aws:ec2/getVpc:getVpc: the sandbox looks nothing up" in refused.text


def test_google_clouds_resources_have_ids_of_their_form_and_are_replaced_as_there(stack: Stack) -> None:
    program = GOOGLE.replace("TIER", "BASIC").replace("VALUE", "one")
    assert (made := stack.up(program)).code == 0, made.text
    assert outputs(stack) == {"cache": "projects/mine/locations/europe-west4/instances/cache", "port": 6378}

    bigger = stack.up(program.replace("memorySizeGb=5", "memorySizeGb=6"))
    assert bigger.changes == {"updated": 1, "unchanged": 3}, bigger.text
    other = stack.up(GOOGLE.replace("TIER", "STANDARD_HA").replace("VALUE", "two"))
    assert other.changes == {"replaced": 2, "unchanged": 2}, other.text
    assert order(other.text, "cache") == ["deleted original", "created replacement"], "its name would still be taken"
    assert order(other.text, "entry") == ["created replacement", "deleted original"], "there is always a version"


def test_azures_resources_have_ids_of_their_form_and_are_deleted_before_they_are_replaced(stack: Stack) -> None:
    program = MICROSOFT.replace("SKU", "Standard_ZRS").replace("PRINCIPAL", "a")
    assert (preview := stack.preview(program)).code == 0, preview.text
    assert (made := stack.up()).code == 0, made.text
    first = outputs(stack, "--show-secrets")
    group = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/data/providers"
    assert first["account"] == f"{group}/Microsoft.Storage/storageAccounts/noxus"
    assert first["blobs"] == "https://noxus.blob.core.windows.net/"
    assert len(first["key"]) == 32
    assert first["key"] not in stack.export()
    assert stack.up("", "--expect-no-changes").code == 0
    assert outputs(stack, "--show-secrets") == first

    other = stack.up(MICROSOFT.replace("SKU", "Standard_LRS").replace("PRINCIPAL", "b"))
    assert other.changes == {"updated": 1, "replaced": 1, "unchanged": 3}, other.text
    assert order(other.text, "right") == ["deleted original", "created replacement"]


def order(text: str, name: str) -> list[str]:
    """What was done to a resource that was replaced, one after the other."""
    return re.findall(rf" {name} (deleted original|created replacement)", text)


@pytest.mark.parametrize("skipped", [True, False])
def test_only_the_plugins_that_a_stack_uses_are_fetched(stack: Stack, tmp_path: Path, *, skipped: bool) -> None:
    """An engine with official plugins of its own, as far as it gets without a way to them."""
    home = tmp_path / "home"
    used = Path(stack.environment["PULUMI_HOME"], "plugins")
    random = next(used.glob("resource-random-*[0-9]"))
    shutil.copytree(random, home / "plugins" / random.name, symlinks=True)
    assert stack.environment["PULUMI_OPTION_SKIP_PLUGIN_PRE_INSTALL"] == "true"
    stack.environment |= {
        "PULUMI_HOME": str(home),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "false",
        "PULUMI_OPTION_SKIP_PLUGIN_PRE_INSTALL": str(skipped).lower(),
        "PATH": without_stand_ins(stack.environment["PATH"]),
    }
    program = RECORDED + 'Recorded("random:index/randomId:RandomId", "suffix", "hex", byteLength=4)'
    outcome = stack.preview(program, "--logtostderr", "-v=7")
    assert outcome.code == 0, outcome.text[-2000:]
    fetched = set(re.findall(r"plugin (\S+) \S+ not installed, doing install", outcome.text))
    assert fetched == (set() if skipped else {"aws", "azure-native", "gcp", "kubernetes"})


def without_stand_ins(path: str) -> str:
    """A search path without the sandbox's folder of plugins."""
    return os.pathsep.join(folder for folder in path.split(os.pathsep) if not folder.endswith("/plugins"))


def test_a_program_gets_its_configuration_and_its_lines_are_shown(stack: Stack) -> None:
    stack.run("config", "set", "plain", "seen")
    stack.run("config", "set", "--secret", "hidden", "not-to-be-seen")
    (stack.folder / "neighbour.py").write_text("MARK = '!'")
    shown = stack.preview("""
        import os, sys, pulumi, neighbour
        config = pulumi.Config()
        print("project", pulumi.get_project(), "stack", pulumi.get_stack(), "dry run", pulumi.runtime.is_dry_run())
        print("of", pulumi.get_organization(), "plain", config.require("plain"), "in", os.getcwd(), file=sys.stderr)
        pulumi.export("hidden", config.require_secret("hidden"))
        pulumi.export("again", config.require_secret("hidden").apply(lambda text: text + neighbour.MARK))
    """)
    assert shown.code == 0, shown.text
    assert "project plugins stack x dry run True" in shown.text
    assert f"of organization plain seen in {stack.folder}" in shown.text
    assert "hidden: [secret]" in " ".join(shown.text.split()).replace('"', "")
    assert "not-to-be-seen" not in shown.text


@pytest.mark.parametrize(
    ("program", "said", "traceback"),
    [
        ("import pulumi\nraise pulumi.RunError('the setting is wrong')", "error: the setting is wrong", 0),
        ("def broken():\n    raise KeyError('lost')\nbroken()", "KeyError: 'lost'", 1),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'", 1),
    ],
)
def test_a_program_that_fails_is_reported_once(stack: Stack, program: str, said: str, traceback: int) -> None:
    failed = stack.preview(program)
    assert failed.code != 0
    diagnostics = failed.text.partition("Diagnostics:")[2]
    assert diagnostics.count(said) == 1, failed.text
    assert diagnostics.count("Traceback") == traceback
    assert "sandbox/plugins" not in diagnostics.replace("from $PATH at", "").split("error:", 1)[1]
