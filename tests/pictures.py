"""Installations for tests of pictures: stack files, fleets, and what a preview of one program over another prints."""

import copy
import json
from collections.abc import Mapping
from typing import Any

from config import StackSettings, read_stack_file
from tests.fleets import QUEUE, keda
from tests.harness import Deployment, Resource
from tests.programs import ROOT, SMALLEST, settings
from tests.test_program import PROGRAMS
from tools.picture.facts import installation
from tools.picture.installation import Installation

STACKS = tuple(path.name.split(".")[1] for path in sorted(ROOT.glob("Pulumi.*.yaml")))
URN = "urn:pulumi:test::noxus::"


_DEV, _SECRETS = PROGRAMS["dev"]
_PRIVATE = {"reason": "a test of it", "cidr": "10.1.2.3/32", "ports": [443]}
_POOLED = {**_DEV["postgres"], "pooler": {"enabled": True, "connections": 10, "clients": 100}}
WAYS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    **{name: PROGRAMS[name] for name in ("dev", "everything", "smallest")},
    "pooled": ({**_DEV, "postgres": _POOLED}, _SECRETS),
    "closed": (
        {**_DEV, "network": {"proxy": {"url": "http://proxy.example.com:443", "cidrs": ["10.1.2.3/32"]}}},
        _SECRETS,
    ),
    "meshed": ({**_DEV, "pods": {"egress": {"mesh": _PRIVATE}}}, _SECRETS),
    "opened": ({**_DEV, "workers": copy.deepcopy(_DEV["workers"])}, _SECRETS),
}
"""Stacks that differ in who reaches whom, each with its secrets."""
WAYS["opened"][0]["workers"]["acme"]["pools"]["flow"]["egress"] = {"crm": _PRIVATE}


def of_way(name: str) -> Installation:
    """One of `WAYS`."""
    raw, secrets = WAYS[name]
    return installation(name, settings(raw, *secrets))


def of_file(stack: str) -> Installation:
    """A stack file of the repository."""
    return installation(stack, read_stack_file(ROOT / f"Pulumi.{stack}.yaml"))


def fleet(pools: int) -> StackSettings:
    """Releases of eight pools each, with all that a pool can say, and long names."""
    scalers: list[dict[str, Any]] = [
        {"replicaCount": 3},
        {"autoscaling": keda(minReplicas=1, maxReplicas=40)},
        {
            "autoscaling": {"type": "hpa", "maxReplicas": 6, "targetCpuUtilization": 70},
            "resources": {"requests": {"cpu": "1"}},
        },
    ]
    releases = dict[str, Any]()
    for number in range(pools):
        release = releases.setdefault(
            f"customer-{number // 8:02}", {"namespace": f"noxus-customer-{number // 8:02}", "pools": {}}
        )
        tenants = [f"tenant-{number * 7 % 40:02}", f"tenant-of-a-long-name-{number % 3}"]
        release["pools"][f"pool-{number:03}{'-of-nightly-batches' if number % 9 == 0 else ''}"] = {
            "workerSubscribe": ("flow", "chat", "kb", "all", "all_but_kb")[number % 5],
            "workerSubscribeTenants": tenants[: 1 + number % 2],
            "workerSubscribeWorkspaces": ["workspace-1", "workspace-2", "workspace-3"][: number % 4],
            "egress": {"crm": {"reason": "the customer's CRM", "cidr": "10.9.0.7/32", "ports": [8443]}}
            if number % 20 == 0
            else {},
            **scalers[number % 3],
        }
    return settings({**SMALLEST, "scaling": {"queue": QUEUE}, "workers": releases})


def previewed(before: Deployment | None, after: Deployment) -> str:
    """What the engine prints of a preview, as far as a picture reads it: steps with their objects' parents."""
    old = {resource.urn: resource for resource in before.resources} if before else {}
    new = {resource.urn: resource for resource in after.resources}
    steps = [_step("delete", resource) for urn, resource in old.items() if urn not in new]
    for urn, resource in new.items():
        if urn not in old:
            steps.append(_step("create", resource))
        elif old[urn].inputs != resource.inputs:
            steps.append(_step("update", resource))
        else:
            steps.append(_step("same", resource))
    return json.dumps({"steps": steps})


def _step(op: str, resource: Resource) -> Mapping[str, Any]:
    state = {"type": resource.type, "parent": resource.parent, "inputs": resource.inputs}
    return {"op": op, "urn": resource.urn, "oldState" if op == "delete" else "newState": state}
