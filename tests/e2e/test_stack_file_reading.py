"""Whether the tools read a stack file as the engine does: each case of tests/yaml_cases.py, put to the real engine."""

import json
from pathlib import Path

import pytest

from config.document import read
from tests.e2e.dev_stack import DevStack
from tests.e2e.stack import Outcome, Stack
from tests.test_tenants_file import MANY
from tests.yaml_cases import DOCUMENTS, REFUSED, SCALARS

SEES = """
import json, os, pathlib
pathlib.Path("seen.json").write_text(os.environ["PULUMI_CONFIG"])
"""


@pytest.fixture
def project(environment: dict[str, str], tmp_path: Path) -> Stack:
    return Stack(tmp_path, environment, prelude=False)


def salt(stack: Stack) -> str:
    """The first line of the stack's file, without which the engine cannot open it."""
    return next(
        line for line in (stack.folder / "Pulumi.x.yaml").read_text().splitlines(keepends=True) if "salt" in line
    )


def asked(stack: Stack, content: bytes) -> Outcome:
    (stack.folder / "Pulumi.x.yaml").write_bytes(content)
    return stack.run("config", "--json")


def test_what_i_write_reaches_the_program_as_the_tools_say(project: Stack) -> None:
    content = salt(project) + "config:\n  plugins:env:\n"
    content += "".join(f"    k{index}: {scalar}\n" for index, scalar in enumerate(SCALARS))
    (project.folder / "Pulumi.x.yaml").write_text(content)
    outcome = project.preview(SEES)
    assert outcome.code == 0, outcome.text
    seen = json.loads(json.loads((project.folder / "seen.json").read_text())["plugins:env"])
    wanted = {f"k{index}": value for index, value in enumerate(SCALARS.values())}
    assert json.dumps(seen, sort_keys=True) == json.dumps(wanted, sort_keys=True)
    assert seen == read(content.encode(), "plugins").values["env"]


def test_a_file_in_another_form_reaches_the_program_as_the_tools_say(project: Stack) -> None:
    (project.folder / "Pulumi.yaml").write_text(
        (project.folder / "Pulumi.yaml").read_text().replace('"plugins"', '"noxus"')
    )
    project.run("stack", "init")
    different = dict[str, str]()
    for name, (content, values) in DOCUMENTS.items():
        outcome = asked(project, content.encode())
        assert outcome.code == 0, outcome.text
        found, _ = json.JSONDecoder().raw_decode(outcome.text[outcome.text.index("{") :])
        plain = {
            key.removeprefix("noxus:"): json.loads(it["value"]) if "objectValue" in it else it["value"]
            for key, it in found.items()
            if key.startswith("noxus:")
        }
        if plain != values:
            different[name] = outcome.text
    assert different == {}


def test_what_the_tools_refuse_to_read_the_engine_refuses_too(project: Stack) -> None:
    read_anyway = dict[str, str]()
    for name, (content, _) in REFUSED.items():
        outcome = asked(project, content if isinstance(content, bytes) else content.encode())
        if outcome.code == 0 or "no stack named" in outcome.text:
            read_anyway[name] = outcome.text
    assert read_anyway == {}


def test_a_setting_that_would_change_on_its_way_is_refused_by_the_program_and_by_check_alike(
    environment: dict[str, str], tmp_path: Path
) -> None:
    stack = DevStack(tmp_path, environment)
    file = stack.folder / "Pulumi.x.yaml"
    file.write_text(
        file.read_text().replace("  noxus:env:\n", "  noxus:env:\n    API_VERSION: 1.0\n    SINCE: 2024-02-01\n")
    )
    assert "API_VERSION" in file.read_text()
    problems = [
        'env.API_VERSION: 1.0 is no text to YAML and arrives as 1; write "1.0" in quotes',
        'env.SINCE: is a date to YAML and not text; write it in quotes, such as "2024-02-01"',
    ]
    previewed, checked = stack.run("preview"), stack.tool("check")
    assert previewed.code != 0
    assert checked.returncode == 2
    for problem in problems:
        assert problem in previewed.text
        assert problem in checked.stderr
    assert "Traceback" not in previewed.text + checked.stderr


PASTED = """\
        workerSubscribeTenants: 12345
        autoscaling:
          enabled: true
          minReplicas: 1
          maxReplicas: 4
          targetCPUUtilizationPercentage: 80
        podDisruptionBudget: {enabled: true, minAvailable: 0}
        resources: {requests: {cpu: 100m}, limits: }
        affinity:
        nodeSelector:
        tolerations:
        topologySpreadConstraints:
"""


def test_a_pasted_helm_block_previews(environment: dict[str, str], tmp_path: Path) -> None:
    stack = DevStack(tmp_path, environment)
    file = stack.folder / "Pulumi.x.yaml"
    file.write_text(file.read_text().replace("    pools:\n", f"    pools:\n      pasted:\n{PASTED}", 1))
    checked, previewed = stack.tool("check"), stack.run("preview")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert previewed.code == 0, previewed.text
    assert "noxus-pasted" in previewed.text


def test_a_section_with_nothing_after_it_is_refused_by_the_engine_and_by_check(
    environment: dict[str, str], tmp_path: Path
) -> None:
    stack = DevStack(tmp_path, environment)
    file = stack.folder / "Pulumi.x.yaml"
    file.write_text(file.read_text().replace("config:\n", "config:\n  noxus:egress:\n", 1))
    checked, previewed = stack.tool("check"), stack.run("preview")
    assert previewed.code != 0
    assert "'egress' must be of type 'object'" in previewed.text
    assert checked.returncode == 2
    assert "egress: must be a mapping" in checked.stderr


def test_five_hundred_tenants_preview_from_a_file_and_are_too_many_for_the_stack_file(
    environment: dict[str, str], tmp_path: Path
) -> None:
    stack = DevStack(tmp_path, environment)
    (stack.folder / "tenants.yaml").write_text(json.dumps(MANY))
    others = {"tenant-abc": [], "tenant-xyz": []}
    stack.configure(lambda config: config.update({"routing": {"tenants": {**others, **MANY}}}))
    too_many, checked = stack.run("preview"), stack.tool("check")
    assert too_many.code != 0
    assert "rgument list too long" in too_many.text
    assert "Linux takes 131072 in one variable" in checked.stderr
    (stack.folder / "tenants.yaml").write_text(json.dumps({**others, **MANY}))
    stack.configure(lambda config: config.update({"routing": {"tenantsFile": "tenants.yaml"}}))
    previewed, checked = stack.run("preview"), stack.tool("check")
    assert previewed.code == 0, previewed.text
    assert checked.returncode == 0, checked.stdout + checked.stderr
