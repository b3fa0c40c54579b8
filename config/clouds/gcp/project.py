"""A project of GCP, a network and a GKE cluster that exist already, by name."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from config.clouds.cloud import CloudSettings
from config.clouds.gcp.store import GcpSecretManagerStore
from config.clouds.nodes import GKE_NOTICE
from config.errors import Problem
from config.limits import NodeLimits
from config.network import EgressSettings
from config.permanent import RESTORE, Permanent
from config.types import Cidr, as_id

UPGRADE_SECONDS: Final = 3600
"""How long an upgrade of a node pool waits for a node's pods, surge and blue-green alike (GKE, "Node upgrade
strategies")."""

ACCOUNT_ANNOTATION: Final = "iam.gke.io/gcp-service-account"
"""By which GKE knows the service account of a Kubernetes ServiceAccount (GKE, "Workload Identity Federation")."""

_METADATA: Final[Mapping[str, tuple[str, tuple[int, ...]]]] = {
    "v2": ("169.254.169.254/32", (80, 8080)),
    "calico": ("169.254.169.252/32", (987, 988)),
}
"""Where GKE's metadata server is met by a policy: Dataplane V2 sees the address that pods call, Calico the one behind
it (GKE, "Workload Identity Federation", network policies)."""

_ACCOUNT_ID: Final = (6, 30)
"""Fewest and most characters of a service account's id (IAM, CreateServiceAccountRequest.accountId)."""

_NETWORK: Final = re.compile(r"(?:https://www\.googleapis\.com/compute/v1/)?(projects/[^/]+/global/networks/[^/]+)")

_STAYS: Final = Permanent(f"data services do not move between networks; {RESTORE}")

LabelKey = Annotated[str, StringConstraints(pattern=r"^[a-z][-_a-z0-9]{0,62}$")]
LabelText = Annotated[str, StringConstraints(pattern=r"^[-_a-z0-9]{0,63}$")]
ProjectId = Annotated[str, StringConstraints(pattern=r"^[a-z][-a-z0-9]{4,28}[a-z0-9]$")]
ProjectNumber = Annotated[
    str,
    BeforeValidator(as_id, json_schema_input_type=str | int),
    StringConstraints(pattern=r"^[1-9][0-9]{5,18}$"),
]


def _network(value: str) -> str:
    matched = _NETWORK.fullmatch(value)
    if matched is None:
        raise ValueError("must be the network's self link, such as projects/noxus-prod/global/networks/main")
    return matched[1]  # one spelling: to the engine, another one is another network, which replaces Redis


class GcpSettings(CloudSettings):
    """Where on GCP the stack lives. All of it exists already; the stack makes data services, accounts, keys in it."""

    DIRECT_HOSTS = ("metadata.google.internal",)  # where google-auth asks for tokens
    NODES: ClassVar[NodeLimits] = NodeLimits(
        UPGRADE_SECONDS,
        f"an upgrade of a GKE node pool waits {UPGRADE_SECONDS} s, then it cuts off",
        GKE_NOTICE,
    )

    name: Annotated[str, Permanent(f"everything in the project is named after it; {RESTORE}")] = Field(
        pattern=r"^[a-z]([-a-z0-9]{0,26}[a-z0-9])?$", examples=["noxus-prod"]
    )
    """First part of the names of everything that the stack makes in the project, at most 28 characters: with a
    release's name it is the id of a service account, which has 30. It never changes: most names are identities."""
    project: Annotated[ProjectId, Permanent(f"data does not move between projects; {RESTORE}")] = Field(
        examples=["noxus-prod"]
    )
    """Id of the project."""
    project_number: ProjectNumber = Field(examples=["123456789012"])
    """Its number, which is part of the names of Google's own service accounts. `gcloud projects describe` says it."""
    region: Annotated[str, Permanent(f"data does not move between regions; {RESTORE}")] = Field(
        pattern=r"^[a-z]+-[a-z]+[0-9]+$", examples=["europe-west1"]
    )
    """Region of everything that is made."""
    network: Annotated[str, AfterValidator(_network), _STAYS] = Field(
        examples=["projects/noxus-prod/global/networks/main"]
    )
    """The cluster's VPC network, by its self link. It has a private services connection."""
    psa_cidrs: tuple[Cidr, ...] = Field(min_length=1, examples=[["10.30.0.0/20"]])
    """Addresses that are allocated for private services access: Postgres and Redis get theirs from them."""
    psa_range: Annotated[str | None, _STAYS] = Field(
        default=None, pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", examples=["google-managed-services"]
    )
    """Name of the allocated range to take, where there are several. Unset: Google takes any."""
    cluster_name: str = Field(min_length=1, examples=["prod"])
    """Name of the GKE cluster."""
    cluster_location: str = Field(min_length=1, examples=["europe-west1"])
    """Its region or zone."""
    cluster_project: ProjectId | None = Field(default=None, examples=["clusters"])
    """Id of its project, whose workload identity pool knows its pods. Unset: `project`."""
    dataplane: Literal["v2", "calico"] = "v2"
    """Who enforces network policies: `v2`, Dataplane V2, which Autopilot has too; `calico`, the older add-on. They
    see the metadata server at different addresses."""
    private_access_cidrs: tuple[Cidr, ...] = Field(default=(), examples=[["199.36.153.8/30"]])
    """Addresses of Private Google Access or of a Private Service Connect endpoint for Google's interfaces. None: pods
    reach those by their public addresses."""
    labels: Mapping[LabelKey, LabelText] = Field(default={}, max_length=60)
    """Labels of everything that the stack makes in the project."""

    @property
    def pool_project(self) -> str:
        """Project of the cluster, and so of its workload identity pool."""
        return self.cluster_project or self.project

    @property
    def egress(self) -> Mapping[str, EgressSettings]:
        """What pods must reach to use their account, and Google's interfaces where those are private."""
        address, ports = _METADATA[self.dataplane]
        private = {
            f"google-apis-{number}": EgressSettings(reason="Google's interfaces", cidr=cidr, ports=(443,))
            for number, cidr in enumerate(self.private_access_cidrs)
        }
        reason = "GKE's metadata server, for the release's account"
        return {"gke-metadata": EgressSettings(reason=reason, cidr=address, ports=ports), **private}

    @property
    def bucket_cidrs(self) -> tuple[str, ...]:
        """Private addresses, through which Cloud Storage is reached too."""
        return self.private_access_cidrs

    @property
    def store(self) -> GcpSecretManagerStore:
        """Secret Manager in the stack's project."""
        return GcpSecretManagerStore.model_validate(
            {
                "type": "gcpSecretManager",
                "projectId": self.project,
                "clusterLocation": self.cluster_location,
                "clusterName": self.cluster_name,
                "clusterProjectId": self.pool_project,
            }
        )

    @property
    def all_labels(self) -> Mapping[str, str]:
        """Those of the stack file, and what tells the stack."""
        return {"app": "noxus", "stack": self.name, **self.labels}

    def account_id(self, release: str) -> str:
        """Id of a release's service account."""
        return f"{self.name}-{release}"

    def problems(self, releases: Iterable[tuple[str, str]]) -> Iterator[Problem]:
        """Ids of service accounts that IAM refuses."""
        least, most = _ACCOUNT_ID
        for path, release in releases:
            account = self.account_id(release)
            if least <= len(account) <= most:
                continue
            yield Problem(
                path,
                f"makes the service account {account!r} of {len(account)} characters, and IAM takes {least} to {most}; "
                f"{'shorten' if len(account) > most else 'lengthen'} the release's name or gcp.name",
            )
