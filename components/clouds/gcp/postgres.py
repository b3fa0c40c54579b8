"""Postgres by Cloud SQL: encrypted, with a standby in another zone, backed up, and on private addresses only."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_gcp as gcp
from pulumi_random import RandomId

from components.clouds.gcp.guard import deletion_policy
from components.clouds.gcp.key import Key
from components.clouds.managed import managed_postgres
from components.data.database_setup import Admin
from components.kubernetes.endpoints import PostgresEndpoint
from components.secrets.password import generated_password
from config.clouds.gcp.postgres import ADMIN_ROLE, GcpPostgres
from config.clouds.gcp.project import GcpSettings
from config.clouds.gcp.tiers import disk_of
from config.clouds.gcp.times import day_and_hour

TYPE: Final = "noxus:gcp:Postgres"

_FINAL_BACKUP_DAYS: Final = 30

_FLAGS: Final = {
    "log_connections": "on",
    "log_disconnections": "on",
    "log_lock_waits": "on",
    "log_min_duration_statement": "1000",  # ms
}


@dataclass(frozen=True, kw_only=True)
class PostgresArgs:
    """What a `Postgres` needs."""

    project: GcpSettings
    settings: GcpPostgres
    key: Key
    protect: bool
    """Whether engine, provider and cloud refuse to delete it, and backups outlive it if it is deleted nonetheless."""


class Postgres(pulumi.ComponentResource):
    """The one Postgres, in Cloud SQL.

    A deleted instance's name is taken for a week, so a part of it is drawn: the stack can be made again at once.
    """

    endpoint: PostgresEndpoint
    admin: Admin
    """The login of `postgres`, which Cloud SQL makes itself."""

    def __init__(self, name: str, args: PostgresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        project, settings = args.project, args.settings
        owner, scaler, root = (
            generated_password(f"{name}-{role}-password", child) for role in ("owner", "scaler", "root")
        )
        drawn = RandomId(f"{name}-suffix", byte_length=3, opts=child)
        instance = gcp.sql.DatabaseInstance(
            name,
            name=pulumi.Output.concat(f"{project.name}-{name}-", drawn.hex),
            project=project.project,
            region=project.region,
            database_version=f"POSTGRES_{settings.version}",
            encryption_key_name=args.key.id,
            root_password=root,
            deletion_protection=args.protect,
            deletion_policy=deletion_policy(protect=args.protect),
            settings=_settings(args),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.protect,
                depends_on=args.key.granted_to("sqladmin"),
            ),
        )
        self.admin = Admin(user=ADMIN_ROLE, password=root, image=settings.setup_image)
        # A certificate of private services access never has the private address in it: `verify-full` cannot work.
        self.endpoint = managed_postgres(
            settings, host=instance.private_ip_address, cidrs=project.psa_cidrs, owner=owner, scaler=scaler, made=self
        )
        self.register_outputs({})


def _settings(args: PostgresArgs) -> gcp.sql.DatabaseInstanceSettingsArgs:
    project, settings = args.project, args.settings
    day, hour = day_and_hour(settings.maintenance_hour)
    flags = {**_FLAGS, **({"max_connections": str(settings.max_connections)} if settings.max_connections else {})}
    return gcp.sql.DatabaseInstanceSettingsArgs(
        tier=settings.tier,
        edition=settings.edition,
        availability_type="REGIONAL" if settings.standby else "ZONAL",
        disk_type=disk_of(settings.tier).type,
        disk_size=settings.storage_gib,
        # While it grows by itself, a smaller size in the stack file is no change; without, it would replace the data.
        disk_autoresize=True,
        disk_autoresize_limit=settings.max_storage_gib,
        deletion_protection_enabled=args.protect,
        retain_backups_on_delete=args.protect,
        final_backup_config=gcp.sql.DatabaseInstanceSettingsFinalBackupConfigArgs(
            enabled=args.protect, retention_days=_FINAL_BACKUP_DAYS if args.protect else None
        ),
        backup_configuration=gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgs(
            enabled=True,
            start_time=settings.backup_time,
            point_in_time_recovery_enabled=True,
            transaction_log_retention_days=settings.backup_days,
            backup_retention_settings=gcp.sql.DatabaseInstanceSettingsBackupConfigurationBackupRetentionSettingsArgs(
                retained_backups=settings.backups, retention_unit="COUNT"
            ),
        ),
        ip_configuration=gcp.sql.DatabaseInstanceSettingsIpConfigurationArgs(
            ipv4_enabled=False,
            private_network=project.network,
            allocated_ip_range=project.psa_range,
            ssl_mode="ENCRYPTED_ONLY",
            server_ca_mode="GOOGLE_MANAGED_INTERNAL_CA",
        ),
        maintenance_window=gcp.sql.DatabaseInstanceSettingsMaintenanceWindowArgs(
            day=day, hour=hour, update_track="stable"
        ),
        insights_config=gcp.sql.DatabaseInstanceSettingsInsightsConfigArgs(query_insights_enabled=True),
        database_flags=[
            gcp.sql.DatabaseInstanceSettingsDatabaseFlagArgs(name=flag, value=value) for flag, value in flags.items()
        ],
        user_labels=dict(project.all_labels),  # the provider's own labels do not reach this field
    )
