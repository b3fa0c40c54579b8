"""GCP Secret Manager as External Secrets reads it."""

from typing import Any, Literal

from pydantic import Field

from config.store import Reader, Store


class GcpSecretManagerStore(Store):
    """GCP Secret Manager, read with each release's own identity (Workload Identity)."""

    type: Literal["gcpSecretManager"]
    """GCP Secret Manager."""
    project_id: str = Field(min_length=1, examples=["noxus-prod"])
    """Project of the entries."""
    cluster_location: str = Field(min_length=1, examples=["europe-west1"])
    """Region or zone of the GKE cluster, for its identity pool."""
    cluster_name: str = Field(min_length=1, examples=["prod"])
    """Name of the GKE cluster, for its identity pool."""
    cluster_project_id: str | None = Field(default=None, min_length=1, examples=["clusters"])
    """Project of the GKE cluster, for its identity pool. Unset: that of the entries."""

    def provider(self, reader: Reader) -> dict[str, Any]:
        """The `provider` of a SecretStore.

        The cluster's project is always written: without it External Secrets asks the metadata server, which a network
        policy may block.
        """
        identity = {
            "clusterProjectID": self.cluster_project_id or self.project_id,
            "clusterLocation": self.cluster_location,
            "clusterName": self.cluster_name,
            **reader.account,
        }
        return {"gcpsm": {"projectID": self.project_id, "auth": {"workloadIdentity": identity}}}
