"""What an AWS account refuses: names that are taken or stay taken, groups that are in use, policies too long."""

import json
from typing import Final

from sandbox.plugins.server import RefusedError
from tests.e2e.accounts import Inputs
from tests.e2e.accounts.memory import Memory, Named

INSTANCE: Final = "aws:rds/instance:Instance"
CACHE: Final = "aws:elasticache/replicationGroup:ReplicationGroup"
SECRETS_MANAGER: Final = "aws:secretsmanager/secret:Secret"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"

_POLICY_CHARACTERS: Final = 10_240
"""Longest of a role's inline policies together, without white space (IAM quotas); the stack has one in each role."""

_TAKEN: Final = {
    INSTANCE: "DBInstanceAlreadyExists",
    "aws:rds/parameterGroup:ParameterGroup": "DBParameterGroupAlreadyExists",
    "aws:rds/subnetGroup:SubnetGroup": "DBSubnetGroupAlreadyExists",
    CACHE: "ReplicationGroupAlreadyExists",
    "aws:elasticache/parameterGroup:ParameterGroup": "CacheParameterGroupAlreadyExists",
    "aws:elasticache/subnetGroup:SubnetGroup": "CacheSubnetGroupAlreadyExists",
    SECRETS_MANAGER: "ResourceExistsException",
    LOG_GROUP: "ResourceAlreadyExistsException",
    "aws:s3/bucket:Bucket": "BucketAlreadyOwnedByYou",
    "aws:kms/alias:Alias": "AlreadyExistsException",
    "aws:iam/role:Role": "EntityAlreadyExists",
}
"""Types whose names are theirs alone, with AWS' word for a second one."""

_PARAMETERS: Final = {
    "aws:rds/parameterGroup:ParameterGroup": "InvalidDBParameterGroupState",
    "aws:elasticache/parameterGroup:ParameterGroup": "InvalidCacheParameterGroupState",
}
_SNAPSHOTS: Final = {INSTANCE: "DBSnapshotAlreadyExists", CACHE: "SnapshotAlreadyExistsFault"}


class Account(Named):
    """Refuses with AWS' words."""

    def __init__(self, file: str) -> None:
        self._memory = Memory(file, {"names": {}, "groups": {}, "deleted": [], "snapshots": []})

    def create(self, token: str, id_: str, inputs: Inputs) -> None:
        """Take a name. RDS makes the log groups that it writes to, unless they are there."""
        _policy(token, inputs)
        with self._memory.open() as known:
            if token == SECRETS_MANAGER and id_ in known["deleted"]:
                raise RefusedError(
                    "InvalidRequestException: You can't create this secret because a secret with this name is already "
                    "scheduled for deletion."
                )
            if token in _TAKEN and id_ in known["names"].setdefault(token, []):
                raise RefusedError(f"{_TAKEN[token]}: {id_} exists already")
            known["names"].setdefault(token, []).append(id_)
            if group := inputs.get("parameterGroupName"):
                known["groups"][f"{token} {id_}"] = [group]
            if token == INSTANCE:
                groups = known["names"].setdefault(LOG_GROUP, [])
                made = (f"/aws/rds/instance/{id_}/{log}" for log in inputs.get("enabledCloudwatchLogsExports") or ())
                groups += [group for group in made if group not in groups]

    def update(self, token: str, id_: str, old: Inputs, new: Inputs) -> None:
        """An upgrade waits for the maintenance window unless it is to be done at once; until then both groups serve."""
        _policy(token, new)
        with self._memory.open() as known:
            versions = [str(inputs.get("engineVersion")).partition(".")[0] for inputs in (old, new)]
            if token == INSTANCE and versions[0] != versions[1] and not new.get("allowMajorVersionUpgrade"):
                raise RefusedError("InvalidParameterCombination: The AllowMajorVersionUpgrade flag must be present")
            if group := new.get("parameterGroupName"):
                before = known["groups"].get(f"{token} {id_}", [])
                known["groups"][f"{token} {id_}"] = [group, *([] if new.get("applyImmediately") else before)]

    def delete(self, token: str, id_: str, inputs: Inputs) -> None:
        """Give a name back, or not yet."""
        with self._memory.open() as known:
            if token in _PARAMETERS and any(id_ in groups for groups in known["groups"].values()):
                raise RefusedError(f"{_PARAMETERS[token]}: {id_} is still in use")
            if inputs.get("deletionProtection"):
                raise RefusedError("InvalidParameterCombination: Cannot delete protected DB Instance")
            snapshot = inputs.get("finalSnapshotIdentifier")
            if token in _SNAPSHOTS and snapshot and not inputs.get("skipFinalSnapshot"):
                if snapshot in known["snapshots"]:
                    raise RefusedError(f"{_SNAPSHOTS[token]}: {snapshot} exists already")
                known["snapshots"].append(snapshot)
            if token == SECRETS_MANAGER and inputs.get("recoveryWindowInDays", 30):
                known["deleted"].append(id_)
            known["groups"].pop(f"{token} {id_}", None)
            names = known["names"].get(token, [])
            if id_ in names:
                names.remove(id_)


def _policy(token: str, inputs: Inputs) -> None:
    """IAM refuses what is too long, and a policy without a statement."""
    if token != ROLE_POLICY:
        return
    policy = json.loads(inputs["policy"])
    if not policy["Statement"]:
        raise RefusedError("MalformedPolicyDocument: Policy statement must contain statements.")
    if len(json.dumps(policy, separators=(",", ":"))) > _POLICY_CHARACTERS:
        raise RefusedError(
            f"LimitExceeded: Maximum policy size of {_POLICY_CHARACTERS} bytes exceeded for role {inputs['role']}"
        )
