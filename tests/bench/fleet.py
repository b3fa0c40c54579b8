"""One fleet, three programs: this repository's components, the bare resources that they register, and those resources
below components that are only names: what the SDK itself takes for a component.
"""

import importlib
import json
import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apiextensions import CustomResource

from tests.harness import Resource
from tests.programs import ROOT, SMALLEST, run_program

COMPONENT = "noxus:"
"""How the types of this repository's components begin."""
SNAKE = {"stringData": "string_data", "automountServiceAccountToken": "automount_service_account_token"}


def settings(pools: int) -> dict[str, Any]:
    """A worker release of this many pools, every second one scaled by KEDA, that can be destroyed."""
    keda = {"autoscaling": {"type": "keda", "maxReplicas": 20, "query": "SELECT 1", "targetQueryValue": 4}}
    fleet = {f"pool-{number}": keda if number % 2 else {} for number in range(pools)}
    return {**SMALLEST, "protect": False, "workers": {"fleet": {"namespace": "noxus-fleet", "pools": fleet}}}


def components() -> Callable[[], object]:
    """The program of this repository."""
    program = str(ROOT / "__main__.py")
    return lambda: runpy.run_path(program)


def record(pools: int, file: Path, *, preview: bool) -> int:
    """Write what the components register for this fleet; how many resources they are, without the components.

    A preview needs no cluster. What is only known after it is a word in its place, so it cannot be deployed.
    """
    kept = [
        resource
        for resource in run_program(settings(pools), preview=preview).resources
        if resource.type.startswith(("kubernetes:", COMPONENT))
    ]
    file.write_text(json.dumps([_recorded(resource) for resource in kept]))
    return sum(resource.custom for resource in kept)


def _recorded(resource: Resource) -> dict[str, Any]:
    return {
        "type": resource.type,
        "name": resource.name,
        "urn": resource.urn,
        "parent": resource.parent,
        "inputs": resource.inputs,
        "dependencies": resource.dependencies,
    }


def bare(file: Path, *, grouped: bool = False) -> Callable[[], None]:
    """A program of the recorded resources, each with the dependencies that it has among the components."""
    recorded: list[dict[str, Any]] = json.loads(file.read_text())
    for entry in recorded:
        _class(entry["type"])  # imports are no part of the measurement

    def program() -> None:
        provider, made = Provider("kubernetes"), dict[str, pulumi.Resource]()
        for entry in recorded:
            parent = made.get(entry["parent"]) if grouped else None
            after = [made[urn] for urn in entry["dependencies"] if urn in made]
            if not entry["type"].startswith(COMPONENT):
                options = pulumi.ResourceOptions(provider=provider, parent=parent, depends_on=after)
                made[entry["urn"]] = _register(entry["type"], entry["name"], entry["inputs"], options)
            elif grouped:
                options = pulumi.ResourceOptions(parent=parent)
                made[entry["urn"]] = component = pulumi.ComponentResource(entry["type"], entry["name"], {}, options)
                component.register_outputs({})

    return program


def _register(token: str, name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions) -> pulumi.Resource:
    given = {SNAKE.get(key, key): value for key, value in inputs.items() if key not in ("apiVersion", "kind")}
    if "string_data" in given:
        given["string_data"] = pulumi.Output.secret(given["string_data"])
    made_by = _class(token)
    if made_by is CustomResource:
        given |= {"api_version": inputs["apiVersion"], "kind": inputs["kind"]}
    return made_by(name, opts=options, **given)


def _class(token: str) -> type[Any]:
    """The SDK's class of a resource type; `CustomResource` for the types that it does not know."""
    if token.startswith(COMPONENT):
        return pulumi.ComponentResource
    _, group, kind = token.split(":")
    try:
        module = importlib.import_module(f"pulumi_kubernetes.{group.replace('.k8s.io', '').replace('/', '.')}")
    except ImportError:
        return CustomResource
    return getattr(module, kind)
