"""PostgreSQL with pgvector in the cluster. Its roles and its database are `components/data/database_setup.py`'s."""

from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.data.cluster.stateful import INSTANCE, Keeping, StatefulService, StatefulServiceArgs
from components.data.database_setup import Admin
from components.kubernetes.endpoints import PodTarget, PostgresAddress, PostgresEndpoint
from components.kubernetes.labels import selector
from components.network.policies import EVERY_POD, Selection, allow_ingress
from components.secrets.password import generated_password
from config.data_services import CLUSTER_ADMIN_ROLE, SCALER_ROLE, SETUP_USER, ClusterPostgres

TYPE: Final = "noxus:cluster:Postgres"

PORT: Final = 5432

AFTER_START: Final = """\
attempt=0
until pg_isready --quiet; do
  attempt=$((attempt + 1))
  [ "$attempt" -lt 60 ] || exit 0
  sleep 2
done
psql --no-psqlrc --no-password --quiet --username="$POSTGRES_USER" --dbname=postgres <<'SQL' || true
\\getenv password POSTGRES_PASSWORD
ALTER ROLE CURRENT_USER PASSWORD :'password';
SQL
"""
"""Gives the superuser the password of the Secret, over the socket, which the image trusts. The image itself reads it on
its first start only. Probes wait for this, so it gives up after two minutes: the next start does it then."""


class Postgres(pulumi.ComponentResource):
    """The one Postgres, in the cluster. `scaler_namespace` is that of the KEDA operator, if it counts tasks here."""

    endpoint: PostgresEndpoint
    admin: Admin
    """The superuser's login."""

    def __init__(
        self,
        name: str,
        settings: ClusterPostgres,
        keeping: Keeping,
        opts: pulumi.ResourceOptions | None = None,
        *,
        scaler_namespace: str | None,
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = keeping.namespace
        owner, scaler, superuser = (
            generated_password(f"{name}-{role}-password", child) for role in ("owner", "scaler", "superuser")
        )
        secret = Secret(
            namespace.key(name),
            metadata=namespace.metadata(name),
            string_data=pulumi.Output.secret({"POSTGRES_PASSWORD": superuser}),
            opts=child,
        )
        # Over TCP, because the image's first start serves on the socket only.
        ready = ["pg_isready", "--host=127.0.0.1", "--username=postgres"]
        StatefulService(
            name,
            StatefulServiceArgs(
                keeping=keeping,
                settings=settings,
                port=PORT,
                user_id=SETUP_USER,
                data_path="/var/lib/postgresql/data",
                # The image's entry point hands options on to the server.
                arguments=["-c", f"max_connections={settings.max_connections}"] if settings.max_connections else [],
                env={"PGDATA": "/var/lib/postgresql/data/pgdata", "POSTGRES_USER": CLUSTER_ADMIN_ROLE},
                env_secrets=[secret.metadata["name"]],
                scratch_paths=("/tmp", "/var/run/postgresql"),
                # A container has 64 MiB, and parallel queries and index builds put what they share there.
                memory_paths={"/dev/shm": settings.memory_mib // 2},
                after_start=["sh", "-c", AFTER_START],
                check={"exec_": {"command": ready}},
                checksum=keeping.digests.of({"password": superuser}),
            ),
            child,
        )
        target = PodTarget(namespace=namespace, pod_labels=selector(INSTANCE, name), port=PORT)
        if scaler_namespace:
            allow_ingress(
                f"{name}-from-keda",
                "KEDA counts waiting and running tasks",
                within=namespace,
                target=Selection(labels=target.pod_labels),
                sources=[EVERY_POD.peer(scaler_namespace)],
                port=PORT,
                opts=child,
            )
        self.admin = Admin(user=CLUSTER_ADMIN_ROLE, password=superuser, image=settings.image)
        self.endpoint = PostgresEndpoint(
            direct=PostgresAddress(
                host=f"{name}.{namespace.name}.svc",
                port=PORT,
                ssl_mode="disable",  # the image has no certificate, and the traffic stays in the cluster
                target=target,
            ),
            database=settings.database,
            user=settings.database,
            password=owner,
            scaler_user=SCALER_ROLE,
            scaler_password=scaler,
            made=self,
        )
        self.register_outputs({})
