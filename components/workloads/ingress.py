"""The way in from outside: one Ingress for each public service, so that each host may have a class of its own."""

from collections.abc import Mapping
from typing import Final

import pulumi
from pulumi_kubernetes.networking.v1 import (
    HTTPIngressPathArgs,
    HTTPIngressRuleValueArgs,
    Ingress,
    IngressBackendArgs,
    IngressRuleArgs,
    IngressServiceBackendArgs,
    IngressSpecArgs,
    IngressTLSArgs,
    ServiceBackendPortArgs,
)

from components.kubernetes.namespace_ref import NamespaceRef
from config.ingress import IngressSettings, PublicRole, TlsSettings
from config.releases import PrimarySettings

_NGINX: Final = "nginx.ingress.kubernetes.io"
_ISSUER: Final = "cert-manager.io/cluster-issuer"
_SKIP_AWAIT: Final = "pulumi.com/skipAwait"


def annotations(settings: IngressSettings, tls: TlsSettings | None) -> dict[str, str]:
    """What the controller and cert-manager are told.

    Events reach people as streams that last for minutes: nothing may buffer them, and silence must not end them
    (platform.md section 2, "Ingress behaviour").
    """
    seconds = str(settings.read_timeout_seconds)
    nginx = {
        f"{_NGINX}/proxy-buffering": "off",
        f"{_NGINX}/proxy-read-timeout": seconds,
        f"{_NGINX}/proxy-send-timeout": seconds,
        f"{_NGINX}/proxy-body-size": f"{settings.max_body_mib}m",
    }
    return {
        **(nginx if settings.controller == "nginx" else {}),
        **({_ISSUER: tls.cluster_issuer} if tls and tls.cluster_issuer else {}),
        **({} if settings.wait_for_address else {_SKIP_AWAIT: "true"}),
        **settings.annotations,
    }


def certificate(name: str, tls: TlsSettings) -> str:
    """The Secret with the certificate of the Ingress `name`: the one that exists, or one that cert-manager writes."""
    return tls.secret_name or f"{name}-tls"


def public_ingress(
    name: str,
    role: PublicRole,
    primary: PrimarySettings,
    namespace: NamespaceRef,
    service: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> Ingress:
    """Bring a service's host to its Service. `name` is the Service's, and the Ingress's too."""
    host = primary.public_hosts[role]
    backend = IngressBackendArgs(
        service=IngressServiceBackendArgs(name=service, port=ServiceBackendPortArgs(name="http"))
    )
    path = HTTPIngressPathArgs(path="/", path_type="Prefix", backend=backend)
    tls = primary.tls and [IngressTLSArgs(hosts=[host], secret_name=certificate(name, primary.tls))]
    written: Mapping[str, pulumi.Input[str]] = {**annotations(primary.ingress, primary.tls)}
    return Ingress(
        f"ingress-{role}",
        metadata=namespace.metadata(name, annotations=written),
        spec=IngressSpecArgs(
            ingress_class_name=primary.ingress.class_names.get(role, primary.ingress.class_name),
            rules=[IngressRuleArgs(host=host, http=HTTPIngressRuleValueArgs(paths=[path]))],
            tls=tls,
        ),
        # A controller refuses a second Ingress for one host (ingress-nginx) or serves either of them.
        opts=pulumi.ResourceOptions.merge(opts, namespace.only_one(name)),
    )
