"""What pods may reach beyond what every release needs, and how names are resolved in this cluster."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from config.section import Section
from config.types import Cidr, Label, LabelName, LabelValue

_LAST_PORT: Final = 65535

Port = Annotated[int, Field(ge=1, le=_LAST_PORT)]


def _in_order(value: int | str) -> int | str:
    first, last = (int(part) if part.isdecimal() else 0 for part in f"{value}-{_LAST_PORT}".split("-")[:2])
    if not 1 <= first <= last <= _LAST_PORT or str(value).count("-") > 1:
        raise ValueError(f'must be a port from 1 to {_LAST_PORT}, or a range of them such as "30000-32767"')
    return value


Ports = Annotated[int | str, AfterValidator(_in_order)]
"""One port, or a range of them: its first and its last."""


class DnsSettings(Section):
    """The cluster's DNS. A policy chooses pods before a Service's address is translated, so the pods must be named."""

    type: Literal["kubeDns", "openshift"] = "kubeDns"
    """`kubeDns`: pods `k8s-app: kube-dns` in kube-system, port 53. `openshift`: those of openshift-dns, port 5353."""
    cidrs: tuple[Cidr, ...] = Field(default=(), examples=[["169.254.20.10/32"]])
    """Addresses that answer besides: NodeLocal DNSCache's 169.254.20.10/32, or the DNS Service's own where policies
    apply before its address is translated. EKS Auto Mode answers on the nodes and has no such pods: without the address
    of the Service `kube-dns`, such as 172.20.0.10/32, no pod resolves a name there."""


class Located(Section):
    """Where a service that somebody else runs is on the network: addresses, or pods in this Kubernetes cluster.

    Pods of this stack are let out to it. What is let in is the business of the namespace that it runs in.
    """

    cidrs: tuple[Cidr, ...] = Field(default=(), examples=[["10.30.0.0/24"]])
    """Addresses that its name can stand for, also after a fail-over; network policies know no names."""
    namespace: Label | None = Field(default=None, examples=["databases"])
    """Namespace of its pods in this Kubernetes cluster, instead of `cidrs`. A policy there must let this stack's
    namespaces in, and for Postgres KEDA's."""
    pod_labels: Mapping[LabelName, LabelValue] = {}
    """Labels of its pods in `namespace`. Empty: all of them."""
    pod_port: Port | None = None
    """Port of its pods, if their Service has another: policies apply to pods."""

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if self.namespace is None and (self.pod_labels or self.pod_port):
            raise ValueError("takes podLabels and podPort with namespace only; addresses have no pods")
        if self.namespace is not None and self.cidrs:
            raise ValueError("takes either cidrs or namespace")
        if self.namespace is None and not self.cidrs and not self.on_internet:
            raise ValueError(
                "needs cidrs, all addresses that its name can stand for, such as cidrs: [10.30.0.0/24], or namespace "
                "and podLabels of its pods in this cluster"
            )
        return self

    @property
    def on_internet(self) -> bool:
        """Whether pods reach it without a policy of its own if no place is given."""
        return False


class EgressSettings(Section):
    """One thing more that pods may open connections to: addresses, or pods of another namespace.

    Its policy is called `to-<name>`, so a name that stays keeps its policy.
    """

    cidr: Cidr | None = Field(default=None, examples=["10.20.0.0/16"])
    """Addresses. A private endpoint of a cloud's service is one: the way to the internet leaves private ranges out."""
    cidrs: tuple[Cidr, ...] = ()
    """Further addresses."""
    namespace: Label | None = None
    """Namespace of pods, instead of addresses."""
    pod_labels: Mapping[LabelName, LabelValue] = {}
    """Labels of the pods in `namespace`. Empty: all of them."""
    reason: str = Field(min_length=1, examples=["self-hosted models"])
    """Why, in a few words; it is written on the policy."""
    ports: tuple[Ports, ...] = Field(min_length=1, examples=[[443]])
    """Ports, and ranges of them such as "30000-32767", if the cluster's network plugin knows `endPort`."""
    protocol: Literal["TCP", "UDP"] = "TCP"
    """Of all `ports`. For both protocols write two."""

    @property
    def blocks(self) -> tuple[str, ...]:
        """All addresses."""
        return (*([self.cidr] if self.cidr else []), *self.cidrs)

    @model_validator(mode="after")
    def _one_target_is_named(self) -> Self:
        if bool(self.blocks) == (self.namespace is not None):
            raise ValueError("takes either cidr or namespace, such as cidr: 10.20.0.0/16")
        if self.blocks and self.pod_labels:
            raise ValueError("takes podLabels with namespace only; addresses have no labels")
        return self
