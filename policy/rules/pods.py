"""Where pods are described in Kubernetes objects, and what the level `restricted` of Pod Security asks of them.

The API server refuses other pods only where their namespace enforces the level, and then it accepts the Deployment and
makes no pods: here they are refused before. Leaves out pods of Windows, and objects that only patch others.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from .node import Node
from .rule import Check, Config, Finding, Resource, Violation, decided

SPECS: Final[Mapping[str, str]] = {
    "kubernetes:core/v1:Pod": "spec",
    "kubernetes:core/v1:PodTemplate": "template.spec",
    "kubernetes:core/v1:ReplicationController": "spec.template.spec",
    "kubernetes:apps/v1:Deployment": "spec.template.spec",
    "kubernetes:apps/v1:StatefulSet": "spec.template.spec",
    "kubernetes:apps/v1:DaemonSet": "spec.template.spec",
    "kubernetes:apps/v1:ReplicaSet": "spec.template.spec",
    "kubernetes:batch/v1:Job": "spec.template.spec",
    "kubernetes:batch/v1:CronJob": "spec.jobTemplate.spec.template.spec",
}
"""Where the specification of pods is, by type of object."""
LASTING: Final = tuple(type_ for type_ in SPECS if not type_.startswith("kubernetes:batch/"))
"""Types whose pods are to run until they are replaced."""

VOLUMES: Final = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"
}  # fmt: skip
"""Kinds of volumes that show a pod nothing of its node."""
SYSCTLS: Final = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
}  # fmt: skip
"""Kernel settings that are a pod's own."""
SECCOMP: Final = {"RuntimeDefault", "Localhost"}

PodCheck = Callable[[Node], Iterator[Finding]]


def pod(resource: Resource) -> Node:
    """The specification of an object's pods."""
    return resource.inputs.at(SPECS[resource.type])


def containers(pod: Node) -> Iterator[Node]:
    """Every container of a pod, those that prepare it first."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from pod[key]


def of_pod(*checks: PodCheck) -> Check:
    """Checks of the pods of an object, each decided by itself."""

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        found = pod(resource)
        for one in checks:
            yield from decided(one(found))

    return check


def of_containers(*checks: PodCheck) -> Check:
    """Checks of each container of an object, each decided by itself."""

    def check(resource: Resource, _config: Config) -> Iterator[Finding]:
        for container in containers(pod(resource)):
            for one in checks:
                yield from decided(one(container))

    return check


def shares_nothing_with_its_node(pod: Node) -> Iterator[Finding]:
    """Namespaces of the kernel, and kernel settings."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod[key].value:
            yield Violation(pod[key].path, "must be false: a pod shares none of its node's namespaces")
    for setting in pod.at("securityContext.sysctls"):
        if setting["name"].text not in SYSCTLS:
            yield Violation(setting.path, "must be a kernel setting that is a pod's own")


def mounts_nothing_of_its_node(pod: Node) -> Iterator[Finding]:
    """Kinds of volumes."""
    for volume in pod["volumes"]:
        for key, source in volume.fields():
            if source.given and key not in {*VOLUMES, "name"}:
                yield Violation(source.path, f"must be another kind of volume: one of {', '.join(sorted(VOLUMES))}")


def runs_as_an_ordinary_user(pod: Node) -> Iterator[Finding]:
    """A container's own word counts, else the pod's."""
    for container in containers(pod):
        yield from decided(_user_and_system_calls(pod, container))


def _user_and_system_calls(pod: Node, container: Node) -> Iterator[Finding]:
    def says(path: str) -> Node:
        own = container["securityContext"].at(path)
        return own if own.given else pod["securityContext"].at(path)

    if says("runAsNonRoot").value is not True:
        yield Violation(f"{container.path}.securityContext.runAsNonRoot", "must be true, here or for the whole pod")
    if says("runAsUser").value == 0:
        yield Violation(f"{container.path}.securityContext.runAsUser", "must not be 0, here or for the whole pod")
    if says("seccompProfile.type").text not in SECCOMP:
        yield Violation(
            f"{container.path}.securityContext.seccompProfile.type",
            "must be RuntimeDefault or Localhost, here or for the whole pod",
        )


def gains_no_privileges(container: Node) -> Iterator[Finding]:
    """Privileges, capabilities, and ports of the node."""
    context = container["securityContext"]
    if context["privileged"].value:
        yield Violation(context["privileged"].path, "must be false")
    if context["allowPrivilegeEscalation"].value is not False:
        yield Violation(context["allowPrivilegeEscalation"].path, "must be false; left out it is true")
    if "ALL" not in _texts(context.at("capabilities.drop")):
        yield Violation(context.at("capabilities.drop").path, "must hold ALL")
    if _texts(context.at("capabilities.add")) - {"NET_BIND_SERVICE"}:
        yield Violation(context.at("capabilities.add").path, "must hold nothing but NET_BIND_SERVICE")
    if context["procMount"].given and context["procMount"].text != "Default":
        yield Violation(context["procMount"].path, "must be Default")
    for port in container["ports"]:
        if port["hostPort"].value:
            yield Violation(port["hostPort"].path, "must be left out: it opens a port of the node")


def enforced(resource: Resource, _config: Config) -> Iterator[Finding]:
    """A namespace in which the API server refuses other pods."""
    label = resource.inputs.at("metadata.labels")["pod-security.kubernetes.io/enforce"]
    if label.value != "restricted":
        yield Violation(label.path, "must be restricted, so that the API server refuses what this rule did not see")


def _texts(node: Node) -> set[str]:
    return {item.text for item in node}
