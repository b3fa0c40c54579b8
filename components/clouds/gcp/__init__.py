"""GCP: Cloud SQL, Memorystore, Cloud Storage, service accounts and entries of Secret Manager, in a given project."""

from components.clouds.gcp.project import Gcp

__all__ = ["Gcp"]
