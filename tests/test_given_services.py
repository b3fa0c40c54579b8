"""Data services as companies have them: poolers, private authorities, names in quotes, and operators in the cluster."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from checks import findings
from tests.harness import Deployment
from tests.programs import (
    LOGINS,
    OPERATED,
    PEM,
    POOLED,
    SMALLEST,
    VAULT,
    on_cloud,
    refused,
    run_program,
    settings,
)
from tests.reachability import Network, Pod, pods, reaches

MIGRATIONS = {"enabled": True, "command": ["noxus", "migrate"]}
KEDA = {"autoscaling": {"type": "keda", "maxReplicas": 5, "query": "SELECT 1", "targetQueryValue": 2}}
RELEASES: Mapping[str, Any] = {
    **SMALLEST,
    "primary": {"namespace": "noxus", "migrations": MIGRATIONS},
    "workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": KEDA}}},
}
PASSWORDS = {**LOGINS, "postgresPassword": "p@ss: word/%", "redisPassword": "r/d?s#&"}


def deployed(services: Mapping[str, Any], **changes: object) -> Deployment:
    secrets = PASSWORDS | ({"openaiApiKey": "plaintext-openai"} if "secretEnv" in changes else {})
    return run_program({**RELEASES, **services, **changes}, secrets)


def found(stack: Deployment, kind: str, name: str) -> dict[str, Any]:
    (manifest,) = [m for _, m in stack.objects if m["kind"] == kind and m["metadata"]["name"].startswith(name)]
    return manifest


def pod_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return manifest["spec"]["template"]["spec"]


def warned(raw: Mapping[str, Any]) -> dict[str, str]:
    return {f.path: f.message for f in findings(settings(raw, *LOGINS)) if f.severity == "warning"}


def test_the_platform_comes_through_the_pooler_and_migrations_past_it() -> None:
    stack = deployed(POOLED)
    shared = found(stack, "Secret", "noxus-app-env")["stringData"]
    past = found(stack, "Secret", "noxus-migrations-env")["stringData"]
    login = "My%20Role:p%40ss%3A%20word%2F%25"
    assert shared["POSTGRESQL_URL"] == f"{login}@pooler.example.com:6432"
    assert past["POSTGRESQL_URL"] == past["VECTOR_POSTGRESQL_URL"] == f"{login}@postgres.example.com:5432"
    assert (shared["ASKED"], past["ASKED"]) == ("pooler.example.com", "postgres.example.com")
    assert past.keys() == {"POSTGRESQL_URL", "VECTOR_POSTGRESQL_URL", "DATABASE", "ASKED"}
    (container,) = pod_of(found(stack, "Job", "noxus-migrations"))["containers"]
    assert [it["secretRef"]["name"] for it in container["envFrom"]] == ["noxus-app-env", "noxus-migrations-env"]
    for workload in stack.all("kubernetes:apps/v1:Deployment"):
        (container,) = pod_of(workload.inputs)["containers"]
        assert "migrations-env" not in str(container["envFrom"])


def test_set_up_and_keda_come_past_the_pooler_too() -> None:
    stack = deployed(POOLED)
    metadata = found(stack, "ScaledObject", "acme-flow")["spec"]["triggers"][0]["metadata"]
    assert (metadata["host"], metadata["port"], metadata["sslmode"]) == ("postgres.example.com", "5432", "verify-full")
    (container,) = pod_of(found(stack, "Job", "postgres-setup"))["containers"]
    env = {item["name"]: item["value"] for item in container["env"]}
    assert (env["PGHOST"], env["PGPORT"]) == ("postgres.example.com", "5432")
    assert (env["DATABASE_NAME"], env["OWNER_NAME"]) == ("my-db", "My Role")


def test_network_policies_let_each_go_its_own_way_only() -> None:
    stack = deployed(POOLED)
    pooler, server = ("10.30.0.7", 6432), ("10.30.4.7", 5432)
    (migrations,) = [pod.name for pod in pods(m for _, m in stack.objects) if "migrations" in pod.name]
    for pod in ("acme-flow", "noxus-backend"):
        assert reaches(stack, pod, *pooler)
        assert not reaches(stack, pod, *server)
    for pod in (migrations, "postgres-setup"):
        assert reaches(stack, pod, *server)
        assert not reaches(stack, pod, *pooler)


def test_without_migrations_nothing_of_a_release_goes_past_the_pooler() -> None:
    stack = deployed(POOLED, primary={"namespace": "noxus"})
    names = {(m["kind"], m["metadata"]["name"]) for _, m in stack.objects}
    assert names.isdisjoint({("NetworkPolicy", "to-postgres-direct"), ("Secret", "noxus-migrations-env")})


def test_whole_addresses_are_what_clients_parse_back_to_the_logins() -> None:
    env = found(deployed(POOLED), "Secret", "acme-app-env")["stringData"]
    database, broker = urlsplit(env["DATABASE"]), urlsplit(env["BROKER"])
    assert (database.scheme, broker.scheme) == ("postgresql", "rediss")
    logins = [tuple(unquote(part or "") for part in (it.username, it.password)) for it in (database, broker)]
    assert logins == [("My Role", "p@ss: word/%"), ("us:er", "r/d?s#&")]
    assert (database.hostname, database.port, database.path) == ("pooler.example.com", 6432, "/my-db")
    assert (broker.hostname, broker.port, broker.path) == ("redis.example.com", 6380, "/0")
    verified = {"sslmode": "verify-full", "sslrootcert": "/etc/noxus/postgres/ca.crt"}
    assert dict(parse_qsl(database.query)) == verified
    assert dict(parse_qsl(broker.query)) == {"ssl_cert_reqs": "required", "ssl_ca_certs": "/etc/noxus/redis/ca.crt"}


def test_every_pod_that_talks_to_postgres_has_the_file_of_its_authority() -> None:
    stack = deployed(POOLED)
    for kind, name, volumes in (
        ("Deployment", "acme-flow", {"postgres-ca": "/etc/noxus/postgres", "redis-ca": "/etc/noxus/redis"}),
        ("Job", "noxus-migrations", {"postgres-ca": "/etc/noxus/postgres"}),
        ("Job", "postgres-setup", {"postgres-ca": "/etc/noxus/postgres", "tmp": "/tmp"}),
    ):
        pod = pod_of(found(stack, kind, name))
        (container,) = pod["containers"]
        assert {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]} == volumes
        assert {volume["name"] for volume in pod["volumes"]} == volumes.keys()
        sources = [v["configMap"]["name"] for v in pod["volumes"] if v["name"] == "postgres-ca"]
        assert [found(stack, "ConfigMap", source)["data"] for source in sources] == [{"ca.crt": PEM}]
    (container,) = pod_of(found(stack, "Job", "postgres-setup"))["containers"]
    env = {item["name"]: item["value"] for item in container["env"]}
    assert (env["PGSSLMODE"], env["PGSSLROOTCERT"]) == ("verify-full", "/etc/noxus/postgres/ca.crt")


def test_without_a_file_verifying_trusts_what_the_system_trusts() -> None:
    postgres = {key: value for key, value in POOLED["postgres"].items() if key != "ca"}
    stack = deployed({**POOLED, "postgres": postgres})
    (container,) = pod_of(found(stack, "Job", "postgres-setup"))["containers"]
    assert {"name": "PGSSLROOTCERT", "value": "system"} in container["env"]
    assert found(stack, "Secret", "acme-app-env")["stringData"]["DATABASE"].endswith(
        "?sslmode=verify-full&sslrootcert=system"
    )


@pytest.mark.parametrize("backend", ["kubernetes", "a store that others write", "a store that the stack writes"])
def test_an_address_with_a_password_is_secret_whoever_writes_the_secrets(backend: str) -> None:
    changes: dict[str, Any] = {"secretEnv": {"OPENAI_API_KEY": "openaiApiKey"}}
    secrets = {**PASSWORDS, "openaiApiKey": "plaintext-openai"}
    if backend == "a store that others write":
        changes["secrets"] = {"backend": "externalSecrets", "store": VAULT}
        secrets.pop("openaiApiKey")
    if backend == "a store that the stack writes":
        changes |= {"secrets": {"backend": "externalSecrets"}, **on_cloud("prod"), "redis": POOLED["redis"]}
    stack = run_program({**RELEASES, **POOLED, **changes}, secrets)
    shown = [PASSWORDS["redisPassword"], "r%2Fd%3Fs%23%26", PASSWORDS["postgresPassword"], "p%40ss"]
    for resource in stack.resources:
        plain = {key: value for key, value in resource.inputs.items() if not resource.secret(key)}
        assert not [text for text in shown if text in str(plain)], resource.urn
    written = {
        "kubernetes": "noxus-app-env",
        "a store that others write": "noxus-credentials",
    }
    if name := written.get(backend):
        assert "r%2Fd%3Fs%23%26" in found(stack, "Secret", name)["stringData"]["BROKER"]
    else:
        versions = stack.all("aws:secretsmanager/secretVersion:SecretVersion")
        assert [("r%2Fd%3Fs%23%26" in str(it.inputs), it.secret("secretString")) for it in versions] == [
            (True, True)
        ] * 2
        read = found(stack, "ExternalSecret", "noxus-app-env")["spec"]["data"]
        assert "BROKER" in {item["secretKey"] for item in read}


def test_a_weaker_address_does_not_come_back_beside_an_overriding_variable() -> None:
    changes = {
        "secretEnv": {"OPENAI_API_KEY": "openaiApiKey"},
        "secrets": {"backend": "externalSecrets", "store": VAULT},
    }
    raw = {**RELEASES, **POOLED, **changes, "env": {"REDIS_URL": "${redis.url}"}}
    stack = run_program(raw, PASSWORDS)
    assert found(stack, "Secret", "noxus-credentials")["stringData"]["REDIS_URL"].startswith("rediss://")
    template = found(stack, "ExternalSecret", "noxus-app-env")["spec"]["target"]["template"]["data"]
    assert "REDIS_URL" not in template


def test_a_password_is_refused_where_the_manifest_of_a_pod_would_show_it() -> None:
    pool = {"env": {"BROKER": "${redis.url}"}}
    raw = {**SMALLEST, "workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": pool}}}}
    assert refused(raw) == {
        "workers.acme.pools.flow.env.BROKER": "refers to ${redis.url}, which holds a password, and the pods' manifest "
        "shows it; write the variable in the release's env"
    }


@pytest.mark.parametrize(
    ("namespace", "labels", "service", "port"),
    [
        ("databases", {"cnpg.io/cluster": "main"}, "postgres", 5432),
        ("caches", {"app": "redis"}, "redis", 6379),
        ("minio", {"v1.min.io/tenant": "noxus"}, "bucket", 9000),
    ],
)
def test_what_an_operator_runs_is_reached_at_its_pods_by_all_that_need_it(
    namespace: str, labels: dict[str, str], service: str, port: int
) -> None:
    stack = deployed(OPERATED)
    objects = [manifest for _, manifest in stack.objects]
    made = {m["metadata"]["name"]: m["metadata"]["labels"] for m in objects if m["kind"] == "Namespace"}
    network = Network({**made, namespace: {}}, [m for m in objects if m["kind"] == "NetworkPolicy"])
    users = {
        "postgres": {"acme-flow", "noxus-backend", "noxus-migrations", "postgres-setup"},
        "redis": {"acme-flow", "noxus-backend"},
        "bucket": {"acme-flow", "noxus-backend"},
    }
    server, stranger = Pod(namespace, "it", labels), Pod(namespace, "other", {})
    for pod in pods(objects):
        name = "noxus-migrations" if "migrations" in pod.name else pod.name
        assert network.allows(pod, server, "TCP", port) is (name in users[service]), pod.name
        assert not network.allows(pod, stranger, "TCP", port)
        assert not network.allows(pod, server, "TCP", 80)
    assert namespace not in made
    assert not [m for m in objects if m["metadata"].get("namespace") == namespace], "it belongs to others"


def test_a_bucket_in_the_cluster_may_speak_http_and_one_on_the_internet_may_not() -> None:
    env = found(deployed(OPERATED, env={"S3": "${bucket.endpoint}"}), "Secret", "acme-app-env")["stringData"]
    assert env["S3"] == "http://minio.minio.svc"
    storage = {key: value for key, value in OPERATED["storage"].items() if key in ("mode", "url")}
    assert "needs cidrs" in refused({**RELEASES, "storage": storage})["storage"]


@pytest.mark.parametrize(
    ("change", "path", "rule"),
    [
        ({"cidrs": ["10.0.0.0/8"]}, "postgres", "takes either cidrs or namespace"),
        ({"namespace": None}, "postgres", "takes podLabels and podPort with namespace only"),
        ({"namespace": None, "podLabels": {}}, "postgres", "needs cidrs, all addresses that its name can stand for"),
        ({"namespace": "noxus"}, "postgres.namespace", "is a namespace of this stack's own"),
        ({"ca": PEM}, "postgres", "has ca, which sslMode: require does not read; write verify-full, or remove it"),
        ({"sslMode": "verify-ca"}, "postgres", "has sslMode: verify-ca, which needs ca"),
        (
            {"sslMode": "prefer"},
            "postgres.sslMode",
            "must be one of 'disable', 'require', 'verify-ca' or 'verify-full'",
        ),
        ({"user": "a=b"}, "postgres.user", "must be printable ASCII without ':' or '=', such as My Role"),
        ({"user": "keda"}, "postgres.user", "'keda' is KEDA's role, which only reads; choose another name"),
        ({"user": "postgres"}, "postgres.user", "'postgres' is the administrator's role; choose another name"),
        ({"user": "x", "database": "template1"}, "postgres.database", "'template1' is Postgres' own"),
    ],
)
def test_what_contradicts_itself_is_refused_with_what_to_write(change: dict[str, Any], path: str, rule: str) -> None:
    wrong = refused({**RELEASES, **OPERATED, "postgres": {**OPERATED["postgres"], **change}}, *LOGINS)
    assert wrong[path].startswith(rule), wrong


def test_a_database_may_have_kedas_name_if_its_owner_has_another() -> None:
    postgres = {**OPERATED["postgres"], "database": "keda", "user": "owner"}
    assert refused({**RELEASES, **OPERATED, "postgres": postgres}, *LOGINS) == {}


def test_what_neither_the_platform_nor_keda_can_know_is_warned_of() -> None:
    told = warned({**RELEASES, **POOLED})
    assert "stands as My%20Role in POSTGRESQL_URL" in told["postgres.user"]
    assert "set SSL_CERT_DIR there" in told["postgres.ca"]
    assert "env" not in told
    untold = warned({**RELEASES, **POOLED, "env": {"BROKER": "${redis.url}"}})
    assert "refers to neither ${postgres.url} nor ${postgres.sslMode} and ${postgres.caFile}, so" in untold["env"]
    without_keda = {**RELEASES, "workers": {}}
    assert "postgres.ca" not in warned({**without_keda, **POOLED})
    postgres = {**POOLED["postgres"], "scalerSslMode": "require", "user": "plain"}
    assert warned({**RELEASES, **POOLED, "postgres": postgres}).keys().isdisjoint({"postgres.ca", "postgres.user"})
    stack = deployed({**POOLED, "postgres": postgres})
    assert found(stack, "ScaledObject", "acme-flow")["spec"]["triggers"][0]["metadata"]["sslmode"] == "require"
