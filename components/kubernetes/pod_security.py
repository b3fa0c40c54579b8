"""What the `restricted` Pod Security Standard asks of every pod, and how a pod logs in to registries."""

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.core.v1 import (
    CapabilitiesArgs,
    LocalObjectReferenceArgs,
    PodSecurityContextArgs,
    SeccompProfileArgs,
    SecurityContextArgs,
)


def restricted_security(run_as_user: int | None = None, group: int | None = None) -> PodSecurityContextArgs:
    """What the `restricted` standard asks of a pod. `group` owns the pod's volumes."""
    return PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=run_as_user,
        fs_group=group,
        seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
    )


def restricted_container(*, read_only: bool = False) -> SecurityContextArgs:
    """What the `restricted` standard asks of a container."""
    return SecurityContextArgs(
        allow_privilege_escalation=False,
        capabilities=CapabilitiesArgs(drop=["ALL"]),
        read_only_root_filesystem=read_only or None,
    )


def pull_logins(secrets: Sequence[pulumi.Input[str]]) -> list[LocalObjectReferenceArgs] | None:
    """How a pod names the Secrets by which it logs in to registries."""
    return [LocalObjectReferenceArgs(name=secret) for secret in secrets] or None
