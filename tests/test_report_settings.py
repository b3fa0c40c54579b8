"""Where the settings before a change come from, what of them differs, and where that stands in the file."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.previews import side
from tests.programs import PROJECT, SMALLEST
from tools.preview import Step
from tools.report.cause import Causes
from tools.report.engine import deployed, marks
from tools.report.lines import line_of, lines
from tools.report.side import OriginError, at, of_deployed

PLANTED = "planted-secret-value"


def update(kind: str = "update", result: str = "succeeded", **values: object) -> dict[str, object]:
    entries = {
        f"{PROJECT}:{key}": {"value": "x", "objectValue": value, "secret": False} for key, value in values.items()
    }
    secret = {f"{PROJECT}:openaiApiKey": {"value": PLANTED, "secret": True}}
    return {
        "kind": kind,
        "result": result,
        "config": {**entries, **secret, "pulumi:tags": {"value": "", "secret": False}},
    }


def test_what_is_deployed_is_what_the_last_update_that_succeeded_was_configured_with() -> None:
    history = [update("refresh", env={"A": "3"}), update(result="failed", env={"A": "2"}), update(env={"A": "1"})]
    last = deployed(json.dumps(history))
    assert last
    assert last.values == {"env": {"A": "1"}}


def test_a_stack_that_was_destroyed_has_nothing_deployed() -> None:
    assert deployed(json.dumps([update("destroy"), update()])) is None
    assert deployed("[]") is None


def test_values_of_secrets_become_marks_that_are_equal_for_equal_values_only() -> None:
    last = deployed(json.dumps([update()]))
    assert last
    same, other = (
        marks(json.dumps({f"{PROJECT}:openaiApiKey": {"value": value, "secret": True}})) for value in (PLANTED, "other")
    )
    assert last.marks == same != other
    assert PLANTED not in repr(last)


def test_settings_that_are_deployed_are_read_like_a_file(tmp_path: Path) -> None:
    last = deployed(json.dumps([update(**SMALLEST)]))
    assert last
    before = of_deployed(last, tmp_path / "Pulumi.x.yaml")
    assert before.settings == side(SMALLEST).settings
    assert before.marks.keys() == {"openaiApiKey"}


def test_settings_of_an_older_program_are_not_taken_for_those_of_today(tmp_path: Path) -> None:
    last = deployed(json.dumps([update(**SMALLEST, workerz={})]))
    assert last
    with pytest.raises(OriginError, match=r"name those before by --base or --before(.|\n)*workerz: no such setting"):
        of_deployed(last, tmp_path / "Pulumi.x.yaml")


def test_a_commits_stack_file_is_read_with_its_own_file_of_tenants(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    def write(tenant: str) -> None:
        routing = {"routing": {**SMALLEST.get("routing", {}), "tenantsFile": "tenants.yaml"}}
        entries = {f"{PROJECT}:{key}": value for key, value in {**SMALLEST, **routing}.items()}
        (tmp_path / "Pulumi.x.yaml").write_text(yaml.safe_dump({"config": entries}))
        (tmp_path / "tenants.yaml").write_text(yaml.safe_dump({tenant: []}))

    git("init", "--initial-branch=main")
    write("old")
    git("add", ".")
    git("commit", "--message=base")
    write("new")
    before = at("HEAD", tmp_path / "Pulumi.x.yaml")
    assert (list(before.settings.routing.tenants), before.source) == (["old"], "HEAD:Pulumi.x.yaml")
    with pytest.raises(OriginError, match="--base nowhere"):
        at("nowhere", tmp_path / "Pulumi.x.yaml")


FILE = b"""\
config:
  noxus:protect: false
  noxus:primary:
    pools: &pools
      kb: { replicaCount: 1 }
  noxus:workers:
    acme:
      pools:
        <<: *pools
        flow:
          replicaCount: 2
"""


def test_a_setting_has_the_line_on_which_it_is_written() -> None:
    known = lines(FILE)
    found = {
        path: line_of(path.split("."), known)
        for path in (
            "protect",
            "primary.pools.kb.replicaCount",
            "workers.acme.pools.kb",
            "workers.acme.pools.flow.replicaCount",
            "workers.acme.pools.gone.replicaCount",
            "nowhere.at.all",
        )
    }
    assert list(found.values()) == [2, 5, 5, 11, 8, None]


def test_one_setting_is_the_cause_and_not_another_that_changes_as_well() -> None:
    pool = {"replicaCount": 1, "image": "registry.example.com/worker:1", "env": {"A": "1"}}
    other = {"replicaCount": 2, "image": "registry.example.com/worker:2", "env": {"A": "2"}}
    before = {**SMALLEST, "workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": pool}}}}
    after = {**SMALLEST, "workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": other}}}}
    causes = Causes(side(before), side(after))
    urn = "urn:pulumi:x::noxus::kubernetes:apps/v1:Deployment::noxus-acme/acme-flow"
    for path, setting in {
        "spec.replicas": "replicaCount",
        "spec.template.spec.containers[0].image": "image",
        "spec.template.spec.containers[0].env[0].value": "env.A",
    }.items():
        cause = causes.of(Step(op="update", urn=urn, paths=(path,)))
        assert cause
        assert cause.setting == f"workers.acme.pools.flow.{setting}"


def test_a_secret_is_the_cause_of_what_reads_it_only() -> None:
    pools = {"flow": {"envSecretRef": "keys"}, "chat": {}}
    workers = {"acme": {"namespace": "noxus-acme", "secrets": {"keys": {"KEY": "acmeKey"}}, "pools": pools}}
    raw = {**SMALLEST, "workers": workers}
    before = side(raw, {"acmeKey": "old"})
    after = side({**raw, "env": {"LOG_LEVEL": "debug"}}, {"acmeKey": "new"})
    causes = Causes(before, after)
    checksum = ('spec.template.metadata.annotations["noxus.ai/env-checksum"]',)
    found = {
        name: causes.of(
            Step(op="update", urn=f"urn:pulumi:x::noxus::kubernetes:apps/v1:Deployment::{name}", paths=checksum)
        )
        for name in ("noxus-acme/acme-flow", "noxus-acme/acme-chat", "noxus/noxus-backend")
    }
    assert [cause.setting if cause else None for cause in found.values()] == [
        "acmeKey",
        "env.LOG_LEVEL",
        "env.LOG_LEVEL",
    ]


def test_a_change_that_cannot_reach_a_property_is_not_its_cause() -> None:
    causes = Causes(side(SMALLEST), side({**SMALLEST, "env": {"LOG_LEVEL": "debug"}}))
    urn = "urn:pulumi:x::noxus::kubernetes:apps/v1:Deployment::noxus/noxus-backend"
    image = Step(op="update", urn=urn, paths=("spec.template.spec.containers[0].image",))
    assert causes.of(image) is None
