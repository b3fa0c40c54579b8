"""Postgres by Cloud SQL: encrypted, with a standby in another zone, backed up, and on private addresses only."""

from typing import Final

import pulumi
import pulumi_gcp as gcp
from pulumi_random import RandomId

from components.clouds.gcp.key import DELETION, GcpKeeping
from components.clouds.managed import managed_postgres
from components.data.database_setup import Admin
from components.kubernetes.endpoints import PostgresEndpoint
from components.secrets.password import generated_password
from config.clouds.gcp.postgres import GcpPostgres
from config.clouds.gcp.tiers import disk_of
from config.windows import day_and_hour

TYPE: Final = "noxus:gcp:Postgres"

_FINAL_BACKUP_DAYS: Final = 30

_FLAGS: Final = {
    "log_connections": "on",
    "log_disconnections": "on",
    "log_lock_waits": "on",
    "log_min_duration_statement": "1000",  # ms
}


class Postgres(pulumi.ComponentResource):
    """The one Postgres, in Cloud SQL.

    A deleted instance's name is taken for a week, so a part of it is drawn: the stack can be made again at once. If
    it is protected, backups outlive it when it is deleted nonetheless.
    """

    access: tuple[PostgresEndpoint, Admin]
    """Where it is, and the login of `postgres`, which Cloud SQL makes itself."""

    def __init__(self, name: str, settings: GcpPostgres, keeping: GcpKeeping, opts: pulumi.ResourceOptions) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        project, key, protect = keeping.account, keeping.key, keeping.protect
        root = generated_password(f"{name}-root-password", child)
        drawn = RandomId(f"{name}-suffix", byte_length=3, opts=child)
        instance = gcp.sql.DatabaseInstance(
            name,
            name=pulumi.Output.concat(f"{project.name}-{name}-", drawn.hex),
            project=project.project,
            region=project.region,
            database_version=f"POSTGRES_{settings.version}",
            encryption_key_name=key.id,
            root_password=root,
            deletion_protection=protect,
            deletion_policy=DELETION[protect],
            settings=_settings(settings, keeping),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=protect,
                depends_on=key.granted_to("sqladmin"),
            ),
        )
        # A certificate of private services access never has the private address in it: `verify-full` cannot work.
        self.access = managed_postgres(
            name, settings, root, host=instance.private_ip_address, cidrs=project.psa_cidrs, made=self
        )
        self.register_outputs({})


def _settings(settings: GcpPostgres, keeping: GcpKeeping) -> gcp.sql.DatabaseInstanceSettingsArgsDict:
    project, protect = keeping.account, keeping.protect
    day, hour = day_and_hour(settings.maintenance_hour)
    flags = {**_FLAGS, **({"max_connections": str(settings.max_connections)} if settings.max_connections else {})}
    final_backup: gcp.sql.DatabaseInstanceSettingsFinalBackupConfigArgsDict = {"enabled": protect}
    if protect:
        final_backup["retention_days"] = _FINAL_BACKUP_DAYS
    network: gcp.sql.DatabaseInstanceSettingsIpConfigurationArgsDict = {
        "ipv4_enabled": False,
        "private_network": project.network,
        "ssl_mode": "ENCRYPTED_ONLY",
        "server_ca_mode": "GOOGLE_MANAGED_INTERNAL_CA",
    }
    if project.psa_range:
        network["allocated_ip_range"] = project.psa_range
    return {
        "tier": settings.tier,
        "edition": settings.edition,
        "availability_type": "REGIONAL" if settings.standby else "ZONAL",
        "disk_type": disk_of(settings.tier).type,
        "disk_size": settings.storage_gib,
        # While it grows by itself, a smaller size in the stack file is no change; without, it would replace the data.
        "disk_autoresize": True,
        "disk_autoresize_limit": settings.max_storage_gib,
        "deletion_protection_enabled": protect,
        "retain_backups_on_delete": protect,
        "final_backup_config": final_backup,
        "backup_configuration": {
            "enabled": True,
            "start_time": settings.backup_time,
            "point_in_time_recovery_enabled": True,
            "transaction_log_retention_days": settings.backup_days,
            "backup_retention_settings": {"retained_backups": settings.backups, "retention_unit": "COUNT"},
        },
        "ip_configuration": network,
        "maintenance_window": {"day": day, "hour": hour, "update_track": "stable"},
        "insights_config": {"query_insights_enabled": True},
        "database_flags": [{"name": flag, "value": value} for flag, value in flags.items()],
        "user_labels": dict(project.all_labels),  # the provider's own labels do not reach this field
    }
