"""Data services that somebody else runs: where releases find them, how they log in, and what is not made."""

from collections.abc import Mapping
from typing import Any

import pytest

from config.errors import ConfigError
from config.names import app_env_secret
from tests.harness import Deployment
from tests.programs import EXTERNAL_SERVICES, LOGINS, SMALLEST, run_program
from tests.reachability import reaches

KEDA = {"autoscaling": {"type": "keda", "maxReplicas": 5, "query": "SELECT 1", "targetQueryValue": 2}}
STACK: Mapping[str, Any] = {
    **SMALLEST,
    **EXTERNAL_SERVICES,
    "env": {"DATABASE": "${postgres.host}:${postgres.port}", "BUCKET": "${bucket.endpoint}"},
    "workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": KEDA}}},
}


@pytest.fixture(scope="module")
def deployed() -> Deployment:
    return run_program(STACK, LOGINS)


def manifest(deployed: Deployment, kind: str, namespace: str, name: str) -> dict[str, Any]:
    where = {"namespace": namespace, "name": name}.items()
    (found,) = [m for _, m in deployed.objects if m["kind"] == kind and where <= m["metadata"].items()]
    return found


@pytest.mark.parametrize(("service", "ip", "port"), [("postgres", "10.30.0.7", 6432), ("redis", "10.30.1.7", 6379)])
def test_a_release_reaches_a_server_at_its_addresses_and_port_only(
    deployed: Deployment, service: str, ip: str, port: int
) -> None:
    for pod in ("acme-flow", "noxus-backend"):
        assert reaches(deployed, pod, ip, port), service
        assert not reaches(deployed, pod, ip, port + 1)
        assert not reaches(deployed, pod, "10.30.9.7", port)
    assert not reaches(deployed, "noxus-frontend", ip, port)


@pytest.mark.parametrize("ip", ["10.30.2.1", "10.30.3.1"])
def test_a_private_bucket_is_reached_at_each_of_its_addresses(deployed: Deployment, ip: str) -> None:
    assert reaches(deployed, "acme-flow", ip, 9000)
    assert not reaches(deployed, "acme-flow", ip, 443)


def test_the_setup_job_reaches_the_database_and_nothing_else(deployed: Deployment) -> None:
    assert reaches(deployed, "postgres-setup", "10.30.0.7", 6432)
    assert not reaches(deployed, "postgres-setup", "10.30.1.7", 6379)
    assert not reaches(deployed, "postgres-setup", "1.1.1.1", 443)


def test_the_logins_are_those_of_the_stack_file_and_secret_all_the_way(deployed: Deployment) -> None:
    env = manifest(deployed, "Secret", "noxus-acme", app_env_secret("acme"))["stringData"]
    assert env["POSTGRESQL_URL"] == "noxus:plaintext-postgresPassword@postgres.example.com:6432"
    assert env["REDIS_URL"] == "redis.example.com"
    assert env["REDIS_PASSWORD"] == "plaintext-redisPassword"
    assert (env["S3_ACCESS_KEY_ID"], env["S3_SECRET_ACCESS_KEY"]) == ("plaintext-bucketKeyId", "plaintext-bucketKey")
    assert env["DATABASE"] == "postgres.example.com:6432"
    assert env["BUCKET"] == "https://s3.example.com:9000"
    setup = manifest(deployed, "Secret", "noxus-data", "postgres-setup")["stringData"]
    assert setup["PGPASSWORD"] == "plaintext-adminPassword"
    for resource in deployed.resources:
        shown = {key: value for key, value in resource.inputs.items() if not resource.secret(key)}
        assert not [login for login in LOGINS.values() if login in str(shown)], resource.urn


def test_keda_and_the_setup_job_log_in_over_tls(deployed: Deployment) -> None:
    scaled = manifest(deployed, "ScaledObject", "noxus-acme", "acme-flow")
    metadata = scaled["spec"]["triggers"][0]["metadata"]
    assert (metadata["host"], metadata["port"], metadata["sslmode"]) == ("postgres.example.com", "6432", "require")
    (container,) = manifest(deployed, "Job", "noxus-data", "postgres-setup")["spec"]["template"]["spec"]["containers"]
    env = {item["name"]: item["value"] for item in container["env"]}
    assert env["PGUSER"] == "root"
    assert env["PGSSLMODE"] == "require"


def test_a_password_is_percent_encoded_in_addresses_and_is_itself_elsewhere() -> None:
    deployed = run_program(STACK, {**LOGINS, "postgresPassword": "p@ss: word/%"})
    env = manifest(deployed, "Secret", "noxus-acme", app_env_secret("acme"))["stringData"]
    assert env["POSTGRESQL_URL"] == "noxus:p%40ss%3A%20word%2F%25@postgres.example.com:6432"
    assert (
        manifest(deployed, "Secret", "noxus-data", "postgres-setup")["stringData"]["OWNER_PASSWORD"] == "p@ss: word/%"
    )


def test_every_login_must_be_in_the_stack_file_also_when_other_secrets_are_in_a_store() -> None:
    secrets = {"backend": "externalSecrets", "store": {"type": "vault", "server": "https://vault.example.com"}}
    with pytest.raises(ConfigError) as refused:
        run_program({**STACK, "secrets": secrets}, {"redisPassword": "x"})
    for login in LOGINS.keys() - {"redisPassword"}:
        assert f"names the secret key '{login}', which is not set" in str(refused.value)


def test_nothing_is_made_for_services_that_are_set_up_already() -> None:
    postgres = {key: value for key, value in EXTERNAL_SERVICES["postgres"].items() if key != "admin"}
    deployed = run_program({**STACK, "postgres": postgres}, LOGINS)
    assert {manifest["metadata"].get("namespace") for _, manifest in deployed.objects} == {None, "noxus", "noxus-acme"}
    assert [password.name for password in deployed.all("random:index/randomPassword:RandomPassword")] == ["digest-salt"]


def test_a_bucket_on_the_internet_needs_no_policy_of_its_own() -> None:
    storage = {**EXTERNAL_SERVICES["storage"], "url": "https://s3.example.com", "cidrs": []}
    deployed = run_program({**STACK, "storage": storage}, LOGINS)
    assert "to-bucket" not in {manifest["metadata"]["name"] for _, manifest in deployed.objects}
    assert reaches(deployed, "acme-flow", "52.1.2.3", 443)


def test_one_service_outside_leaves_the_others_inside() -> None:
    deployed = run_program({**STACK, "postgres": {}, "storage": {}}, LOGINS)
    services = {m["metadata"]["name"] for _, m in deployed.objects if m["kind"] == "StatefulSet"}
    assert services == {"postgres", "bucket"}
