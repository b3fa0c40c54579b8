"""The cloud's own guard of what holds data: Azure refuses to delete it while it is locked, whoever asks."""

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import authorization


def delete_lock(
    name: str,
    scope: pulumi.Input[str],
    children: Sequence[pulumi.Resource],
    opts: pulumi.ResourceOptions,
    *,
    protect: bool,
) -> authorization.ManagementLockByScope:
    """Lock one resource; never a group, where nothing at all could be deleted then.

    The engine deletes its own lock before the resource, so the lock is protected as the resource is. It is made after
    the resource's `children`, which are locked with it: so it is gone before they go. An unprotected stack has it too:
    it could not be taken away in the update that lifts the protection.
    """
    return authorization.ManagementLockByScope(
        name,
        lock_name="noxus",
        level="CanNotDelete",
        notes="Holds data. Made by Pulumi; docs/azure.md says how to destroy it on purpose",
        scope=scope,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect, depends_on=[*children])),
    )
