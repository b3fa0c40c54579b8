"""Waiting for an object to be ready or gone, within a time, until the user says stop."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Final

from sandbox.plugins.kubernetes.cluster import Address, ApiError, Cluster, Object, UnreachableError
from sandbox.plugins.kubernetes.readiness import Verdict, judge, pod_troubles
from sandbox.plugins.server import RefusedError

FIRST_LOOK_SECONDS: Final = 0.1
LAST_LOOK_SECONDS: Final = 1.0
"""Looks at the cluster start close together and get rarer: most objects are ready within a second."""


class NotReadyError(RefusedError):
    """The object exists and is not ready. `reasons` are one line each, the first says why the wait ended."""

    def __init__(self, live: Object, reasons: list[str]) -> None:
        super().__init__(reasons[0])
        self.live = live
        self.reasons = reasons


@dataclass(frozen=True)
class Wait:
    """One wait: how long, who can end it early, and who is told what it is for."""

    cluster: Cluster
    seconds: float
    cancelled: Event
    report: Callable[[str], None]

    def until_ready(self, live: Object) -> Object:
        """The object as it is once it is ready."""
        name, address = live["metadata"]["name"], Address.of(live)
        deadline, pause, told = time.monotonic() + self.seconds, FIRST_LOOK_SECONDS, ""
        verdict = judge(live, self.cluster)
        while not verdict.ready:
            if verdict.missing != told:
                self.report(told := verdict.missing)
            if verdict.final:
                raise NotReadyError(live, [verdict.missing, *pod_troubles(live, self.cluster)])
            if time.monotonic() > deadline:
                reasons = [f"'{name}' timed out waiting to be Ready", verdict.missing]
                raise NotReadyError(live, [*reasons, *pod_troubles(live, self.cluster)])
            if self.cancelled.wait(pause):
                raise NotReadyError(live, [f"waiting for '{name}' to be Ready was cancelled", verdict.missing])
            pause = min(pause * 1.5, LAST_LOOK_SECONDS)
            try:
                live = self.cluster.get(address)
                verdict = judge(live, self.cluster)
            except (ApiError, UnreachableError) as error:
                # The object exists in the state to come: whatever goes wrong while looking must not lose it.
                verdict = Verdict(str(error), final=isinstance(error, ApiError) and error.not_found)
        if told:
            self.report(f"{live['kind']} initialization complete")
        return live

    def until_gone(self, address: Address, uid: str) -> None:
        """Return when the object, or one that took its name, is not the one with `uid` any more."""
        deadline, pause = time.monotonic() + self.seconds, FIRST_LOOK_SECONDS
        while True:
            try:
                live = self.cluster.get(address)
            except ApiError as error:
                if error.not_found:
                    return
                raise
            if uid and live["metadata"]["uid"] != uid:
                return
            finalizers = ", ".join(live["metadata"].get("finalizers", []))
            if time.monotonic() > deadline or self.cancelled.wait(pause):
                hint = f": finalizers might be preventing deletion ({finalizers})" if finalizers else ""
                end = "was cancelled" if self.cancelled.is_set() else "timed out"
                raise NotReadyError(live, [f"waiting for deletion of {address.kind} {address.id} {end}{hint}"])
            pause = min(pause * 1.5, LAST_LOOK_SECONDS)
