"""What is wrong with one Kubernetes object, given what it should be. A fault is a sentence without its full stop.

It is a fault when the cluster contradicts the configuration, or lacks what the stack itself makes or needs in order to
run. It is a `Note` when everything of the stack is as configured, and what others run in the cluster has not
done its part (yet), or adds to it: KEDA, cert-manager, External Secrets, metrics, an ingress controller, a policy.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from components.kubernetes.labels import PART_OF, selector
from components.network.policies import REASON
from components.releases.quota import hard_limits
from components.workloads.workload import MARKS
from config.ingress import GatewaySettings, TlsSettings
from config.quantity import amount
from config.releases import QuotaSettings
from tools.expectations import Scaler, Workload, may_be_at_zero
from tools.observed import Manifest, Namespace, at, conditions, part, parts

_AUTOMOUNT: Final = "automountServiceAccountToken"
_AUTOSCALERS: Final = ("HorizontalPodAutoscaler", "ScaledObject")

_OK: Final = 200
_SHOWN: Final = 80
"""Characters of an answer that are shown."""


class Note(str):
    """Something worth saying although it is no fault."""

    __slots__ = ()


def differences(expected: Mapping[str, object], found: Mapping[str, object]) -> Iterator[str]:
    """Every expected value that is not there; None stands for one that must not be set."""
    for key, value in expected.items():
        if found.get(key) != value:
            yield f"{key} is {_shown(found.get(key))}, expected {_shown(value)}"


def namespace(manifest: Manifest, standard: str) -> Iterator[str]:
    """Whether a namespace is in use and enforces the expected Pod Security Standard."""
    labels = {f"pod-security.kubernetes.io/{mode}": standard for mode in ("enforce", "audit", "warn")}
    yield from differences({PART_OF: "noxus", **labels}, part(manifest, "metadata", "labels"))
    yield from differences({"phase": "Active"}, part(manifest, "status"))


def namespace_of_another(manifest: Manifest, standard: str) -> Iterator[str]:
    """Whether a namespace that exists already is in use; how it enforces Pod Security is its owner's to say."""
    yield from differences({"phase": "Active"}, part(manifest, "status"))
    found = at(manifest, "metadata", "labels", "pod-security.kubernetes.io/enforce")
    if found != standard:
        yield Note(f"enforces {found or 'no'} Pod Security, and the stack's other namespaces enforce {standard}")


def volume_claim(manifest: Manifest) -> Iterator[str]:
    """Whether a claim has its volume."""
    return differences({"phase": "Bound"}, part(manifest, "status"))


def ready(manifest: Manifest) -> Iterator[str]:
    """Whether what External Secrets keeps says that it is ready, and if not, its own words.

    If its operator never looked that is a note: each Secret that is not written is a fault where it is used.
    """
    condition = conditions(manifest).get("Ready")
    if condition is None:
        yield Note("External Secrets has not reported on it; is its operator running?")
    elif condition["status"] != "True":
        yield f"is not ready: {condition.get('message') or condition.get('reason') or 'no reason given'}"


def completion(manifest: Manifest) -> Iterator[str]:
    """Whether a Job has run to its end."""
    found = conditions(manifest)
    if at(found, "Complete", "status") != "True":
        yield f"not complete: {at(found, 'Failed', 'message') or 'it has not ended yet'}"


def ingress(manifest: Manifest, service: str, host: str, tls: Sequence[tuple[list[str], str | None]]) -> Iterator[str]:
    """Whether an Ingress brings exactly one host to a Service, with the expected certificate."""
    found = {
        "rules": [
            (rule.get("host"), at(path, "backend", "service", "name"))
            for rule in parts(manifest, "spec", "rules")
            for path in parts(rule, "http", "paths")
        ],
        "tls": [(entry.get("hosts"), entry.get("secretName")) for entry in parts(manifest, "spec", "tls")],
    }
    yield from differences({"rules": [(host, service)], "tls": tls}, found)
    if not parts(manifest, "status", "loadBalancer", "ingress"):
        yield Note("has no address yet; is an ingress controller of its class running?")


def http_route(manifest: Manifest, service: str, host: str, gateway: GatewaySettings) -> Iterator[str]:
    """Whether a route brings exactly one host from the Gateway to a Service, and whether the Gateway takes it."""
    spec = part(manifest, "spec")
    found = {
        "hostnames": spec.get("hostnames"),
        "parents": [(parent.get("namespace"), parent.get("name")) for parent in parts(spec, "parentRefs")],
        "services": [ref.get("name") for rule in parts(spec, "rules") for ref in parts(rule, "backendRefs")],
    }
    parents = [(gateway.namespace, gateway.name)]
    yield from differences({"hostnames": [host], "parents": parents, "services": [service]}, found)
    said = [condition for parent in parts(manifest, "status", "parents") for condition in parts(parent, "conditions")]
    if not said:
        yield Note(f"no Gateway has reported on it; is there a Gateway {gateway.namespace}/{gateway.name}?")
    for condition in said:
        if condition["type"] in ("Accepted", "ResolvedRefs") and condition["status"] != "True":
            reason = condition.get("message") or condition.get("reason") or "no reason given"
            yield f"is not taken by the Gateway: {condition['type']} is {condition['status']}: {reason}"


def quota(manifest: Manifest, settings: QuotaSettings) -> Iterator[str]:
    """Whether a quota allows what is configured, however the API server writes the numbers."""
    found = {resource: amount(text) for resource, text in part(manifest, "spec", "hard").items()}
    for resource, text in hard_limits(settings).items():
        if found.get(resource) != amount(text):
            yield from differences({resource: text}, part(manifest, "spec", "hard"))


def no_certificate(secret: str, tls: TlsSettings) -> str:
    """What to say of a certificate's Secret that is not there."""
    if tls.cluster_issuer:
        return Note(f"Secret {secret} is not written yet; is cert-manager running, with {tls.cluster_issuer}?")
    return f"Secret {secret} does not exist"


def service_account(manifest: Manifest, marks: Mapping[str, str]) -> Iterator[str]:
    """Whether a ServiceAccount has its identity's marks, and gives pods no token: none talks to Kubernetes."""
    yield from differences({_AUTOMOUNT: False}, manifest)
    yield from differences(marks, part(manifest, "metadata", "annotations"))


def health(answer: Manifest | None) -> Iterator[str]:
    """Whether a Service said that it is well, where it could be asked."""
    if not answer:
        yield Note("not asked: there is no such Service")
    elif "code" not in answer:
        yield Note(f"not asked, the API server does not get through: {answer['unreached']}")
    elif answer["code"] != _OK:
        yield f"answers {answer['code']} through its Service, expected {_OK}: {answer['text'][:_SHOWN]!r}"


def rollout(manifest: Manifest, wanted: int) -> Iterator[str]:
    """Whether all the wanted pods, and no others, are up with the latest template."""
    status = part(manifest, "status")
    if status.get("observedGeneration", 0) < at(manifest, "metadata", "generation"):
        yield "its controller has not seen the latest change yet"
    available, updated = (status.get(f"{word}Replicas", 0) for word in ("available", "updated"))
    older = max(0, status.get("replicas", 0) - updated)
    if (available, updated, older) != (wanted, wanted, 0):
        left = f", {older} of an older template" if older else ""
        yield f"{available} of {wanted} replicas available, {updated} up to date{left}"
        for kind, condition in conditions(manifest).items():
            # of a Deployment's conditions only ReplicaFailure is bad when it is true
            if (kind == "ReplicaFailure") == (condition["status"] == "True"):
                yield f"{kind} is {condition['status']}: {condition.get('message', '').removesuffix('.')}"


def replicas(deployment: Manifest, workload: Workload) -> Iterator[str]:
    """Whether a Deployment asks for as many pods as configuration wants, or its autoscaler may choose."""
    autoscaling, wanted = workload.settings.autoscaling, at(deployment, "spec", "replicas")
    if autoscaling is None:
        yield from differences({"spec.replicas": workload.settings.replica_count}, {"spec.replicas": wanted})
    elif wanted == 0 and not may_be_at_zero(autoscaling):
        yield f"scaled to 0, but autoscaling.minReplicas is {autoscaling.min_replicas}"


def literal_env(container: Manifest, workload: Workload) -> Iterator[str]:
    """Whether the literal variables are exactly the expected ones: any other would override every Secret."""
    # The API server leaves out an empty value; a variable that comes from elsewhere is shown with its source.
    env = {item["name"]: item.get("valueFrom") or item.get("value", "") for item in parts(container, "env")}
    expected = {**dict.fromkeys(env.keys() - set(MARKS)), **workload.env}
    return differences({name: value for name, value in expected.items() if name not in workload.resolved}, env)


def env_layers(container: Manifest, workload: Workload) -> Iterator[str]:
    """Whether `envFrom` names the expected Secrets in the expected order; the last one wins."""
    sources = [at(source, "secretRef", "name") or source for source in parts(container, "envFrom")]
    return differences({"envFrom": list(workload.secrets)}, {"envFrom": sources})


def identity(pod: Manifest, workload: Workload) -> Iterator[str]:
    """Whether pods run as the release's ServiceAccount and mount no token of it."""
    return differences({"serviceAccountName": workload.release, _AUTOMOUNT: False}, pod)


def placement(pod: Manifest, workload: Workload) -> Iterator[str]:
    """Whether pods run where they should."""
    pods, own = workload.pods, selector(workload.release, workload.role)
    wanted: dict[str, object] = {
        "affinity": pods.affinity.manifest() or None,
        "nodeSelector": dict(pods.node_selector) or None,
        "tolerations": [toleration.manifest() for toleration in pods.tolerations] or None,
        "priorityClassName": pods.priority_class_name,
    }
    if pods.topology_spread_constraints is not None:
        spread = [constraint.manifest_of(own) for constraint in pods.topology_spread_constraints]
        wanted["topologySpreadConstraints"] = spread or None
    yield from differences(wanted, pod)


def service(manifest: Manifest, selected: Mapping[str, str], *, headless: bool) -> Iterator[str]:
    """Whether a Service chooses the expected pods and has an address only where callers need one."""
    spec = at(manifest, "spec")
    yield from differences({"selector": selected}, spec)
    if headless != (spec.get("clusterIP") == "None"):
        yield f"clusterIP is {_shown(spec.get('clusterIP'))}, expected {'None' if headless else 'an address'}"


def disruption_budget(manifest: Manifest, workload: Workload) -> Iterator[str]:
    """Whether a budget chooses the workload's pods and allows what is configured."""
    budget = workload.settings.pod_disruption_budget
    shares = {"minAvailable": budget.min_available, "maxUnavailable": budget.max_unavailable}
    selected = {"matchLabels": selector(workload.release, workload.role)}
    configured = {share: value for share, value in shares.items() if value is not None}
    return differences({"selector": selected, **configured}, at(manifest, "spec"))


def policies(found: Mapping[str, Manifest], wanted: AbstractSet[str]) -> Iterator[str]:
    """Whether a namespace denies both directions and has every expected policy, and no other of this program."""
    for name in sorted(wanted - found.keys()):
        yield f"{name} does not exist"
    if "deny-all" in found:
        nothing = {"podSelector": None, "policyTypes": ["Ingress", "Egress"], "ingress": None, "egress": None}
        spec = {key: value or None for key, value in at(found["deny-all"], "spec").items()}
        yield from (f"deny-all: {difference}" for difference in differences(nothing, spec))
    for name in sorted(found.keys() - wanted):
        if at(found[name], "metadata", "annotations", REASON):
            yield f"{name} is left over: no setting asks for it"
        else:
            yield Note(f"{name} was created elsewhere, and may allow what the stack denies")


def autoscaler(workload: Workload, wanted: Scaler | None, namespace: Namespace) -> Iterator[str]:
    """Whether exactly the configured autoscaler scales the workload, with the configured values."""
    for kind in _AUTOSCALERS:
        for name, other in namespace.all(kind).items():
            configured = wanted is not None and (kind, name) == (wanted.kind, workload.name)
            if _scales(other, workload.name) and not configured and not _made_by_keda(other):
                yield f"{kind} {name} scales it, expected {f'only a {wanted.kind}' if wanted else 'no autoscaler'}"
    if wanted is None:
        return
    found = namespace.get(wanted.kind, workload.name)
    if found is None:
        yield f"{wanted.kind} {workload.name} does not exist"
        return
    if not _scales(found, workload.name):
        yield f"scaleTargetRef is {_shown(at(found, 'spec', 'scaleTargetRef'))}, expected Deployment {workload.name}"
    yield from differences(wanted.values, _scaler_values(found))
    for manager in _appliers_of_replicas(namespace.get("Deployment", workload.name)):
        yield f"{manager} applies the Deployment's spec.replicas, expected nobody to: it undoes the autoscaler's"
    if wanted.credential:
        yield from _credential(found, wanted.credential, namespace)
    yield from _scaler_conditions(found)


def _scales(scaler: Manifest, deployment: str) -> bool:
    target = part(scaler, "spec", "scaleTargetRef")
    return (target.get("kind", "Deployment"), target.get("name")) == ("Deployment", deployment)


def _made_by_keda(scaler: Manifest) -> bool:
    return any(owner["kind"] == "ScaledObject" for owner in parts(scaler, "metadata", "ownerReferences"))


def _scaler_values(scaler: Manifest) -> Mapping[str, object]:
    """What a HorizontalPodAutoscaler or a ScaledObject states, under the names that `expectations.scaler` uses."""
    spec = at(scaler, "spec")
    resources = [metric["resource"] for metric in spec.get("metrics") or () if metric["type"] == "Resource"]
    targets = {f"{resource['name']} target": resource["target"].get("averageUtilization") for resource in resources}
    trigger = next(iter(spec.get("triggers") or ()), None)
    return {**part(scaler, "metadata", "annotations"), **spec, **targets, **part(trigger, "metadata")}


def _appliers_of_replicas(deployment: Manifest | None) -> Iterator[str]:
    """Who states `spec.replicas` by server-side apply, and so would set it again with the next apply.

    Not Pulumi: of a pool that was static it sends the live number, until the autoscaler has changed it.
    """
    for entry in parts(deployment, "metadata", "managedFields"):
        states = at(entry, "fieldsV1", "f:spec", "f:replicas") is not None
        ours = entry["manager"].startswith("pulumi-kubernetes")
        if states and entry["operation"] == "Apply" and not entry.get("subresource") and not ours:
            yield entry["manager"]


def _credential(scaler: Manifest, name: str, namespace: Namespace) -> Iterator[str]:
    for trigger in parts(scaler, "spec", "triggers"):
        used = {"authenticationRef": at(trigger, "authenticationRef", "name")}
        yield from differences({"authenticationRef": name}, used)
    authentication = namespace.get("TriggerAuthentication", name)
    if authentication is None:
        yield f"TriggerAuthentication {name} does not exist"
    for reference in parts(authentication, "spec", "secretTargetRef"):
        if not namespace.get("Secret", reference["name"]):
            yield f"Secret {reference['name']}, which TriggerAuthentication {name} reads, does not exist"


def _scaler_conditions(scaler: Manifest) -> Iterator[str]:
    """What the autoscaler says of itself. An HPA without metrics scales nothing yet; it is still as configured."""
    found = conditions(scaler)
    if scaler["kind"] == "ScaledObject" and at(found, "Ready", "status") not in ("True", "False"):
        yield Note("KEDA has not reported on it, so nothing scales it; is the KEDA operator running?")
    for kind, condition in found.items():
        if kind in ("Ready", "AbleToScale", "ScalingActive") and condition["status"] == "False":
            text = f"{kind} is False: {condition.get('message', '')}"
            yield text if kind == "Ready" else Note(text)


def _shown(value: object) -> str:
    """A value on one line."""
    return "not set" if value is None else json.dumps(value, sort_keys=True)
