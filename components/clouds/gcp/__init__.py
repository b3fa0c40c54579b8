"""GCP: Cloud SQL, Memorystore, Cloud Storage, service accounts and entries of Secret Manager, in a given project."""

import pulumi
import pulumi_gcp as gcp

from components.clouds.cloud import Room
from components.clouds.gcp.project import Gcp
from config.clouds.gcp.stack import GcpStack

__all__ = ["Gcp", "room"]


def room(stack: GcpStack) -> Room:
    """GCP as a stack uses it. The provider has no guard against credentials of another project, so it names it."""
    project = stack.gcp

    def providers(after: pulumi.Output[object]) -> dict[str, pulumi.ProviderResource]:
        provider = gcp.Provider(
            "gcp",
            project=project.project,
            region=after.apply(lambda _: project.region),
            default_labels=dict(project.all_labels),
            add_pulumi_attribution_label=False,
        )
        return {"gcp": provider}

    return Room(providers=providers, cloud=lambda opts: Gcp(stack, opts))
