"""Stacks on GCP: a project and a GKE cluster that exist, Cloud SQL, Memorystore, Cloud Storage and Secret Manager."""
