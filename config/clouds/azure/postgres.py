"""Azure Database for PostgreSQL, Flexible Server."""

from dataclasses import replace
from typing import Annotated, ClassVar, Final, Literal, Self, get_args

from pydantic import Field, model_validator

from config.clouds.azure import server_sizes
from config.limits import Limit, postgres_limit
from config.managed import ManagedPostgres
from config.permanent import RESTORE, Permanent, Permanents, PostgresVersion
from config.section import Section

_LEAST_CONNECTIONS: Final = 25

_OWN_CONNECTIONS: Final = 15
"""Connections that Azure keeps for replication and monitoring (Azure Database for PostgreSQL, "Limits")."""

_RESTARTED: Final = "Postgres has restarted"
"""`max_connections` is a static parameter."""


Day = Literal["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
DAYS: Final[tuple[Day, ...]] = get_args(Day)
"""Days as Azure counts them, the first is 0."""


class AzureMaintenance(Section):
    """When Azure may patch and restart it: an hour a week, UTC."""

    day: Day = "sunday"
    """Day of the week."""
    hour: int = Field(default=3, ge=0, le=23)
    """Hour at which it begins."""
    minute: int = Field(default=0, ge=0, le=59)
    """Minute at which it begins."""


class AzurePostgres(ManagedPostgres):
    """The one Postgres, in a Flexible Server: encrypted, in two zones, backed up, and reached by the network only."""

    RESERVED_ROLES: ClassVar[frozenset[str]] = frozenset(
        {"azure_pg_admin", "azure_superuser", "azuresu", "replication"}
    )
    """Roles of the service itself (Azure Database for PostgreSQL, "Create users")."""
    SERVICE: ClassVar[str] = "Flexible Server"

    sku: str = Field(pattern=server_sizes.NAME, examples=["Standard_D2ds_v5"])
    """Size of the server. Its memory bounds the connections; its tier follows from its name. No sizing of the platform
    is published."""
    version: str = Field(default="16", pattern=r"^1[5-8]$")
    """PostgreSQL's major version; Azure chooses the minor one. A higher one upgrades in place; a lower one is
    impossible."""
    storage_gib: Literal[32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384] = 128
    """Size to start with, in GiB: sizes of Premium SSD. It grows by itself and can never shrink: a change of this has
    no effect on a server that is there."""
    standby: Literal["zoneRedundant", "sameZone", "none"] = "zoneRedundant"
    """Where a second server takes over: in another zone, in the same (for regions without zones), or nowhere."""
    backup_days: int = Field(default=30, ge=7, le=35)
    """Days for which any moment can be restored."""
    geo_backup: Annotated[bool, Permanent(f"Azure takes it when a server is made only; {RESTORE}")] = False
    """Whether backups are kept in the paired region too. Azure takes it when the server is made only."""
    maintenance: AzureMaintenance = AzureMaintenance()
    """When Azure may restart it, UTC."""
    max_connections: Annotated[int, Field(ge=_LEAST_CONNECTIONS, le=server_sizes.MOST_CONNECTIONS)] | None = None
    """Connections at a time, after a restart: 25 to 5000. Unset: what the size gives. It is always written, because
    Azure's own default stays that of the first size."""

    @model_validator(mode="after")
    def _burstable_stands_alone(self) -> Self:
        if self.tier == "Burstable" and self.standby != "none":
            raise ValueError(
                f"sku {self.sku} is burstable, which has no standby; write a size such as Standard_D2ds_v5, or "
                "standby: none"
            )
        return self

    @property
    def tier(self) -> server_sizes.Tier:
        """Tier of the size."""
        return server_sizes.tier(self.sku)

    @property
    def connections(self) -> int | None:
        """`max_connections` to write; None for a size whose default is not known."""
        return self.max_connections or server_sizes.connections(self.sku)

    @property
    def limit(self) -> Limit | None:
        """By `maxConnections` if it is set, else by the size, if that is known."""
        if self.connections is None:
            return None
        limit = replace(
            postgres_limit(self.connections),
            most=server_sizes.MOST_CONNECTIONS,
            slots=_OWN_CONNECTIONS,
            condition=_RESTARTED,
        )
        if self.max_connections:
            return limit
        sizes = {name: taken for name in server_sizes.larger(self.sku) if (taken := server_sizes.connections(name))}
        return replace(limit, source=f"the size {self.sku}", size_setting="postgres.sku", size=self.sku, larger=sizes)

    @property
    def permanent(self) -> Permanents:
        """Its version has no way back."""
        return {"postgres.version": (self.version, PostgresVersion(allow_major=self.allow_major_upgrade))}
