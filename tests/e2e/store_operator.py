"""The External Secrets operator as far as a stack sees it, over a store that the test holds in its hands.

The real one is not here: not all of its modules can be fetched. What this stands for is its order of events: a Secret
is written some time after its ExternalSecret changed, which says `Ready` all the while.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import yaml

from tests.e2e.kubectl import Kubectl

KINDS = "secretstores.external-secrets.io,externalsecrets.external-secrets.io"
PAUSE_SECONDS = 0.2


class StoreOperator:
    """Writes every ExternalSecret's Secret from `entries`, which are values by entry and property."""

    def __init__(self, kubeconfig: Path, entries: Mapping[str, Mapping[str, str]]) -> None:
        self.entries = entries
        self._cluster = Kubectl(kubeconfig)
        self._written: dict[str, str] = {}
        self._stopped = Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join(timeout=60)

    def _run(self) -> None:
        while not self._stopped.wait(PAUSE_SECONDS):
            for item in json.loads(self._cluster("get", KINDS, "--all-namespaces", "-o", "json"))["items"]:
                if item["kind"] == "ExternalSecret":
                    self._write(item)
                self._ready(item)

    def _write(self, item: dict[str, Any]) -> None:
        metadata, spec = item["metadata"], item["spec"]
        stated = spec["target"]["template"]
        template = {name: text.replace('{{ "{{" }}', "{{") for name, text in stated["data"].items()}
        marks: dict[str, str] = {}
        for part in stated.get("templateFrom", []):
            marks |= yaml.safe_load(part["literal"])  # as the operator reads it: a YAML object of texts
        read = {
            data["secretKey"]: self.entries[data["remoteRef"]["key"]][data["remoteRef"]["property"]]
            for data in spec["data"]
        }
        text = json.dumps({**template, **marks, **read}, sort_keys=True)
        if self._written.get(metadata["uid"]) == text:
            return
        owner = {
            "apiVersion": item["apiVersion"],
            "kind": item["kind"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        }
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": spec["target"]["name"],
                "namespace": metadata["namespace"],
                "ownerReferences": [owner],
            },
            "data": {name: b64encode(value.encode()).decode() for name, value in json.loads(text).items()},
        }
        apply = ("apply", "--server-side", "--force-conflicts", "--namespace", metadata["namespace"], "-f", "-")
        self._cluster(*apply, stdin=json.dumps(secret))
        self._written[metadata["uid"]] = text

    def _ready(self, item: dict[str, Any]) -> None:
        if not item.get("status", {}).get("conditions"):
            status = {"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Valid"}]}}
            name, namespace = item["metadata"]["name"], item["metadata"]["namespace"]
            self._cluster(
                *("patch", item["kind"].lower(), name, "--namespace", namespace, "--subresource=status"),
                *("--type=merge", "--patch", json.dumps(status)),
            )
