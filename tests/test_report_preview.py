"""What is read of a preview, and what is said of a text that is none."""

import json
from typing import Any

import pytest

from tools.preview import PreviewError, Step, differing, parse

URN = "urn:pulumi:x::noxus::noxus:components:Platform$kubernetes:apps/v1:Deployment::noxus/noxus-kb"


def steps(*ops: str, old: Any = None, new: Any = None, **more: Any) -> list[Step]:
    states = {"oldState": {"inputs": old or {}, "protect": True}, "newState": {"inputs": new or {}}}
    return list(parse(json.dumps({"steps": [{"op": op, "urn": URN, **states, **more} for op in ops]})).steps)


def test_a_resource_is_one_step_however_many_the_engine_takes() -> None:
    (step,) = steps("create-replacement", "replace", "delete-replaced", old={"a": 1}, new={"a": 2})
    assert (step.op, step.label, step.guarded) == ("replace", "Deployment noxus/noxus-kb", True)
    assert (step.paths, step.parents) == (("a",), ["noxus:components:Platform"])
    assert not step.deleted_first


@pytest.mark.parametrize(
    ("ops", "first"),
    [
        (("delete-replaced", "replace", "create-replacement"), True),
        (("create-replacement", "replace", "delete-replaced"), False),
        (("replace",), True),
    ],
)
def test_the_order_of_a_replacement_is_read_and_the_worse_one_supposed(ops: tuple[str, ...], *, first: bool) -> None:
    (step,) = steps(*ops)
    assert step.deleted_first is first


def test_the_plugin_knows_best_what_changes() -> None:
    (step,) = steps("update", old={"data": "[secret]"}, new={"data": "[secret]"}, detailedDiff={"data.KEY": {}})
    assert step.paths == ("data.KEY",)


def test_what_is_only_read_is_no_step_and_what_stays_is_one() -> None:
    assert steps("read") == []
    assert [step.op for step in steps("same")] == ["same"]


def test_differing_places_are_spelled_as_plugins_spell_them() -> None:
    old = {"spec": {"a": [{"b": 1}], "noxus.ai/x": 1}}
    new = {"spec": {"a": [{"b": 2}, {"b": 3}]}}
    assert [path for path, _, _ in differing(old, new)] == ["spec.a[0].b", "spec.a[1]", 'spec["noxus.ai/x"]']


def test_why_a_preview_ended_early_is_kept() -> None:
    said = [{"severity": "error", "message": "error: not valid\n"}, {"severity": "info", "message": "hello"}]
    assert parse(json.dumps({"diagnostics": said})).errors == ["not valid"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("Previewing update", "is not JSON"), ("[]", "is no preview"), ('{"steps": [1]}', "is no preview")],
)
def test_a_text_that_is_no_preview_is_refused_with_the_command_that_makes_one(text: str, said: str) -> None:
    with pytest.raises(PreviewError, match=f"{said}.*--json --show-replacement-steps --show-sames"):
        parse(text)
