"""What the database needs once, before anything uses it: roles, database, pgvector, and a read-only role for KEDA.

A Job, and one that may run any number of times: it runs again whenever a password or the script changes, and so also
carries a rotated password into Postgres.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.batch.v1 import Job
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ContainerArgsDict,
    PodTemplateSpecArgsDict,
    Secret,
    VolumeArgsDict,
    VolumeMountArgsDict,
)

from components.kubernetes.endpoints import PostgresEndpoint
from components.kubernetes.labels import labels, selector
from components.kubernetes.namespace_ref import NamespaceRef
from components.kubernetes.pod import PodArgs, pod_template, restricted_container
from components.network.policies import Selection, allow_way
from components.secrets.digest import Digests
from components.workloads.workload import CHECKSUM, REPLACE_UNREADY, escaped
from config.authorities import CA_FILE, CA_FOLDERS
from config.connections import TRIGGER_CONNECTIONS
from config.data_services import SETUP_USER
from config.pods import PlacementSettings

TYPE: Final = "noxus:components:DatabaseSetup"

INSTANCE: Final = "setup"
"""Instance label of the Job's pods: no Service and no policy of the data services themselves selects them."""

CA: Final = "postgres-ca"
"""ConfigMap and volume with the certificates of the private authority of Postgres, if it has one."""

_OPERATORS: Final = 2
"""KEDA's operator and its successor: of one that is lost with its node Postgres keeps the connections for a while."""

_FEWEST_CONNECTIONS: Final = 20
"""For five pools and fewer, so that the Job of a small stack does not run again with each pool."""

WAIT: Final = """\
# Passwords come as variables and reach psql as variables, never in a command line.
set -eu
attempt=0
until pg_isready --quiet; do
  attempt=$((attempt + 1))
  [ "$attempt" -lt 60 ] || { echo "Postgres at $PGHOST:$PGPORT does not answer" >&2; exit 1; }
  sleep 2
done
"""
"""Returns when Postgres answers."""

SCRIPT: Final = """\
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=postgres <<'SQL'
\\getenv database DATABASE_NAME
\\getenv owner OWNER_NAME
\\getenv owner_password OWNER_PASSWORD
\\getenv scaler SCALER_NAME
\\getenv scaler_password SCALER_PASSWORD
\\getenv scaler_connections SCALER_CONNECTIONS
\\getenv scaler_timeout SCALER_STATEMENT_TIMEOUT
\\getenv scaler_reads_all SCALER_READS_ALL
SELECT format('CREATE ROLE %I', name) FROM (VALUES (:'owner'), (:'scaler')) AS wanted (name)
  WHERE name NOT IN (SELECT rolname FROM pg_roles) \\gexec
ALTER ROLE :"owner" LOGIN PASSWORD :'owner_password';
ALTER ROLE :"scaler" LOGIN PASSWORD :'scaler_password' CONNECTION LIMIT :scaler_connections;
ALTER ROLE :"scaler" SET statement_timeout = :'scaler_timeout';
ALTER ROLE :"scaler" SET default_transaction_read_only = on;
GRANT :"owner" TO CURRENT_USER;
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
  WHERE :'database' NOT IN (SELECT datname FROM pg_database) \\gexec
REVOKE CONNECT, TEMPORARY ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"scaler";
\\connect :"database"
CREATE EXTENSION IF NOT EXISTS vector;
GRANT USAGE ON SCHEMA public TO :"scaler";
\\if :scaler_reads_all
SELECT format('GRANT USAGE ON SCHEMA %1$I TO %2$I; GRANT SELECT ON ALL TABLES IN SCHEMA %1$I TO %2$I',
  nspname, :'scaler') FROM pg_namespace WHERE nspname = 'public' OR pg_get_userbyid(nspowner) = :'owner' \\gexec
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT USAGE ON SCHEMAS TO :"scaler";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT SELECT ON TABLES TO :"scaler";
\\endif
SQL
echo "database $DATABASE_NAME is set up"
"""
"""After `WAIT`. Needs libpq's variables for an administrator, `DATABASE_NAME`, names and passwords of owner and scaler,
and the scaler's limits."""

_REQUESTS: Final = {"cpu": "50m", "memory": "64Mi"}
"""psql waits for the server nearly all the time."""

_RETRIES: Final = 3
_TIMEOUT_SECONDS: Final = 600


def scaler_limits(triggers: int) -> dict[str, str]:
    """What bounds the load that KEDA's counting can be, as variables: connections at a time, and time for a count.

    `triggers` is the number of pools that it counts for in the whole stack: they all log in as the one role.
    """
    connections = max(_FEWEST_CONNECTIONS, triggers * TRIGGER_CONNECTIONS * _OPERATORS)
    return {"SCALER_CONNECTIONS": str(connections), "SCALER_STATEMENT_TIMEOUT": "5s"}


@dataclass(frozen=True, kw_only=True)
class Admin:
    """A role that may create roles, databases and extensions, and the image to log in from."""

    user: str
    password: pulumi.Output[str]
    image: str
    """Has psql and pg_isready, for the user `SETUP_USER`."""


@dataclass(frozen=True, kw_only=True)
class DatabaseSetupArgs:
    """What a `DatabaseSetup` needs."""

    namespace: NamespaceRef
    """Where the Job runs."""
    digests: Digests
    postgres: PostgresEndpoint
    admin: Admin
    triggers: int
    """How many pools KEDA counts tasks for."""
    pods: PlacementSettings
    """Where the Jobs' pods run."""
    scaler_reads_all: bool = True
    """Whether KEDA's role may read every table, for queries that the stack file gives."""


class DatabaseSetup(pulumi.ComponentResource):
    """The Job, its credentials, and its way to Postgres."""

    NAME: Final = "postgres-setup"
    """Its logical name, and the name of its objects: policies select its pods by it."""

    secret: pulumi.Output[str]
    """Name of the Secret with the administrator's password as `PGPASSWORD`, and those of the roles."""

    def __init__(self, name: str, args: DatabaseSetupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace, postgres = args.namespace, args.postgres
        server = [postgres.made] if postgres.made else []
        passwords = {
            "PGPASSWORD": args.admin.password,
            "OWNER_PASSWORD": postgres.password,
            "SCALER_PASSWORD": postgres.scaler_password,
        }
        secret = Secret(
            namespace.key(name),
            metadata=namespace.metadata(name),
            string_data=pulumi.Output.secret(passwords),
            opts=child,
        )
        way = allow_way(
            "setup-to-postgres",
            "postgres-from-setup",
            "the Job makes roles, database and extension",
            within=namespace,
            source=Selection(labels=selector(INSTANCE, name)),
            target=postgres.direct.target,
            opts=child,
        )
        job = Job(
            namespace.key(name),
            metadata=namespace.metadata(
                name, labels=labels(INSTANCE, name, "job"), annotations={REPLACE_UNREADY: "true"}
            ),
            spec={
                "backoff_limit": _RETRIES,
                "active_deadline_seconds": _TIMEOUT_SECONDS,
                "template": setup_pods(
                    args,
                    secret.metadata["name"],
                    SCRIPT,
                    _variables(args),
                    annotations={CHECKSUM: args.digests.of(passwords)},
                ),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*server, *way, *self._ca(args)]),
        )
        self.secret = secret.metadata["name"]
        self.register_outputs({"job": job.metadata["name"]})

    def _ca(self, args: DatabaseSetupArgs) -> list[pulumi.Resource]:
        """The authority of Postgres, for this Job and the queue's."""
        namespace, ca = args.namespace, args.postgres.ca
        child = pulumi.ResourceOptions(parent=self)
        data = {CA_FILE: ca} if ca else {}
        return [ConfigMap(namespace.key(CA), metadata=namespace.metadata(CA), data=data, opts=child)] if data else []


def _variables(args: DatabaseSetupArgs) -> Mapping[str, str]:
    reads_all = "true" if args.scaler_reads_all else "false"
    return {
        "OWNER_NAME": args.postgres.user,
        "SCALER_NAME": args.postgres.scaler_user,
        "SCALER_READS_ALL": reads_all,
        **scaler_limits(args.triggers),
    }


def setup_pods(
    args: DatabaseSetupArgs,
    secret: pulumi.Input[str],
    script: str,
    variables: Mapping[str, str],
    *,
    annotations: Mapping[str, pulumi.Input[str]],
) -> PodTemplateSpecArgsDict:
    """Pods that wait for Postgres and run a script as its administrator, with further variables."""
    postgres, direct = args.postgres, args.postgres.direct
    known = {
        "PGPORT": str(direct.port),
        "PGUSER": args.admin.user,
        **{f"PG{option.upper()}": value for option, value in postgres.tls(direct).items()},
        "DATABASE_NAME": postgres.database,
        **variables,
    }
    env = {"PGHOST": direct.host, **{name: escaped(value) for name, value in known.items()}}
    volumes: list[VolumeArgsDict] = [{"name": "tmp", "empty_dir": {}}]
    mounts: list[VolumeMountArgsDict] = [{"name": "tmp", "mount_path": "/tmp"}]
    if postgres.ca:
        volumes.append({"name": CA, "config_map": {"name": CA}})
        mounts.append({"name": CA, "mount_path": CA_FOLDERS["postgres"], "read_only": True})
    container: ContainerArgsDict = {
        "name": "setup",
        "image": args.admin.image,
        "command": ["sh", "-c", WAIT + script],
        "env": [{"name": name, "value": value} for name, value in env.items()],
        "env_from": [{"secret_ref": {"name": secret}}],
        "resources": {"requests": _REQUESTS},
        "security_context": restricted_container(read_only=True),
        "termination_message_policy": "FallbackToLogsOnError",
        "volume_mounts": mounts,
    }
    return pod_template(
        PodArgs(
            namespace=args.namespace,
            settings=args.pods,
            labels=labels(INSTANCE, DatabaseSetup.NAME, "job"),
            annotations=annotations,
            user_id=SETUP_USER,
            once=True,
            containers=[container],
            volumes=volumes,
        )
    )
