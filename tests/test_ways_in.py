"""Ways in that a controller would refuse, or through which nobody comes; and what each needs open."""

from typing import Any

import botocore.session
import kubernetes_validate
import pytest

from checks import findings
from checks.ingress import _ALB_IDLE_LIMIT_SECONDS
from config import StackSettings
from tests.programs import refused, run_program, settings
from tests.reachability import Address, Network, Pod
from tests.snapshots import Manifest, healthy, observed
from tests.test_program import KUBERNETES_MINORS, SCHEMA
from tests.ways_in import GATEWAY, WAYS, way_in
from tools.expectations import policies
from tools.inspection import inspect

BACKEND = Pod("noxus", "backend", {"app.kubernetes.io/component": "backend", "app.kubernetes.io/instance": "noxus"})
SOURCES: dict[str, Pod | Address] = {
    "ingress-nginx": Pod("ingress-nginx", "controller", {}),
    "traefik": Pod("traefik", "traefik", {}),
    "envoy": Pod("envoy-gateway-system", "envoy", {}),
    "gateway's namespace": Pod("gateways", "something", {}),
    "alb": Address("alb", "10.20.3.4", ()),
    "proxy-only subnet": Address("proxies", "10.129.0.7", ()),
    "gke": Address("gke", "35.191.8.9", ()),
    "gke's health checks": Address("probe", "130.211.3.255", ()),
    "next to gke's": Address("stranger", "130.211.4.0", ()),
    "stranger": Pod("stranger", "pod", {}),
    "internet": Address("internet", "93.184.216.34", ()),
}
LETS_IN = {
    "nginx": {"ingress-nginx"},
    "nginx with its own certificate": {"ingress-nginx"},
    "alb": {"alb"},
    "gke": {"gke", "gke's health checks"},
    "gke internal": {"gke", "gke's health checks", "proxy-only subnet"},
    "traefik": {"traefik"},
    "gateway": {"envoy"},
    "gateway that redirects": {"envoy"},
    "gateway outside the cluster": {"proxy-only subnet"},
    "other": {"ingress-nginx"},
}


def changed(name: str, *, cluster: dict[str, Any] | None = None, tls: Any = None, **ingress: Any) -> dict[str, Any]:
    """A stack of a way in, with other settings in their places."""
    raw = way_in(name, **ingress)
    if cluster is not None:
        raw["cluster"] = {"context": "test", **cluster}
    if tls is not None:
        raw["primary"]["tls"] = tls
    return raw


def warned(raw: dict[str, Any]) -> dict[str, str]:
    return {f.path: f.message for f in findings(settings(raw)) if f.severity == "warning"}


@pytest.mark.parametrize("name", WAYS)
def test_every_way_in_is_complete(name: str) -> None:
    raw = way_in(name)
    assert refused(raw) == {}
    about = [path for path in warned(raw) if path.startswith(("primary.ingress", "primary.tls", "cluster."))]
    assert about == [], "what each way needs leaves nothing to warn of"
    deployed = run_program(raw)
    assert run_program(raw, preview=True).inventory == deployed.inventory
    found: dict[str, set[str]] = {}
    for _, manifest in deployed.objects:
        if manifest["kind"] == "NetworkPolicy":
            found.setdefault(manifest["metadata"]["namespace"], set()).add(manifest["metadata"]["name"])
    assert found == policies(settings(raw))


@pytest.mark.parametrize("minor", KUBERNETES_MINORS)
def test_every_ingress_and_service_is_valid_for_six_minor_versions_of_kubernetes(
    minor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_validate.utils, "schema_contents", SCHEMA)
    for name in WAYS:
        for _, manifest in run_program(way_in(name)).objects:
            if manifest["kind"] in ("Ingress", "Service", "Namespace", "NetworkPolicy"):
                kubernetes_validate.validate(manifest, minor, strict=True)


@pytest.mark.parametrize("name", WAYS)
def test_what_brings_people_in_reaches_the_services_and_nothing_else_does(name: str) -> None:
    objects = [manifest for _, manifest in run_program(way_in(name)).objects]
    namespaces: dict[str, dict[str, str]] = {pod.namespace: {} for pod in SOURCES.values() if isinstance(pod, Pod)}
    network = Network({**namespaces, "noxus": {}}, [m for m in objects if m["kind"] == "NetworkPolicy"])
    let_in = {source for source, other in SOURCES.items() if network.allows(other, BACKEND, "TCP", 8080)}
    assert let_in == LETS_IN[name]


NEEDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "an ALB without its subnets": (
        changed("alb", cluster={}),
        "cluster.ingressCidrs",
        "required with alb, whose load balancer reaches pods from its own addresses; name its subnets, such as "
        "ingressCidrs: [10.20.0.0/16]",
    ),
    "an internal load balancer without its proxies": (
        changed("gke internal", cluster={}),
        "cluster.ingressCidrs",
        "required with the class gce-internal, whose load balancer reaches pods from the proxy-only subnet; name "
        "that, such as ingressCidrs: [10.129.0.0/23]",
    ),
    "Traefik without its namespace": (
        changed("traefik", cluster={}),
        "cluster.ingressNamespace",
        "required with traefik: nothing else may reach the services; name the namespace of its pods, such as "
        "ingressNamespace: traefik, or ingressCidrs if they are outside the pod network",
    ),
    "a Gateway without its data plane": (
        changed("gateway", cluster={}),
        "cluster.ingressNamespace",
        "required with gatewayApi: nothing else may reach the services; name the namespace of its pods, such as "
        "ingressNamespace: traefik, or ingressCidrs if they are outside the pod network",
    ),
    "routes without a Gateway": (
        changed("gateway", gateway=None),
        "primary.ingress.gateway",
        "required with gatewayApi; name the Gateway of the hosts, such as gateway: {name: public, namespace: gateways}",
    ),
    "a Gateway beside an Ingress": (
        changed("nginx", gateway=GATEWAY),
        "primary.ingress.gateway",
        "is not told to nginx; set controller: gatewayApi or remove it",
    ),
    "a Secret for an ALB": (
        changed("alb", tls={"secretName": "noxus-tls"}),
        "primary.tls",
        "names a certificate that alb never reads: an ALB finds certificates in ACM; write external: true",
    ),
    "an issuer beside a Gateway": (
        changed("gateway", tls={"clusterIssuer": "letsencrypt"}),
        "primary.tls",
        "names a certificate that gatewayApi never reads: the Gateway's listener has them; write external: true",
    ),
    "silence that an ALB does not know": (
        changed("alb", readTimeoutSeconds=4001),
        "primary.ingress.readTimeoutSeconds",
        "must be at most 4000 with alb (got 4001); let streams send something more often than that",
    ),
    "a class that GKE leaves alone": (
        changed("gke", className="nginx"),
        "primary.ingress.className",
        "must be one of gce, gce-internal and gce-regional-external with gke, or unset (got 'nginx')",
    ),
    "a class of one host that GKE leaves alone": (
        changed("gke", classNames={"relays": "public"}),
        "primary.ingress.classNames.relays",
        "must be one of gce, gce-internal and gce-regional-external with gke, or unset (got 'public')",
    ),
    "a group of too long a name": (
        changed("alb", classNames={"relays": "c" * 58}),
        "primary.ingress.classNames.relays",
        f"makes the group 'noxus.{'c' * 58}', and 63 characters fit; choose a shorter class",
    ),
    "a redirect to what is not there": (
        {
            **(raw := way_in("gateway that redirects")),
            "primary": {key: value for key, value in raw["primary"].items() if key != "tls"},
        },
        "primary.ingress.gateway.httpSectionName",
        "redirects to https, and primary.tls does not say that the hosts are; write primary.tls: {external: true}",
    ),
    "a release among the Gateways": (
        changed("gateway", gateway={**GATEWAY, "namespace": "noxus"}),
        "primary.namespace",
        "'noxus' is the namespace of the Gateway (primary.ingress.gateway.namespace); give it one of its own",
    ),
}


@pytest.mark.parametrize("case", NEEDS)
def test_what_would_never_work_is_refused_with_what_to_write(case: str) -> None:
    raw, path, message = NEEDS[case]
    assert refused(raw) == {path: message}


@pytest.mark.parametrize(
    ("raw", "path", "message"),
    [
        (
            changed("traefik", readTimeoutSeconds=600),
            "primary.ingress.readTimeoutSeconds",
            "is not told to traefik, but to nginx, alb and gke only; remove it",
        ),
        (
            changed("alb", maxBodyMib=10),
            "primary.ingress.maxBodyMib",
            "is not told to alb, but to nginx only; remove it",
        ),
        (
            changed("gateway", className="envoy"),
            "primary.ingress.className",
            "is not told to gatewayApi, but to nginx, alb, gke, traefik and other only; remove it",
        ),
        (
            changed("gke", cluster={"ingressNamespace": "kube-system"}),
            "cluster.ingressNamespace",
            "is not used: gke reaches pods from outside; remove it",
        ),
        (
            changed("gateway", gateway={"name": "public", "namespace": "gateways"}),
            "primary.ingress.gateway.sectionName",
            "not set, so that a listener for plain HTTP serves the hosts too; name the listener for https",
        ),
    ],
)
def test_a_setting_that_its_controller_is_not_told_is_warned_of(raw: dict[str, Any], path: str, message: str) -> None:
    assert warned(raw)[path] == message


def test_without_hosts_no_controller_needs_anything() -> None:
    for name in WAYS:
        raw = changed(name, cluster={})
        del raw["primary"]["hosts"]
        assert refused(raw) == {}


def test_an_albs_limits_are_the_published_ones() -> None:
    model = botocore.session.get_session().get_service_model("elbv2")
    for shape, said in {
        "LoadBalancerAttribute": f"1-{_ALB_IDLE_LIMIT_SECONDS} seconds",
        "TargetGroupAttribute": "0-3600 seconds",
    }.items():
        assert said in model.shape_for(shape).members["Key"].documentation, shape


ROUTE = ("HTTPRoute", "noxus", "noxus-backend")


def verified(change: dict[str, Any] | None) -> dict[str, str]:
    """What `verify` says of the backend's route, with some parts of it changed, or without it."""
    raw = way_in("gateway")
    cluster = healthy((raw, {}))
    if change is None:
        del cluster[ROUTE]
    else:
        cluster[ROUTE] = merged(cluster[ROUTE], change)
    parsed: StackSettings = settings(raw)
    found = [check for check in inspect(parsed, observed(cluster)) if "backend: HTTPRoute" in check.check]
    return {check.outcome: check.reason for check in found}


def merged(manifest: Manifest, change: dict[str, Any]) -> Manifest:
    return {**manifest, **{key: {**manifest.get(key, {}), **value} for key, value in change.items()}}


def conditions(**statuses: str) -> dict[str, Any]:
    found = [{"type": kind, "status": status, "message": f"{kind}, says it"} for kind, status in statuses.items()]
    return {"status": {"parents": [{"conditions": found}]}}


@pytest.mark.parametrize(
    ("change", "outcome", "reason"),
    [
        (conditions(Accepted="True", ResolvedRefs="True"), "ok", ""),
        ({}, "note", "no Gateway has reported on it; is there a Gateway gateways/public?"),
        (conditions(Accepted="False"), "fail", "is not taken by the Gateway: Accepted is False: Accepted, says it"),
        (conditions(Accepted="True", ResolvedRefs="False"), "fail", "ResolvedRefs is False: ResolvedRefs, says it"),
        ({"spec": {"hostnames": ["else.example.com"]}}, "fail", "hostnames is"),
        ({"spec": {"parentRefs": [{"name": "other", "namespace": "gateways"}]}}, "fail", "parents is"),
        ({"spec": {"rules": [{"backendRefs": [{"name": "other"}]}]}}, "fail", "services is"),
        (None, "fail", "HTTPRoute noxus-backend does not exist"),
    ],
)
def test_verify_says_whether_a_gateway_takes_a_route(change: dict[str, Any] | None, outcome: str, reason: str) -> None:
    found = verified(change)
    assert found.keys() == {outcome}
    assert reason in found[outcome]


def test_verify_asks_for_no_secret_of_a_certificate_that_somebody_else_holds() -> None:
    for name in ("alb", "nginx with its own certificate"):
        raw = way_in(name)
        checks = list(inspect(settings(raw), observed(healthy((raw, {})))))
        assert [c.check for c in checks if c.outcome == "fail"] == []
        assert [c.check for c in checks if c.check.endswith(": certificate")] == []
