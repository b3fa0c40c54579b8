"""Postgres by RDS: encrypted, with a standby in another zone, backed up, and reached by the cluster over TLS only."""

from typing import Final

import pulumi
import pulumi_aws as aws

from components.clouds.aws.firewall import admitting_cluster
from components.clouds.aws.key import AwsKeeping, final_snapshot
from components.clouds.aws.logs import EXPORTS, log_groups
from components.clouds.managed import POSTGRES_PORT, managed_postgres
from components.data.database_setup import Admin
from components.kubernetes.endpoints import PostgresEndpoint
from components.secrets.password import generated_password
from config.clouds.aws.account import AwsSettings
from config.clouds.aws.postgres import AwsPostgres

TYPE: Final = "noxus:aws:Postgres"


class Postgres(pulumi.ComponentResource):
    """The one Postgres, in RDS. If it is protected, a last snapshot is taken when it is deleted nonetheless."""

    access: tuple[PostgresEndpoint, Admin]
    """Where it is, and the master user's login."""

    def __init__(self, name: str, settings: AwsPostgres, keeping: AwsKeeping, opts: pulumi.ResourceOptions) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account, key, protect = keeping.account, keeping.key, keeping.protect
        master = generated_password(f"{name}-master-password", child)
        subnets = aws.rds.SubnetGroup(name, name=f"{account.name}-{name}", subnet_ids=account.subnet_ids, opts=child)
        instance = aws.rds.Instance(
            name,
            identifier=f"{account.name}-{name}",
            engine="postgres",
            engine_version=settings.version,
            engine_lifecycle_support="open-source-rds-extended-support-disabled",
            allow_major_version_upgrade=settings.allow_major_upgrade,
            # An exact version stays: raised by AWS, it would be set back by the next update, which Postgres cannot do.
            auto_minor_version_upgrade="." not in settings.version,
            instance_class=settings.instance_class,
            multi_az=settings.standby,
            storage_type="gp3",
            allocated_storage=settings.storage_gib,
            max_allocated_storage=settings.max_storage_gib,
            storage_encrypted=True,
            kms_key_id=key.arn,
            username=settings.admin_role,
            password=master,
            port=POSTGRES_PORT,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[admitting_cluster(name, POSTGRES_PORT, account, child).id],
            publicly_accessible=False,
            parameter_group_name=_parameters(name, settings, account, child).name,
            backup_retention_period=settings.backup_days,
            backup_window=settings.backup_window,
            maintenance_window=settings.maintenance_window,
            copy_tags_to_snapshot=True,
            delete_automated_backups=False,
            deletion_protection=protect,
            skip_final_snapshot=not protect,
            final_snapshot_identifier=final_snapshot(f"{account.name}-{name}", key) if protect else None,
            database_insights_mode="standard",
            performance_insights_enabled=True,
            performance_insights_kms_key_id=key.arn,
            performance_insights_retention_period=7,
            enabled_cloudwatch_logs_exports=list(EXPORTS),
            # A major upgrade that waits for the window keeps the old parameter group in use, which the same update
            # deletes, and that is refused.
            apply_immediately=settings.apply_immediately or settings.allow_major_upgrade,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=protect,
                depends_on=log_groups(name, account, key, child),
                # Storage grows by itself, and AWS refuses to shrink it.
                ignore_changes=["allocatedStorage"],
            ),
        )
        self.access = managed_postgres(
            name, settings, master, host=instance.address, cidrs=account.data_cidrs, made=self
        )
        self.register_outputs({})


def _parameters(
    name: str, settings: AwsPostgres, account: AwsSettings, opts: pulumi.ResourceOptions
) -> aws.rds.ParameterGroup:
    """Its name carries the major version: an upgrade makes the next group before it leaves the last."""
    major = settings.version.partition(".")[0]
    parameters = {
        "rds.force_ssl": ("1", "immediate"),
        "log_connections": ("1", "immediate"),
        "log_disconnections": ("1", "immediate"),
        "log_lock_waits": ("1", "immediate"),
        "log_min_duration_statement": ("1000", "immediate"),  # ms
    }
    if settings.max_connections:
        parameters["max_connections"] = (str(settings.max_connections), "pending-reboot")
    return aws.rds.ParameterGroup(
        f"{name}-{major}",
        name=f"{account.name}-{name}-{major}",
        family=f"postgres{major}",
        parameters=[
            {"name": parameter, "value": value, "apply_method": method}
            for parameter, (value, method) in parameters.items()
        ],
        opts=opts,
    )
