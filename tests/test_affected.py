"""Which stacks a pull request's check previews, and that its workflow can be read."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.programs import ROOT
from tools.affected import affected, main

STACKS = ["prod", "dev"]
WORKFLOW = ROOT / ".github" / "workflows" / "pull-request.yaml"


@pytest.mark.parametrize(
    ("changed", "stacks"),
    [
        ([], []),
        (["README.md", "docs/aws.md", "tests/test_aws.py"], []),
        (["Pulumi.prod.yaml"], ["prod"]),
        (["Pulumi.prod.yaml", "Pulumi.dev.yaml"], ["dev", "prod"]),
        (["components/aws/redis.py"], ["dev", "prod"]),
        (["requirements.txt", "README.md"], ["dev", "prod"]),
        (["docs/Pulumi.prod.yaml"], []),
        (["Pulumi.gone.yaml"], []),
    ],
)
def test_a_stack_file_touches_its_stack_and_the_program_all_of_them(changed: list[str], stacks: list[str]) -> None:
    assert affected(changed, STACKS) == stacks


def test_the_command_asks_git_and_names_a_base_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "--initial-branch=main")
    for name in ("Pulumi.dev.yaml", "Pulumi.prod.yaml"):
        (tmp_path / name).write_text("config: {}\n")
    git("add", ".")
    git("commit", "--message=base")
    (tmp_path / "Pulumi.prod.yaml").write_text("config: { a: b }\n")
    git("commit", "--all", "--message=change")
    monkeypatch.chdir(tmp_path)
    assert main(["--base", "HEAD~1"]) == 0
    assert capsys.readouterr().out == '["prod"]\n'
    assert main(["--base", "nowhere"]) == 2
    assert "--base nowhere" in capsys.readouterr().err


def test_the_workflow_gives_a_fork_no_rights_and_runs_only_what_make_has() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert "pull_request" in workflow[True], "YAML reads the key `on` as true"
    assert "pull_request_target" not in workflow[True], "it would hand the repository's rights to a fork's code"
    assert workflow["permissions"] == {"contents": "read"}
    targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text().splitlines() if ": " in line}
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            for line in step.get("run", "").splitlines():
                if line.strip().startswith("make "):
                    assert line.split()[1] in targets, line
