"""RDS for PostgreSQL."""

import math
from dataclasses import replace
from fractions import Fraction
from typing import ClassVar, Final, Self

from pydantic import Field, model_validator

from config.clouds.aws.instance_classes import larger_classes, memory_gib
from config.limits import Limit, postgres_limit
from config.managed import ManagedPostgres
from config.permanent import Permanents, PostgresVersion
from config.windows import DailyWindow, WeeklyWindow, check_windows

_WINDOW_MINUTES: Final = 30
"""Shortest window that RDS takes (CreateDBInstance, PreferredBackupWindow and PreferredMaintenanceWindow)."""

_CAP: Final = 5000
_BYTES: Final = 9_531_392
"""RDS' default `max_connections` is LEAST(DBInstanceClassMemory / 9531392, 5000)."""

_MEMORY: Final = Fraction(92, 100)
"""Part of a class' nominal memory that DBInstanceClassMemory is: 832 connections were measured on a db.m7g.large where
the nominal 8 GiB give 901 (mitodl/ol-infrastructure, rds_helper.py)."""

_SESSIONS: Final = Fraction(1, 10)
"""Part of all connections that RDS' own sessions and the administrator's slots may take together."""

_RESTARTED: Final = "RDS has restarted"
"""`max_connections` is a static parameter, whether it is written or follows from the class."""


class AwsPostgres(ManagedPostgres):
    """The one Postgres, in RDS: encrypted, in two zones, backed up, and reached by the cluster only."""

    RESERVED_ROLES: ClassVar[frozenset[str]] = frozenset(
        {
            "rds_ad",
            "rds_iam",
            "rds_password",
            "rds_replication",
            "rds_reserved",
            "rds_superuser",
            "rdsadmin",
            "rdsrepladmin",
            "rdstopmgr",
            "rdswriteforwarduser",
        }
    )
    """Roles of RDS itself (RDS User Guide, "Understanding PostgreSQL roles and permissions")."""
    SERVICE: ClassVar[str] = "RDS"

    instance_class: str = Field(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$", examples=["db.m7g.large"])
    """Class of the instance. Its memory bounds the connections. No sizing of the platform is published."""
    version: str = Field(default="16", pattern=r"^1[5-9](\.[0-9]+)?$")
    """PostgreSQL's major version, or an exact one. A higher one upgrades in place; a lower one is impossible."""
    apply_immediately: bool = False
    """Whether changes that restart it are made at once instead of in the maintenance window. Set it for one update."""
    storage_gib: int = Field(default=100, ge=20, le=65536)
    """Size to start with, in GiB. It can never shrink."""
    max_storage_gib: int = Field(default=1000, ge=22, le=65536)
    """Size up to which it grows by itself, in GiB."""
    standby: bool = True
    """Whether a second instance in another zone takes over."""
    backup_days: int = Field(default=30, ge=1, le=35)
    """Days for which any moment can be restored."""
    backup_window: DailyWindow = "01:00-02:00"
    """When the daily backup is taken, UTC."""
    maintenance_window: WeeklyWindow = "sun:03:00-sun:04:00"
    """When the cloud may restart it, UTC."""

    @model_validator(mode="after")
    def _it_can_grow(self) -> Self:
        if self.max_storage_gib < self.storage_gib * 1.1:
            least = math.ceil(self.storage_gib * 1.1)
            raise ValueError(f"maxStorageGib must be at least a tenth above storageGib; write {least} or more")
        return self

    @model_validator(mode="after")
    def _windows_are_apart(self) -> Self:
        weekly = ("maintenanceWindow", self.maintenance_window)
        check_windows(("backupWindow", self.backup_window), weekly, _WINDOW_MINUTES)
        return self

    @property
    def limit(self) -> Limit | None:
        """By `maxConnections` if it is set, else by the memory of the class, if that is known."""
        if self.max_connections:
            return replace(postgres_limit(self.max_connections), share=_SESSIONS, condition=_RESTARTED)
        name = self.instance_class
        connections = _default(name)
        if connections is None:
            return None
        return replace(
            postgres_limit(connections),
            source=f"the memory of {name}",
            share=_SESSIONS,
            condition=_RESTARTED,
            size_setting="postgres.instanceClass",
            size=name,
            larger={name: taken for name in larger_classes(name) if (taken := _default(name))},
        )

    @property
    def permanent(self) -> Permanents:
        """Its version has no way back."""
        return {"postgres.version": (self.version, PostgresVersion(allow_major=self.allow_major_upgrade))}


def _default(instance_class: str) -> int | None:
    gib = memory_gib(instance_class)
    return None if gib is None else min(int(gib * 2**30 * _MEMORY / _BYTES), _CAP)
