"""The cluster as somebody else sees it, and waiting for what it will show."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4


def eventually(what: Callable[[], Any], seconds: float = 30) -> Any:
    """The first answer that is true."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.1)
    return answer


class Kubectl:
    """The cluster as somebody else sees it, in a namespace of the test's own."""

    def __init__(self, kubeconfig: Path) -> None:
        self.namespace = f"plugin-{uuid4().hex[:8]}"
        kubectl = str(Path(sys.executable).with_name("kubectl"))  # the pinned one, not the machine's
        self._command = [kubectl, "--kubeconfig", str(kubeconfig), "--namespace", self.namespace]

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        command = [*self._command, *arguments]
        return subprocess.run(command, input=stdin, check=True, capture_output=True, text=True, timeout=60).stdout

    def get(self, *arguments: str) -> dict[str, Any]:
        """The object, or nothing."""
        found = self("get", *arguments, "--ignore-not-found", "--show-managed-fields", "-o", "json")
        return json.loads(found) if found else {}

    def names_in(self, kind: str, namespace: str) -> set[str]:
        return set(self("get", kind, "--namespace", namespace, "-o", "jsonpath={.items[*].metadata.name}").split())

    def names(self, kind: str) -> set[str]:
        return set(self("get", kind, "-o", "jsonpath={.items[*].metadata.name}").split())
