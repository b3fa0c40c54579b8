"""What Google's predefined roles permit, written down, and who may do what by the members that a stack declares.

Nothing of Google's runs here: no emulator knows rights. Source: the roles as IAM's `roles.get` answers, kept in
iann0036/iam-dataset, gcp/roles/<role>.json (as of 2026); storage.objectUser at commit 0f631ebd7b86,
cloudkms.cryptoKeyEncrypterDecrypter and secretmanager.secretAccessor at 1818bc70405a, iam.workloadIdentityUser at
18b64dc4eafc. Every permission of each role is here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.harness import Deployment

_PROJECT: Final = "resourcemanager.projects.get"

PERMITS: Final[Mapping[str, frozenset[str]]] = {
    "roles/storage.objectUser": frozenset(
        {
            "orgpolicy.policy.get",
            _PROJECT,
            "resourcemanager.projects.list",
            *(f"storage.folders.{each}" for each in ("create", "delete", "get", "list", "rename")),
            *(f"storage.managedFolders.{each}" for each in ("create", "delete", "get", "list")),
            *(f"storage.multipartUploads.{each}" for each in ("abort", "create", "list", "listParts")),
            *(f"storage.objects.{each}" for each in ("create", "delete", "get", "list", "move", "restore", "update")),
        }
    ),
    "roles/secretmanager.secretAccessor": frozenset(
        {_PROJECT, "resourcemanager.projects.list", "secretmanager.versions.access"}
    ),
    "roles/iam.workloadIdentityUser": frozenset(
        f"iam.serviceAccounts.{each}" for each in ("get", "getAccessToken", "getOpenIdToken", "list")
    ),
    "roles/cloudkms.cryptoKeyEncrypterDecrypter": frozenset(
        {
            "cloudkms.cryptoKeyVersions.useToDecrypt",
            "cloudkms.cryptoKeyVersions.useToEncrypt",
            "cloudkms.locations.get",
            "cloudkms.locations.list",
            _PROJECT,
        }
    ),
}
"""Permissions by role."""

TARGETS: Final[Mapping[str, str]] = {
    "gcp:storage/bucketIAMMember:BucketIAMMember": "bucket",
    "gcp:secretmanager/secretIamMember:SecretIamMember": "secretId",
    "gcp:serviceaccount/iAMMember:IAMMember": "serviceAccountId",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": "cryptoKeyId",
    "gcp:projects/iAMMember:IAMMember": "project",
}
"""By type of right, the input that says on which one thing it is."""


@dataclass(frozen=True)
class Rights:
    """Every member that a deployed stack adds."""

    deployed: Deployment

    @property
    def given(self) -> set[tuple[str, str, str, str]]:
        """Type, member, role and the one thing that it is on."""
        return {
            (kind, one.inputs["member"], one.inputs["role"], one.inputs[target])
            for kind, target in TARGETS.items()
            for one in self.deployed.all(kind)
        }

    def may(self, member: str, permission: str, on: str) -> bool:
        """Whether a member may do it with one thing: a bucket or secret by its name, an account or key by its id."""
        return any((who, target) == (member, on) and permission in PERMITS[role] for _, who, role, target in self.given)
