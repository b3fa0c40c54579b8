"""A release's secret in Secret Manager: a JSON object that External Secrets reads under the release's own account.

It has no guard, so that a release can be removed. Nothing is lost: its values are in the stack file and in the state.
"""

from typing import Final

import pulumi
import pulumi_gcp as gcp

from components.clouds.gcp.key import DELETION, GcpKeeping

TYPE: Final = "noxus:gcp:Entry"

_RESTORABLE: Final = "86400s"
"""How long a version that was replaced can be had back: Secret Manager's least."""


class Entry(pulumi.ComponentResource):
    """One secret of one release, in the stack's region only, and the version that holds its values."""

    secret: gcp.secretmanager.Secret
    version: pulumi.Resource
    """What must be written before it is read."""

    def __init__(
        self, name: str, entry: str, text: pulumi.Output[str], keeping: GcpKeeping, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        project, key = keeping.account, keeping.key
        replica: gcp.secretmanager.SecretReplicationUserManagedReplicaArgsDict = {
            "location": project.region,
            "customer_managed_encryption": {"kms_key_name": key.id},
        }
        self.secret = gcp.secretmanager.Secret(
            name,
            secret_id=entry,
            project=project.project,
            replication={"user_managed": {"replicas": [replica]}},
            version_destroy_ttl=_RESTORABLE,
            deletion_protection=False,
            deletion_policy=DELETION[False],
            opts=pulumi.ResourceOptions(parent=self, depends_on=key.granted_to("secretmanager")),
        )
        # Another value is another version. It is made before the last one goes, so `latest` is never empty.
        self.version = gcp.secretmanager.SecretVersion(
            name, secret=self.secret.id, secret_data=text, opts=pulumi.ResourceOptions(parent=self)
        )
        self.register_outputs({})
