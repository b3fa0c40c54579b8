"""Cloud SQL for PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, ClassVar, Final, Self

from pydantic import AfterValidator, Field, model_validator

from config.clouds.gcp.tiers import Edition, connections_of, disk_of, edition_of, larger_tiers, wrong_size
from config.limits import Limit, postgres_limit
from config.managed import ManagedPostgres
from config.permanent import RESTORE, Permanent, Permanents, PostgresVersion
from config.windows import DailyTime, WeeklyHour

_MAJORS: Final = ("15", "16", "17", "18")
"""Cloud SQL's API names more (`POSTGRES_19`, `POSTGRES_20`), and no release of PostgreSQL has them yet."""

_RESTORE_DAYS: Final[Mapping[Edition, int]] = {"ENTERPRISE": 7, "ENTERPRISE_PLUS": 35}
"""Most days of any-moment restore (the provider's `transaction_log_retention_days`)."""

_SESSIONS: Final = Fraction(1, 10)
"""Part of all connections that Cloud SQL's own sessions and the administrator's slots may take together. Google
publishes no number; it is the part that RDS is planned with."""


def _major(version: str) -> str:
    if version not in _MAJORS:
        raise ValueError(
            f"must be a major version in quotes, one of {', '.join(_MAJORS)}; Cloud SQL chooses the minor one itself"
        )
    return version


def _known(tier: str) -> str:
    if edition_of(tier) is None:
        raise ValueError(
            "must be a tier such as db-custom-4-15360 (4 CPUs, 15360 MiB) or, with edition ENTERPRISE_PLUS, "
            "db-perf-optimized-N-4 or db-c4a-highmem-4"
        )
    if problem := wrong_size(tier):
        raise ValueError(problem)
    return tier


@dataclass(frozen=True, kw_only=True)
class _Disk(Permanent):
    """A tier may be another, as long as the kind of its disk is the same."""

    instead: str = ""
    tier: str

    def refusal(self, new: str, old: str) -> str | None:
        """Why a stack that was deployed on the disk `old` cannot have this tier; nothing if it can."""
        if old == new:
            return None
        return (
            f"is {self.tier}, whose disk is {new}, and {old} is deployed; another kind of disk is another, "
            f"empty instance: take a tier with {old}, or {RESTORE}"
        )


class GcpPostgres(ManagedPostgres):
    """The one Postgres, in Cloud SQL: encrypted, in two zones, backed up, and reached on private addresses only."""

    RESERVED_ROLES: ClassVar[frozenset[str]] = frozenset(
        {
            "cloudsqladmin",
            "cloudsqlagent",
            "cloudsqliamgroup",
            "cloudsqliamserviceaccount",
            "cloudsqliamuser",
            "cloudsqlimportexport",
            "cloudsqlreplica",
            "cloudsqlsuperuser",
        }
    )
    """Roles of Cloud SQL itself (Cloud SQL, "PostgreSQL users and roles")."""
    SERVICE: ClassVar[str] = "Cloud SQL"
    admin_role: ClassVar[str] = "postgres"
    """Role that sets the database up: Cloud SQL makes it itself, and its root password is known at once."""

    tier: Annotated[str, AfterValidator(_known)] = Field(examples=["db-custom-4-15360"])
    """Tier of the instance. Its memory bounds the connections. No sizing of the platform is published."""
    edition: Edition = "ENTERPRISE"
    """Edition of Cloud SQL. ENTERPRISE_PLUS has tiers of its own, restores farther back and costs more."""
    version: Annotated[str, AfterValidator(_major)] = Field(default="16", examples=["16"])
    """PostgreSQL's major version. A higher one upgrades in place; a lower one is impossible."""
    storage_gib: int = Field(default=100, ge=10, le=65536)
    """Size to start with, in GiB. It can never shrink."""
    max_storage_gib: int = Field(default=1000, ge=10, le=65536)
    """Size up to which it grows by itself, in GiB."""
    standby: bool = True
    """Whether a second instance in another zone takes over (REGIONAL)."""
    backup_days: int = Field(default=7, ge=1, le=35)
    """Days for which any moment can be restored: 7 at most with edition ENTERPRISE, 35 with ENTERPRISE_PLUS."""
    backups: int = Field(default=30, ge=1, le=365)
    """Daily backups that are kept; of those before `backupDays` only the moment of the backup can be restored."""
    backup_time: DailyTime = "01:00"
    """When the daily backup begins, UTC."""
    maintenance_hour: WeeklyHour = "sun:03:00"
    """When the cloud may restart it, for an hour, UTC."""

    @model_validator(mode="after")
    def _the_edition_has_the_tier(self) -> Self:
        edition = edition_of(self.tier)
        if edition != self.edition:
            raise ValueError(
                f"tier {self.tier} is one of edition {edition}, and edition is {self.edition}; write edition: "
                f"{edition}, or a tier such as {_EXAMPLES[self.edition]}"
            )
        return self

    @model_validator(mode="after")
    def _the_edition_restores_so_far_back(self) -> Self:
        most = _RESTORE_DAYS[self.edition]
        if self.backup_days > most:
            raise ValueError(
                f"backupDays is {self.backup_days}, and edition {self.edition} restores any moment of {most} days at "
                f"most; write backupDays: {most} and keep older daily backups by backups: {self.backup_days}, or take "
                "edition: ENTERPRISE_PLUS"
            )
        return self

    @model_validator(mode="after")
    def _every_moment_has_a_backup_before_it(self) -> Self:
        if self.backups < self.backup_days:
            raise ValueError(
                f"backups is {self.backups}, and a moment is restored from the backup before it; write backups: "
                f"{self.backup_days} or more, or fewer backupDays"
            )
        return self

    @model_validator(mode="after")
    def _it_can_grow(self) -> Self:
        least = disk_of(self.tier).least_gib
        if self.storage_gib < least:
            raise ValueError(f"storageGib is {self.storage_gib}, and the disk of {self.tier} has {least} or more")
        if self.max_storage_gib < self.storage_gib:
            raise ValueError(f"maxStorageGib must not be below storageGib; write {self.storage_gib} or more")
        return self

    @property
    def limit(self) -> Limit | None:
        """By `maxConnections` if it is set, else by the memory of the tier, if that is known.

        Cloud SQL restarts at once for another tier and for another `max_connections`: no window is waited for.
        """
        if self.max_connections:
            return replace(postgres_limit(self.max_connections), share=_SESSIONS)
        connections = connections_of(self.tier)
        if connections is None:
            return None
        return replace(
            postgres_limit(connections),
            source=f"the memory of {self.tier}",
            share=_SESSIONS,
            size_setting="postgres.tier",
            size=self.tier,
            larger={tier: taken for tier in larger_tiers(self.tier) if (taken := connections_of(tier))},
        )

    @property
    def permanent(self) -> Permanents:
        """Its version has no way back, and its disk is never of another kind."""
        return {
            "postgres.tier": (disk_of(self.tier).type, _Disk(tier=self.tier)),
            "postgres.version": (self.version, PostgresVersion(allow_major=self.allow_major_upgrade)),
        }


_EXAMPLES: Final[Mapping[Edition, str]] = {
    "ENTERPRISE": "db-custom-4-15360",
    "ENTERPRISE_PLUS": "db-perf-optimized-N-4",
}
