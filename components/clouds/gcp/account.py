"""The service account of one release: what its pods may do in the project, and who may act as it."""

from typing import Any, Final

import pulumi
import pulumi_gcp as gcp

from components.clouds.cloud import ReleaseInCloud
from components.clouds.gcp.entry import Entry
from components.kubernetes.endpoints import Identity
from config.clouds.gcp.project import ACCOUNT_ANNOTATION
from config.clouds.gcp.stack import GcpStack
from config.clouds.gcp.statement import GcpStatement
from config.clouds.gcp.store import GcpSecretManagerStore

TYPE: Final = "noxus:gcp:ReleaseAccount"

ACTS_AS: Final = "roles/iam.workloadIdentityUser"
USES_OBJECTS: Final = "roles/storage.objectUser"
READS_ENTRY: Final = "roles/secretmanager.secretAccessor"


class ReleaseAccount(pulumi.ComponentResource):
    """One service account for one ServiceAccount, with rights on the bucket, its own entry, and those that are named.

    It has no right on a key: Google's services encrypt and decrypt under accounts of their own. Rights are members that
    are added, never lists that take others' rights away. `bucket` is what makes the bucket, `entry` the release's entry
    in Secret Manager, if this stack writes it.
    """

    identity: Identity

    def __init__(
        self,
        name: str,
        stack: GcpStack,
        release: ReleaseInCloud,
        bucket: pulumi.Resource | None,
        entry: Entry | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        child, project = pulumi.ResourceOptions(parent=self), stack.gcp
        # Known before the account is there, so that a preview shows it.
        email = f"{project.account_id(release.name)}@{project.project}.iam.gserviceaccount.com"
        account = gcp.serviceaccount.Account(
            name,
            account_id=project.account_id(release.name),
            display_name=f"Release {release.name} of {project.name}",
            project=project.project,
            opts=child,
        )
        with_account = pulumi.ResourceOptions(parent=self, depends_on=[account])
        member = f"serviceAccount:{email}"
        # One ServiceAccount of the cluster's workload identity pool, by its exact name.
        pod = f"serviceAccount:{project.pool_project}.svc.id.goog[{release.namespace}/{release.name}]"
        made: list[pulumi.Resource] = [
            account,
            gcp.serviceaccount.IAMMember(name, service_account_id=account.name, role=ACTS_AS, member=pod, opts=child),
        ]
        if stack.bucket:
            after = pulumi.ResourceOptions(parent=self, depends_on=[account, *([bucket] if bucket else [])])
            right = gcp.storage.BucketIAMMember(name, bucket=stack.bucket, role=USES_OBJECTS, member=member, opts=after)
            made.append(right)
        store, reads = stack.secrets.store, None
        if entry:
            reads = (project.project, entry.secret.secret_id)
        elif isinstance(store, GcpSecretManagerStore):
            reads = (store.project_id, stack.secrets.entry(release.name))
        if reads:
            right = gcp.secretmanager.SecretIamMember(
                name, project=reads[0], secret_id=reads[1], role=READS_ENTRY, member=member, opts=with_account
            )
            made.append(right)
        made += [_right(name, statement, member, with_account) for statement in stack.statements(release.name)]
        self.identity = Identity(service_account_annotations={ACCOUNT_ANNOTATION: email}, made=made)
        self.register_outputs({})


def _right(name: str, statement: GcpStatement, member: str, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """A further right, as a member that is added."""
    given: dict[str, Any] = {"role": statement.role, "member": member, "opts": opts}
    if statement.condition:
        given["condition"] = dict(statement.condition)
    name = f"{name}-{statement.key}"
    match statement.on.split("/"):
        case [_, _, "buckets", bucket]:
            return gcp.storage.BucketIAMMember(name, bucket=bucket, **given)
        case [_, project, "secrets", secret]:
            return gcp.secretmanager.SecretIamMember(name, project=project, secret_id=secret, **given)
        case _:
            return gcp.projects.IAMMember(name, project=statement.on.removeprefix("projects/"), **given)
