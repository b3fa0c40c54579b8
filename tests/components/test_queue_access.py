"""The Job that lets KEDA count, as it is declared; what it does is tested on a real Postgres."""

from typing import Any

import pytest

from tests.fleets import QUEUE, keda, stack
from tests.harness import Deployment
from tests.programs import EXTERNAL_SERVICES, LOGINS, run_program

JOB = "kubernetes:batch/v1:Job"
NAME = "noxus-data/postgres-queue"
FLEET = [{"workerSubscribe": "all", "autoscaling": keda()}]


def deployed(fleet: list[dict[str, Any]] = FLEET, *, image: str = "2026.11.0", **changes: object) -> Deployment:
    raw = stack(fleet, **changes)
    migrations = {"enabled": True, "command": ["migrate"], "image": f"registry.example.com/noxus/backend:{image}"}
    return run_program({**raw, "primary": {**raw["primary"], "migrations": migrations}})


def variables(found: Deployment, job: str = NAME) -> dict[str, str]:
    (container,) = found.one(JOB, job).inputs["spec"]["template"]["spec"]["containers"]
    return {item["name"]: item.get("value", "") for item in container["env"]}


def test_it_runs_after_set_up_and_migrations_and_again_after_other_migrations() -> None:
    first, second = deployed(), deployed(image="2026.12.0")
    (migrations,) = [job for job in first.all(JOB) if "migrations" in job.name]
    assert migrations.urn in first.one(JOB, NAME).dependencies
    assert first.one(JOB, "noxus-data/postgres-setup").urn in first.one(JOB, NAME).dependencies
    before, after = (found.one(JOB, NAME).inputs["spec"]["template"]["metadata"] for found in (first, second))
    assert before["annotations"] != after["annotations"]


def test_no_workload_waits_for_it() -> None:
    found = deployed()
    job = found.one(JOB, NAME).urn
    assert [resource.name for resource in found.resources if job in resource.dependencies] == []


def test_its_pods_take_the_way_to_postgres_that_is_open() -> None:
    found = deployed()
    labels = found.one(JOB, NAME).inputs["spec"]["template"]["metadata"]["labels"]
    for policy in ("setup-to-postgres", "postgres-from-setup"):
        spec = found.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", f"noxus-data/{policy}").inputs["spec"]
        selectors = [
            spec["podSelector"],
            *(peer["podSelector"] for rule in spec.get("ingress", []) for peer in rule["from"]),
        ]
        assert any(selector["matchLabels"].items() <= labels.items() for selector in selectors), policy


def test_it_holds_no_password_and_quotes_every_name() -> None:
    queue = {**QUEUE, "table": 'public."Runs $(HOME)"', "countedStatuses": ["it's $$"]}
    found = deployed(scaling={"queue": queue})
    assert variables(found)["QUEUE_TABLE"] == '"public"."Runs $$(HOME)"', "the kubelet makes one sign of two"
    assert "'it''s $$$$'" in variables(found)["INDEX"]
    (container,) = found.one(JOB, NAME).inputs["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "postgres-setup"}}]
    assert "generated-" not in str(container)


@pytest.mark.parametrize(("scaler", "only"), [(keda(), True), (keda(query="SELECT count(*) FROM elsewhere"), False)])
def test_kedas_role_reads_every_table_only_if_a_query_is_written(scaler: dict[str, Any], *, only: bool) -> None:
    found = deployed([*FLEET, {"autoscaling": scaler}])
    assert ("REVOKE SELECT ON ALL TABLES" in variables(found)["RIGHTS"]) is only
    assert variables(found, "noxus-data/postgres-setup")["SCALER_READS_ALL"] == ("false" if only else "true")


def test_the_index_can_be_left_to_others() -> None:
    assert "CREATE INDEX CONCURRENTLY" in variables(deployed())["INDEX"]
    assert variables(deployed(scaling={"queue": {**QUEUE, "createIndex": False}}))["INDEX"] == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"fleet": [{"workerSubscribe": "all"}]},
        {"scaling": {"query": "SELECT 1"}},
    ],
)
def test_there_is_none_where_nobody_counts_or_nothing_is_described(changes: dict[str, Any]) -> None:
    assert NAME not in {job.name for job in deployed(**changes).all(JOB)}


def test_somebody_else_sees_to_a_database_that_somebody_else_sets_up() -> None:
    postgres = {key: value for key, value in EXTERNAL_SERVICES["postgres"].items() if key != "admin"}
    found = run_program(stack(FLEET, postgres=postgres), dict(LOGINS))
    assert [job.name for job in found.all(JOB)] == []
