"""What the stand-in for AWS remembers between two runs of the engine, and refuses in AWS' own words."""

from pathlib import Path

import pytest

from sandbox.plugins import account
from sandbox.plugins.account import CACHE, INSTANCE, LOG_GROUP, SECRETS_MANAGER, Account
from sandbox.plugins.server import RefusedError

GROUP = "aws:rds/parameterGroup:ParameterGroup"


@pytest.fixture(autouse=True)
def _file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(account.VARIABLE, str(tmp_path / "account.json"))


def test_an_entry_that_can_be_restored_keeps_its_name() -> None:
    for days in (0, 30):
        Account().create(SECRETS_MANAGER, "noxus-acme", {})
        Account().delete(SECRETS_MANAGER, "noxus-acme", {"recoveryWindowInDays": days})
    with pytest.raises(RefusedError, match="already scheduled for deletion"):
        Account().create(SECRETS_MANAGER, "noxus-acme", {})


def test_rds_makes_the_log_groups_that_nobody_has_made() -> None:
    Account().create(LOG_GROUP, "/aws/rds/instance/db/upgrade", {})
    Account().create(INSTANCE, "db", {"enabledCloudwatchLogsExports": ["postgresql", "upgrade"]})
    with pytest.raises(RefusedError, match="ResourceAlreadyExistsException"):
        Account().create(LOG_GROUP, "/aws/rds/instance/db/postgresql", {})
    assert Account().holds(LOG_GROUP, "/aws/rds/instance/db/postgresql")


@pytest.mark.parametrize(
    ("kind", "word"), [(INSTANCE, "DBSnapshotAlreadyExists"), (CACHE, "SnapshotAlreadyExistsFault")]
)
def test_a_last_snapshot_outlives_what_it_was_taken_of(kind: str, word: str) -> None:
    last = {"finalSnapshotIdentifier": "db-final"}
    for inputs in (last, {}, {**last, "skipFinalSnapshot": True} if kind == INSTANCE else {}):
        Account().create(kind, "db", {})
        Account().delete(kind, "db", inputs)
    Account().create(kind, "db", {})
    with pytest.raises(RefusedError, match=word):
        Account().delete(kind, "db", last)


def test_a_parameter_group_is_in_use_until_an_upgrade_is_done() -> None:
    old = {"engineVersion": "16", "parameterGroupName": "db-16"}
    new = {"engineVersion": "17", "parameterGroupName": "db-17", "allowMajorVersionUpgrade": True}
    Account().create(GROUP, "db-16", {})
    Account().create(INSTANCE, "db", old)
    Account().update(INSTANCE, "db", old, new)
    with pytest.raises(RefusedError, match="InvalidDBParameterGroupState"):
        Account().delete(GROUP, "db-16", {})
    Account().update(INSTANCE, "db", new, {**new, "applyImmediately": True})
    Account().delete(GROUP, "db-16", {})
    with pytest.raises(RefusedError, match="AllowMajorVersionUpgrade"):
        Account().update(INSTANCE, "db", new, {"engineVersion": "18"})


def test_names_are_taken_and_a_protected_instance_stays() -> None:
    Account().create(INSTANCE, "db", {})
    with pytest.raises(RefusedError, match="DBInstanceAlreadyExists"):
        Account().create(INSTANCE, "db", {})
    with pytest.raises(RefusedError, match="Cannot delete protected"):
        Account().delete(INSTANCE, "db", {"deletionProtection": True})


def test_without_a_file_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(account.VARIABLE)
    for _ in range(2):
        Account().create(INSTANCE, "db", {})
