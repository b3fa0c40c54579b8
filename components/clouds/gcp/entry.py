"""A release's secret in Secret Manager: a JSON object that External Secrets reads under the release's own account.

It has no guard, so that a release can be removed. Nothing is lost: its values are in the stack file and in the state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_gcp as gcp

from components.clouds.gcp.guard import UNGUARDED
from components.clouds.gcp.key import Key
from config.clouds.gcp.project import GcpSettings

TYPE: Final = "noxus:gcp:Entry"

_RESTORABLE: Final = "86400s"
"""How long a version that was replaced can be had back: Secret Manager's least."""


@dataclass(frozen=True, kw_only=True)
class EntryArgs:
    """What an `Entry` needs."""

    project: GcpSettings
    id: str
    """Id in Secret Manager."""
    values: Mapping[str, pulumi.Input[str]]
    """What it holds, by the name that External Secrets asks for."""
    key: Key


class Entry(pulumi.ComponentResource):
    """One secret of one release, in the stack's region only, and the version that holds its values."""

    secret: gcp.secretmanager.Secret
    version: pulumi.Resource
    """What must be written before it is read."""

    def __init__(self, name: str, args: EntryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        encryption = gcp.secretmanager.SecretReplicationUserManagedReplicaCustomerManagedEncryptionArgs(
            kms_key_name=args.key.id
        )
        replica = gcp.secretmanager.SecretReplicationUserManagedReplicaArgs(
            location=args.project.region, customer_managed_encryption=encryption
        )
        self.secret = gcp.secretmanager.Secret(
            name,
            secret_id=args.id,
            project=args.project.project,
            replication=gcp.secretmanager.SecretReplicationArgs(
                user_managed=gcp.secretmanager.SecretReplicationUserManagedArgs(replicas=[replica])
            ),
            version_destroy_ttl=_RESTORABLE,
            deletion_protection=False,
            deletion_policy=UNGUARDED,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.key.granted_to("secretmanager")),
        )
        text = pulumi.Output.secret(pulumi.Output.json_dumps(dict(args.values), sort_keys=True))
        # Another value is another version. It is made before the last one goes, so `latest` is never empty.
        self.version = gcp.secretmanager.SecretVersion(
            name, secret=self.secret.id, secret_data=text, opts=pulumi.ResourceOptions(parent=self)
        )
        self.register_outputs({})
