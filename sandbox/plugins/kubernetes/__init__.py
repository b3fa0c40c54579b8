"""Stand-in for pulumi-kubernetes 4.34: a faithful double in what this repository's programs use.

Left out on purpose: Helm, Kustomize, YAML and `...Patch` resources, rendering to a directory, client-side apply, strict
mode, the provider's `cluster` and `clusterIdentifier`, `replaceUnready`, whether DaemonSets are ready, and the ten
seconds that a Service is given to settle.
"""
