"""PgBouncer in front of Postgres: few connections to the server for the clients of many pods.

Clients log in with a password of the pooler's own, and the pooler logs in at the server as the database's owner. So a
rotated password of the owner is the pooler's alone to take over: pods whose tasks last for hours go on, which they
could not with a password that the pooler no longer takes. `auth_query` would need a right that no cloud's
administrator has, to read `pg_authid`.

Leaves out TLS towards the clients: the traffic stays in the cluster, as that of the data services there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodTemplateSpecArgsDict, Secret, Service

from checks.capacity.pooler import Share
from components.kubernetes.endpoints import PodTarget, PostgresAddress, PostgresEndpoint
from components.kubernetes.labels import labels, selector
from components.kubernetes.namespace_ref import NamespaceRef
from components.kubernetes.pod import PodArgs, pod_template, restricted_container
from components.network.policies import EVERY_POD, Selection, allow_ingress, allow_way
from components.secrets.digest import Digests
from components.secrets.password import generated_password
from components.workloads.disruption import disruption_budget
from components.workloads.pod_monitor import pod_monitor
from components.workloads.workload import CHECKSUM, METRICS_PATH, scraped
from config.pods import PlacementSettings
from config.pooler import POOLER_USER, PoolerSettings
from config.sections import ClusterSettings
from config.workloads import DisruptionSettings

TYPE: Final = "noxus:components:Pooler"

PORT: Final = 6432
"""PgBouncer's own default."""

FOLDER: Final = "/etc/pooler"
"""Where its files are mounted."""

_SETTINGS: Final = "pgbouncer.ini"
_USERS: Final = "users.txt"
_CA: Final = "ca.crt"
_CONSOLE: Final = "console"

_EXPORTER_PORT: Final = 9127
"""The exporter's own default."""

_GRACE_SECONDS: Final = 60
"""What a transaction gets to end before its pod goes."""

_LEAVE_SECONDS: Final = 5
"""For the cluster's network to forget the pod before it takes no more clients."""

_REQUESTS: Final = {"cpu": "100m", "memory": "128Mi"}
"""It is one thread. In PgBouncer's own example 1000 clients with 200 statements take 17 MB."""

_PUBLIC_AUTHORITIES: Final = "/etc/ssl/certs/ca-certificates.crt"
"""Of Debian and Alpine."""

_TEMPLATE: Final = """\
[databases]
{database} = host={host} port={port} dbname={dbname} user={user} password={password}

[pgbouncer]
listen_addr = *
listen_port = 6432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = /etc/pooler/users.txt
stats_users = {client}
pool_mode = transaction
default_pool_size = {connections}
max_db_connections = {connections}
max_client_conn = {clients}
max_prepared_statements = 200
ignore_startup_parameters = {ignored}
query_wait_timeout = 120
server_lifetime = 3600
server_idle_timeout = 600
server_login_retry = 2
tcp_keepidle = 60
tcp_keepintvl = 10
tcp_keepcnt = 6
server_tls_sslmode = {ssl_mode}
{authority}"""
"""One pool: `user` makes the pooler log in as the owner whoever the client is. Where a value is not PgBouncer's
default: a server that was away is tried again after 2 s, and a connection that a fail-over has cut is noticed within
two minutes, as the network's own two hours would keep clients waiting."""


@dataclass(frozen=True, kw_only=True)
class PoolerArgs:
    """What a `Pooler` needs."""

    namespace: NamespaceRef
    settings: PoolerSettings
    share: Share
    digests: Digests
    postgres: PostgresEndpoint
    cluster: ClusterSettings
    pods: PlacementSettings
    """What the stack file says of all pods."""
    after: Sequence[pulumi.Resource] = ()
    """What gives the owner the password at the server: one that it does not have yet is never tried."""


def configuration(args: PoolerArgs, *, host: str, password: str) -> str:
    """The text of `pgbouncer.ini`, with the server's host and its owner's password as they turned out."""
    server, share, ignored = args.postgres, args.share, args.settings.ignored_startup_parameters
    authority = _PUBLIC_AUTHORITIES if server.ca is None else f"{FOLDER}/{_CA}"
    verifies = server.direct.ssl_mode.startswith("verify")
    return _TEMPLATE.format(
        database=server.database,
        host=quoted(host),
        port=server.direct.port,
        dbname=quoted(server.database),
        user=quoted(server.user),
        password=quoted(password),
        client=server.user,
        connections=share.connections,
        clients=share.clients,
        ignored=",".join(ignored),
        ssl_mode=server.direct.ssl_mode,
        authority=f"server_tls_ca_file = {authority}\n" if verifies else "",
    )


def quoted(text: str, mark: str = "'") -> str:
    """A value as PgBouncer's files take it."""
    if "\n" in text:
        raise ValueError("PgBouncer's files have no way to write a line break; take it out of the password")
    return f"{mark}{text.replace(mark, mark * 2)}{mark}"


class Pooler(pulumi.ComponentResource):
    """Pods that are alike, the Service that the platform connects to, and their ways."""

    NAME: Final = "postgres-pooler"
    """Its logical name, and the name of its objects."""

    address: PostgresAddress
    """Where the platform connects to."""

    def __init__(self, name: str, args: PoolerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace, settings, described = args.namespace, args.settings, labels(name, "pooler", "data")
        selected = selector(name, "pooler")
        password = generated_password(f"{name}-password", child)
        files = self._files(args, password)
        secret = Secret(
            namespace.key(name),
            metadata=namespace.metadata(name),
            string_data=pulumi.Output.secret(files),
            opts=child,
        )
        self._ways(args, Selection(labels=selected))
        annotations = {CHECKSUM: args.digests.of(files)}
        if settings.exporter_image and args.cluster.scraping == "annotations":
            annotations |= scraped(_EXPORTER_PORT)
        Deployment(
            namespace.key(name),
            metadata=namespace.metadata(name, labels=described),
            spec={
                "replicas": settings.replica_count,
                # Never more than one pod that is about to go, which still has connections.
                "strategy": {"rolling_update": {"max_surge": 0, "max_unavailable": 1}},
                "min_ready_seconds": _GRACE_SECONDS,
                "selector": {"match_labels": selected},
                "template": _pods(args, secret.metadata["name"], described, annotations),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after]),
        )
        service = Service(
            namespace.key(name),
            metadata=namespace.metadata(name, labels=described),
            spec={
                "selector": selected,
                "ports": [{"name": "postgres", "port": PORT, "target_port": "postgres"}],
            },
            opts=child,
        )
        disruption_budget(name, namespace, selected, DisruptionSettings(), child)
        self.address = PostgresAddress(
            host=pulumi.Output.concat(service.metadata["name"], ".", namespace.name, ".svc"),
            port=PORT,
            ssl_mode="disable",
            target=PodTarget(namespace=namespace, pod_labels=selected, port=PORT),
            password=password,
        )
        self.register_outputs({})

    def _files(self, args: PoolerArgs, password: pulumi.Output[str]) -> dict[str, pulumi.Output[str]]:
        """What is mounted, by file name."""
        postgres = args.postgres
        files = {
            _SETTINGS: pulumi.Output.all(host=postgres.direct.host, password=postgres.password).apply(
                lambda known: configuration(args, **known)
            ),
            _USERS: password.apply(lambda text: " ".join(quoted(part, '"') for part in (postgres.user, text)) + "\n"),
        }
        if postgres.ca is not None:
            files[_CA] = postgres.ca
        if args.settings.exporter_image:
            url = f"postgres://{quote(postgres.user, safe='')}:{{0}}@127.0.0.1:{PORT}/pgbouncer?sslmode=disable"
            files[_CONSOLE] = pulumi.Output.format(url, password)
        return files

    def _ways(self, args: PoolerArgs, pods: Selection) -> None:
        """To Postgres, which is tried until the way is open, and from Prometheus. Releases open theirs."""
        child, cluster = pulumi.ResourceOptions(parent=self), args.cluster
        if args.settings.exporter_image:
            allow_ingress(
                "pooler-from-monitoring",
                "metrics are scraped",
                within=args.namespace,
                target=pods,
                sources=[EVERY_POD.peer(cluster.monitoring_namespace)],
                port=_EXPORTER_PORT,
                opts=child,
            )
            if cluster.scraping == "podMonitors":
                pod_monitor(self.NAME, args.namespace, cluster.pod_monitor_labels, METRICS_PATH, child)
        allow_way(
            "pooler-to-postgres",
            "postgres-from-pooler",
            "the pooler connects to Postgres for its clients",
            within=args.namespace,
            source=pods,
            target=args.postgres.direct.target,
            opts=child,
        )


def _pods(
    args: PoolerArgs,
    secret: pulumi.Output[str],
    described: Mapping[str, str],
    annotations: Mapping[str, pulumi.Input[str]],
) -> PodTemplateSpecArgsDict:
    # SIGINT: no new clients, transactions end, then the process does. The kubelet's SIGTERM in between would cut them.
    leave = f"sleep {_LEAVE_SECONDS}; kill -INT 1; sleep {_GRACE_SECONDS}"
    pgbouncer: ContainerArgsDict = {
        "name": "pgbouncer",
        "image": args.settings.image,
        "command": ["pgbouncer", f"{FOLDER}/{_SETTINGS}"],
        "ports": [{"name": "postgres", "container_port": PORT}],
        "lifecycle": {"pre_stop": {"exec_": {"command": ["sh", "-c", leave]}}},
        "readiness_probe": {"tcp_socket": {"port": "postgres"}, "period_seconds": 5},
        "liveness_probe": {"tcp_socket": {"port": "postgres"}, "period_seconds": 20, "failure_threshold": 6},
        "resources": {"requests": _REQUESTS},
        "security_context": restricted_container(read_only=True),
        "volume_mounts": [{"name": "files", "mount_path": FOLDER, "read_only": True}],
    }
    exporter: ContainerArgsDict = {
        "name": "exporter",
        "image": args.settings.exporter_image or "",
        "env": [
            {
                "name": "PGBOUNCER_EXPORTER_CONNECTION_STRING",
                "value_from": {"secret_key_ref": {"name": secret, "key": _CONSOLE}},
            }
        ],
        "ports": [{"name": "http", "container_port": _EXPORTER_PORT}],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
        "security_context": restricted_container(read_only=True),
    }
    return pod_template(
        PodArgs(
            namespace=args.namespace,
            settings=args.pods,
            labels=described,
            annotations=annotations,
            user_id=POOLER_USER,
            grace_seconds=_GRACE_SECONDS,
            spreads=True,
            containers=[pgbouncer, exporter] if args.settings.exporter_image else [pgbouncer],
            volumes=[{"name": "files", "secret": {"secret_name": secret}}],
        )
    )
