"""The resources: a `Platform` of data services and releases, and the workloads that a release is made of.

Imports point one way: `platform` to `release` to workloads to what workloads stand on; everything to `config.sections`.
"""
