"""GCP: Cloud SQL, Memorystore, Cloud Storage, service accounts and entries of Secret Manager, in a given project."""

from components.clouds.cloud import Room
from components.clouds.gcp.project import Gcp
from components.clouds.gcp.provider import gcp_provider
from config.clouds.gcp.stack import GcpStack

__all__ = ["Gcp", "room"]


def room(stack: GcpStack) -> Room:
    """GCP as a stack uses it."""
    return Room(providers=lambda after: {"gcp": gcp_provider(stack.gcp, after)}, cloud=lambda opts: Gcp(stack, opts))
