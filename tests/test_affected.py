"""Which stacks a pull request's check previews, and with which rights."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
        (["components/clouds/aws/redis.py"], ["dev", "prod"]),
        (["requirements.txt", "README.md"], ["dev", "prod"]),
        (["requirements-gcp.txt"], ["dev", "prod"]),
        (["requirements-dev.txt"], []),
        (["docs/Pulumi.prod.yaml"], []),
        (["Pulumi.gone.yaml"], []),
        (["tenants.yaml"], ["dev", "prod"]),
        (["customers/tenants.yml"], ["dev", "prod"]),
        (["sandbox/parts.yaml", ".github/workflows/pull-request.yaml"], []),
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


@pytest.fixture
def jobs() -> dict[str, Any]:
    return yaml.safe_load(WORKFLOW.read_text())["jobs"]


def steps(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from job["steps"]


def runs_code(job: dict[str, Any]) -> bool:
    """Whether anything of the branch runs in a job: it has it only from the checkout."""
    return any("checkout" in step.get("uses", "") for step in steps(job))


def test_a_fork_gets_no_rights() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert "pull_request" in workflow[True], "YAML reads the key `on` as true"
    assert "pull_request_target" not in workflow[True], "it would hand the repository's rights to a fork's code"
    assert workflow["permissions"] == {"contents": "read"}


def test_everybody_gets_a_preview_at_once_and_without_any_rights(jobs: dict[str, Any]) -> None:
    preview = jobs["preview"]
    assert (preview["needs"], preview["if"]) == ("test", "needs.test.outputs.stacks != '[]'"), "it waits for nobody"
    assert not preview.keys() & {"environment", "permissions"}
    assert "vars." not in str(preview)
    assert "secrets." not in str(preview)
    assert [line for step in steps(preview) for line in step.get("run", "").splitlines() if "make preview" in line]


def test_a_branchs_code_reaches_what_is_deployed_only_after_a_reviewer_has_read_it(jobs: dict[str, Any]) -> None:
    with_role = {name for name, job in jobs.items() if "id-token" in job.get("permissions", {})}
    assert with_role == {"deployed"}
    deployed = jobs["deployed"]
    assert deployed["environment"] == "preview"
    assert deployed["permissions"] == {"contents": "read", "id-token": "write"}
    assert "github.event.pull_request.head.repo.full_name == github.repository" in deployed["if"]
    assert "AWS_PREVIEW_ROLE" not in deployed["if"], "the role is the environment's, which no condition of a job sees"
    assert "repo:your-org/your-repository:environment:preview" in (ROOT / "docs" / "aws.md").read_text()


def test_who_may_write_runs_no_code_of_the_branch(jobs: dict[str, Any]) -> None:
    writers = {name for name, job in jobs.items() if "pull-requests" in job.get("permissions", {})}
    assert writers == {"comment", "comment-deployed"}
    for name, job in jobs.items():
        assert runs_code(job) == (name not in writers)
        for step in steps(job):
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False, "the token stays out of the branch's reach"
            assert "${{" not in step.get("run", ""), "an expression in a command is code that the branch may write"


def test_actions_are_pinned_by_commit_with_their_version_beside_it() -> None:
    used = [line.strip().removeprefix("- ") for line in WORKFLOW.read_text().splitlines() if "uses:" in line]
    assert len(used) > 5
    for line in used:
        assert re.fullmatch(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    pins = {line.partition("@")[0]: line.partition("@")[2] for line in used}
    assert {line.partition("@")[2] for line in used} == set(pins.values()), "one version of each"


def test_the_workflow_runs_only_what_make_has(jobs: dict[str, Any]) -> None:
    targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text().splitlines() if ": " in line}
    for job in jobs.values():
        for step in steps(job):
            for line in step.get("run", "").splitlines():
                if line.strip().startswith("make "):
                    assert line.split()[1] in targets, line
