"""What a program wrote, made into the object to send: names, namespaces, Secrets; and what the cluster made of it."""

import base64
import copy
import hashlib
import secrets
from typing import Any, Final

from pulumi.runtime.rpc import UNKNOWN

from sandbox.plugins.kubernetes.cluster import Object
from sandbox.plugins.properties import Path, Secrets

AUTONAMED: Final = "pulumi.com/autonamed"

_SERVER_METADATA: Final = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid", "selfLink")


def annotation(obj: Object, name: str) -> str:
    """The value of `pulumi.com/<name>`, or nothing."""
    return ((obj.get("metadata") or {}).get("annotations") or {}).get(f"pulumi.com/{name}", "")


def named(inputs: Object, old: Object, logical_name: str, seed: bytes) -> Object:
    """`inputs` with a name: their own, the one generated before, or a new one."""
    metadata = dict(inputs.get("metadata") or {})
    if not metadata.get("name"):
        kept = old["metadata"]["name"] if annotation(old, "autonamed") else ""
        suffix = hashlib.sha256(seed).hexdigest()[:8] if seed else secrets.token_hex(4)
        metadata["name"] = kept or f"{logical_name}-{suffix}"
        metadata["annotations"] = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
    return {**inputs, "metadata": metadata}


def encoded(inputs: Object) -> Object:
    """A Secret's `stringData` as the `data` that the API server would make of it, so that both compare alike."""
    if inputs["kind"] != "Secret" or not isinstance(inputs.get("stringData"), dict):
        return inputs
    plain = inputs["stringData"].items()
    data = {key: text if text == UNKNOWN else base64.b64encode(text.encode()).decode() for key, text in plain}
    rest = {key: value for key, value in inputs.items() if key != "stringData"}
    return {**rest, "data": {**(rest.get("data") or {}), **data}}


def secret_paths(kind: str, secrets_: Secrets) -> Secrets:
    """What must be encrypted in the state: what the program marked, and a Secret's content in any case."""
    if kind != "Secret":
        return secrets_
    content: set[Path] = {("data",), ("stringData",)}
    return frozenset(content | {path for path in secrets_ if path[0] not in ("data", "stringData")})


def imported(live: Object) -> Object:
    """Inputs for an object that the state knew nothing of: all that a program could have written."""
    inputs = {key: value for key, value in copy.deepcopy(live).items() if key != "status"}
    for field in _SERVER_METADATA:
        inputs["metadata"].pop(field, None)
    return inputs


def observed(wanted: Any, live: Any) -> Any:
    """`wanted` with the values the cluster has there now; what others added beside it is not ours to see."""
    if isinstance(wanted, dict) and isinstance(live, dict):
        # The API server leaves out empty and zero values, so their absence is no change.
        kept = {key: value for key, value in wanted.items() if key in live or not value}
        return {key: observed(value, live[key]) if key in live else value for key, value in kept.items()}
    if isinstance(wanted, list) and isinstance(live, list) and all(isinstance(item, dict) for item in wanted):
        if all("name" in item for item in [*wanted, *live]):
            by_name = {item["name"]: item for item in live}
            return [observed(item, by_name[item["name"]]) for item in wanted if item["name"] in by_name]
        return [observed(mine, theirs) for mine, theirs in zip(wanted, live, strict=False)]
    return wanted if wanted == live or _same_quantity(wanted, live) else live


def _same_quantity(one: Any, other: Any) -> bool:
    """Whether both are one quantity: the API server rewrites "1000m" as "1"."""
    from kubernetes.utils.quantity import parse_quantity

    try:
        return parse_quantity(one) == parse_quantity(other)
    except (ValueError, TypeError, AttributeError):
        return False
