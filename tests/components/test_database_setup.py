"""The Job that sets the database up, as it is declared; what it does is tested on a real Postgres."""

import pytest

from components.data.database_setup import scaler_limits
from tests.programs import SMALLEST, run_program

JOB = "kubernetes:batch/v1:Job"


def test_it_runs_after_the_server_and_before_every_workload() -> None:
    deployed = run_program(SMALLEST)
    setup = deployed.one(JOB, "noxus-data/postgres-setup")
    assert deployed.one("kubernetes:apps/v1:StatefulSet", "noxus-data/postgres").urn in setup.dependencies
    for workload in deployed.all("kubernetes:apps/v1:Deployment"):
        assert setup.urn in deployed.awaited_by(workload)


def test_its_passwords_are_in_a_secret_and_a_change_of_them_runs_it_again() -> None:
    deployed = run_program(SMALLEST)
    secret = deployed.one("kubernetes:core/v1:Secret", "noxus-data/postgres-setup")
    assert secret.secret("stringData")
    assert set(secret.inputs["stringData"]) == {"PGPASSWORD", "OWNER_PASSWORD", "SCALER_PASSWORD"}
    template = deployed.one(JOB, "noxus-data/postgres-setup").inputs["spec"]["template"]
    assert len(template["metadata"]["annotations"]["noxus.ai/env-checksum"]) == 64
    (container,) = template["spec"]["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "postgres-setup"}}]
    assert "PASSWORD" not in {variable["name"] for variable in container["env"]}


def test_the_running_server_knows_its_own_password_only() -> None:
    secret = run_program(SMALLEST).one("kubernetes:core/v1:Secret", "noxus-data/postgres").inputs["stringData"]
    assert set(secret) == {"POSTGRES_PASSWORD"}


@pytest.mark.parametrize(("triggers", "connections"), [(0, "20"), (5, "20"), (6, "24"), (100, "400")])
def test_kedas_role_may_open_what_two_operators_keep(triggers: int, connections: str) -> None:
    assert scaler_limits(triggers) == {"SCALER_CONNECTIONS": connections, "SCALER_STATEMENT_TIMEOUT": "5s"}


def test_the_set_up_counts_the_pools_of_every_release() -> None:
    pools = {
        f"p{number}": {"autoscaling": {"type": "keda", "maxReplicas": 1, "query": "SELECT 1", "targetQueryValue": 2}}
        for number in range(6)
    }
    raw = {
        **SMALLEST,
        "primary": {"namespace": "noxus", "pools": pools},
        "workers": {"acme": {"namespace": "noxus-acme", "pools": {**pools, "static": {}}}},
    }
    job = run_program(raw).one(JOB, "noxus-data/postgres-setup")
    (container,) = job.inputs["spec"]["template"]["spec"]["containers"]
    assert {"name": "SCALER_CONNECTIONS", "value": "48"} in container["env"]
