"""How pods reach a Redis that is not where every client looks by itself: port, TLS, authority and user."""

from typing import Any

import pytest

from checks import findings
from config import ConfigError
from tests.programs import EXTERNAL_SERVICES, LOGINS, PEM, SMALLEST, run_program, settings
from tests.reachability import reaches

PRIVATE: dict[str, Any] = {**EXTERNAL_SERVICES["redis"], "port": 6378, "tls": True, "ca": PEM, "user": "noxus"}
TOLD = {"A": "${redis.port}", "B": "${redis.scheme}://x", "C": "${redis.caFile}", "D": "${redis.tls}"}
STACK: dict[str, Any] = {
    **SMALLEST,
    "redis": PRIVATE,
    "env": TOLD,
    "workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": {}}}},
}


def warnings(raw: dict[str, Any]) -> list[str]:
    return [f.message for f in findings(settings(raw, *LOGINS)) if f.severity == "warning" and "Redis" in f.message]


def test_every_pod_that_talks_to_redis_has_the_file_that_the_reference_names() -> None:
    deployed = run_program(STACK, LOGINS)
    for namespace, release in (("noxus", "noxus"), ("noxus-acme", "acme")):
        config_map = deployed.one("kubernetes:core/v1:ConfigMap", f"{namespace}/{release}-redis-ca")
        assert config_map.inputs["data"] == {"ca.crt": PEM}
        env = deployed.one("kubernetes:core/v1:Secret", f"{namespace}/{release}-app-env").inputs["stringData"]
        assert (env["A"], env["B"], env["C"], env["D"]) == ("6378", "rediss://x", "/etc/noxus/redis/ca.crt", "true")
        assert env["REDIS_USER"] == "noxus"
        for deployment in deployed.all("kubernetes:apps/v1:Deployment"):
            if not deployment.name.startswith(f"{namespace}/{release}"):
                continue
            pod = deployment.inputs["spec"]["template"]["spec"]
            (volume,), (mount,) = pod["volumes"], pod["containers"][0]["volumeMounts"]
            assert volume["configMap"]["name"] == f"{release}-redis-ca"
            assert f"{mount['mountPath']}/ca.crt" == env["C"]
            assert (mount["name"], mount["readOnly"]) == (volume["name"], True)


def test_policies_let_pods_reach_the_port_that_is_written_and_not_redis_own() -> None:
    deployed = run_program(STACK, LOGINS)
    assert reaches(deployed, "acme-flow", "10.30.1.7", 6378)
    assert not reaches(deployed, "acme-flow", "10.30.1.7", 6379)


def test_what_the_platform_is_not_told_is_warned_of_with_the_reference_that_tells_it() -> None:
    assert warnings(STACK) == []
    assert warnings({**STACK, "env": {"A": TOLD["A"], "B": TOLD["B"]}}) == [
        "says nothing about the authority of Redis' certificate, and the platform is told the host of Redis alone; "
        'write { <variable>: "${redis.caFile}" } with the variable that the platform reads, whose name is not published'
    ]
    assert len(warnings({**STACK, "env": {}})) == 3
    assert warnings({**STACK, "env": {}, "redis": EXTERNAL_SERVICES["redis"]}) == []


def test_a_file_that_no_pod_has_cannot_be_referred_to() -> None:
    raw = {**STACK, "redis": {**EXTERNAL_SERVICES["redis"], "tls": True}}
    (error,) = [f for f in findings(settings(raw, *LOGINS)) if f.severity == "error"]
    assert error.path == "env.C"
    assert "clients know it already" in error.message


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"tls": False}, "redis: has ca, which only TLS needs"),
        ({"ca": "ca.crt"}, "redis.ca: must match"),
        ({"port": 0}, "redis.port: must be at least 1"),
    ],
)
def test_what_contradicts_itself_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        settings({**STACK, "redis": {**PRIVATE, **change}}, *LOGINS)


def test_a_bucket_without_keys_is_used_with_the_identity_of_each_release() -> None:
    storage = {key: value for key, value in EXTERNAL_SERVICES["storage"].items() if "ccessKey" not in key}
    deployed = run_program({**SMALLEST, "storage": storage})
    env = deployed.one("kubernetes:core/v1:Secret", "noxus/noxus-app-env").inputs["stringData"]
    assert not any(name.startswith("S3_") for name in env)
    with pytest.raises(ConfigError, match="takes accessKeyId and secretAccessKey together"):
        settings({**SMALLEST, "storage": {**storage, "accessKeyId": "bucketKeyId"}}, "bucketKeyId")
