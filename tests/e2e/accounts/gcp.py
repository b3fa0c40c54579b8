"""What a GCP project and its provider refuse: guards, names that stay taken, and a key before its grant.

Sources are those of clouds.md, sections 1 and 4: terraform-provider-google (*tpg*) for what the provider refuses by the
state, n8n-io/terraform-google-n8n (*n8n-g*, kms.tf and its destroy guide) for service agents and grants.
"""

from collections.abc import Iterator
from typing import Any, Final

from sandbox.plugins.server import RefusedError
from tests.e2e.accounts import Inputs
from tests.e2e.accounts.memory import Memory, Named, kind

SQL: Final = "gcp:sql/databaseInstance:DatabaseInstance"
REDIS: Final = "gcp:redis/instance:Instance"
BUCKET: Final = "gcp:storage/bucket:Bucket"
SECRET: Final = "gcp:secretmanager/secret:Secret"
VERSION: Final = "gcp:secretmanager/secretVersion:SecretVersion"
RING: Final = "gcp:kms/keyRing:KeyRing"
KEY: Final = "gcp:kms/cryptoKey:CryptoKey"
GRANT: Final = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
AGENT: Final = "gcp:projects/serviceIdentity:ServiceIdentity"
ACCOUNT: Final = "gcp:serviceaccount/account:Account"

AGENTS: Final = {
    SQL: "gcp-sa-cloud-sql",
    REDIS: "cloud-redis",
    BUCKET: "gs-project-accounts",
    SECRET: "gcp-sa-secretmanager",
}
"""Project of the agent that encrypts a type (n8n-g, kms.tf; Secret Manager's is not verified)."""

_SERVICES: Final = {
    "sqladmin.googleapis.com": SQL,
    "redis.googleapis.com": REDIS,
    "storage.googleapis.com": BUCKET,
    "secretmanager.googleapis.com": SECRET,
}


_STAY: Final = (RING, KEY, AGENT)
"""What the provider leaves where it is; a key without its versions (tpg; for agents
resource_google_project_service_identity.go)."""


class Account(Named):
    """Refuses with Google's and the provider's words where they are known."""

    def __init__(self, file: str) -> None:
        agents = [AGENTS[BUCKET]]  # made by whoever looked it up, before the first deployment (docs/gcp.md)
        empty = {"names": {}, "deleted": [], "agents": agents, "members": [], "grants": {}, "objects": []}
        self._memory = Memory(file, empty)

    def create(self, token: str, id_: str, inputs: Inputs) -> None:
        """Take a name, and encrypt with a key if it has one.

        A name of Cloud SQL is taken for a week after a deletion (tpg); a ring's and a key's for ever: the provider
        leaves both where they are (tpg), and the API keeps a deleted one's name (discovery document of cloudkms.v1).
        """
        with self._memory.open() as known:
            names = known["names"].setdefault(token, [])
            if token == SQL and id_ in known["deleted"]:
                raise RefusedError(
                    f"Error, failed to create instance {id_}: Error 409: The Cloud SQL instance already exists. When "
                    "you delete an instance, you can't reuse the name of the deleted instance until one week from the "
                    "deletion date., instanceAlreadyExists"
                )
            if id_ in names and token not in (AGENT, VERSION) and not token.endswith("IAMMember"):
                raise RefusedError(f"Error creating {kind(token)}: Error 409: {id_} already exists., alreadyExists")
            for key in _keys(token, inputs):
                if AGENTS[token] not in known["grants"].get(key, ()):
                    raise RefusedError(
                        f"Error creating {kind(token)}: Error 403: Permission "
                        f"'cloudkms.cryptoKeyVersions.useToEncrypt' denied on resource '{key}' (or it may not exist)."
                    )
            if token == AGENT:
                known["agents"].append(AGENTS[_SERVICES[inputs["service"]]])
            if token == ACCOUNT:
                known["members"].append(f"{inputs['accountId']}@{inputs['project']}.iam.gserviceaccount.com")
            if member := inputs.get("member"):
                _known(member, known)
            if token == GRANT and (agent := _agent(inputs["member"])):
                known["grants"].setdefault(inputs["cryptoKeyId"], []).append(agent)
            if id_ not in names or token == VERSION:  # the stand-in calls every version the first
                names.append(id_)

    def update(self, token: str, id_: str, old: Inputs, new: Inputs) -> None:
        """A higher version of Postgres only (tpg docs: `database_version` upgrades in place)."""
        if token == SQL and _version(new) < _version(old):
            raise RefusedError(f"{id_}: {old['databaseVersion']} does not become {new['databaseVersion']}")

    def delete(self, token: str, id_: str, inputs: Inputs) -> None:
        """Guards are read from the state: what an `up` has not lifted holds (tpg; n8n-g, destroy guide).

        A bucket with live or former objects is not deleted (Google, "Delete buckets"). Unset, Cloud SQL's own
        `deletion_protection` counts as true, and Memorystore's as false (tpg).
        """
        with self._memory.open() as known:
            if inputs.get("deletionPolicy") == "PREVENT":
                raise RefusedError(
                    f'cannot destroy {kind(token)} without setting deletion_policy="DELETE" and running '
                    "`terraform apply`"
                )
            if token == SQL:
                _unguarded(id_, inputs)
                known["deleted"].append(id_)
            if token in (REDIS, SECRET) and inputs.get("deletionProtection"):
                raise RefusedError(
                    f"cannot destroy {kind(token)} without setting deletion_protection=false and running "
                    "`terraform apply`"
                )
            if token == BUCKET and id_ in known["objects"] and not inputs.get("forceDestroy"):
                raise RefusedError(
                    f"Error trying to delete bucket {id_} containing objects without `force_destroy` set to true"
                )
            if token == ACCOUNT:
                known["members"].remove(f"{inputs['accountId']}@{inputs['project']}.iam.gserviceaccount.com")
            if token == GRANT and (agent := _agent(inputs["member"])):
                known["grants"][inputs["cryptoKeyId"]].remove(agent)
            names = known["names"].get(token, [])
            if token not in _STAY and id_ in names:
                names.remove(id_)

    def fill(self, bucket: str, *, emptied: bool = False) -> None:
        """Put an object into a bucket, or take all of them out, versions included."""
        with self._memory.open() as known:
            known["objects"] = [] if emptied else [bucket]


def _unguarded(id_: str, inputs: Inputs) -> None:
    if inputs.get("deletionProtection", True):
        raise RefusedError(
            "Error, failed to delete instance because deletion_protection is set to true. Set it to false to proceed "
            "with instance deletion"
        )
    if inputs.get("settings", {}).get("deletionProtectionEnabled"):
        raise RefusedError(
            f"Error, failed to delete instance {id_}: Error 400: The instance is protected. Please disable the "
            "deletion protection and try again., cannotDeleteInstanceWithDeletionProtection"
        )


def _keys(token: str, inputs: Inputs) -> Iterator[str]:
    """Keys that a resource is encrypted with."""
    named: list[Any] = []
    if token == SQL:
        named = [inputs.get("encryptionKeyName")]
    elif token == REDIS:
        named = [inputs.get("customerManagedKey")]
    elif token == BUCKET:
        named = [inputs.get("encryption", {}).get("defaultKmsKeyName")]
    elif token == SECRET:
        replicas = inputs["replication"].get("userManaged", {}).get("replicas", ())
        named = [replica.get("customerManagedEncryption", {}).get("kmsKeyName") for replica in replicas]
    yield from (key for key in named if key)


def _agent(member: str) -> str | None:
    """The project of a service agent: `service-<number>@<this>.iam.gserviceaccount.com`."""
    account, _, domain = member.removeprefix("serviceAccount:").partition("@")
    return domain.partition(".")[0] if account.startswith("service-") else None


def _known(member: str, known: dict[str, Any]) -> None:
    """A right for an account that was not made is refused (n8n-g, kms.tf), but for a pool's, which names any pod."""
    account = member.removeprefix("serviceAccount:")
    agent = _agent(member)
    if "[" not in member and account not in known["members"] and agent not in known["agents"]:
        raise RefusedError(
            f"Error applying IAM policy: Error 400: Service account {account} does not exist., badRequest"
        )


def _version(inputs: Inputs) -> int:
    return int(str(inputs["databaseVersion"]).removeprefix("POSTGRES_"))
