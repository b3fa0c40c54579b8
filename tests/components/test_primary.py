"""What only the primary release has: relays, scheduler, migrations, and hosts for people and webhooks."""

from typing import Any

import pytest

from config import ConfigError
from tests.harness import Deployment
from tests.programs import SMALLEST, run_program, settings, with_pool

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
JOB = "kubernetes:batch/v1:Job"
MIGRATE: dict[str, Any] = {"enabled": True, "command": ["noxus", "migrate"]}
NGINX = "nginx.ingress.kubernetes.io"


def primary(**fields: object) -> Deployment:
    """The smallest stack with a worker release, and these settings of the primary one."""
    return run_program({**with_pool(), "primary": {"namespace": "noxus", **fields}})


def refusal(**fields: object) -> str:
    with pytest.raises(ConfigError) as error:
        settings({**SMALLEST, "primary": {"namespace": "noxus", **fields}})
    (problem,) = error.value.problems
    return str(problem)


def test_without_settings_there_is_none_of_it() -> None:
    inventory = " ".join(primary().inventory)
    assert not [word for word in ("relays", "scheduler", "migrations", "Ingress") if word in inventory]


def test_relays_are_a_web_service_of_their_own_image() -> None:
    image = "registry.example.com/noxus/relays:2026.11.0"
    deployed = primary(relays={"enabled": True, "image": image, "replicaCount": 3})
    spec = deployed.one(DEPLOYMENT, "noxus/noxus-relays").inputs["spec"]
    assert (spec["replicas"], spec["template"]["spec"]["containers"][0]["image"]) == (3, image)
    assert deployed.one("kubernetes:core/v1:Service", "noxus/noxus-relays").inputs["spec"]["ports"][0]["port"] == 8080
    assert deployed.outputs["urls"]["relays"] == "http://noxus-relays.noxus.svc:8080"


def test_the_scheduler_is_one_pod_that_stops_before_its_successor_starts() -> None:
    deployed = primary(scheduler={"enabled": True, "command": ["celery", "beat"]})
    spec = deployed.one(DEPLOYMENT, "scheduler").inputs["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    (container,) = spec["template"]["spec"]["containers"]
    assert (container["image"], container["command"]) == (SMALLEST["images"]["worker"], ["celery", "beat"])
    assert not container.keys() & {"ports", "livenessProbe", "readinessProbe", "startupProbe"}, "nobody calls it"
    assert not any("prometheus" in key for key in spec["template"]["metadata"]["annotations"])
    assert "kubernetes:core/v1:Service noxus/noxus-scheduler" not in deployed.inventory


def test_a_frozen_scheduler_is_started_again_if_the_stack_file_says_how_to_ask_it() -> None:
    scheduler = {"enabled": True, "command": ["celery", "beat"], "livenessCommand": ["noxus", "alive"]}
    spec = primary(scheduler=scheduler).one(DEPLOYMENT, "scheduler").inputs["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    for probe in ("livenessProbe", "startupProbe"):
        assert container[probe]["exec"] == {"command": ["noxus", "alive"]}
        assert container[probe]["terminationGracePeriodSeconds"] == 30
    assert container["livenessProbe"]["timeoutSeconds"] == 10, "a command is no request: one second is too short"
    start = container["startupProbe"]
    assert start["failureThreshold"] * start["periodSeconds"] == 300, "a slow start is not a frozen scheduler"
    assert start["timeoutSeconds"] == 10, "or a slow command would never pass it"
    assert "readinessProbe" not in container, "nobody calls it"


@pytest.mark.parametrize(
    ("changes", "pause", "grace"), [({}, 10, 310), ({"preStopSeconds": 25, "streamSeconds": 900}, 25, 925)]
)
def test_a_rollout_gives_open_streams_time_to_end_and_load_balancers_time_to_learn_of_it(
    changes: dict[str, Any], pause: int, grace: int
) -> None:
    relays = {"enabled": True, "command": ["relays"], **changes}
    deployed = primary(relays=relays, backend=changes, frontend=changes)
    for role in ("backend", "frontend", "relays"):
        deployment = deployed.one(DEPLOYMENT, f"noxus/noxus-{role}")
        spec = deployment.inputs["spec"]["template"]["spec"]
        assert spec["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": pause}}}
        assert spec["terminationGracePeriodSeconds"] == grace
        assert deployment.delete_timeout == f"{grace + 600}s"


def test_a_service_without_a_pause_has_no_hook_that_the_api_server_could_refuse() -> None:
    spec = (
        primary(backend={"preStopSeconds": 0}).one(DEPLOYMENT, "noxus/noxus-backend").inputs["spec"]["template"]["spec"]
    )
    assert "lifecycle" not in spec["containers"][0]


def test_every_workload_of_every_release_starts_after_the_migrations() -> None:
    deployed = primary(migrations=MIGRATE, relays={"enabled": True, "command": ["relays"]})
    (migrations,) = [job for job in deployed.all(JOB) if "migrations" in job.name]
    workloads = deployed.all(DEPLOYMENT)
    assert {"noxus-acme/acme-flow", "noxus/noxus-backend", "noxus/noxus-relays"} <= {w.name for w in workloads}
    assert [w.name for w in workloads if migrations.urn not in deployed.awaited_by(w)] == []


def test_migrations_run_after_the_database_was_set_up() -> None:
    deployed = primary(migrations=MIGRATE)
    (migrations,) = [job for job in deployed.all(JOB) if "migrations" in job.name]
    assert deployed.one(JOB, "noxus-data/postgres-setup").urn in deployed.awaited_by(migrations)


def test_a_migration_runs_once_and_leaves_the_last_lines_of_its_log() -> None:
    deployed = primary(migrations={**MIGRATE, "timeoutSeconds": 120})
    (job,) = [job.inputs for job in deployed.all(JOB) if "migrations" in job.name]
    assert (job["spec"]["backoffLimit"], job["spec"]["activeDeadlineSeconds"]) == (0, 120)
    assert job["metadata"]["annotations"] == {"pulumi.com/replaceUnready": "true"}
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert (pod["restartPolicy"], container["terminationMessagePolicy"]) == ("Never", "FallbackToLogsOnError")
    assert container["envFrom"] == [{"secretRef": {"name": "noxus-app-env"}}]


def test_another_image_command_or_revision_is_another_job_and_nothing_else_is() -> None:
    def job(**changes: object) -> str:
        deployed = primary(migrations={**MIGRATE, **changes})
        return next(job.name for job in deployed.all(JOB) if "migrations" in job.name)

    others = [job(image="registry.example.com/m:2"), job(command=["other"]), job(revision="again")]
    assert len({job(), *others}) == 4
    assert job(timeoutSeconds=99) == job()


def test_each_service_has_its_host_and_two_follow_from_the_first() -> None:
    deployed = primary(
        hosts={"frontend": "app.example.com", "relays": "hooks.example.com"},
        relays={"enabled": True, "command": ["relays"]},
        tls={"secretName": "noxus-tls"},
        ingress={"className": "private", "classNames": {"relays": "public"}},
    )
    rules = {
        i.inputs["metadata"]["name"]: (i.inputs["spec"]["rules"][0]["host"], i.inputs["spec"]["ingressClassName"])
        for i in deployed.all(INGRESS)
    }
    assert rules == {
        "noxus-frontend": ("app.example.com", "private"),
        "noxus-backend": ("api.app.example.com", "private"),
        "noxus-relays": ("hooks.example.com", "public"),
    }
    tls = deployed.one(INGRESS, "ingress-backend").inputs["spec"]["tls"]
    assert tls == [{"hosts": ["api.app.example.com"], "secretName": "noxus-tls"}]
    assert deployed.outputs["urls"]["relays"] == "https://hooks.example.com"


def test_streams_are_not_buffered_and_may_be_silent_for_an_hour() -> None:
    deployed = primary(hosts={"frontend": "app.example.com"}, tls={"clusterIssuer": "letsencrypt"})
    ingress = deployed.one(INGRESS, "ingress-backend").inputs
    assert ingress["metadata"]["annotations"] == {
        "cert-manager.io/cluster-issuer": "letsencrypt",
        f"{NGINX}/proxy-body-size": "100m",
        f"{NGINX}/proxy-buffering": "off",
        f"{NGINX}/proxy-read-timeout": "3600",
        f"{NGINX}/proxy-send-timeout": "3600",
    }
    assert ingress["spec"]["tls"][0]["secretName"] == "noxus-backend-tls"
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]
    assert backend == {"service": {"name": "noxus-backend", "port": {"name": "http"}}}


def test_another_controller_is_told_only_what_the_stack_file_says() -> None:
    deployed = primary(
        hosts={"frontend": "app.example.com"},
        ingress={"controller": "other", "annotations": {"example.com/buffering": "off"}, "waitForAddress": False},
    )
    annotations = deployed.one(INGRESS, "ingress-frontend").inputs["metadata"]["annotations"]
    assert annotations == {"example.com/buffering": "off", "pulumi.com/skipAwait": "true"}


def test_public_addresses_can_be_referred_to() -> None:
    deployed = run_program(
        {
            **SMALLEST,
            "env": {"API": "${backend.publicUrl}/v1"},
            "primary": {"namespace": "noxus", "hosts": {"frontend": "app.example.com"}, "tls": {"secretName": "t"}},
        }
    )
    env = deployed.one("kubernetes:core/v1:Secret", "noxus/noxus-app-env").inputs["stringData"]
    assert env["API"] == "https://api.app.example.com/v1"


def test_what_nobody_publishes_must_be_said() -> None:
    assert refusal(scheduler={"enabled": True}) == (
        "primary.scheduler: needs a command when enabled: none is published, and a pool's image runs a worker"
    )
    assert refusal(migrations={"enabled": True}) == (
        "primary.migrations: needs a command when enabled: none is published; migrations stay off without one"
    )
    assert refusal(relays={"enabled": True}) == (
        "primary.relays: needs an image or a command: with neither, the relays would be a second backend"
    )


def test_contradictions_are_refused() -> None:
    assert refusal(scheduler={"enabled": True, "embedded": True, "command": ["beat"]}) == (
        "primary.scheduler: takes enabled or embedded, not both: two schedulers start every periodic task twice"
    )
    assert refusal(tls={}) == (
        "primary.tls: takes one of secretName, clusterIssuer and external: true, such as clusterIssuer: letsencrypt"
    )
    assert refusal(hosts={"frontend": "a.example.com", "backend": "a.example.com"}) == (
        "primary.hosts: must give each service a host of its own, and a.example.com is given twice"
    )
    assert refusal(hosts={"frontend": "App.example.com"}) == (
        "primary.hosts.frontend: must be a host name in lower-case letters, such as app.example.com "
        "(got 'App.example.com')"
    )


def test_a_service_is_awaited_only_once_its_pods_may_be_ready() -> None:
    deployed = primary(relays={"enabled": True, "command": ["relays"]})
    for role in ("backend", "frontend", "relays"):
        service = deployed.one("kubernetes:core/v1:Service", f"noxus/noxus-{role}")
        assert deployed.one(DEPLOYMENT, f"noxus/noxus-{role}").urn in service.dependencies
