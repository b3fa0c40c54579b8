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
    name: str,
    replicas: int | None = 1,
    app: str = "",
    seconds: int | None = None,
    annotations: dict[str, str] | None = None,
    **pod: Any,
) -> k8s.apps.v1.Deployment:
    """Without `replicas` an autoscaler is to own them."""
    labels = {"app": app or name}
    stated = {} if replicas is None else {"replicas": replicas}
    spec: Any = {"selector": {"matchLabels": labels}, "template": pods(labels, **pod), **stated}
    unowned = {"ignore_changes": ["spec.replicas"]} if replicas is None else {}
    return k8s.apps.v1.Deployment(
        name,
        metadata=meta(name, **(annotations or {})),
        spec=spec,
        opts=options(seconds, **unowned),
    )


def job(
    name: str, pod: dict[str, Any] | None = None, annotations: dict[str, str] | None = None, **spec: Any
) -> k8s.batch.v1.Job:
    containers = [{"name": "main", "image": "none"}]
    whole: Any = {"template": {"spec": {"containers": containers, "restartPolicy": "Never", **(pod or {})}}, **spec}
    return k8s.batch.v1.Job(name, metadata=meta(name, **(annotations or {})), spec=whole, opts=options())


def claim(name: str, storage_class: str | None = None, seconds: int | None = None, **annotations: str) -> Any:
    spec: Any = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    spec |= {"storageClassName": storage_class} if storage_class else {}
    return k8s.core.v1.PersistentVolumeClaim(name, metadata=meta(name, **annotations), spec=spec, opts=options(seconds))


def ingress(name: str, target: str, seconds: int | None = None, **annotations: str) -> k8s.networking.v1.Ingress:
    backend = {"service": {"name": target, "port": {"number": 80}}}
    rule: Any = {
        "host": f"{name}.example.com",
        "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
    }
    return k8s.networking.v1.Ingress(
        name, metadata=meta(name, **annotations), spec={"rules": [rule]}, opts=options(seconds)
    )


def config_map(name: str, data: dict[str, str], *, named: bool = True) -> k8s.core.v1.ConfigMap:
    return k8s.core.v1.ConfigMap(name, metadata=meta(name if named else None), data=data, opts=options())


def service(
    name: str, app: str, cluster_ip: str | None = None, seconds: int | None = None, **annotations: str
) -> k8s.core.v1.Service:
    fixed = {"clusterIP": cluster_ip} if cluster_ip else {}
    spec: Any = {"selector": {"app": app}, "ports": [{"port": 80}], **fixed}
    return k8s.core.v1.Service(name, metadata=meta(name, **annotations), spec=spec, opts=options(seconds))
