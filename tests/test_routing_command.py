"""`tools.routing`: the table for people, the same for machines, and its exit code."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fleets import keda, stack
from tools import routing


@pytest.fixture
def stack_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def write(fleet: list[dict[str, Any]], **changes: object) -> None:
        config = {f"noxus:{key}": value for key, value in stack(fleet, **changes).items()}
        (tmp_path / "Pulumi.x.yaml").write_text(yaml.safe_dump({"config": config}))

    return write


FLEET = [
    {"workerSubscribe": "all", "replicaCount": 2},
    {"workerSubscribe": "flow", "workerSubscribeTenants": "t1", "autoscaling": keda()},
]


def test_each_class_of_tasks_has_a_line(stack_file: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stack_file(FLEET)
    assert routing.main(["--stack", "x"]) == 0
    assert capsys.readouterr().out.splitlines()[:5] == [
        "types           tenants  workspaces  taken by           scales",
        "flow            t1       all         noxus-p0, acme-p1  acme-p1",
        "chat, kb        t1       all         noxus-p0           -",
        "flow, chat, kb  others   all         noxus-p0           -",
        "",
    ]


def test_what_nobody_takes_is_in_the_table_and_in_the_exit_code(
    stack_file: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stack_file([{"workerSubscribeWorkspaces": "w1,w2"}])
    assert routing.main(["--stack", "x"]) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[:5] == [
        "types           tenants  workspaces  taken by  scales",
        "flow, chat      all      w1, w2      noxus-p0  -",
        "kb              all      w1, w2      NOBODY    -",
        "flow, chat, kb  all      others      NOBODY    -",
        "",
    ]
    assert "error    primary.pools" in out


def test_machines_get_routes_queries_index_and_rights(stack_file: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stack_file(FLEET)
    assert routing.main(["--stack", "x", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["routes"][0] == {
        "types": ["flow"],
        "tenants": ["t1"],
        "workspaces": "others",
        "pools": ["noxus-p0", "acme-p1"],
        "countsFor": ["acme-p1"],
    }
    assert told["counts"]["acme-p1"]["target"] == "2"
    assert told["counts"]["acme-p1"]["query"].endswith(""""tenant_id" IN ('t1')""")
    assert told["index"].startswith("CREATE INDEX CONCURRENTLY IF NOT EXISTS")
    assert told["rights"].endswith('ON "public"."runs" TO "keda";')


def test_the_sql_is_shown_when_it_is_asked_for(stack_file: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stack_file(FLEET)
    routing.main(["--stack", "x", "--sql"])
    out = capsys.readouterr().out
    assert "-- acme-p1: one replica for 2 of\nSELECT count(*)" in out
    assert "-- the index\nCREATE INDEX" in out
    assert "-- the role\nGRANT USAGE" in out


def test_a_stack_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert routing.main(["--stack", "nope"]) == 2
    assert "Pulumi.nope.yaml is not valid" in capsys.readouterr().err
