"""Kubernetes objects: what holds data, who reaches whom, who reads which Secret."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from config.names import app_env_secret
from tools.preview import Inputs
from tools.report.clouds.properties import Properties
from tools.report.grant import Grant

_LEVELS: Final = ("restricted", "baseline", "privileged")
_ENFORCE: Final = "pod-security.kubernetes.io/enforce"
_NAMESPACE: Final = "kubernetes.io/metadata.name"
_INSTANCE: Final = "app.kubernetes.io/instance"


def _policy(inputs: Inputs, name: str) -> Iterator[Grant]:
    """A NetworkPolicy as edges, and as what it closes."""
    del name
    spec, namespace = inputs.get("spec") or {}, _namespace(inputs)
    pods = _pods(spec.get("podSelector") or {}, namespace)
    for verb, key, peers in (("connect", "egress", "to"), ("be reached", "ingress", "from")):
        rules = spec.get(key) or ()
        if key.capitalize() in (spec.get("policyTypes") or ()) and not rules:
            yield Grant(pods, f"{verb} {peers} what no policy names", denied=True)
        for rule in rules:
            for peer in rule.get(peers) or [{}]:
                for port in rule.get("ports") or [{}]:
                    yield Grant(pods, f"{verb} {peers} {_peer(peer, namespace)} {_port(port)}".strip())


def _pods(selector: Mapping[str, Any], namespace: str) -> str:
    labels = {**(selector.get("matchLabels") or {})}
    labels.pop(_INSTANCE, None)  # a namespace has one release, so its name tells nothing more
    parts = [f"{key.rpartition('/')[2]}={value}" for key, value in sorted(labels.items())]
    for expression in selector.get("matchExpressions") or ():
        values = ",".join(sorted(expression.get("values") or ()))
        parts.append(f"{expression['key'].rpartition('/')[2]} {expression['operator']} {values}".strip())
    return f"pods of {namespace}" + (f" ({', '.join(parts)})" if parts else "")


def _peer(peer: Mapping[str, Any], namespace: str) -> str:
    if block := peer.get("ipBlock"):
        left_out = block.get("except")
        return block["cidr"] + (f" except {', '.join(sorted(left_out))}" if left_out else "")
    if not peer:
        return "anywhere"
    where = namespace
    if (chosen := peer.get("namespaceSelector")) is not None:
        labels = chosen.get("matchLabels") or {}
        where = labels.get(_NAMESPACE) or ", ".join(f"{k}={v}" for k, v in sorted(labels.items())) or "any namespace"
    return _pods(peer.get("podSelector") or {}, where)


def _port(port: Mapping[str, Any]) -> str:
    if not port:
        return ""
    last = f"-{port['endPort']}" if port.get("endPort") else ""
    return f"{port.get('protocol', 'TCP')}/{port.get('port', 'any')}{last}"


def _pod_secrets(inputs: Inputs, name: str) -> Iterator[Grant]:
    """The Secrets that a workload's pods read."""
    del name
    namespace = _namespace(inputs)
    template = (inputs.get("spec") or {}).get("template") or {}
    pod, release = template.get("spec") or {}, (template.get("metadata") or {}).get("labels", {}).get(_INSTANCE, "")
    found = set[str]()
    for container in [*(pod.get("containers") or ()), *(pod.get("initContainers") or ())]:
        found |= {source["secretRef"]["name"] for source in container.get("envFrom") or () if source.get("secretRef")}
        for variable in container.get("env") or ():
            if reference := (variable.get("valueFrom") or {}).get("secretKeyRef"):
                found.add(reference["name"])
    found |= {volume["secret"]["secretName"] for volume in pod.get("volumes") or () if volume.get("secret")}
    for secret in sorted(found):
        # A release that is called another name has the same settings in a Secret of that name.
        yield Grant(f"pods of {namespace}", f"read Secret {'app-env' if secret == app_env_secret(release) else secret}")


def _store_secrets(inputs: Inputs, name: str) -> Iterator[Grant]:
    """The entries of a store that External Secrets copies into a namespace."""
    del name
    spec = inputs.get("spec") or {}
    for item in spec.get("data") or ():
        reference = item.get("remoteRef") or {}
        yield Grant(f"pods of {_namespace(inputs)}", f"read {reference.get('key')}: {reference.get('property', 'all')}")
    for item in spec.get("dataFrom") or ():
        reference = item.get("extract") or item.get("find") or {}
        yield Grant(f"pods of {_namespace(inputs)}", f"read {reference.get('key', 'what is found')}: all")


def _account(inputs: Inputs, name: str) -> Iterator[Grant]:
    """Who a ServiceAccount is to a cloud, and whether its pods may ask the API server."""
    del name
    metadata = inputs.get("metadata") or {}
    who = f"ServiceAccount {_namespace(inputs)}/{metadata.get('name')}"
    for key, value in (metadata.get("annotations") or {}).items():
        if not key.startswith("pulumi.com/"):
            yield Grant(who, f"act as {value}")
    if inputs.get("automountServiceAccountToken") is not False:
        yield Grant(who, "ask the API server")


def _security(inputs: Inputs, name: str) -> Iterator[Grant]:
    """What pods of a namespace may be: each level of Pod Security allows what the stricter ones do."""
    labels = (inputs.get("metadata") or {}).get("labels") or {}
    level = labels.get(_ENFORCE, _LEVELS[-1])
    for looser in _LEVELS[1 : _LEVELS.index(level) + 1] if level in _LEVELS else ():
        yield Grant(f"pods of {name}", f"be {looser}")


def _hosts(inputs: Inputs, name: str) -> Iterator[Grant]:
    """Hosts that lead to a Service from outside. A path that is not the whole host is named."""
    del name
    for rule in (inputs.get("spec") or {}).get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            service = ((path.get("backend") or {}).get("service") or {}).get("name")
            host = f"{rule.get('host', 'any host')}{path.get('path', '').removesuffix('/')}"
            yield Grant("everybody", f"reach {_namespace(inputs)}/{service} at {host}")


def _routes(inputs: Inputs, name: str) -> Iterator[Grant]:
    """Hosts that lead to a Service through a Gateway."""
    del name
    spec = inputs.get("spec") or {}
    for rule in spec.get("rules") or ():
        for service in rule.get("backendRefs") or ():
            for host in spec.get("hostnames") or ["any host"]:
                yield Grant("everybody", f"reach {_namespace(inputs)}/{service.get('name')} at {host}")


def _namespace(inputs: Inputs) -> str:
    return str((inputs.get("metadata") or {}).get("namespace", ""))


NETWORK_POLICY: Final = "kubernetes:networking.k8s.io/v1:NetworkPolicy"

PROPERTIES: Final = Properties(
    holds=frozenset({"kubernetes:core/v1:PersistentVolumeClaim"}),
    sizes={"kubernetes:core/v1:PersistentVolumeClaim": {"spec.resources.requests.storage": ""}},
    grants={
        NETWORK_POLICY: _policy,
        "kubernetes:apps/v1:Deployment": _pod_secrets,
        "kubernetes:external-secrets.io/v1:ExternalSecret": _store_secrets,
        "kubernetes:core/v1:ServiceAccount": _account,
        "kubernetes:core/v1:Namespace": _security,
        "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute": _routes,
        "kubernetes:networking.k8s.io/v1:Ingress": _hosts,
    },
    secrets={"kubernetes:core/v1:Secret": "data"},
)
