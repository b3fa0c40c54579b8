"""The pooler as it is declared; what PgBouncer makes of it is tested on a real one."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.data.pooler import FOLDER, quoted
from tests.harness import Deployment
from tests.programs import EXTERNAL_SERVICES, LOGINS, SMALLEST, on_cloud, run_program

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SECRET = "kubernetes:core/v1:Secret"
POOLER = "noxus-data/postgres-pooler"
EXPORTER = "quay.io/prometheuscommunity/pgbouncer-exporter:v0.12.1"
TOLD = {"enabled": True, "connections": 20, "clients": 500}

MODES: dict[str, tuple[dict[str, Any], Mapping[str, str]]] = {
    "cluster": ({}, {}),
    "external": ({"postgres": EXTERNAL_SERVICES["postgres"]}, LOGINS),
    "aws": ({**on_cloud("prod"), "postgres": {"mode": "managed", "instanceClass": "db.m7g.large"}}, {}),
    "gcp": ({**on_cloud("prod-gcp"), "postgres": {"mode": "managed", "tier": "db-custom-2-8192"}}, {}),
    "azure": ({**on_cloud("prod-azure"), "postgres": {"mode": "managed", "sku": "Standard_D2ds_v5"}}, {}),
}


def deployed(mode: str = "cluster", *, cluster: Mapping[str, Any] | None = None, **pooler: Any) -> Deployment:
    own, secrets = MODES[mode]
    postgres = {**own.get("postgres", {}), "pooler": {**TOLD, **pooler}}
    return run_program(
        {**SMALLEST, **own, "postgres": postgres, "cluster": {"context": "test", **(cluster or {})}}, secrets
    )


def files(found: Deployment) -> dict[str, str]:
    return found.one(SECRET, POOLER).inputs["stringData"]


def spec(found: Deployment) -> dict[str, Any]:
    return found.one(DEPLOYMENT, POOLER).inputs["spec"]


@pytest.mark.parametrize(("mode", "tls"), [("cluster", "disable"), *((mode, "require") for mode in list(MODES)[1:])])
def test_it_stands_in_front_of_postgres_wherever_that_is(mode: str, tls: str) -> None:
    found = deployed(mode)
    lines = files(found)["pgbouncer.ini"].splitlines()
    assert f"server_tls_sslmode = {tls}" in lines
    assert "pool_mode = transaction" in lines
    assert {"default_pool_size = 20", "max_db_connections = 20", "max_client_conn = 500"} <= set(lines)
    url = found.one(SECRET, "noxus/noxus-app-env").inputs["stringData"]["POSTGRESQL_URL"]
    assert url == "noxus:generated-postgres-pooler-password@postgres-pooler.noxus-data.svc:6432"
    assert "pooler" not in found.outputs["dataServices"]["postgres"], "an operator asks the server itself"


def test_its_passwords_are_secrets_and_the_owners_reaches_no_workload() -> None:
    found = deployed("external", exporterImage=EXPORTER)
    assert found.one(SECRET, POOLER).secret("stringData")
    assert "password='plaintext-postgresPassword'" in files(found)["pgbouncer.ini"]
    env = found.one(SECRET, "noxus/noxus-app-env").inputs["stringData"]
    assert "plaintext-postgresPassword" not in str(env)
    for resource in found.resources:
        shown = {key: value for key, value in resource.inputs.items() if not resource.secret(key)}
        assert "postgresPassword" not in str(shown)
        assert "generated-postgres-pooler" not in str(shown)


def test_a_password_cannot_write_a_line_of_its_file() -> None:
    own, secrets = MODES["external"]
    raw = {**SMALLEST, "postgres": {**own["postgres"], "pooler": TOLD}}
    found = run_program(raw, {**secrets, "postgresPassword": "it's"})
    assert "user='noxus' password='it''s'\n" in files(found)["pgbouncer.ini"]
    with pytest.raises(ValueError, match="no way to write a line break"):
        quoted("x'\nadmin_users = noxus")


def test_its_pods_are_replaced_when_a_password_changes_and_only_then() -> None:
    own, secrets = MODES["external"]
    raw = {**SMALLEST, "postgres": {**own["postgres"], "pooler": TOLD}}
    first, same, rotated = (
        spec(run_program({**raw, "env": {"A": text}}, {**secrets, "postgresPassword": password}))
        for text, password in (("1", "x"), ("2", "x"), ("1", "y"))
    )
    assert first["template"] == same["template"] != rotated["template"]


def test_one_pod_at_a_time_goes_and_the_next_when_its_last_transaction_had_its_time() -> None:
    found = spec(deployed(replicaCount=4, connections=10))
    pod = found["template"]["spec"]
    assert found["replicas"] == 4
    assert found["strategy"] == {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    assert found["minReadySeconds"] >= pod["terminationGracePeriodSeconds"]
    (container,) = pod["containers"]
    (_, _, leave) = container["lifecycle"]["preStop"]["exec"]["command"]
    assert "kill -INT 1" in leave, "SIGTERM would wait for the clients, and a second one cuts them"
    budget = deployed().one("kubernetes:policy/v1:PodDisruptionBudget", POOLER).inputs["spec"]
    assert budget["maxUnavailable"] == 1


def test_its_pods_are_spread_need_no_right_and_read_their_files_only() -> None:
    pod = spec(deployed())["template"]["spec"]
    keys = [constraint["topologyKey"] for constraint in pod["topologySpreadConstraints"]]
    assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["volumeMounts"] == [{"name": "files", "mountPath": FOLDER, "readOnly": True}]
    assert pod["volumes"] == [{"name": "files", "secret": {"secretName": "postgres-pooler"}}]


def test_it_starts_after_the_set_up_and_the_platform_after_it() -> None:
    found = deployed()
    pooler, setup = found.one(DEPLOYMENT, POOLER), found.one("kubernetes:batch/v1:Job", "noxus-data/postgres-setup")
    assert setup.urn in found.awaited_by(pooler)
    assert pooler.urn in found.awaited_by(found.one(DEPLOYMENT, "noxus/noxus-backend"))


def test_without_an_exporter_nothing_is_scraped_and_nobody_may_come_for_it() -> None:
    found = deployed()
    assert "console" not in files(found)
    assert list(spec(found)["template"]["metadata"]["annotations"]) == ["noxus.ai/env-checksum"]
    assert "pooler-from-monitoring" not in {manifest["metadata"]["name"] for _, manifest in found.objects}


def test_an_exporter_asks_its_own_pods_console_and_is_scraped() -> None:
    found = deployed(exporterImage=EXPORTER)
    url = "postgres://noxus:generated-postgres-pooler-password@127.0.0.1:6432/pgbouncer?sslmode=disable"
    assert files(found)["console"] == url
    template = spec(found)["template"]
    assert template["metadata"]["annotations"]["prometheus.io/port"] == "9127"
    exporter = template["spec"]["containers"][1]
    assert (exporter["image"], exporter["ports"][0]["containerPort"]) == (EXPORTER, 9127)
    (variable,) = exporter["env"]
    assert variable["valueFrom"]["secretKeyRef"] == {"name": "postgres-pooler", "key": "console"}


def test_prometheus_operator_finds_it_by_a_pod_monitor() -> None:
    found = deployed(exporterImage=EXPORTER, cluster={"scraping": "podMonitors"})
    assert "prometheus.io/port" not in spec(found)["template"]["metadata"]["annotations"]
    monitor = found.one("kubernetes:monitoring.coreos.com/v1:PodMonitor", POOLER).inputs["spec"]
    assert monitor["selector"]["matchLabels"].items() <= spec(found)["template"]["metadata"]["labels"].items()
    (port,) = monitor["podMetricsEndpoints"]
    assert port["port"] == spec(found)["template"]["spec"]["containers"][1]["ports"][0]["name"]
