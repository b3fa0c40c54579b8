"""The identity of one release: what its pods may do in the subscription, and who may take it up."""

from typing import Final

import pulumi
from pulumi_azure_native import keyvault, managedidentity

from components.clouds.azure.rights import BLOBS, SECRETS, assignment
from components.clouds.cloud import ReleaseInCloud
from components.kubernetes.endpoints import Identity
from config.clouds.azure.stack import AzureStack
from config.clouds.azure.storage import AzureStorage
from config.clouds.azure.store import CLIENT_ID_MARK

TYPE: Final = "noxus:azure:ReleaseIdentity"

AUDIENCE: Final = "api://AzureADTokenExchange"
"""Whom a pod's token must be for (Azure Workload Identity)."""


class ReleaseIdentity(pulumi.ComponentResource):
    """One identity for one ServiceAccount, with rights on the container, on one entry, and those that are named.

    `bucket` is what makes the bucket, `entry` the release's entry, if this stack writes it.

    It has one credential, so releases do not wait for each other: Azure refuses two changes of one identity at once.
    """

    identity: Identity

    def __init__(
        self,
        name: str,
        stack: AzureStack,
        release: ReleaseInCloud,
        bucket: pulumi.Resource | None,
        entry: keyvault.Secret | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account, storage = stack.azure, stack.storage
        identity = managedidentity.UserAssignedIdentity(
            name,
            resource_name_=f"{account.name}-{release.name}",
            resource_group_name=account.resource_group,
            location=account.location,
            tags=account.all_tags,
            opts=child,
        )
        credential = managedidentity.FederatedIdentityCredential(
            name,
            federated_identity_credential_resource_name="kubernetes",
            resource_name_=identity.name,
            resource_group_name=account.resource_group,
            issuer=account.oidc_issuer_url,
            subject=f"system:serviceaccount:{release.namespace}:{release.name}",
            audiences=[AUDIENCE],
            opts=child,
        )
        made: list[pulumi.Resource] = [identity, credential]
        after = [*([bucket] if bucket else []), *([entry] if entry else [])]
        if isinstance(storage, AzureStorage):
            container = f"{stack.storage_id}/blobServices/default/containers/{storage.container}"
            # The account is locked, and a lock keeps rights on what is in it too: a release that is removed leaves this
            # one behind, to an identity that is gone.
            kept = pulumi.ResourceOptions(parent=self, depends_on=after, retain_on_delete=True)
            made.append(assignment(f"{name}-blobs", BLOBS, container, identity, account, kept))
        if entry:
            read = pulumi.Output.concat(account.vault_id, "/secrets/", entry.name)
            right = pulumi.ResourceOptions(parent=self, depends_on=after)
            made.append(assignment(f"{name}-entry", SECRETS, read, identity, account, right))
        for statement in stack.statements(release.name):
            right = assignment(f"{name}-{statement.key}", statement.role, statement.scope, identity, account, child)
            made.append(right)
        self.identity = Identity(
            # Azure draws the client id, so a preview of a new release does not show it.
            service_account_annotations={CLIENT_ID_MARK: identity.client_id},
            pod_labels={"azure.workload.identity/use": "true"},
            made=made,
        )
        self.register_outputs({})
