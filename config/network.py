"""What pods may reach beyond what every release needs, and how names are resolved in this cluster."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.section import Section
from config.types import (
    Cidr,
    Label,
    LabelName,
    LabelValue,
)

Port = Annotated[int, Field(ge=1, le=65535)]


class DnsSettings(Section):
    """The cluster's DNS. A policy chooses pods before a Service's address is translated, so the pods must be named."""

    type: Literal["kubeDns", "openshift"] = "kubeDns"
    """`kubeDns`: pods `k8s-app: kube-dns` in kube-system, port 53. `openshift`: those of openshift-dns, port 5353."""
    cidrs: tuple[Cidr, ...] = Field(default=(), examples=[["169.254.20.10/32"]])
    """Addresses that answer besides: NodeLocal DNSCache's 169.254.20.10/32, or the DNS Service's own where policies
    apply before its address is translated. EKS Auto Mode answers on the nodes and has no such pods: without the address
    of the Service `kube-dns`, such as 172.20.0.10/32, no pod resolves a name there."""


class EgressSettings(Section):
    """One thing more that pods may open connections to: addresses, or pods of another namespace.

    Its policy is called `to-<name>`, so a name that stays keeps its policy.
    """

    reason: str = Field(min_length=1, examples=["self-hosted models"])
    """Why, in a few words; it is written on the policy."""
    cidr: Cidr | None = Field(default=None, examples=["10.20.0.0/16"])
    """Addresses. A private endpoint of a cloud's service is one: the way to the internet leaves private ranges out."""
    namespace: Label | None = None
    """Namespace of pods, instead of addresses."""
    pod_labels: Mapping[LabelName, LabelValue] = {}
    """Labels of the pods in `namespace`. Empty: all of them."""
    ports: tuple[Port, ...] = Field(min_length=1, examples=[[443]])
    """TCP ports."""

    @model_validator(mode="after")
    def _one_target_is_named(self) -> Self:
        if (self.cidr is None) == (self.namespace is None):
            raise ValueError("takes either cidr or namespace, such as cidr: 10.20.0.0/16")
        if self.cidr is not None and self.pod_labels:
            raise ValueError("takes podLabels with namespace only; addresses have no labels")
        return self
