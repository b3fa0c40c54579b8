"""What the stand-in for AWS remembers between two runs of the engine, and refuses in AWS' own words."""

from pathlib import Path

import pytest

from sandbox.plugins.server import RefusedError
from tests.e2e.account import CACHE, INSTANCE, LOG_GROUP, SECRETS_MANAGER, Account

GROUP = "aws:rds/parameterGroup:ParameterGroup"


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "account.json")


def test_an_entry_that_can_be_restored_keeps_its_name(file: str) -> None:
    for days in (0, 30):
        Account(file).create(SECRETS_MANAGER, "noxus-acme", {})
        Account(file).delete(SECRETS_MANAGER, "noxus-acme", {"recoveryWindowInDays": days})
    with pytest.raises(RefusedError, match="already scheduled for deletion"):
        Account(file).create(SECRETS_MANAGER, "noxus-acme", {})


def test_rds_makes_the_log_groups_that_nobody_has_made(file: str) -> None:
    Account(file).create(LOG_GROUP, "/aws/rds/instance/db/upgrade", {})
    Account(file).create(INSTANCE, "db", {"enabledCloudwatchLogsExports": ["postgresql", "upgrade"]})
    with pytest.raises(RefusedError, match="ResourceAlreadyExistsException"):
        Account(file).create(LOG_GROUP, "/aws/rds/instance/db/postgresql", {})
    assert Account(file).holds(LOG_GROUP, "/aws/rds/instance/db/postgresql")


@pytest.mark.parametrize(
    ("kind", "word"), [(INSTANCE, "DBSnapshotAlreadyExists"), (CACHE, "SnapshotAlreadyExistsFault")]
)
def test_a_last_snapshot_outlives_what_it_was_taken_of(file: str, kind: str, word: str) -> None:
    last = {"finalSnapshotIdentifier": "db-final"}
    for inputs in (last, {}, {**last, "skipFinalSnapshot": True} if kind == INSTANCE else {}):
        Account(file).create(kind, "db", {})
        Account(file).delete(kind, "db", inputs)
    Account(file).create(kind, "db", {})
    with pytest.raises(RefusedError, match=word):
        Account(file).delete(kind, "db", last)


def test_a_parameter_group_is_in_use_until_an_upgrade_is_done(file: str) -> None:
    old = {"engineVersion": "16", "parameterGroupName": "db-16"}
    new = {"engineVersion": "17", "parameterGroupName": "db-17", "allowMajorVersionUpgrade": True}
    Account(file).create(GROUP, "db-16", {})
    Account(file).create(INSTANCE, "db", old)
    Account(file).update(INSTANCE, "db", old, new)
    with pytest.raises(RefusedError, match="InvalidDBParameterGroupState"):
        Account(file).delete(GROUP, "db-16", {})
    Account(file).update(INSTANCE, "db", new, {**new, "applyImmediately": True})
    Account(file).delete(GROUP, "db-16", {})
    with pytest.raises(RefusedError, match="AllowMajorVersionUpgrade"):
        Account(file).update(INSTANCE, "db", new, {"engineVersion": "18"})


def test_names_are_taken_and_a_protected_instance_stays(file: str) -> None:
    Account(file).create(INSTANCE, "db", {})
    with pytest.raises(RefusedError, match="DBInstanceAlreadyExists"):
        Account(file).create(INSTANCE, "db", {})
    with pytest.raises(RefusedError, match="Cannot delete protected"):
        Account(file).delete(INSTANCE, "db", {"deletionProtection": True})
