"""What the test programs start from: one provider, and short ways to write objects of the test's namespace."""

import os
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

NAMESPACE = os.environ["NAMESPACE"]
NOWHERE = {"nodeSelector": {"no-such": "node"}}
"""For pods that must never run."""

mutable = os.environ.get("MUTABLE", "true") == "true"
provider = k8s.Provider("provider", enable_secret_mutable=mutable, enable_config_map_mutable=mutable)


def options(seconds: int | None = None, **more: Any) -> pulumi.ResourceOptions:
    """Options with the provider, and a time-out for everything if `seconds` says so."""
    limit = f"{seconds}s" if seconds else None
    timeouts = pulumi.CustomTimeouts(create=limit, update=limit, delete=limit)
    return pulumi.ResourceOptions(provider=provider, custom_timeouts=timeouts, **more)


def meta(name: str | None = None, **annotations: str) -> Any:
    """Metadata in the test's namespace, with `pulumi.com/...` annotations."""
    noted = {"annotations": {f"pulumi.com/{key}": value for key, value in annotations.items()}} if annotations else {}
    return {"namespace": NAMESPACE, **({"name": name} if name else {}), **noted}


def pods(labels: dict[str, str], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "none"}], **spec}}


def deployment(
    name: str, replicas: int = 1, app: str = "", seconds: int | None = None, **pod: Any
) -> k8s.apps.v1.Deployment:
    labels = {"app": app or name}
    spec: Any = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": pods(labels, **pod)}
    return k8s.apps.v1.Deployment(name, metadata=meta(name), spec=spec, opts=options(seconds))


def job(name: str, pod: dict[str, Any] | None = None, **spec: Any) -> k8s.batch.v1.Job:
    containers = [{"name": "main", "image": "none"}]
    whole: Any = {"template": {"spec": {"containers": containers, "restartPolicy": "Never", **(pod or {})}}, **spec}
    return k8s.batch.v1.Job(name, metadata=meta(name), spec=whole, opts=options())


def config_map(name: str, data: dict[str, str], *, named: bool = True) -> k8s.core.v1.ConfigMap:
    return k8s.core.v1.ConfigMap(name, metadata=meta(name if named else None), data=data, opts=options())


def service(name: str, app: str, cluster_ip: str | None = None, **annotations: str) -> k8s.core.v1.Service:
    fixed = {"clusterIP": cluster_ip} if cluster_ip else {}
    spec: Any = {"selector": {"app": app}, "ports": [{"port": 80}], **fixed}
    return k8s.core.v1.Service(name, metadata=meta(name, **annotations), spec=spec, opts=options())
