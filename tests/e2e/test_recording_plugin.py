"""The recording providers and the language host under the real engine: what a program can tell of them."""

import json
from pathlib import Path

import pytest

from tests.e2e.stack import Stack

CLOUDS = """
import pulumi

class Recorded(pulumi.CustomResource):
    def __init__(self, token, name, outputs, **inputs):
        super().__init__(token, name, {**inputs, **dict.fromkeys(outputs.split())})

class Random(Recorded):
    def __init__(self, kind, name, outputs, **inputs):
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
