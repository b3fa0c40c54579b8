"""Whether every workload says what it needs: pods that say nothing are the first that a full node ends."""

from collections.abc import Iterator

from checks.finding import Finding, note
from config import StackSettings


def workloads_request_memory(settings: StackSettings) -> Iterator[Finding]:
    """Name the workloads without a request for memory. No size is published, so none is made up here.

    In a release with a quota the LimitRange has defaults.
    """
    for path, _, release in settings.releases():
        for name, workload in release.runs.items() if release.quota is None else ():
            if "memory" not in {*workload.resources.requests, *workload.resources.limits}:
                yield note(
                    f"{path}.{name}.resources",
                    "requests no memory, so its pods are the first that a node short of memory ends; write "
                    "requests.memory, as measured",
                )
