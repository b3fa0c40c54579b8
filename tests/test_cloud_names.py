"""Names and times that a stack file may write and that Postgres, S3, RDS, ElastiCache or EC2 would refuse half-way."""

from typing import Any

import pytest

from config import ConfigError
from tests.programs import ROOT, refused, settings, stack_file

PROD, SECRETS = stack_file(ROOT / "Pulumi.prod.yaml")
DEV, DEV_SECRETS = stack_file(ROOT / "Pulumi.dev.yaml")
EXTERNAL = {
    "mode": "external",
    "host": "postgres.example.com",
    "cidrs": ["10.30.0.0/24"],
    "password": "postgresPassword",
    "scalerPassword": "postgresScalerPassword",
}
ADMIN = {"admin": {"user": "root", "password": "postgresAdminPassword"}}
KEYS = ("postgresPassword", "postgresScalerPassword", "postgresAdminPassword")


def problems(raw: dict[str, Any], secrets: dict[str, str]) -> dict[str, str]:
    return refused(raw, *secrets, *KEYS)


@pytest.mark.parametrize(
    ("postgres", "path", "whose"),
    [
        ({"database": "keda"}, "postgres.database", "KEDA's role"),
        ({"database": "postgres"}, "postgres.database", "administrator's role"),
        ({"database": "template1"}, "postgres.database", "Postgres' own"),
        ({"database": "pg_noxus"}, "postgres.database", "Postgres' own"),
        ({**EXTERNAL, **ADMIN, "database": "root"}, "postgres.database", "administrator's role"),
        ({**EXTERNAL, **ADMIN, "scalerUser": "root"}, "postgres.scalerUser", "administrator's role"),
        ({**EXTERNAL, **ADMIN, "scalerUser": "noxus"}, "postgres.database", "KEDA's role"),
        ({**EXTERNAL, **ADMIN, "scalerUser": "postgres"}, "postgres.scalerUser", "Postgres' own"),
    ],
)
def test_a_database_whose_name_makes_one_role_of_two_is_refused(
    postgres: dict[str, Any], path: str, whose: str
) -> None:
    assert whose in problems({**DEV, "postgres": postgres}, DEV_SECRETS)[path]


@pytest.mark.parametrize("name", ["noxus_admin", "rdsadmin", "rds_superuser", "keda", "postgres"])
def test_a_managed_database_with_a_name_that_rds_or_the_stack_uses_itself_is_refused(name: str) -> None:
    assert "postgres.database" in problems({**PROD, "postgres": {**PROD["postgres"], "database": name}}, SECRETS)


def test_a_database_that_somebody_else_has_set_up_may_be_called_anything() -> None:
    names = {"database": "postgres", "scalerUser": "postgres"}
    assert problems({**DEV, "postgres": {**EXTERNAL, **names}}, DEV_SECRETS) == {}


@pytest.mark.parametrize(
    ("section", "change", "instead"),
    [
        ("postgres", {"backupWindow": "03:30-04:30"}, "set maintenanceWindow: sun:04:30-sun:05:30"),
        ("postgres", {"maintenanceWindow": "tue:01:30-tue:02:30"}, "set maintenanceWindow: tue:02:00-tue:03:00"),
        ("postgres", {"backupWindow": "23:30-03:30"}, "set maintenanceWindow: sun:03:30-sun:04:30"),
        ("postgres", {"maintenanceWindow": "sun:23:30-mon:01:30"}, "set maintenanceWindow: mon:02:00-mon:04:00"),
        ("redis", {"snapshotWindow": "04:00-05:00"}, "set maintenanceWindow: sun:05:00-sun:06:00"),
        ("postgres", {"backupWindow": "01:00-01:20"}, "shorter than the 30 minutes"),
        ("redis", {"maintenanceWindow": "sun:05:00-sun:05:30"}, "shorter than the 60 minutes"),
    ],
)
def test_windows_that_overlap_each_other_or_a_default_are_refused_with_one_that_fits(
    section: str, change: dict[str, str], instead: str
) -> None:
    with pytest.raises(ConfigError, match=instead):
        settings({**PROD, section: {**PROD[section], **change}}, *SECRETS)
    (_, fits) = instead.rpartition("maintenanceWindow: ")[1:]
    if "-" in fits:
        settings({**PROD, section: {**PROD[section], **change, "maintenanceWindow": fits}}, *SECRETS)


@pytest.mark.parametrize("window", ["24:00-25:00", "1:00-2:00", "02:00-02:00"])
def test_a_window_that_no_clock_shows_is_refused(window: str) -> None:
    with pytest.raises(ConfigError, match=r"postgres\.backupWindow"):
        settings({**PROD, "postgres": {**PROD["postgres"], "backupWindow": window}}, *SECRETS)


def test_a_cache_without_snapshots_may_have_any_windows() -> None:
    change = {"snapshotDays": 0, "snapshotWindow": "04:00-05:00"}
    settings({**PROD, "redis": {**PROD["redis"], **change}}, *SECRETS)


@pytest.mark.parametrize(
    ("section", "change", "path"),
    [
        ("aws", {"name": "noxus--prod"}, "aws.name"),
        ("aws", {"name": "sg"}, "aws.name"),
        ("aws", {"tags": {"AWS:team": "x"}}, "aws.tags.AWS:team"),
        ("storage", {"bucket": "xn--noxus"}, "storage.bucket"),
        ("storage", {"bucket": "noxus-s3alias"}, "storage.bucket"),
    ],
)
def test_a_name_that_aws_keeps_or_refuses_is_refused_first(section: str, change: dict[str, Any], path: str) -> None:
    assert path in problems({**PROD, section: {**PROD[section], **change}}, SECRETS)
