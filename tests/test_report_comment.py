"""A report as a comment and for machines: short, stable, within what a comment holds, and without any secret."""

import hashlib
import json
import re
import time
from typing import Any

import pytest

from tests.previews import preview_text, reported, side
from tests.programs import ROOT, SMALLEST
from tests.test_report_classes import PLAIN, SECRETS, changed
from tools.preview import parse
from tools.report.cause import Cause
from tools.report.finding import Finding
from tools.report.kind import KINDS
from tools.report.markdown import MOST, markdown
from tools.report.plain import plain
from tools.report.report import Report, report


def fleet(pools: int, **first: Any) -> dict[str, Any]:
    """A worker release of many pools; the first one has other settings."""
    scaled = {"autoscaling": {"type": "keda", "maxReplicas": 20, "query": "SELECT 1", "targetQueryValue": 4}}
    pool: dict[str, Any] = {"workerSubscribeTenants": "t1", "concurrency": 4, **scaled}
    named = {f"pool-{number}": {**pool, "workerSubscribeTenants": f"t{number}"} for number in range(pools)}
    named["pool-0"] |= first
    return {**SMALLEST, "workers": {"fleet": {"namespace": "noxus-fleet", "pools": named}}}


def made(*findings: Finding, **named: Any) -> Report:
    return Report(stack="x", compared_with="y", first=False, findings=findings, approved={}, **named)


@pytest.fixture(scope="module")
def one_pool() -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The preview of one pool's change in a hundred, with the settings before and after."""
    before, after = fleet(100), fleet(100, image="registry.example.com/noxus/worker:2026.12.0")
    return preview_text(before, after), before, after


def test_one_pool_in_a_hundred_is_a_short_comment_that_takes_no_two_seconds(
    one_pool: tuple[str, dict[str, Any], dict[str, Any]],
) -> None:
    text, before, after = one_pool
    started = time.process_time()
    found = report("x", parse(text), side(before), side(after))
    comment = markdown(found)
    assert time.process_time() - started < 2
    assert len(comment.splitlines()) < 40
    assert "workers.fleet.pools.pool-0.image" in comment
    assert "pool-1" not in comment.replace("pool-0", "")


def test_a_change_of_a_hundred_pools_fits_one_comment(one_pool: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    _, before, _ = one_pool
    after = {**before, "env": {"LOG_LEVEL": "debug"}}
    comment = markdown(reported(before, after))
    assert len(comment) < MOST
    assert "and 97 more" in comment, "the pools have one fate, and one row"


def test_a_report_of_any_size_fits_and_says_what_it_leaves_out() -> None:
    many = [
        Finding(kind=kind, subject=f"{kind} {number}" * 20, what=f"what {number}" * 40)
        for kind in KINDS
        for number in range(2000)
    ]
    comment = markdown(made(*many))
    assert len(comment) < MOST
    assert re.search(r"And 19\d\d more, which `--json` has\.", comment)
    assert comment.index("#### Data loss") < comment.index("#### Gap") < comment.index("#### Permission widened")
    assert "Left out, for a comment holds no more: " in comment
    assert "2000 of Cost" in comment, "the least bad ones have the least room"


def test_what_a_stack_file_says_is_no_mark_in_a_comment() -> None:
    cause = Cause("env.A", "Pulumi.x.yaml", 3)
    comment = markdown(made(Finding(kind="gap", subject="a|b\n<img src=x> @everybody [x](y)", what="w", cause=cause)))
    assert "| a\\|b &lt;img src=x> &#64;everybody &#91;x](y) | w | `env.A` (Pulumi.x.yaml:3) |" in comment


def test_the_worst_class_comes_first_and_the_order_is_the_same_for_any_order_of_steps() -> None:
    after = changed(PLAIN, {"postgres.backupDays": 7, "postgres.maxStorageGib": 2000, "env.LOG_LEVEL": "debug"})
    text = preview_text(PLAIN, after, SECRETS)
    backwards = json.loads(text)
    backwards["steps"].reverse()
    comments = [
        markdown(report("x", parse(each), side(PLAIN, SECRETS), side(after, SECRETS)))
        for each in (text, json.dumps(backwards))
    ]
    assert comments[0] == comments[1]
    headings = [line.split(":")[0] for line in comments[0].splitlines() if line.startswith("####")]
    assert headings == ["#### Data loss", "#### Interruption", "#### Cost"]


def test_no_value_of_a_secret_and_nothing_made_from_it_is_in_any_form() -> None:
    planted = {key: f"planted-{number}-of-{key}" for number, key in enumerate(SECRETS)}
    again = {key: f"another-{value}" for key, value in planted.items()}
    after = changed(PLAIN, {"postgres.backupDays": 7, "workers.acme.namespace": "noxus-other"})
    found = reported(PLAIN, after, planted, rotated=again)
    text = markdown(found) + json.dumps(plain(found))
    assert {finding.kind for finding in found.findings} >= {"dataLoss", "secretRotated", "interruption"}
    for value in (*planted.values(), *again.values()):
        assert value not in text
        for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5):
            assert digest(value.encode()).hexdigest()[:16] not in text
    assert "checksum" not in text


def test_machines_get_every_finding_with_its_setting_and_place() -> None:
    after = changed(PLAIN, {"postgres.backupDays": 7})
    told = plain(reported(PLAIN, after, SECRETS))
    assert told["exitCode"] == 19
    assert told["summary"] == {"dataLoss": 1}
    (finding,) = told["findings"]
    assert finding["cause"]["setting"] == "postgres.backupDays"
    assert finding["cause"]["line"] > 1
    assert (finding["class"], finding["held"]) == ("dataLoss", True)
    assert finding["steps"] == ["urn:pulumi:x::noxus::noxus:aws:Postgres$aws:rds/instance:Instance::postgres"] or (
        len(finding["steps"]) == 1
    )


LOSS = Finding(kind="dataLoss", subject="s", what="w")
ROLL = Finding(kind="interruption", subject="s", what="w")
CUT = Finding(kind="interruption", subject="s", what="w", cuts_off=True)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (made(), 0),
        (made(ROLL), 0),
        (made(CUT), 15),
        (made(CUT, LOSS), 19),
        (made(ROLL, denied=["interruption"]), 15),
    ],
)
def test_the_exit_code_is_that_of_the_worst_class_that_waits(found: Report, code: int) -> None:
    assert found.code == code


def test_a_label_a_reason_and_an_option_approve_a_class_and_no_other() -> None:
    after = changed(PLAIN, {"postgres.backupDays": 7})
    assert reported(PLAIN, after, SECRETS).code == 19
    assert reported(PLAIN, after, SECRETS, labels=["accepts-data-loss", "bug"]).code == 0
    assert reported(PLAIN, after, SECRETS, labels=["accepts-gap"]).code == 19
    assert reported(PLAIN, after, SECRETS, allowed=["dataLoss"]).code == 0
    written = {**after, "accept": {"dataLoss": "a week is what we promise"}}
    approved = reported(PLAIN, written, SECRETS)
    assert approved.code == 0
    assert "accept.dataLoss: a week is what we promise" in markdown(approved)


def test_a_reason_that_was_deployed_with_another_change_is_spent() -> None:
    accepted = {"accept": {"dataLoss": "a week is what we promise"}}
    before, after = {**PLAIN, **accepted}, {**changed(PLAIN, {"postgres.backupDays": 7}), **accepted}
    assert reported(before, after, SECRETS).code == 19
    again = {**after, "accept": {"dataLoss": "another week less"}}
    assert reported(before, again, SECRETS).code == 0


def test_the_document_has_every_class_with_its_exit_code_and_label() -> None:
    text = (ROOT / "docs" / "report.md").read_text()
    for name, kind in KINDS.items():
        assert f"| `{name}` | {kind.code} |" in text
