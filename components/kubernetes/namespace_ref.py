"""A namespace as others refer to it, and the one rule for the names of what is created in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs


@dataclass(frozen=True, kw_only=True)
class NamespaceRef:
    """A namespace that the stack makes or uses.

    An object's logical name, its key in the state, is its identity in Kubernetes: `<namespace>/<name>`. So whatever is
    renamed or moved in a stack file is created under its new name and then deleted under its old one. It never meets
    itself as an object that exists already, and it is never deleted first (docs/decisions/0004).
    """

    name: str
    """Name, for logical names and addresses."""
    created: pulumi.Output[str]
    """The same name; of a namespace that is made, known once it exists: what uses it waits for that."""
    logins: Sequence[pulumi.Input[str]] = ()
    """Secrets by which its pods log in to registries."""
    assigns_ids: bool = False
    """Whether the cluster gives its pods their user and group ids."""

    def key(self, name: str) -> str:
        """Logical name of the object `name` of this namespace."""
        return f"{self.name}/{name}"

    def only_one(self, name: str) -> pulumi.ResourceOptions:
        """Options of the object `name` if the whole stack may have one of its kind at a time, wherever it is.

        Its logical name says what it is, without release and namespace, so that a renamed or moved one replaces the
        old one, which goes first. Until 2026-11 it was `key`.
        """
        return pulumi.ResourceOptions(delete_before_replace=True, aliases=[pulumi.Alias(name=self.key(name))])

    def metadata(
        self,
        name: str,
        *,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, pulumi.Input[str]] | Mapping[str, str] | None = None,
    ) -> ObjectMetaArgs:
        """Metadata of the object `name` of this namespace."""
        return ObjectMetaArgs(
            name=name,
            namespace=self.created,
            labels=dict(labels) if labels else None,
            annotations=dict(annotations) if annotations else None,
        )
