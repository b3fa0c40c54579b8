"""Which cluster make's commands reach: the sandbox's in place of one that somebody has named in a preview only."""

import os
import socket
from pathlib import Path

import pytest
import yaml

from sandbox import SandboxError, cli, clusters
from tests.conftest import kubeconfig

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sandbox of which nothing runs, and two stacks: dev, and prod, which is protected and names a context."""
    monkeypatch.setattr(clusters, "REPOSITORY", tmp_path)
    monkeypatch.setattr(Path, "expanduser", lambda path: tmp_path / "home" / path.name)
    for name in ("KUBECONFIG", "PULUMI_BACKEND_URL"):
        monkeypatch.delenv(name, raising=False)
    write(tmp_path, "dev", protect=False)
    write(tmp_path, "prod", cluster={"context": "prod"})
    return tmp_path / "sandbox"


def write(folder: Path, stack: str, **config: object) -> None:
    settings = {f"noxus:{key}": value for key, value in config.items()}
    (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": settings}))


def test_a_stack_that_names_no_cluster_has_the_sandboxs(root: Path) -> None:
    choice = clusters.choose(root, "dev", preview=False)
    assert (choice.sandboxed, choice.kubeconfig) == (True, f"{root}/kubeconfig")


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_my_kubeconfig_is_never_replaced(
    root: Path, stack: str, *, preview: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/mine")
    choice = clusters.choose(root, stack, preview=preview)
    assert (choice.sandboxed, choice.kubeconfig) == (False, None)
    assert choice.reason == "KUBECONFIG is set to /mine"


def test_the_sandboxs_own_kubeconfig_in_a_shell_is_not_somebody_elses(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{root}/kubeconfig")
    assert clusters.choose(root, "dev", preview=False).sandboxed


def test_verify_of_production_never_asks_the_sandbox(root: Path) -> None:
    choice = clusters.choose(root, "prod", preview=False)
    assert (choice.sandboxed, choice.kubeconfig) == (False, None)


def test_only_a_preview_asks_the_sandbox_in_place_of_a_cluster_out_of_reach_and_says_so(root: Path) -> None:
    choice = clusters.choose(root, "prod", preview=True)
    assert choice.sandboxed
    assert choice.reason == (
        "the stack prod names its cluster: context prod, which cannot be reached from here; "
        "this preview asks the sandbox's in its place"
    )
    alias, own = (choice.kubeconfig or "").split(os.pathsep)
    assert own == f"{root}/kubeconfig"
    assert yaml.safe_load(Path(alias).read_text())["contexts"] == [
        {"name": "prod", "context": {"cluster": "sandbox", "user": "admin"}}
    ]


def test_a_preview_asks_the_named_cluster_where_it_can_be_reached(root: Path) -> None:
    home = root.parent / "home"
    home.mkdir()
    (home / "config").write_text(kubeconfig(NOWHERE))
    assert clusters.choose(root, "prod", preview=True).sandboxed
    with socket.create_server(("127.0.0.1", 0)) as server:
        (home / "config").write_text(kubeconfig(f"127.0.0.1:{server.getsockname()[1]}"))
        choice = clusters.choose(root, "prod", preview=True)
    assert (choice.sandboxed, choice.kubeconfig) == (False, None)


@pytest.mark.parametrize(
    ("cluster", "backend"),
    [
        ({"context": "prod"}, "s3://state"),
        ({"context": "prod", "fingerprint": f"sha256:{'0' * 32}"}, None),
        ({"inCluster": True}, None),
    ],
)
def test_a_preview_against_what_is_deployed_never_compares_it_with_the_sandbox(
    root: Path, cluster: dict[str, object], backend: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root.parent, "prod", cluster=cluster)
    if backend:
        monkeypatch.setenv("PULUMI_BACKEND_URL", backend)
    choice = clusters.choose(root, "prod", preview=True)
    assert (choice.sandboxed, choice.kubeconfig) == (False, os.devnull)
    assert choice.reason.endswith("which cannot be reached from here; this preview asks no cluster at all")


def test_make_up_and_down_of_a_protected_stack_say_what_to_do_instead(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--root", str(root), "unattended", "--stack", "dev"]) == 0
    assert cli.main(["--root", str(root), "unattended", "--stack", "prod"]) == 1
    assert capsys.readouterr().err == (
        "error: the stack prod is protected, and make would change it without asking; run `pulumi up --stack prod` "
        "yourself and read its preview first, or `pulumi destroy` after an update with protect: false\n"
    )
    makefile = (Path(__file__).parent.parent / "Makefile").read_text()
    for target in ("up", "down"):
        first = makefile.partition(f"\n{target}: ")[2].splitlines()[1]
        assert first == "\t@$(SANDBOX) unattended --stack $(STACK)", "it comes before anything else"


def test_make_up_does_not_go_wherever_my_kubeconfig_points(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/mine")
    assert cli.main(["--root", str(root), "unattended", "--stack", "dev"]) == 1
    assert capsys.readouterr().err.startswith(
        "error: KUBECONFIG is set to /mine, and the stack dev names no cluster; unset KUBECONFIG to use the sandbox's"
    )
    write(root.parent, "dev", protect=False, cluster={"context": "mine"})
    assert cli.main(["--root", str(root), "unattended", "--stack", "dev"]) == 0


def test_a_stack_that_is_not_there_is_named_with_those_that_are(root: Path) -> None:
    with pytest.raises(SandboxError, match=r"no Pulumi.nope.yaml; the stacks here are: dev, prod"):
        clusters.choose(root, "nope", preview=False)
