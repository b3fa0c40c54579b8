"""Stacks on Azure: a subscription and an AKS cluster that exist, managed Postgres, Redis and storage."""
