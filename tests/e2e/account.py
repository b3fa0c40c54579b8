"""What an AWS account remembers between two runs of the engine, and refuses because of it.

Only what a program stumbles over later: names that are taken, names that stay taken after a deletion, and groups that
are in use. The sandbox's stand-in for AWS asks it in a test that says so in `sandbox.plugins.recording.ACCOUNT`.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sandbox.plugins.server import RefusedError

INSTANCE: Final = "aws:rds/instance:Instance"
CACHE: Final = "aws:elasticache/replicationGroup:ReplicationGroup"
SECRETS_MANAGER: Final = "aws:secretsmanager/secret:Secret"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"

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

Inputs = dict[str, Any]


class Account:
    """Refuses with AWS' words; every method is called before the thing is done. It remembers in a file."""

    def __init__(self, file: str) -> None:
        self._file = Path(file)
        self._lock = threading.Lock()

    def create(self, token: str, name: str, inputs: Inputs) -> None:
        """Take a name. RDS makes the log groups that it writes to, unless they are there."""
        with self._remembered() as known:
            if token == SECRETS_MANAGER and name in known["deleted"]:
                raise RefusedError(
                    "InvalidRequestException: You can't create this secret because a secret with this name is already "
                    "scheduled for deletion."
                )
            if token in _TAKEN and name in known["names"].setdefault(token, []):
                raise RefusedError(f"{_TAKEN[token]}: {name} exists already")
            known["names"].setdefault(token, []).append(name)
            if group := inputs.get("parameterGroupName"):
                known["groups"][f"{token} {name}"] = [group]
            if token == INSTANCE:
                groups = known["names"].setdefault(LOG_GROUP, [])
                made = (f"/aws/rds/instance/{name}/{log}" for log in inputs.get("enabledCloudwatchLogsExports") or ())
                groups += [group for group in made if group not in groups]

    def update(self, token: str, name: str, old: Inputs, new: Inputs) -> None:
        """An upgrade waits for the maintenance window unless it is to be done at once; until then both groups serve."""
        with self._remembered() as known:
            versions = [str(inputs.get("engineVersion")).partition(".")[0] for inputs in (old, new)]
            if token == INSTANCE and versions[0] != versions[1] and not new.get("allowMajorVersionUpgrade"):
                raise RefusedError("InvalidParameterCombination: The AllowMajorVersionUpgrade flag must be present")
            if group := new.get("parameterGroupName"):
                before = known["groups"].get(f"{token} {name}", [])
                known["groups"][f"{token} {name}"] = [group, *([] if new.get("applyImmediately") else before)]

    def delete(self, token: str, name: str, inputs: Inputs) -> None:
        """Give a name back, or not yet."""
        with self._remembered() as known:
            if token in _PARAMETERS and any(name in groups for groups in known["groups"].values()):
                raise RefusedError(f"{_PARAMETERS[token]}: {name} is still in use")
            if inputs.get("deletionProtection"):
                raise RefusedError("InvalidParameterCombination: Cannot delete protected DB Instance")
            snapshot = inputs.get("finalSnapshotIdentifier")
            if token in _SNAPSHOTS and snapshot and not inputs.get("skipFinalSnapshot"):
                if snapshot in known["snapshots"]:
                    raise RefusedError(f"{_SNAPSHOTS[token]}: {snapshot} exists already")
                known["snapshots"].append(snapshot)
            if token == SECRETS_MANAGER and inputs.get("recoveryWindowInDays", 30):
                known["deleted"].append(name)
            known["groups"].pop(f"{token} {name}", None)
            names = known["names"].get(token, [])
            if name in names:
                names.remove(name)

    def holds(self, token: str, name: str) -> bool:
        """Whether there is one of this name."""
        with self._remembered() as known:
            return name in known["names"].get(token, [])

    @contextmanager
    def _remembered(self) -> Iterator[dict[str, Any]]:
        with self._lock:
            known: dict[str, Any] = {"names": {}, "groups": {}, "deleted": [], "snapshots": []}
            if self._file.exists():
                known = json.loads(self._file.read_text())
            yield known
            self._file.write_text(json.dumps(known))
