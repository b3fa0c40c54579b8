"""How data travels: which versions of TLS are good enough, and which hosts are served by it."""

import re
from collections.abc import Iterator
from typing import Final

from .rule import Check, Config, Finding, Resource, Violation, demand

SERVED: Final = {
    "alb.ingress.kubernetes.io/listen-ports": r".*HTTPS.*",
    "alb.ingress.kubernetes.io/certificate-arn": r".+",
    "ingress.gcp.kubernetes.io/pre-shared-cert": r".+",
    "networking.gke.io/managed-certificates": r".+",
    "traefik.ingress.kubernetes.io/router.tls": r"true",
}
"""Annotations by which a controller serves a host by TLS with a certificate that the Ingress does not name."""


def newer_than(path: str, least: tuple[int, ...]) -> Check:
    """A version of TLS, however the cloud writes it: TLS1_2, 1.2, TLSv1.3."""

    def accepts(value: object) -> bool:
        return tuple(int(number) for number in re.findall(r"\d+", str(value))) >= least

    return demand(path, accepts, f"must be TLS {'.'.join(map(str, least))} or newer")


def served_by_tls(resource: Resource, _config: Config) -> Iterator[Finding]:
    """A host's certificate, in the Ingress or by an annotation. What a controller does unasked stands in no object."""
    if resource.inputs.at("spec.tls").given:
        return
    annotations = resource.inputs.at("metadata.annotations")
    if not any(re.fullmatch(form, annotations[name].text, re.DOTALL) for name, form in SERVED.items()):
        yield Violation("spec.tls", "must be set, or an annotation that says so: else hosts are served in clear text")
