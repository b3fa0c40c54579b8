"""The pack as a process, asked as the engine asks it."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerStub

from policy.rules import RULES
from policy.wire import UNKNOWNS
from tests.policy.judging import secret
from tests.programs import ROOT
from tests.test_rooms import imported

PACK = ROOT / "policy"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of another program, which has a package of the same name."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "policy").mkdir()
    (folder / "policy" / "__init__.py").write_text("raise RuntimeError('this is another program')")
    return folder


@pytest.fixture(scope="module")
def process(elsewhere: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The pack, started as a language host starts it, and its port."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PACK)]
    with subprocess.Popen(
        command, cwd=elsewhere, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        process.terminate()
        said, complained = process.communicate(timeout=20)
        assert (process.returncode, said, complained) == (0, "", ""), "it ends in silence"


@pytest.fixture
def pack(process: tuple[subprocess.Popen[str], int]) -> Iterator[AnalyzerStub]:
    with grpc.insecure_channel(f"127.0.0.1:{process[1]}") as channel:
        stub = AnalyzerStub(channel)
        stub.Configure(pb.ConfigureAnalyzerRequest())
        yield stub


def struct(value: Mapping[str, Any]) -> Struct:
    made = Struct()
    made.update(value)
    return made


def asked(type_: str, inputs: Mapping[str, Any], *, name: str = "x", protect: bool = False) -> Any:
    return pb.AnalyzeRequest(
        type=type_,
        name=name,
        urn=f"urn:{name}",
        properties=struct(inputs),
        options=pb.AnalyzerResourceOptions(protect=protect),
    )


def configured(**levels: Any) -> Any:
    names = {name.replace("_", "-"): level for name, level in levels.items()}
    return pb.ConfigureAnalyzerRequest(policyConfig={n: pb.PolicyConfig(enforcementLevel=v) for n, v in names.items()})


CLAIM = ("kubernetes:core/v1:PersistentVolumeClaim", "volumes_are_protected")


def test_it_tells_its_rules_as_its_file_and_its_document_do(pack: AnalyzerStub) -> None:
    info = pack.GetAnalyzerInfo(Empty())
    file = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())
    assert (info.name, info.version, info.supportsConfig) == (file["name"], file["version"], True)
    assert [policy.name for policy in info.policies] == [rule.name for rule in RULES]
    document = (ROOT / "docs" / "policy.md").read_text()
    assert re.findall(r"^### (\S+)", document, re.MULTILINE) == [rule.name for rule in RULES]
    for rule, policy in zip(RULES, info.policies, strict=True):
        assert policy.enforcementLevel == {"advisory": pb.ADVISORY, "mandatory": pb.MANDATORY}[rule.level]
        assert f"{rule.says} **{rule.level.capitalize()}.**" in document, rule.name
        assert set(policy.configSchema.properties) == set(rule.config)


def test_what_is_wrong_comes_with_the_rules_words_at_its_level(pack: AnalyzerStub) -> None:
    (found,) = pack.Analyze(asked(CLAIM[0], {})).diagnostics
    assert (found.policyName, found.enforcementLevel) == ("volumes-are-protected", pb.ADVISORY)
    assert found.message.endswith("\nprotect: must be set in the resource's options: it holds data")
    assert found.message.startswith(found.description)
    assert list(pack.Analyze(asked(CLAIM[0], {}, protect=True)).diagnostics) == []


@pytest.mark.parametrize(
    ("level", "expected"),
    [(pb.MANDATORY, [pb.MANDATORY]), (pb.DISABLED, []), (pb.REMEDIATE, [pb.MANDATORY])],
    ids=["mandatory", "disabled", "remediate"],
)
def test_a_level_is_what_its_user_says_and_what_nothing_repairs_is_refused(
    pack: AnalyzerStub, level: Any, expected: list[Any]
) -> None:
    pack.Configure(configured(volumes_are_protected=level))
    assert [one.enforcementLevel for one in pack.Analyze(asked(CLAIM[0], {})).diagnostics] == expected


def test_secrets_and_what_is_not_known_arrive_as_such(pack: AnalyzerStub) -> None:
    def said(password: Any) -> list[Any]:
        inputs = {"deletionProtection": True, "storageEncrypted": True, "password": password}
        return list(pack.Analyze(asked("aws:rds/instance:Instance", inputs, protect=True)).diagnostics)

    unknown = UNKNOWNS[2]
    assert said(secret("hunter2")) == said(secret(unknown)) == []
    assert [one.enforcementLevel for one in said("hunter2")] == [pb.MANDATORY]
    (undecided,) = said(unknown)
    assert undecided.enforcementLevel == pb.ADVISORY
    assert undecided.message.endswith(
        "\nnot decided by a preview: password will be known in the update, which then decides"
    )


def test_the_end_is_about_what_was_declared_not_about_what_a_cluster_has_filled_in(pack: AnalyzerStub) -> None:
    pods = {"metadata": {}, "spec": {"containers": []}}
    meta = {"name": "worker", "namespace": "noxus"}
    scaler = {"metadata": meta, "spec": {"scaleTargetRef": {"name": "worker"}}}
    for replicas, expected in ({}, 0), ({"replicas": 2}, 1):
        declared = {"metadata": meta, "spec": {"template": pods, **replicas}}
        pack.Analyze(asked(DEPLOYMENT, declared, name="d"))
        pack.Analyze(asked("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", scaler, name="s"))
        shown = {"metadata": meta, "spec": {"template": pods, "replicas": 1}}
        resources = [
            pb.AnalyzerResource(type=DEPLOYMENT, urn="urn:d", name="d", properties=struct(shown)),
            pb.AnalyzerResource(
                type="kubernetes:autoscaling/v2:HorizontalPodAutoscaler", urn="urn:s", properties=struct(scaler)
            ),
        ]
        found = pack.AnalyzeStack(pb.AnalyzeStackRequest(resources=resources)).diagnostics
        about = [one.urn for one in found if one.policyName == "replicas-belong-to-the-autoscaler"]
        assert about == ["urn:d"] * expected


def test_nothing_is_changed_on_its_way(pack: AnalyzerStub) -> None:
    assert list(pack.Remediate(asked(CLAIM[0], {})).remediations) == []


def test_rules_know_neither_pulumi_nor_this_program() -> None:
    files = list((PACK / "rules").glob("*.py"))
    assert len(files) > 10
    for file in files:
        own = {path.stem for path in files}
        others = {name.split(".")[0] for name in imported(file)} - own
        assert others <= set(sys.stdlib_module_names), file
