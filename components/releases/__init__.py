"""Releases: a namespace with its workloads, its identity and what it may reach."""
