"""Namespaces that the stack makes, and those that it finds."""

from typing import Any

from tests.programs import run_program, with_pool

NAMESPACE = "kubernetes:core/v1:Namespace"


def found() -> dict[str, Any]:
    raw = with_pool()
    raw["workers"]["acme"]["createNamespace"] = False
    return raw


def test_a_namespace_that_exists_is_not_made_and_all_else_is() -> None:
    made, used = run_program(with_pool()), run_program(found())
    assert set(made.inventory) - set(used.inventory) == {f"{NAMESPACE} noxus-acme"}
    assert set(used.inventory) <= set(made.inventory)


def test_what_is_in_it_is_the_same_object_as_in_one_that_is_made() -> None:
    made, used = ({r.urn: r.inputs for r in run_program(raw).resources} for raw in (with_pool(), found()))
    changed = [urn for urn, inputs in used.items() if made[urn] != inputs]
    assert changed == []
