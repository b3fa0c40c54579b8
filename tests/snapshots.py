"""Snapshots of clusters for `tools.verify`: what a healthy one makes of the objects that a stack declares."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

from config import StackSettings, read_stack_file
from tests.programs import ROOT, run_program, stack_file
from tools.observed import Namespace, Observed
from tools.pods import JOB_NAME

DEV = ROOT / "Pulumi.dev.yaml"
NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
READY = {"type": "Ready", "status": "True"}

Manifest = dict[str, Any]
Objects = dict[tuple[str, str, str], Manifest]
"""A cluster's objects by kind, namespace and name."""


@cache
def dev_settings() -> StackSettings:
    return read_stack_file(DEV)


def dev_cluster() -> Objects:
    """The dev stack's cluster, for a test to break."""
    return copy.deepcopy(_dev_cluster())


@cache
def _dev_cluster() -> Objects:
    return healthy(stack_file(DEV))


def healthy(program: tuple[Manifest, dict[str, str]]) -> Objects:
    objects: Objects = {}
    for _, manifest in run_program(*program).objects:
        _add(objects, _as_the_api_server_shows_it(manifest))
        for pod in _pods(manifest):
            _add(objects, pod)
    _add(objects, hpa("keda-hpa-acme-flow", "acme-flow", ownerReferences=[{"kind": "ScaledObject"}]))
    for role in ("noxus-frontend", "noxus-backend", "noxus-relays", "noxus"):  # cert-manager's work
        _add(objects, {"kind": "Secret", "metadata": {"name": f"{role}-tls", "namespace": "noxus"}})
    for namespace in ("noxus", "noxus-acme"):  # created elsewhere
        _add(objects, {"kind": "Secret", "metadata": {"name": "regcred", "namespace": namespace}})
    for name in ("noxus-backend", "noxus-frontend", "noxus-relays"):
        metadata = {"name": name, "namespace": "noxus"}
        _add(objects, {"kind": "Health", "metadata": metadata, "code": 200, "text": "down"})
    return objects


def _add(objects: Objects, manifest: Manifest) -> None:
    metadata = manifest["metadata"]
    objects[manifest["kind"], metadata.get("namespace", metadata["name"]), metadata["name"]] = manifest


def _as_the_api_server_shows_it(manifest: Manifest) -> Manifest:
    """What a healthy cluster makes of a declared object."""
    shown, spec = copy.deepcopy(manifest), copy.deepcopy(manifest.get("spec", {}))
    shown["metadata"]["generation"] = 1
    if manifest["kind"] in ("Deployment", "StatefulSet"):
        count = spec.setdefault("replicas", 1)
        shown["status"] = {"observedGeneration": 1, "availableReplicas": count, "updatedReplicas": count}
        for variable in spec["template"]["spec"]["containers"][0].get("env", []):
            if variable.get("value") == "":
                del variable["value"]
    statuses: dict[str, Manifest] = {
        "Namespace": {"phase": "Active"},
        "Ingress": {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}},
        "Job": {"conditions": [{"type": "Complete", "status": "True"}]},
        "PersistentVolumeClaim": {"phase": "Bound"},
        **{kind: {"conditions": [READY]} for kind in ("ExternalSecret", "ScaledObject", "SecretStore")},
    }
    if manifest["kind"] in statuses:
        shown["status"] = statuses[manifest["kind"]]
    if manifest["kind"] == "Service":
        spec.setdefault("clusterIP", "10.17.0.5")
    if manifest["kind"] == "Secret":
        del shown["stringData"]
    return {**shown, "spec": spec}


def _pods(manifest: Manifest) -> Iterator[Manifest]:
    """The pods that the controllers make of a Deployment, a StatefulSet and a Job."""
    if manifest["kind"] not in ("Deployment", "StatefulSet", "Job"):
        return
    metadata, spec, once = manifest["metadata"], manifest["spec"], manifest["kind"] == "Job"
    added = {JOB_NAME: metadata["name"]} if once else {"pod-template-hash": "old"}
    for index in range(spec.get("replicas", 1)):
        yield {
            "kind": "Pod",
            "metadata": {
                "name": f"{metadata['name']}-{index}",
                "namespace": metadata["namespace"],
                "labels": {**spec["template"]["metadata"]["labels"], **added},
                "creationTimestamp": "2026-08-01T10:00:00Z",
            },
            "status": {"phase": "Succeeded"} if once else {"phase": "Running", "conditions": [READY]},
        }


def hpa(name: str, target: str, **metadata: object) -> Manifest:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    namespace = "noxus-acme" if target.startswith("acme") else "noxus"
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {"scaleTargetRef": reference, "minReplicas": 1, "maxReplicas": 9},
    }


def observed(objects: Objects) -> Observed:
    names = {namespace for _, namespace, _ in objects} | {"noxus-data", "noxus", "noxus-acme"}
    return {
        name: Namespace(name, [manifest for (_, namespace, _), manifest in objects.items() if namespace == name], NOW)
        for name in names
    }
