"""The way in from outside: for each public service a route, or an Ingress so that a host may have its own class."""

from collections.abc import Mapping
from typing import Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.networking.v1 import Ingress, IngressBackendArgsDict

from components.kubernetes.namespace_ref import NamespaceRef
from components.workloads.controllers import ACCEPTED, objects, told
from config.ingress import PublicRole, TlsSettings
from config.releases import PrimarySettings

_ISSUER: Final = "cert-manager.io/cluster-issuer"
_SKIP_AWAIT: Final = "pulumi.com/skipAwait"
_WAIT_FOR: Final = "pulumi.com/waitFor"


def certificate(name: str, tls: TlsSettings | None) -> str | None:
    """The Secret with the certificate of the Ingress `name`: one that exists, or that cert-manager writes."""
    return None if tls is None or tls.external else tls.secret_name or f"{name}-tls"


def public_ingress(
    name: str,
    role: PublicRole,
    primary: PrimarySettings,
    namespace: NamespaceRef,
    service: pulumi.Resource,
    opts: pulumi.ResourceOptions,
) -> None:
    """Bring a service's host to its Service. `name` is the Service's, and that of whatever is made here."""
    settings, tls, host = primary.ingress, primary.tls, primary.public_hosts[role]
    routed = {_WAIT_FOR: ACCEPTED, **settings.annotations} if settings.wait_for_address else settings.annotations
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[service]))
    made = [
        CustomResource(
            namespace.key(own),
            api_version=api_version,
            kind=kind,
            metadata=namespace.metadata(own, annotations=routed if settings.gateway else None),
            spec=spec,
            opts=after,
        )
        for api_version, kind, own, spec in objects(role, primary)
    ]
    if settings.gateway:
        return
    annotations: Mapping[str, pulumi.Input[str]] = {
        **told(role, primary),
        **({_ISSUER: tls.cluster_issuer} if tls and tls.cluster_issuer else {}),
        **({} if settings.wait_for_address else {_SKIP_AWAIT: "true"}),
        **settings.annotations,
    }
    # A controller refuses a second Ingress for one host (ingress-nginx) or serves either of them.
    only_one = pulumi.ResourceOptions.merge(after, namespace.only_one(name))
    backend: IngressBackendArgsDict = {"service": {"name": name, "port": {"name": "http"}}}
    Ingress(
        f"ingress-{role}",
        metadata=namespace.metadata(name, annotations=annotations),
        spec={
            "ingress_class_name": None if settings.controller == "gke" else settings.class_of(role),
            "rules": [{"host": host, "http": {"paths": [{"path": "/", "path_type": "Prefix", "backend": backend}]}}],
            "tls": tls and [{"hosts": [host], "secret_name": certificate(name, tls)}],
        },
        opts=pulumi.ResourceOptions.merge(only_one, pulumi.ResourceOptions(depends_on=made)),
    )
