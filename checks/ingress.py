"""Whether what is reached from outside is reached safely, and whether every setting about it is used."""

from collections.abc import Iterator

from checks.finding import Finding, warning
from config import StackSettings


def hosts_are_served_safely(settings: StackSettings) -> Iterator[Finding]:
    """Warn of hosts without certificate, and of settings about hosts that nothing serves."""
    primary = settings.primary
    if primary.hosts is None:
        for setting in ("tls", "ingress"):
            if setting in primary.model_fields_set:
                yield warning(f"primary.{setting}", "is used with primary.hosts only, which is not set; set the hosts")
        return
    if primary.tls is None:
        yield warning(
            "primary.tls",
            "not set, so the hosts are served in plain HTTP; name a secretName or a clusterIssuer, unless something "
            "before the ingress controller ends TLS",
        )
    if not primary.relays.enabled:
        used = {"primary.hosts.relays": primary.hosts.relays, "relays": primary.ingress.class_names.get("relays")}
        for setting, value in used.items():
            if value is not None:
                path = setting if "." in setting else f"primary.ingress.classNames.{setting}"
                yield warning(path, "is used by the relays only, which are off; enable primary.relays or remove it")
