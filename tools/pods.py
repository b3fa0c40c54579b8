"""Why pods are not ready, in Kubernetes' own words: pure, pods in, sentences out.

Only what a pod's status says. The rest, such as a volume that cannot be mounted, is in its events, and
`kubectl describe pod` shows those.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tools.observed import Manifest, at, conditions, part, parts

JOB_NAME: Final = "batch.kubernetes.io/job-name"
"""Label that the Job controller puts on the pods of a Job."""

_REVISIONS: Final = ("pod-template-hash", "controller-revision-hash")
"""Labels by which a Deployment and a StatefulSet tell the pods of their latest template from the others."""

_LAST_WORDS: Final = 200
"""Characters of a container's last message that are shown. It may be the end of a log, so they are the last ones."""

_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"))


@dataclass(frozen=True)
class Explanation:
    """A sentence about one pod that is not ready, and all that are not for the same reason."""

    text: str
    look: str
    """The kubectl command that shows more, as far as it is about the pod."""


@dataclass(frozen=True)
class _Cause:
    """Why one pod is not ready."""

    kind: tuple[str, ...]
    """What is the same for all pods that have this cause, whatever else is said about each."""
    text: str
    log: str = ""
    """Arguments of `kubectl logs`, where the log of a container says more than the pod's description."""


def explanations(pods: Iterable[Manifest], now: datetime) -> Iterator[Explanation]:
    """Why the pods of one workload or Job are not ready: one sentence for each cause, newest pod first."""
    alike: dict[tuple[str, ...], list[tuple[str, _Cause]]] = {}
    for pod in _newest_revision(pods):
        if cause := _cause(pod, now):
            alike.setdefault(cause.kind, []).append((pod["metadata"]["name"], cause))
    for (name, cause), *others in alike.values():
        more = f" ({len(others)} more like it)" if others else ""
        look = f"logs {name} {cause.log}" if cause.log else f"describe pod {name}"
        yield Explanation(f"pod {name}{more}: {cause.text}", look)


def _newest_revision(pods: Iterable[Manifest]) -> Sequence[Manifest]:
    """The pods of the latest template, newest first: those of an older one, and deleted ones, are being removed."""
    staying = [pod for pod in pods if not at(pod, "metadata", "deletionTimestamp")]
    staying.sort(key=lambda pod: at(pod, "metadata", "creationTimestamp"), reverse=True)
    return [pod for pod in staying if _revision(pod) == _revision(staying[0])]


def _revision(pod: Manifest) -> Sequence[str | None]:
    """What tells a template's pods from those of another template; the same for all pods of a Job."""
    return [at(pod, "metadata", "labels", label) for label in _REVISIONS]


def _cause(pod: Manifest, now: datetime) -> _Cause | None:
    if at(pod, "status", "phase") == "Succeeded" or at(conditions(pod), "Ready", "status") == "True":
        return None
    return next(_causes(pod, now))


def _causes(pod: Manifest, now: datetime) -> Iterator[_Cause]:
    """Everything that keeps a pod from being ready, what explains most first."""
    status, found = part(pod, "status"), conditions(pod)
    scheduled, ready = part(found, "PodScheduled"), part(found, "Ready")
    inits = {f"init container {init['name']}": init for init in parts(status, "initContainerStatuses")}
    mains = {f"container {main['name']}": main for main in parts(status, "containerStatuses")}
    if reason := status.get("reason"):  # the pod as a whole, such as Evicted
        yield _Cause((reason,), _sentence(reason, status.get("message", "")))
    if scheduled.get("status") == "False":
        yield _Cause(("not scheduled",), _sentence("not scheduled to a node", scheduled.get("message", "")))
    for title, container in {**inits, **mains}.items():
        yield from _stopped(title, container)
    for title, init in inits.items():
        yield from _running(title, init, "and the others wait for its end", now)
    for title, main in mains.items():
        yield from _running(title, main, _failing_probe(main, ready.get("lastTransitionTime", "")), now)
    phase, reason = f"is {status.get('phase', 'Pending')}", ready.get("reason", "")
    yield _Cause((phase, reason), _sentence(phase, reason, ready.get("message", "")))


def _stopped(title: str, container: Manifest) -> Iterator[_Cause]:
    """Why a container does not run. One that waits for the init containers is not to blame."""
    waiting, ended, last = part(container, "state", "waiting"), part(container, "state", "terminated"), _last(container)
    reason, log = waiting.get("reason", ""), f"-c {container['name']}"
    if reason == "CrashLoopBackOff" and last:
        text = _sentence(title, f"{reason} after {_ending(last)}", _last_words(last))
        yield _Cause((title, _ending(last)), text, f"{log} --previous")
    elif "Image" in reason:  # a pod goes back and forth between ErrImagePull and ImagePullBackOff
        image, message = container["image"], waiting.get("message", "")
        yield _Cause((title, image), _sentence(title, reason, "" if image in message else image, message))
    elif reason and reason != "PodInitializing":
        yield _Cause((title, reason), _sentence(title, reason, waiting.get("message", "")))
    elif ended and not container.get("ready"):  # an init container that has done its work is ready
        yield _Cause((title, _ending(ended)), _sentence(title, _ending(ended), _last_words(ended)), log)


def _running(title: str, container: Manifest, lacking: str, now: datetime) -> Iterator[_Cause]:
    """What a container that runs has not achieved; if it was started again, how it had ended is the cause."""
    running, last = at(container, "state", "running"), _last(container)
    if running is None or container.get("ready"):
        return
    age = f" for {_rounded(now - datetime.fromisoformat(running['startedAt']))}" if running.get("startedAt") else ""
    history = f" (before that {_sentence(_ending(last), _last_words(last))})" if last else ""
    cause = _ending(last) if last else lacking
    log = f"-c {container['name']} --previous" if last else ""
    yield _Cause((title, cause), f"{title} has been running{age}{history}, {lacking}", log)


def _failing_probe(container: Manifest, unready_since: str) -> str:
    """Which probe a container that runs has not passed. If its pod was ready after it started, it had passed."""
    if container.get("started") is False:
        return "but its startup probe has not passed yet"
    started = at(container, "state", "running", "startedAt")
    passed = started is not None and started < unready_since
    return f"but its readiness probe {'no longer passes' if passed else 'has not passed yet'}"


def _last(container: Manifest) -> Manifest:
    """How a container that was started again had ended; empty, if it was not."""
    return part(container, "lastState", "terminated")


def _ending(terminated: Manifest) -> str:
    """How a container ended, such as `OOMKilled, exit code 137`."""
    code = f"exit code {terminated['exitCode']}"
    return f"{terminated['reason']}, {code}" if terminated.get("reason") else code


def _last_words(terminated: Manifest) -> str:
    text = " ".join(terminated.get("message", "").split())
    return text if len(text) <= _LAST_WORDS else f"... {text[-_LAST_WORDS:]}"


def _rounded(age: timedelta) -> str:
    """An age in the largest unit of which it has two."""
    seconds = max(0, int(age.total_seconds()))
    return next((f"{seconds // size} {unit}" for size, unit in _UNITS if seconds >= 2 * size), f"{seconds} s")


def _sentence(*said: str) -> str:
    """What was said, each on one line and without its full stop, the general before the particular."""
    lines = (" ".join(text.split()).removesuffix(".") for text in said)
    return ": ".join(line for line in lines if line)
