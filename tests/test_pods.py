"""Why pods are not ready: statuses as kubelet, scheduler and controllers write them, and what is said of each."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tools.pods import explanations

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
IMAGE = "registry.example.com/noxus/worker:2026.11.0"

Status = dict[str, Any]


def pod(status: Status, name: str = "kb-1", *, created: str = "2026-08-01T11:00:00Z", **metadata: Any) -> Status:
    return {"kind": "Pod", "metadata": {"name": name, "creationTimestamp": created, **metadata}, "status": status}


def container(state: Status, name: str = "worker", **more: Any) -> Status:
    return {"name": name, "image": IMAGE, "ready": False, "state": state, **more}


def containers(*found: Status, **more: Any) -> Status:
    return {"phase": "Pending", "containerStatuses": list(found), **more}


def waiting(reason: str, message: str = "", **more: Any) -> Status:
    said = {"message": message} if message else {}
    return containers(container({"waiting": {"reason": reason, **said}}, **more))


def ended(code: int, reason: str = "", message: str = "") -> Status:
    said = {"reason": reason, "message": message}
    return {"terminated": {"exitCode": code, **{key: text for key, text in said.items() if text}}}


def running(since: str = "2026-08-01T11:48:00Z", **more: Any) -> Status:
    return container({"running": {"startedAt": since}}, **{"started": True, **more})


def unready(since: str) -> list[Status]:
    return [{"type": "Ready", "status": "False", "reason": "ContainersNotReady", "lastTransitionTime": since}]


def explained(*pods: Status) -> list[tuple[str, str]]:
    return [(explanation.text, explanation.look) for explanation in explanations(pods, NOW)]


PENDING = {"phase": "Pending"}
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
TRACEBACK = f"Traceback (most recent call last):\n  {'x' * 300}\nKeyError: 'POSTGRESQL_URL'\n"

DESCRIBED: dict[str, tuple[Status, str]] = {
    "an image that is not there": (
        waiting("ErrImagePull", f'failed to pull image "{IMAGE}": not found'),
        f'container worker: ErrImagePull: failed to pull image "{IMAGE}": not found',
    ),
    "an image that is not there and is tried again": (
        waiting("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"'),
        f'container worker: ImagePullBackOff: Back-off pulling image "{IMAGE}"',
    ),
    "a name that is no image's": (
        waiting("InvalidImageName", "invalid reference format"),
        f"container worker: InvalidImageName: {IMAGE}: invalid reference format",
    ),
    "an image that is refused without a word": (
        waiting("ErrImagePull"),
        f"container worker: ErrImagePull: {IMAGE}",
    ),
    "a Secret that is missing": (
        waiting("CreateContainerConfigError", 'secret "noxus-app-env" not found'),
        'container worker: CreateContainerConfigError: secret "noxus-app-env" not found',
    ),
    "a command that is missing": (
        waiting("RunContainerError", 'exec: "celery":\n executable file not found in $PATH.'),
        'container worker: RunContainerError: exec: "celery": executable file not found in $PATH',
    ),
    "a container that is being made": (waiting("ContainerCreating"), "container worker: ContainerCreating"),
    "a crash of which nothing is left": (
        waiting("CrashLoopBackOff", "back-off 10s restarting failed container"),
        "container worker: CrashLoopBackOff: back-off 10s restarting failed container",
    ),
    "a pod for which no node has room": (
        {
            **PENDING,
            "conditions": [
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "0/3 nodes are available: 3 Insufficient memory.",
                }
            ],
        },
        "not scheduled to a node: 0/3 nodes are available: 3 Insufficient memory",
    ),
    "an evicted pod": (
        {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: ephemeral-storage. "},
        "Evicted: The node was low on resource: ephemeral-storage",
    ),
    "a pod that a node refused": ({"phase": "Failed", "reason": "OutOfcpu"}, "OutOfcpu"),
    "a probe that has not passed": (
        containers(running(), conditions=unready("2026-08-01T11:47:00Z")),
        "container worker has been running for 12 min, but its readiness probe has not passed yet",
    ),
    "a probe that no longer passes": (
        containers(running("2026-07-29T11:00:00Z"), conditions=unready("2026-08-01T11:47:00Z")),
        "container worker has been running for 3 d, but its readiness probe no longer passes",
    ),
    "a start that takes long": (
        containers(running("2026-08-01T11:58:30Z", started=False)),
        "container worker has been running for 90 s, but its startup probe has not passed yet",
    ),
    "a container that started at a time nobody knows": (
        containers(container({"running": {}})),
        "container worker has been running, but its readiness probe has not passed yet",
    ),
    "a container that started after this machine's time": (
        containers(running("2026-08-01T12:00:02Z")),
        "container worker has been running for 0 s, but its readiness probe has not passed yet",
    ),
    "an init container that takes long": (
        {**waiting("PodInitializing"), "initContainerStatuses": [running("2026-08-01T09:00:00Z", name="prepare")]},
        "init container prepare has been running for 3 h, and the others wait for its end",
    ),
    "an image of an init container": (
        {
            **waiting("PodInitializing"),
            "initContainerStatuses": [container({"waiting": {"reason": "ErrImagePull"}}, "prepare")],
        },
        f"init container prepare: ErrImagePull: {IMAGE}",
    ),
    "a container that waits for another": (
        containers(running(), container({"waiting": {"reason": "ErrImageNeverPull"}}, "proxy")),
        f"container proxy: ErrImageNeverPull: {IMAGE}",
    ),
    "a gate that is closed": (
        {
            "phase": "Running",
            "containerStatuses": [running(ready=True)],
            "conditions": [
                {"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady", "message": "gate is closed"}
            ],
        },
        "is Running: ReadinessGatesNotReady: gate is closed",
    ),
    "a pod of which nothing is known yet": ({}, "is Pending"),
}


@pytest.mark.parametrize("case", DESCRIBED)
def test_what_kubernetes_says_of_a_pod_is_said_and_its_description_shows_more(case: str) -> None:
    status, text = DESCRIBED[case]
    assert explained(pod(status)) == [(f"pod kb-1: {text}", "describe pod kb-1")]


CRASHED: dict[str, tuple[Status, str, str]] = {
    "a crash loop": (
        waiting(
            "CrashLoopBackOff", "back-off 5m0s restarting failed container", lastState=ended(1, "Error", "no host")
        ),
        "container worker: CrashLoopBackOff after Error, exit code 1: no host",
        "-c worker --previous",
    ),
    "a crash loop without a word": (
        waiting("CrashLoopBackOff", lastState=ended(2)),
        "container worker: CrashLoopBackOff after exit code 2",
        "-c worker --previous",
    ),
    "a loop of what should not end": (
        waiting("CrashLoopBackOff", lastState=ended(0, "Completed")),
        "container worker: CrashLoopBackOff after Completed, exit code 0",
        "-c worker --previous",
    ),
    "a loop out of memory": (
        waiting("CrashLoopBackOff", lastState=ended(137, "OOMKilled")),
        "container worker: CrashLoopBackOff after OOMKilled, exit code 137",
        "-c worker --previous",
    ),
    "a crash a moment ago": (
        containers(container(ended(1, "Error"))),
        "container worker: Error, exit code 1",
        "-c worker",
    ),
    "a Job's pod out of memory": (
        containers(container(ended(137, "OOMKilled"), "job"), phase="Failed"),
        "container job: OOMKilled, exit code 137",
        "-c job",
    ),
    "a Job's pod with the end of its log": (
        containers(container(ended(1, "Error", TRACEBACK), "job"), phase="Failed"),
        f"container job: Error, exit code 1: ... {'x' * 173} KeyError: 'POSTGRESQL_URL'",
        "-c job",
    ),
    "a container that runs again": (
        containers(running("2026-08-01T11:59:40Z", lastState=ended(137, "Error", "probe failed"), started=False)),
        "container worker has been running for 20 s (before that Error, exit code 137: probe failed), "
        "but its startup probe has not passed yet",
        "-c worker --previous",
    ),
    "an init container that fails": (
        {**waiting("PodInitializing"), "initContainerStatuses": [container(ended(1, "Error", "no space"), "prepare")]},
        "init container prepare: Error, exit code 1: no space",
        "-c prepare",
    ),
    "an init container that fails again and again": (
        {
            **waiting("PodInitializing"),
            "initContainerStatuses": [
                container({"waiting": {"reason": "CrashLoopBackOff"}}, "prepare", lastState=ended(1, "Error"))
            ],
        },
        "init container prepare: CrashLoopBackOff after Error, exit code 1",
        "-c prepare --previous",
    ),
    "a crash after an init container that did its work": (
        {
            **containers(container(ended(1, "Error"))),
            "initContainerStatuses": [container(ended(0, "Completed"), "prepare", ready=True)],
        },
        "container worker: Error, exit code 1",
        "-c worker",
    ),
}


@pytest.mark.parametrize("case", CRASHED)
def test_a_container_that_ended_is_told_with_its_last_words_and_its_log_shows_more(case: str) -> None:
    status, text, log = CRASHED[case]
    assert explained(pod(status)) == [(f"pod kb-1: {text}", f"logs kb-1 {log}")]


@pytest.mark.parametrize(
    "fine",
    [
        pod(READY),
        pod({"phase": "Succeeded", "containerStatuses": [container(ended(0, "Completed"), "job")]}),
        pod(waiting("ErrImagePull"), deletionTimestamp="2026-08-01T11:59:00Z"),
    ],
    ids=["ready", "succeeded", "being deleted"],
)
def test_nothing_is_said_of_a_pod_that_is_as_it_should_be_or_about_to_go(fine: Status) -> None:
    assert explained(fine) == []
    unpulled = pod(waiting("ErrImagePull"), "kb-2", created="2026-08-01T10:00:00Z")
    assert explained(fine, unpulled) == [(f"pod kb-2: container worker: ErrImagePull: {IMAGE}", "describe pod kb-2")], (
        "and it hides no other"
    )


def test_each_cause_is_told_once_with_its_newest_pod() -> None:
    crash = waiting("CrashLoopBackOff", lastState=ended(1, "Error", "no host"))
    again = containers(running("2026-08-01T11:59:50Z", lastState=ended(1, "Error", "no route")))
    out_of_memory = waiting("CrashLoopBackOff", lastState=ended(137, "OOMKilled"))
    found = [
        pod(crash, "kb-1", created="2026-08-01T10:00:00Z"),
        pod(again, "kb-2", created="2026-08-01T10:20:00Z"),
        pod(out_of_memory, "kb-3", created="2026-08-01T10:10:00Z"),
        pod(waiting("ImagePullBackOff"), "kb-4", created="2026-08-01T10:40:00Z"),
        pod(waiting("ErrImagePull"), "kb-5", created="2026-08-01T10:30:00Z"),
        pod(waiting("ErrImagePull"), "kb-6", created="2026-08-01T10:29:00Z"),
    ]
    assert explained(*found) == [
        (f"pod kb-4 (2 more like it): container worker: ImagePullBackOff: {IMAGE}", "describe pod kb-4"),
        (
            "pod kb-2 (1 more like it): container worker has been running for 10 s "
            "(before that Error, exit code 1: no route), but its readiness probe has not passed yet",
            "logs kb-2 -c worker --previous",
        ),
        (
            "pod kb-3: container worker: CrashLoopBackOff after OOMKilled, exit code 137",
            "logs kb-3 -c worker --previous",
        ),
    ]


@pytest.mark.parametrize("label", ["pod-template-hash", "controller-revision-hash"])
def test_only_the_latest_template_is_told(label: str) -> None:
    old = pod(waiting("ErrImagePull"), "old", labels={label: "a"}, created="2026-08-01T10:00:00Z")
    new = pod(waiting("CreateContainerError", "no such device"), "new", labels={label: "b"})
    gone = pod(PENDING, "gone", labels={label: "c"}, created="2026-08-01T11:30:00Z", deletionTimestamp="now")
    assert explained(old, new, gone) == [
        ("pod new: container worker: CreateContainerError: no such device", "describe pod new")
    ]


def test_no_pods_are_no_explanation() -> None:
    assert explained() == []
