"""Every number of replicas that Deployments were ever told to have, as the API server's watch tells it."""

import subprocess
import sys
from itertools import groupby
from pathlib import Path


class Watch:
    """Watches from its creation until `stop`. `what` are kubectl's words for the Deployments."""

    def __init__(self, kubeconfig: Path, output: Path, *what: str) -> None:
        self._output = output
        kubectl = [str(Path(sys.executable).with_name("kubectl")), "--kubeconfig", str(kubeconfig)]
        line = '{.metadata.name} {.spec.replicas}{"\\n"}'
        command = [*kubectl, "get", "deployment", *what, "--watch", "-o", f"jsonpath={line}"]
        with output.open("w") as file:
            self.process = subprocess.Popen(command, stdout=file)

    def seen(self, name: str | None = None) -> list[int]:
        """Numbers in the order in which they were seen, each change once, of one Deployment or of all."""
        lines = [line.split() for line in self._output.read_text().splitlines()]
        numbers = [int(line[1]) for line in lines if len(line) == 2 and name in (None, line[0])]
        return [number for number, _ in groupby(numbers)]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)
