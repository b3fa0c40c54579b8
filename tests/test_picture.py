"""Pictures of installations: their facts, their places, and what a preview marks in them."""

import copy
import hashlib
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as tried

from config import StackSettings
from tests.fleets import fleets, settings_of, stack
from tests.pictures import STACKS, WAYS, fleet, of_file, of_way, previewed
from tests.programs import ROOT, SMALLEST, run_program, settings
from tests.test_program import PROGRAMS
from tests.test_reachability import OPENED, connections
from tools.picture.__main__ import main
from tools.picture.changes import changes
from tools.picture.drawing.layout import scene
from tools.picture.drawing.scene import FACES, Label, Rectangle, Scene
from tools.picture.drawing.svg import drawing
from tools.picture.drawing.text import Face, fitted, width
from tools.picture.facts import installation
from tools.picture.installation import Changes, Installation
from tools.picture.page.page import page
from tools.preview import PreviewError

MOCKED = "test"
"""Name of the stack that the mock engine runs."""


def pictured(raw: dict[str, Any], secrets: dict[str, str]) -> Installation:
    return installation(MOCKED, settings(raw, *secrets))


def opened(name: str) -> dict[str, list[str]]:
    """What rendered policies let every pod of a program open; a Job's pod under the name of its workload."""
    return connections(run_program(*WAYS[name]))


@pytest.mark.parametrize("name", WAYS)
def test_what_a_workload_uses_is_what_its_network_policies_let_it_open(name: str) -> None:
    allowed = opened(name)
    shown = of_way(name)
    places = {
        "noxus-data/postgres": "postgres",
        "noxus-data/redis": "redis",
        "noxus-data/bucket": "bucket",
        "noxus-data/postgres-pooler": "pooler",
        "internet": "internet",
        "private": "further",
    }
    for release in shown.releases:
        for workload in release.workloads:
            (pod,) = [p for p in allowed if p.startswith(f"{release.namespace}/{workload.deployment}")]
            targets = {target.partition(":")[0] for target in allowed[pod]}
            assert set(workload.reaches) == {places[t] for t in targets if t in places}, pod


@pytest.mark.parametrize("name", WAYS)
def test_who_calls_a_workload_is_who_its_network_policies_let_in(name: str) -> None:
    allowed = opened(name)
    shown = of_way(name)
    frontend = f"{shown.releases[0].namespace}/{shown.releases[0].name}-frontend"
    callers = {"ingress-nginx/controller": "ingress", "monitoring/prometheus": "monitoring", frontend: "frontend"}
    for release in shown.releases:
        for workload in release.workloads:
            here = f"{release.namespace}/{workload.deployment}"
            found = {who for who, targets in allowed.items() if any(target.startswith(here) for target in targets)}
            assert set(workload.reached_by) == {callers[who] for who in found if who != here}, here


@pytest.mark.parametrize("name", WAYS)
def test_who_else_opens_connections_to_postgres_is_drawn(name: str) -> None:
    shown = of_way(name)
    others = {who for who, targets in opened(name).items() if "noxus-data/postgres:5432" in targets}
    own = {f"{r.namespace}/{w.deployment}" for r in shown.releases for w in r.workloads}
    others = {who for who in others if not any(who.startswith(workload) for workload in own)}
    names = {"keda/operator": "keda", "noxus-data/postgres-setup": "setup", "noxus-data/postgres-queue": "setup"}
    names["noxus-data/postgres-pooler"] = "pooler"
    drawn = {caller.id for caller in shown.callers if caller.target == "postgres"}
    drawn |= {target.id for target in shown.targets if target.id == "pooler"}
    assert drawn == {names[who] for who in others}


def test_further_addresses_are_drawn_for_the_pods_that_may_reach_them() -> None:
    shown = installation("test", settings(OPENED, *PROGRAMS["everything"][1]))
    using = {w.deployment for r in shown.releases for w in r.workloads if "further" in w.reaches}
    assert using == {"noxus-backend", "noxus-relays", "acme-flow"}
    (target,) = [target for target in shown.targets if target.id == "further"]
    assert [fact.partition(":")[0] for fact in target.facts] == ["bucket-endpoint", "models", "crm"]


def test_a_pooler_stands_between_postgres_and_all_pods_but_those_of_jobs() -> None:
    shown = of_way("pooled")
    ways = {w.name: {"postgres", "pooler"} & set(w.reaches) for r in shown.releases for w in r.workloads}
    assert ways == {
        "frontend": set(),
        **{name: {"pooler"} for name in ("backend", "relays", "scheduler", "default", "kb", "flow", "chat")},
        "migrations": {"postgres"},
    }
    assert_nothing_overlaps(scene(shown))


def test_pools_say_what_they_take_and_how_they_scale() -> None:
    found = {w.deployment: w for release in of_file("dev").releases for w in release.workloads}
    flow, chat, default = found["acme-flow"], found["acme-chat"], found["noxus-default"]
    assert (flow.types, flow.tenants) == ({"flow"}, ("tenant-abc", "tenant-xyz"))
    assert (flow.scale.pods, flow.scale.by, flow.scale.why) == ("0 to 20 pods", "KEDA", "4 tasks a pod")
    assert (chat.scale.pods, chat.scale.by, chat.scale.why) == ("1 to 4 pods", "HPA", "CPU 70 %")
    assert (default.types, default.scale.pods, default.scale.by) == ({"flow", "chat"}, "2 pods", "fixed")
    assert flow.facts["longest task"] == "2 h"


@pytest.mark.parametrize(
    ("scaler", "said"),
    [
        ({"paused": True}, ("0 to 3 pods", "paused where it is")),
        ({"pausedReplicas": 2}, ("2 pods", "paused")),
        ({"minReplicas": 1, "targetQueryValue": 0.5}, ("1 to 3 pods", "0.5 tasks a pod")),
    ],
)
def test_a_scaler_says_what_it_goes_by(scaler: dict[str, Any], said: tuple[str, str]) -> None:
    autoscaling = {"type": "keda", "maxReplicas": 3, "query": "SELECT 1", "targetQueryValue": 2, **scaler}
    primary = {"namespace": "noxus", "pools": {"p": {"autoscaling": autoscaling}}}
    shown = installation("test", settings({**SMALLEST, "primary": primary}))
    scale = shown.releases[0].workloads[-1].scale
    assert (scale.pods, scale.why) == said


def test_what_the_checks_say_is_on_the_page() -> None:
    shown = installation("test", settings_of([{"workerSubscribe": "kb"}]))
    assert any("nobody takes" in finding for finding in shown.findings)
    assert "nobody takes" in page(shown)


def assert_nothing_overlaps(drawn: Scene) -> None:
    """Every label is inside the drawing, and meets no other label and no line; cards are apart."""
    canvas = Rectangle(x=0, y=0, width=drawn.width, height=drawn.height)
    labels = sorted(drawn.labels, key=lambda label: label.area.y)
    for label in labels:
        assert canvas.holds(label.area), label
    for place, label in enumerate(labels):
        for other in labels[place + 1 :]:
            if other.area.y >= label.area.bottom:
                break
            assert not label.area.overlaps(other.area), (label, other)
    for segment in segments(drawn):
        for label in labels:
            assert not label.area.overlaps(segment), (label, segment)
    cards = [box for box in drawn.boxes if box.look == "card" or box.look.startswith("edge")]
    for place, card in enumerate(cards):
        assert canvas.holds(card), card
        assert not any(card.overlaps(other) for other in cards[place + 1 :]), card


def segments(drawn: Scene) -> Iterator[Rectangle]:
    """Every straight part of a line, as thick as it is drawn."""
    for line in drawn.lines:
        for (x0, y0), (x1, y1) in pairwise(line.points):
            yield Rectangle(x=min(x0, x1) - 1, y=min(y0, y1) - 1, width=abs(x0 - x1) + 2, height=abs(y0 - y1) + 2)


@pytest.mark.parametrize("name", STACKS)
def test_nothing_overlaps_in_the_picture_of_a_stack_file(name: str) -> None:
    assert_nothing_overlaps(scene(of_file(name)))


def test_nothing_overlaps_in_the_picture_of_a_hundred_pools() -> None:
    assert_nothing_overlaps(scene(installation("fleet", fleet(100))))


@tried(deadline=None, max_examples=40)
@given(fleets())
def test_nothing_overlaps_whatever_the_pools(found: list[dict[str, Any]]) -> None:
    drawn = scene(installation("test", settings_of(found)))
    assert_nothing_overlaps(drawn)
    names = {label.text for label in drawn.labels if label.face == "name"}
    assert {f"p{number}" for number, pool in enumerate(found) if pool.get("enabled", True)} <= names


def test_every_class_of_tasks_has_a_line_and_what_nobody_takes_says_so() -> None:
    shown = installation("test", settings_of([{"workerSubscribe": "flow", "workerSubscribeTenants": "t1"}]))
    said = [(label.text, label.tone) for label in scene(shown).labels]
    assert said.count(("nobody", "delete")) == sum(1 for route in shown.routes if not route.pools) > 0


def test_what_the_stack_file_accepts_that_nobody_takes_is_no_alarm() -> None:
    shown = installation("test", settings(SMALLEST))
    assert [route.pools for route in shown.routes] == [()]
    assert ("nobody, as accepted", "muted") in {(label.text, label.tone) for label in scene(shown).labels}


@pytest.mark.parametrize("text", ["a", "MMMM" * 30, "tenant-abc, tenant-xyz, " * 9, "名前" * 20, ""])
@pytest.mark.parametrize("face", FACES.values())
@pytest.mark.parametrize("space", [0, 40, 300])
def test_text_is_cut_to_its_space(text: str, face: Face, space: float) -> None:
    cut = fitted(text, face, space)
    assert width(cut, face) <= max(space, width("…", face))
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1].rstrip()))


def test_what_is_cut_is_said_in_full_on_the_spot() -> None:
    shown = installation("fleet", fleet(10))
    cut = [label for label in scene(shown).labels if label.text.endswith("…")]
    assert cut
    assert [label for label in cut if not label.full] == []


def test_no_text_is_smaller_than_twelve_pixels() -> None:
    assert min(face.size for face in FACES.values()) >= 12


def changed(change: Any, before: dict[str, Any] | None = None) -> Changes:
    """What a preview of the dev stack with one change marks."""
    raw, secrets = PROGRAMS["dev"]
    after = copy.deepcopy(before or raw)
    change(after)
    preview = previewed(run_program(before or raw, secrets), run_program(after, secrets))
    return changes(pictured(after, secrets), preview)


def test_a_preview_without_a_change_marks_nothing() -> None:
    found = changed(lambda _: None)
    assert (found.marks, found.gone, found.elsewhere) == ({}, [], [])
    assert set(found.counts.values()) == {0}


def test_a_new_stack_is_new_in_every_part() -> None:
    raw, secrets = PROGRAMS["dev"]
    shown = pictured(raw, secrets)
    found = changes(shown, previewed(None, run_program(raw, secrets)))
    parts = {part for r in shown.releases for part in (r.path, *(w.path for w in r.workloads))}
    assert {part: mark.op for part, mark in found.marks.items() if part in parts} == dict.fromkeys(parts, "create")
    assert found.marks.keys() - parts == {"postgres", "redis", "bucket", "setup"}
    salt, *others = sorted(found.elsewhere, key=lambda said: "noxus-data" in said)
    assert salt == "RandomPassword digest-salt is created"
    assert {said.split()[0] for said in others} == {"Namespace", "NetworkPolicy"}
    assert all("noxus-data" in said for said in others)


def test_a_change_marks_the_pool_that_it_is_about_and_no_other() -> None:
    found = changed(lambda raw: raw["primary"]["pools"]["kb"].update(replicaCount=4))
    assert {part: mark.op for part, mark in found.marks.items()} == {"primary.pools.kb": "update"}
    assert found.marks["primary.pools.kb"].objects == ["Deployment noxus/noxus-kb changes"]
    assert found.counts == {"create": 0, "update": 1, "replace": 0, "delete": 0}


def test_a_pool_that_goes_is_shown_in_its_release() -> None:
    found = changed(lambda raw: raw["workers"]["acme"]["pools"].pop("chat"))
    (gone,) = found.gone
    assert (gone.name, gone.release) == ("acme-chat", "workers.acme")
    assert "Deployment noxus-acme/acme-chat is deleted" in gone.objects


def test_a_release_that_goes_is_shown_with_its_pools() -> None:
    found = changed(lambda raw: raw.pop("workers"))
    assert {(gone.name, gone.release) for gone in found.gone} == {
        ("acme", None),
        ("acme-flow", None),
        ("acme-chat", None),
    }


def test_a_release_that_comes_and_a_data_service_that_changes_are_marked() -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["workers"]["globex"] = {"namespace": "noxus-globex", "pools": {"all": {"workerSubscribe": "all"}}}
        raw["redis"]["memoryMib"] = 1024

    found = {part: mark.op for part, mark in changed(change).marks.items()}
    assert found == {"workers.globex": "create", "workers.globex.pools.all": "create", "redis": "update"}


def test_a_replacement_outranks_a_change() -> None:
    shown = of_file("dev")
    parent = "urn:pulumi:dev::noxus::noxus:components:Platform$noxus:components:WorkerRelease"
    pool = f"{parent}$noxus:components:WorkerPool"
    steps: list[dict[str, Any]] = [
        {"op": "update", "urn": f"{pool}$kubernetes:core/v1:Service::noxus-acme/acme-flow"},
        {"op": "create-replacement", "urn": f"{pool}$kubernetes:apps/v1:Deployment::noxus-acme/acme-flow"},
        {"op": "replace", "urn": f"{pool}$kubernetes:apps/v1:Deployment::noxus-acme/acme-flow"},
        {"op": "delete-replaced", "urn": f"{pool}$kubernetes:apps/v1:Deployment::noxus-acme/acme-flow"},
    ]
    for step in steps:
        step["newState"] = {"parent": f"{pool}::acme-flow"}
    found = changes(shown, json.dumps({"steps": steps}))
    assert found.marks["workers.acme.pools.flow"].op == "replace"
    assert found.counts["replace"] == 1


def test_a_preview_of_another_stack_is_refused() -> None:
    urn = "urn:pulumi:prod::noxus::noxus:components:Platform::platform"
    with pytest.raises(PreviewError, match="is of the stack prod, and the picture of dev"):
        changes(of_file("dev"), json.dumps({"steps": [{"op": "same", "urn": urn}]}))


def test_a_preview_that_ended_early_is_refused() -> None:
    failed = {"steps": [], "diagnostics": [{"severity": "warning"}, {"severity": "error", "message": "no"}]}
    with pytest.raises(PreviewError, match="ends with an error"):
        changes(of_file("dev"), json.dumps(failed))


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"steps": 1}', '{"steps": [{"op": "create"}]}'])
def test_what_is_no_preview_is_refused(text: str) -> None:
    with pytest.raises(PreviewError, match="make it by `pulumi preview --json`"):
        changes(of_file("dev"), text)


def test_nothing_overlaps_in_a_picture_with_changes() -> None:
    raw, secrets = PROGRAMS["dev"]
    after = copy.deepcopy(raw)
    after["primary"]["pools"]["kb"]["replicaCount"] = 4
    del after["workers"]["acme"]["pools"]["chat"]
    after["workers"]["globex"] = {"namespace": "noxus-globex", "pools": {"all": {"workerSubscribe": "all"}}}
    found = pictured(after, secrets)
    marked = changes(found, previewed(run_program(raw, secrets), run_program(after, secrets)))
    drawn = scene(Installation(**{**vars(found), "changes": marked}))
    assert_nothing_overlaps(drawn)
    assert {(label.text, label.tone) for label in drawn.labels} >= {
        ("~ changes", "update"),
        ("+ new", "create"),
        ("\N{MINUS SIGN} goes", "delete"),
        ("acme-chat", "ink"),
    }


PLANTED = "planted-7d1c9e-secret"


def test_no_secret_and_no_digest_of_one_is_in_a_picture() -> None:
    raw, keys = PROGRAMS["dev"]
    secrets = dict.fromkeys(keys, PLANTED)
    raw = {**raw, "env": {"LOG_LEVEL": PLANTED}}
    found = pictured(raw, secrets)
    preview = previewed(None, run_program(raw, secrets))
    assert PLANTED in preview
    marked = Installation(**{**vars(found), "changes": changes(found, preview)})
    digests = [hashlib.new(name, PLANTED.encode()).hexdigest() for name in ("md5", "sha1", "sha256", "sha512")]
    for made in (drawing(marked), page(marked)):
        assert PLANTED not in made
        assert not any(digest[:16] in made for digest in digests)


def test_text_of_a_stack_file_is_no_markup() -> None:
    evil = "</text><script>alert(1)</script>"
    shown = installation("test", settings_of([{"workerSubscribe": "all", "workerSubscribeTenants": [evil]}]))
    assert "<script>alert" not in page(shown)
    assert "<script>alert" not in drawing(shown)


def test_a_page_and_a_drawing_ask_for_nothing_from_outside() -> None:
    shown = of_file("prod")
    for made in (page(shown), drawing(shown)):
        text = made.replace("http://www.w3.org/2000/svg", "")
        assert not any(word in text for word in ("src=", "url(", "@import", "<link", "href="))
    assert "default-src 'none'" in page(shown)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    config = {f"noxus:{key}": value for key, value in stack([{"workerSubscribe": "all", "replicaCount": 2}]).items()}
    (tmp_path / "Pulumi.x.yaml").write_text(yaml.safe_dump({"config": config}))
    return tmp_path


def test_the_command_writes_both_files_twice_the_same_and_says_where(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = []
    for _ in range(2):
        assert main(["--stack", "x", "--output", "out/deep"]) == 0
        assert capsys.readouterr().out.splitlines() == ["out/deep/x.svg", "out/deep/x.html"]
        written.append([(folder / "out/deep" / name).read_bytes() for name in ("x.svg", "x.html")])
    assert written[0] == written[1]


def test_machines_get_the_facts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "x", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (workload,) = [w for w in told["releases"][0]["workloads"] if w["kind"] == "pool"]
    assert workload["reaches"] == ["postgres", "redis", "bucket", "internet"]
    assert workload["types"] == ["chat", "flow", "kb"]
    assert not (folder / ".pictures").exists()


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), ("{}", "is no preview; make it by")])
def test_a_preview_that_cannot_be_read_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], content: str | None, said: str
) -> None:
    if content is not None:
        (folder / "preview.json").write_text(content)
    assert main(["--stack", "x", "--preview", "preview.json"]) == 2
    assert f"preview.json {said}" in capsys.readouterr().err
    assert not (folder / ".pictures").exists()


@pytest.mark.usefixtures("folder")
def test_a_stack_file_that_cannot_be_read_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "nope"]) == 2
    assert "Pulumi.nope.yaml is not valid" in capsys.readouterr().err


def test_the_picture_of_the_readme_is_what_would_be_drawn() -> None:
    assert (ROOT / "docs/images/dev.svg").read_text() == drawing(of_file("dev")), "run `make docs`"


def test_a_label_knows_its_place() -> None:
    label = Label(x=10, y=20, text="abc", face="small")
    assert label.area.x == 10
    assert label.area.y < 20 < label.area.bottom
    assert isinstance(fleet(1), StackSettings)
