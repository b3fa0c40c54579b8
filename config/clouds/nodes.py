"""Spot nodes of every provider, by their labels: a stack without a cloud may run on any of them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Spot:
    """How a provider marks its spot nodes, as a label and as the usual taint."""

    label: str
    value: str
    others_have_it: bool
    """Whether other nodes have the label too, with another value."""
    notice_seconds: int
    """Seconds that a pod has between the notice and its end."""


EC2_NOTICE: Final = 120
GKE_NOTICE: Final = 15
AZURE_NOTICE: Final = 30

SPOT: Final = (
    Spot("eks.amazonaws.com/capacityType", "SPOT", others_have_it=True, notice_seconds=EC2_NOTICE),
    Spot("karpenter.sh/capacity-type", "spot", others_have_it=True, notice_seconds=EC2_NOTICE),
    Spot("cloud.google.com/gke-spot", "true", others_have_it=False, notice_seconds=GKE_NOTICE),
    Spot("kubernetes.azure.com/scalesetpriority", "spot", others_have_it=False, notice_seconds=AZURE_NOTICE),
)
"""Labels: EKS "Managed node groups", Karpenter "Scheduling", GKE "Spot VMs", AKS "Spot node pools". Notices: EC2 "Spot
Instance interruption notices" (two minutes), GKE "Spot VMs" (the machine goes after 30 s, and ordinary pods get 15 s of
it at most), Azure "Spot Virtual Machines" (30 s). Karpenter runs on several clouds: it has the longest of their
notices, so that nothing is refused that works on one of them."""
