"""The identity of one release: what its pods may do in the subscription, and who may take it up."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import managedidentity

from components.clouds.azure.rights import BLOBS, SECRETS, Role, assignment
from components.clouds.azure.tags import tags
from components.kubernetes.endpoints import Identity
from config.clouds.azure.account import AzureSettings
from config.clouds.azure.statement import AzureStatements
from config.clouds.azure.store import CLIENT_ID_MARK

TYPE: Final = "noxus:azure:ReleaseIdentity"

AUDIENCE: Final = "api://AzureADTokenExchange"
"""Whom a pod's token must be for (Azure Workload Identity)."""


@dataclass(frozen=True, kw_only=True)
class ReleaseIdentityArgs:
    """What a `ReleaseIdentity` needs."""

    account: AzureSettings
    release: str
    namespace: str
    """Namespace of the release, whose ServiceAccount has the release's name."""
    container: str | None
    """Id of the container, if it is this stack's."""
    entry: pulumi.Input[str] | None
    """Id of the release's entry, if this stack writes it."""
    after: list[pulumi.Resource]
    """What the rights are on."""
    statements: AzureStatements
    """Further rights."""


class ReleaseIdentity(pulumi.ComponentResource):
    """One identity for one ServiceAccount, with rights on the container, on one entry, and those that are named.

    It has one credential, so releases do not wait for each other: Azure refuses two changes of one identity at once.
    """

    identity: Identity

    def __init__(self, name: str, args: ReleaseIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account = args.account
        identity = managedidentity.UserAssignedIdentity(
            name,
            resource_name_=f"{account.name}-{args.release}",
            resource_group_name=account.resource_group,
            location=account.location,
            tags=tags(account),
            opts=child,
        )
        credential = managedidentity.FederatedIdentityCredential(
            name,
            federated_identity_credential_resource_name="kubernetes",
            resource_name_=identity.name,
            resource_group_name=account.resource_group,
            issuer=account.oidc_issuer_url,
            subject=f"system:serviceaccount:{args.namespace}:{args.release}",
            audiences=[AUDIENCE],
            opts=child,
        )
        made: list[pulumi.Resource] = [identity, credential]
        if args.container:
            # The account is locked, and a lock keeps rights on what is in it too: a release that is removed leaves this
            # one behind, to an identity that is gone.
            kept = pulumi.ResourceOptions(parent=self, depends_on=args.after, retain_on_delete=True)
            made.append(assignment(f"{name}-blobs", BLOBS, args.container, identity, account, kept))
        if args.entry:
            after = pulumi.ResourceOptions(parent=self, depends_on=args.after)
            made.append(assignment(f"{name}-entry", SECRETS, args.entry, identity, account, after))
        for statement in args.statements:
            role = Role("of the stack file", statement.role)
            made.append(assignment(f"{name}-{statement.key}", role, statement.scope, identity, account, child))
        self.identity = Identity(
            # Azure draws the client id, so a preview of a new release does not show it.
            service_account_annotations={CLIENT_ID_MARK: identity.client_id},
            pod_labels={"azure.workload.identity/use": "true"},
            made=made,
        )
        self.register_outputs({})
