"""What each ingress controller is given: annotations, objects of its own, or routes of a Gateway."""

import json
from typing import Any

import pytest

from tests.harness import Deployment
from tests.programs import run_program
from tests.ways_in import WAYS, way_in

ALB = "alb.ingress.kubernetes.io"
HOSTS = {"frontend": "app.example.com", "backend": "api.app.example.com", "relays": "relay.app.example.com"}


def objects(name: str, kind: str, **ingress: Any) -> dict[str, dict[str, Any]]:
    """Objects of a kind by name, of a stack that is reached this way."""
    found = run_program(way_in(name, **ingress)).objects
    return {manifest["metadata"]["name"]: manifest for _, manifest in found if manifest["kind"] == kind}


def annotations(name: str, role: str = "backend", **ingress: Any) -> dict[str, str]:
    return objects(name, "Ingress", **ingress)[f"noxus-{role}"]["metadata"].get("annotations", {})


def custom(deployed: Deployment, kind: str) -> list[Any]:
    return [r for r in deployed.resources if r.type.endswith(f":{kind}")]


@pytest.mark.parametrize("name", WAYS)
def test_every_host_has_one_way_in_and_people_are_told_https(name: str) -> None:
    ingresses, routes = objects(name, "Ingress"), objects(name, "HTTPRoute")
    hosts = {
        **{own: found["spec"]["rules"][0]["host"] for own, found in ingresses.items()},
        **{own: found["spec"]["hostnames"][0] for own, found in routes.items() if not own.endswith("-redirect")},
    }
    assert hosts == {f"noxus-{role}": host for role, host in HOSTS.items()}
    assert not (ingresses and routes)
    assert run_program(way_in(name)).outputs["urls"] == {role: f"https://{host}" for role, host in HOSTS.items()}


def test_an_alb_reaches_pods_itself_and_all_hosts_of_a_class_share_it() -> None:
    backend = annotations("alb")
    assert {key: value for key, value in backend.items() if not key.endswith("group.name")} == {
        f"{ALB}/target-type": "ip",
        f"{ALB}/listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
        f"{ALB}/ssl-redirect": "443",
        f"{ALB}/healthcheck-path": "/status/health",
        f"{ALB}/load-balancer-attributes": "idle_timeout.timeout_seconds=3600",
        f"{ALB}/target-group-attributes": "deregistration_delay.timeout_seconds=310",
    }
    groups = {role: annotations("alb", role)[f"{ALB}/group.name"] for role in HOSTS}
    assert groups == {"frontend": "noxus", "backend": "noxus", "relays": "noxus.public"}
    same = {role: annotations("alb", role, classNames={"relays": "alb"})[f"{ALB}/group.name"] for role in HOSTS}
    assert set(same.values()) == {"noxus"}, "a class that is named twice is one class"


def test_an_alb_without_certificates_listens_for_plain_http_only() -> None:
    raw = way_in("alb")
    del raw["primary"]["tls"]
    deployed = run_program(raw)
    (written,) = [m["metadata"]["annotations"] for n, m in deployed.objects if n == "ingress-backend"]
    assert written[f"{ALB}/listen-ports"] == '[{"HTTP": 80}]'
    assert f"{ALB}/ssl-redirect" not in written


def test_a_rollout_waits_for_an_alb_and_for_it_only() -> None:
    gate = "elbv2.k8s.aws/pod-readiness-gate-inject"
    for name in WAYS:
        labels = objects(name, "Namespace")["noxus"]["metadata"]["labels"]
        assert (labels.get(gate) == "enabled") == (name == "alb"), name
    raw = way_in("alb")
    del raw["primary"]["hosts"]
    assert [m for _, m in run_program(raw).objects if gate in m["metadata"].get("labels", {})] == []


def test_open_requests_are_left_to_a_pod_for_as_long_as_it_stays_and_no_longer_than_can_be_said() -> None:
    raw = way_in("alb")
    raw["primary"]["backend"] = {"streamSeconds": 3600, "preStopSeconds": 30}
    raw["primary"]["frontend"] = {"streamSeconds": 60, "preStopSeconds": 5}
    deployed = run_program(raw)
    drains = {
        name.removeprefix("ingress-"): manifest["metadata"]["annotations"][f"{ALB}/target-group-attributes"]
        for name, manifest in deployed.objects
        if manifest["kind"] == "Ingress"
    }
    assert drains == {
        role: f"deregistration_delay.timeout_seconds={seconds}"
        for role, seconds in {"backend": 3600, "frontend": 65, "relays": 310}.items()
    }


def test_gke_is_told_by_objects_that_its_service_and_its_ingress_name() -> None:
    deployed = run_program(way_in("gke", readTimeoutSeconds=7200))
    for role in HOSTS:
        name = f"noxus-{role}"
        service = deployed.one("kubernetes:core/v1:Service", f"noxus/{name}").inputs["metadata"]["annotations"]
        assert {key: json.loads(value) for key, value in service.items()} == {
            "cloud.google.com/neg": {"ingress": True},
            "cloud.google.com/backend-config": {"default": name},
        }
        (backend,) = [r for r in custom(deployed, "BackendConfig") if r.inputs["metadata"]["name"] == name]
        assert backend.inputs["spec"] == {
            "timeoutSec": 7200,
            "connectionDraining": {"drainingTimeoutSec": 310},
            "healthCheck": {"type": "HTTP", "requestPath": "/status/health"},
        }
        ingress = deployed.one("kubernetes:networking.k8s.io/v1:Ingress", f"ingress-{role}")
        assert ingress.inputs["metadata"]["annotations"] == {
            "kubernetes.io/ingress.class": "gce",
            "networking.gke.io/v1beta1.FrontendConfig": name,
        }
        assert "ingressClassName" not in ingress.inputs["spec"], "GKE leaves such an Ingress alone"
        (frontend,) = [r for r in custom(deployed, "FrontendConfig") if r.inputs["metadata"]["name"] == name]
        assert frontend.inputs["spec"] == {"redirectToHttps": {"enabled": True}}
        assert {backend.urn, frontend.urn} <= deployed.awaited_by(ingress)


def test_gkes_internal_load_balancer_serves_https_only_since_it_cannot_redirect() -> None:
    assert annotations("gke internal") == {
        "kubernetes.io/ingress.class": "gce-internal",
        "kubernetes.io/ingress.allow-http": "false",
    }
    assert objects("gke internal", "FrontendConfig") == {}


def test_other_ways_have_neither_gkes_objects_nor_its_annotations_of_a_service() -> None:
    for name in WAYS:
        if not name.startswith("gke"):
            text = json.dumps([manifest for _, manifest in run_program(way_in(name)).objects])
            assert not [word for word in ("cloud.google.com", "networking.gke.io") if word in text], name


def test_traefik_answers_no_host_with_a_certificate_in_plain_http() -> None:
    assert annotations("traefik") == {
        "traefik.ingress.kubernetes.io/router.tls": "true",
        "cert-manager.io/cluster-issuer": "letsencrypt",
    }


def test_a_certificate_that_somebody_else_holds_is_asked_for_by_its_host_only() -> None:
    for name in ("nginx with its own certificate", "alb"):
        spec = objects(name, "Ingress")["noxus-backend"]["spec"]
        assert spec["tls"] == [{"hosts": ["api.app.example.com"]}]


def test_a_route_goes_from_the_named_listener_to_the_service_and_no_request_has_a_limit() -> None:
    route = objects("gateway", "HTTPRoute")["noxus-backend"]
    assert route["apiVersion"] == "gateway.networking.k8s.io/v1"
    assert route["spec"] == {
        "parentRefs": [{"name": "public", "namespace": "gateways", "sectionName": "https"}],
        "hostnames": ["api.app.example.com"],
        "rules": [
            {
                "backendRefs": [{"name": "noxus-backend", "port": 8080}],
                "timeouts": {"request": "0s", "backendRequest": "0s"},
            }
        ],
    }
    assert objects("gateway", "HTTPRoute").keys() == {f"noxus-{role}" for role in HOSTS}


def test_a_route_follows_its_service_and_is_awaited_until_the_gateway_takes_it() -> None:
    deployed = run_program(way_in("gateway"))
    (route,) = [r for r in custom(deployed, "HTTPRoute") if r.name == "noxus/noxus-backend"]
    service = deployed.one("kubernetes:core/v1:Service", "noxus/noxus-backend")
    assert service.urn in deployed.awaited_by(route)
    waited = json.loads(route.inputs["metadata"]["annotations"]["pulumi.com/waitFor"])
    assert [part.partition("'")[2].partition("'")[0] for part in waited] == ["Accepted", "ResolvedRefs"]


def test_a_gateway_that_never_reports_is_not_waited_for_and_one_without_time_outs_is_told_none() -> None:
    route = objects("gateway outside the cluster", "HTTPRoute")["noxus-backend"]
    assert "annotations" not in route["metadata"]
    assert "timeouts" not in route["spec"]["rules"][0]


def test_a_route_without_a_listener_says_nothing_of_one() -> None:
    route = objects("gateway", "HTTPRoute", gateway={"name": "g", "namespace": "n"})["noxus-backend"]
    assert route["spec"]["parentRefs"] == [{"name": "g", "namespace": "n"}]


def test_plain_http_is_redirected_by_a_route_of_its_own_if_its_listener_is_named() -> None:
    routes = objects("gateway that redirects", "HTTPRoute")
    assert len(routes) == 2 * len(HOSTS)
    redirect = routes["noxus-backend-redirect"]
    assert redirect["spec"] == {
        "parentRefs": [{"name": "public", "namespace": "gateways", "sectionName": "http"}],
        "hostnames": ["api.app.example.com"],
        "rules": [
            {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]}
        ],
    }
    assert {route["metadata"]["annotations"]["example.com/note"] for route in routes.values()} == {"ours"}
