"""A namespace of the stack, made or found: Pod Security enforced, both directions denied, DNS allowed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.meta.v1.outputs import ObjectMeta

from components.kubernetes.labels import PART_OF
from components.kubernetes.namespace_ref import NamespaceRef
from components.network.dns import dns_peers, dns_ports
from components.network.policies import EVERY_POD, allow_egress, allow_further_egress, deny_all
from config.network import DnsSettings, EgressSettings

TYPE: Final = "noxus:components:Namespace"


@dataclass(frozen=True, kw_only=True)
class NamespaceArgs:
    """What a `Namespace` needs."""

    namespace: str
    """Name in Kubernetes."""
    pod_security: str
    """Pod Security Standard to enforce: restricted, baseline or privileged."""
    dns: DnsSettings
    """Who resolves names."""
    assigns_ids: bool
    """Whether the cluster gives pods their user ids."""
    egress: Mapping[str, EgressSettings]
    """What every pod in it may reach besides."""
    create: bool = True
    """Whether it is made here; else it exists."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Further labels of one that is made here."""
    setting: str
    """Path of the setting that names it, for the error when it exists already."""
    protect: bool = False
    """Whether the engine refuses to delete it, because volumes in it hold data."""


class Namespace(pulumi.ComponentResource):
    """A namespace in which nothing talks to anything, DNS excepted, until a policy says so."""

    ref: NamespaceRef
    """How what is created in it refers to it."""

    def __init__(self, name: str, args: NamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        standard = {f"pod-security.kubernetes.io/{mode}": args.pod_security for mode in ("enforce", "audit", "warn")}
        if args.create:
            namespace = kubernetes.core.v1.Namespace(
                args.namespace,
                metadata=ObjectMetaArgs(name=args.namespace, labels={PART_OF: "noxus", **standard, **args.labels}),
                opts=pulumi.ResourceOptions(
                    parent=self, protect=args.protect, hooks=pulumi.ResourceHookBinding(on_error=[_explain(args)])
                ),
            )
            created = namespace.metadata["name"]
        else:
            found = kubernetes.core.v1.Namespace.get(f"{args.namespace}-existing", args.namespace, opts=child)
            created = found.metadata.apply(lambda metadata: _name_of_anothers(metadata, args))
        self.ref = NamespaceRef(name=args.namespace, created=created, assigns_ids=args.assigns_ids)
        deny_all(self.ref, child)
        allow_egress(
            "to-dns",
            "names are resolved by the cluster's DNS",
            within=self.ref,
            source=EVERY_POD,
            to=dns_peers(args.dns),
            ports=dns_ports(args.dns),
            opts=child,
        )
        allow_further_egress("pods-", args.egress, self.ref, EVERY_POD, child)
        self.register_outputs({})


def _name_of_anothers(metadata: ObjectMeta, args: NamespaceArgs) -> str:
    """Stop before the engine deletes a namespace, and all that is in it, because the stack says it is not ours."""
    if (metadata.labels or {}).get(PART_OF) == "noxus":
        raise pulumi.RunError(
            f"{args.setting}: the namespace {args.namespace!r} was made by a stack of this program, which would delete "
            "it with everything inside once createNamespace is false; write createNamespace: true. To give it away, "
            f"run `pulumi state delete` on it, then `kubectl label namespace {args.namespace} {PART_OF}-`"
        )
    return args.namespace


def _explain(args: NamespaceArgs) -> pulumi.ErrorHook:
    """Name the setting beside the API server's words. The state alone knows which namespaces are ours, so only now."""

    def explain(failure: pulumi.ErrorHookArgs) -> bool:
        if any("already exists" in error for error in failure.errors):
            pulumi.log.error(
                f"{args.setting}: the namespace {args.namespace!r} exists already, and the stack makes its own; "
                "write another name here, say createNamespace: false to use it, or delete it if nobody does"
            )
        return False  # trying again would not help

    return pulumi.ErrorHook(f"{args.namespace}-exists", explain)
