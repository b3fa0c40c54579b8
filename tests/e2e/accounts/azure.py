"""What an Azure subscription and its provider refuse: what is there already or locked, names, and keys that are off.

Sources are those of clouds.md, sections 2 and 4: Azure's API descriptions and their issues, and pulumi-azure-native
(*pan*: provider/pkg/azure, `CanCreate`; provider/pkg/resources/customresources/custom_keyvault.go).
"""

from typing import Any, Final

from sandbox.plugins.cloud_outputs import cloud_outputs
from sandbox.plugins.server import RefusedError
from tests.e2e.accounts import Inputs
from tests.e2e.accounts.memory import Memory, kind

SERVER: Final = "azure-native:dbforpostgresql:Server"
CLUSTER: Final = "azure-native:redisenterprise:RedisEnterprise"
DATABASE: Final = "azure-native:redisenterprise:Database"
VAULT: Final = "azure-native:keyvault:Vault"
IDENTITY: Final = "azure-native:managedidentity:UserAssignedIdentity"
RIGHT: Final = "azure-native:authorization:RoleAssignment"
LOCK: Final = "azure-native:authorization:ManagementLockByScope"

_ALWAYS: Final = {"Configuration", "BlobServiceProperties"}
"""Types that are there with their parent: making one writes to it, and deleting one resets it (pan, singletons)."""


class Account:
    """Refuses with Azure's and the provider's words where they are known: what has no `Code` is said in others'.

    To Azure an id is the same in any case.
    """

    def __init__(self, file: str) -> None:
        self._memory = Memory(file, {"there": {}, "rights": {}, "locks": {}, "deleted": [], "keys": []})

    def create(self, token: str, id_: str, inputs: Inputs) -> None:
        """Take a resource in. The provider makes nothing that Azure answers a GET for (pan, `CanCreate`)."""
        with self._memory.open() as known:
            if token == VAULT and inputs["vaultName"].lower() in known["deleted"]:
                raise RefusedError(
                    'Code="ConflictError" Message="A vault with the same name already exists in deleted state. You '
                    'need to either recover or purge existing key vault."'
                )
            if token == RIGHT:
                _right(id_, inputs, known["rights"])
            if id_.lower() in known["there"] and kind(token) not in _ALWAYS:
                raise RefusedError(f"cannot create already existing resource '{id_}'")
            if token == SERVER:
                _zone(inputs)
            if token == LOCK and inputs["level"] == "CanNotDelete":
                known["locks"][id_.lower()] = inputs["scope"]
            if token == DATABASE and inputs.get("accessKeysAuthentication", "Disabled") == "Enabled":
                known["keys"].append(id_.lower())
            known["there"][id_.lower()] = f"{kind(token)} {id_}"

    def update(self, token: str, id_: str, old: Inputs, new: Inputs) -> None:
        """High availability of Redis is never given up (bicep, redisenterprise; Azure Managed Redis articles)."""
        on = [inputs.get("highAvailability", "Enabled") == "Enabled" for inputs in (old, new)]
        if token == CLUSTER and on == [True, False]:
            raise RefusedError(f"{id_}: high availability is never disabled once it is enabled")
        if token == DATABASE:
            with self._memory.open() as known:
                enabled = new.get("accessKeysAuthentication", "Disabled") == "Enabled"
                known["keys"] = [key for key in known["keys"] if key != id_.lower()] + [id_.lower()] * enabled

    def delete(self, token: str, id_: str, inputs: Inputs) -> None:
        """Delete it with all that is below it, unless a lock covers it (Azure, "Lock your resources").

        A lock covers what is below its scope too, rights included. A deleted vault with purge protection keeps its name
        (bicep, keyvault). An identity that is made again is another principal, whatever the stand-in draws: rights of
        the first stay as they are, and are not the second's.
        """
        with self._memory.open() as known:
            if kind(token) not in _ALWAYS and token != LOCK:
                _unlocked(id_, known["locks"])
            if token == VAULT and inputs["properties"].get("enablePurgeProtection"):
                known["deleted"].append(inputs["vaultName"].lower())
            if token == IDENTITY:
                principal = cloud_outputs(token, id_, inputs)["principalId"]
                for right in [right for right, it in known["rights"].items() if it["principal"] == principal]:
                    del known["rights"][right]
                    known["there"][f"{right} of an identity that is gone"] = known["there"].pop(right)
            for kept in ("there", "rights", "locks"):
                known[kept] = {key: it for key, it in known[kept].items() if not _within(key, id_)}
            known["keys"] = [key for key in known["keys"] if not _within(key, id_)]

    def holds(self, token: str, id_: str) -> bool:
        """Whether there is one of this id."""
        del token
        with self._memory.open() as known:
            return id_.lower() in known["there"]

    def look_up(self, token: str, id_: str) -> None:
        """Tell the keys of a database, which is off unless it was asked for (bicep, redisenterprise)."""
        with self._memory.open() as known:
            if id_.lower() not in known["there"]:
                raise RefusedError(f'Code="ResourceNotFound" Message="{kind(token)} \'{id_}\' was not found."')
            if id_.lower() not in known["keys"]:
                raise RefusedError(f"{id_}: it has no access keys, for accessKeysAuthentication is Disabled")

    def held(self) -> set[str]:
        """All that is there."""
        with self._memory.open() as known:
            return set(known["there"].values())


def _right(id_: str, inputs: Inputs, rights: dict[str, Any]) -> None:
    """A right has one GUID, and a GUID one right (pulumi-azure-native#582; Azure/avm-ptn-alz, pull request 345)."""
    given = {
        "scope": inputs["scope"].lower(),
        "role": inputs["roleDefinitionId"].rpartition("/")[2].lower(),
        "principal": inputs["principalId"],
    }
    if rights.get(id_.lower(), given) != given:
        raise RefusedError(
            'Code="RoleAssignmentUpdateNotPermitted" Message="Tenant ID, application ID, principal ID, and scope are '
            'not allowed to be updated."'
        )
    if any(it == given and key != id_.lower() for key, it in rights.items()):
        raise RefusedError('Code="RoleAssignmentExists" Message="The role assignment already exists."')
    rights[id_.lower()] = given


def _zone(inputs: Inputs) -> None:
    """The private zone of a server is not the server's own name (n8n-io/terraform-azurerm-n8n)."""
    zone = (inputs.get("network") or {}).get("privateDnsZoneArmResourceId") or ""
    if zone.rpartition("/")[2].lower() == f"{inputs['serverName']}.postgres.database.azure.com".lower():
        raise RefusedError(f"{zone}: a private DNS zone must not have the name of the server")


def _unlocked(id_: str, locks: dict[str, str]) -> None:
    for scope in locks.values():
        if _within(id_, scope):
            raise RefusedError(
                f'Code="ScopeLocked" Message="The scope \'{id_}\' cannot perform delete operation because following '
                f"scope(s) are locked: '{scope}'. Please remove the lock and try again.\""
            )


def _within(id_: str, scope: str) -> bool:
    return f"{id_}/".lower().startswith(f"{scope}/".lower())
