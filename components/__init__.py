"""The resources: a `Platform` of data services and releases, and the workloads that a release is made of.

Imports point one way: from the wiring here to `releases`, `clouds`, `data`, `workloads`, then `secrets` and `network`,
then `kubernetes`; and from each to `config` and `checks`.
"""
