"""The PodMonitor of a release: what Prometheus' operator scrapes, where it looks for no annotations."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.kubernetes.labels import PART_OF
from components.kubernetes.namespace_ref import NamespaceRef


def pod_monitor(
    release: str, namespace: NamespaceRef, labels: Mapping[str, str], path: str, opts: pulumi.ResourceOptions
) -> CustomResource:
    """Scrape every pod of the release that has a port named `http`. `labels` are what Prometheus selects it by."""
    return CustomResource(
        namespace.key(release),
        api_version="monitoring.coreos.com/v1",
        kind="PodMonitor",
        metadata=namespace.metadata(release, labels=labels),
        spec={
            "selector": {"matchLabels": {PART_OF: "noxus", "app.kubernetes.io/instance": release}},
            "podMetricsEndpoints": [{"port": "http", "path": path}],
        },
        opts=opts,
    )
