"""PostgreSQL with pgvector in the cluster: one database, its owner, and a read-only role for KEDA."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ConfigMapVolumeSourceArgs,
    ExecActionArgs,
    Secret,
    VolumeArgs,
)

from components.cluster.stateful import INSTANCE, StatefulService, StatefulServiceArgs, generated_password
from components.digest import digest
from components.endpoints import PodTarget, PostgresEndpoint
from components.labels import selector
from components.namespace_ref import NamespaceRef
from components.network import EVERY_POD, Selection, allow_ingress
from config.sections import PostgresSettings

TYPE: Final = "noxus:cluster:Postgres"

PORT: Final = 5432

SCALER_ROLE: Final = "keda"
"""Role that KEDA counts tasks with: it can read tables and do nothing else."""

SCALER_CONNECTIONS: Final = 20
SCALER_STATEMENT_TIMEOUT: Final = "5s"

_USER_ID: Final = 999
"""User `postgres` of the Debian-based image."""

_EXECUTABLE: Final = 0o555
"""The image runs an executable script on its own, and reads any other into its own shell, options and all."""

INIT_SCRIPT: Final = f"""\
#!/bin/bash
# Runs once, when the volume is empty. Passwords come as variables and reach psql as variables, never in a command line.
set -euo pipefail
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres <<'SQL'
\\getenv owner DATABASE_NAME
\\getenv owner_password OWNER_PASSWORD
\\getenv scaler_password SCALER_PASSWORD
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE DATABASE :"owner" OWNER :"owner";
CREATE ROLE {SCALER_ROLE} LOGIN PASSWORD :'scaler_password' CONNECTION LIMIT {SCALER_CONNECTIONS};
ALTER ROLE {SCALER_ROLE} SET statement_timeout = '{SCALER_STATEMENT_TIMEOUT}';
ALTER ROLE {SCALER_ROLE} SET default_transaction_read_only = on;
REVOKE CONNECT ON DATABASE :"owner" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"owner" TO {SCALER_ROLE};
\\connect :"owner"
CREATE EXTENSION IF NOT EXISTS vector;
GRANT USAGE ON SCHEMA public TO {SCALER_ROLE};
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT ON TABLES TO {SCALER_ROLE};
SQL
"""


@dataclass(frozen=True, kw_only=True)
class PostgresArgs:
    """What a `Postgres` needs."""

    namespace: NamespaceRef
    settings: PostgresSettings
    scaler_namespace: str | None
    """Namespace of the KEDA operator if it counts tasks here."""


class Postgres(pulumi.ComponentResource):
    """The one Postgres, in the cluster."""

    endpoint: PostgresEndpoint

    def __init__(self, name: str, args: PostgresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings = args.settings
        owner, scaler, superuser = (
            generated_password(f"{name}-{role}-password", child) for role in ("owner", "scaler", "superuser")
        )
        secret = Secret(
            args.namespace.key(name),
            metadata=args.namespace.metadata(name),
            string_data=pulumi.Output.secret(
                {"POSTGRES_PASSWORD": superuser, "OWNER_PASSWORD": owner, "SCALER_PASSWORD": scaler}
            ),
            opts=child,
        )
        script = ConfigMap(
            args.namespace.key(f"{name}-init"),
            metadata=args.namespace.metadata(f"{name}-init"),
            data={"init.sh": INIT_SCRIPT},
            opts=child,
        )
        # Over TCP, because the image's first start serves the init script on the socket only.
        ready = ExecActionArgs(command=["pg_isready", "--host=127.0.0.1", "--username=postgres"])
        StatefulService(
            name,
            StatefulServiceArgs(
                namespace=args.namespace,
                settings=settings,
                port=PORT,
                user_id=_USER_ID,
                data_path="/var/lib/postgresql/data",
                env={
                    "DATABASE_NAME": settings.database,
                    "PGDATA": "/var/lib/postgresql/data/pgdata",
                    "POSTGRES_USER": "postgres",
                },
                env_secrets=[secret.metadata["name"]],
                files={
                    "/docker-entrypoint-initdb.d": VolumeArgs(
                        name="init",
                        config_map=ConfigMapVolumeSourceArgs(name=script.metadata["name"], default_mode=_EXECUTABLE),
                    )
                },
                scratch_paths=("/tmp", "/var/run/postgresql"),
                check=ready,
                # Passwords are read on the first start only, so a change of the Secret restarts nothing.
                checksum=digest({"image": settings.image}),
            ),
            child,
        )
        target = PodTarget(namespace=args.namespace, pod_labels=selector(INSTANCE, name), port=PORT)
        if args.scaler_namespace:
            allow_ingress(
                f"{name}-from-keda",
                "KEDA counts waiting and running tasks",
                within=args.namespace,
                target=Selection(labels=target.pod_labels),
                source=EVERY_POD.peer(args.scaler_namespace),
                port=PORT,
                opts=child,
            )
        self.endpoint = PostgresEndpoint(
            host=f"{name}.{args.namespace.name}.svc",
            port=PORT,
            database=settings.database,
            user=settings.database,
            password=owner,
            scaler_user=SCALER_ROLE,
            scaler_password=scaler,
            ssl_mode="disable",  # the image has no certificate, and the traffic stays in the cluster
            target=target,
        )
        self.register_outputs({})
