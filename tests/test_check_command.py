"""`tools.check`, and the environment that it explains."""

import json
from pathlib import Path

import pytest
import yaml

from checks.effective_environment import effective_environment
from components.secrets.app_env import credentials, platform_env
from config.names import PLATFORM_VARIABLES
from config.redis_access import RedisAccess
from config.sections import ArchiveSettings
from tests.harness import deploy
from tests.programs import ROOT, run_program, settings, stack_file, with_pool
from tools import check


def test_the_last_source_of_a_variable_is_the_one_that_wins() -> None:
    raw = with_pool(envSecretRef="keys", env={"LOG_LEVEL": "debug"})
    raw |= {"env": {"LOG_LEVEL": "info", "ONLY": "here"}, "secretEnv": {"API_KEY": "shared"}}
    raw["workers"]["acme"] |= {"secrets": {"keys": {"API_KEY": "own"}, "others": {"ONLY": "own"}}}
    found = effective_environment(settings(raw, "shared", "own"))["workers.acme.pools.flow"]
    assert found["LOG_LEVEL"] == ["env", "the pool's env"]
    assert found["API_KEY"] == ["secretEnv", "workers.acme.secrets.keys"]
    assert found["ONLY"] == ["env"], "a Secret that the pool does not use is no source"
    assert found["WORKER_SUBSCRIBE"] == ["the pool's routing"]
    assert found["REDIS_URL"] == ["the platform"]


def test_the_sources_are_those_that_the_pods_really_have() -> None:
    plain, secrets = stack_file(ROOT / "Pulumi.dev.yaml")

    deployed = run_program(plain, secrets)
    pod = deployed.one("kubernetes:apps/v1:Deployment", "noxus-acme/acme-flow").inputs["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    names = {item["name"] for item in container["env"]}
    for source in container["envFrom"]:
        secret = deployed.one("kubernetes:core/v1:Secret", f"noxus-acme/{source['secretRef']['name']}")
        names |= set(secret.inputs["stringData"])
    assert names == set(effective_environment(settings(plain, *secrets))["workers.acme.pools.flow"])


def test_the_platforms_variables_are_those_of_the_code() -> None:
    import pulumi

    from components.kubernetes.endpoints import (
        BucketEndpoint,
        DataServices,
        PodTarget,
        PostgresAddress,
        PostgresEndpoint,
        RedisEndpoint,
    )
    from components.kubernetes.namespace_ref import NamespaceRef

    def program() -> None:
        secret = pulumi.Output.secret("x")
        target = PodTarget(namespace=NamespaceRef(name="n", created=secret), pod_labels={}, port=1)
        postgres = PostgresEndpoint(
            direct=PostgresAddress(host="h", port=1, ssl_mode="disable", target=target),
            database="d",
            user="u",
            password=secret,
            scaler_user="s",
            scaler_password=secret,
        )
        redis = RedisEndpoint(host="h", access=RedisAccess(), user="u", password=secret, target=target)
        bucket = BucketEndpoint(
            name="b", url="u", region="r", access_key_id=secret, secret_access_key=secret, target=target
        )
        services = DataServices(postgres=postgres, redis=redis, bucket=bucket, ready=(), proxy={}, proxy_login={})
        found = credentials(services) | platform_env(services, ArchiveSettings())
        assert found.keys() == set(PLATFORM_VARIABLES)

    deploy(program)


def test_the_command_says_findings_and_sources(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert check.main(["--stack", "dev", "--env"]) == 0
    text = capsys.readouterr().out
    assert (
        "note     workers.acme.pools.flow: OPENAI_API_KEY comes from workers.acme.secrets.acme-llm-keys, over secretEnv"
    ) in text.splitlines()
    assert "  OPENAI_API_KEY               secretEnv < workers.acme.secrets.acme-llm-keys" in text.splitlines()
    assert check.main(["--stack", "dev", "--env", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["environment"]["primary.pools.kb"]["LOG_LEVEL"] == ["env"]
    assert {finding["severity"] for finding in report["findings"]} == {"note"}


def test_errors_are_the_commands_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    raw = {**with_pool(), "archive": {"mode": "async"}}
    document = {"config": {f"noxus:{key}": value for key, value in raw.items()}}
    (tmp_path / "Pulumi.wrong.yaml").write_text(yaml.safe_dump(document))
    monkeypatch.chdir(tmp_path)
    assert check.main(["--stack", "wrong"]) == 1
    assert "error    archive.mode: is async, and nothing starts the sweep" in capsys.readouterr().out
    assert check.main(["--stack", "absent"]) == 2
    assert "Pulumi.absent.yaml is not valid" in capsys.readouterr().err
