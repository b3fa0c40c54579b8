"""Secrets that External Secrets writes: who reads which entry, and which pods a changed value rolls."""

import base64
import json
import re
from typing import Any

import pulumi
import pytest

from components.permanence import MARKS_OUTPUT
from components.secrets.external_secret import literal
from config.secrets import SecretsSettings
from config.store import Reader
from tests.harness import Deployment
from tests.programs import IDENTITY, TENANT, VAULT, run_program
from tests.programs import external_secrets_stack as stack

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
EXTERNAL = "kubernetes:external-secrets.io/v1:ExternalSecret"
STORE = "kubernetes:external-secrets.io/v1:SecretStore"
SECRET = "kubernetes:core/v1:Secret"


def templates(deployed: Deployment) -> dict[str, Any]:
    """The pod template of every Deployment: what rolls its pods when it changes."""
    return {r.name: r.inputs["spec"]["template"] for r in deployed.all(DEPLOYMENT)}


def rolled(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    found, changed = templates(run_program(before)), templates(run_program(after))
    return {name for name in found if found[name] != changed[name]}


def pod(deployed: Deployment, name: str) -> dict[str, Any]:
    return deployed.one(DEPLOYMENT, name).inputs["spec"]["template"]["spec"]


def container(deployed: Deployment, name: str) -> dict[str, Any]:
    return pod(deployed, name)["containers"][0]


def test_each_release_reads_its_own_entry_under_its_own_account() -> None:
    deployed = run_program(stack())
    assert [r.name for r in deployed.all(STORE)] == ["noxus-acme/acme", "noxus/noxus"]
    login = deployed.one(STORE, "noxus-acme/acme").inputs["spec"]["provider"]["vault"]["auth"]["kubernetes"]
    assert login == {"mountPath": "kubernetes", "role": "acme", "serviceAccountRef": {"name": "acme"}}
    entries = {
        (r.name, item["secretKey"]): item["remoteRef"]
        for r in deployed.all(EXTERNAL)
        for item in r.inputs["spec"]["data"]
        if not r.name.endswith("/internal")
    }
    assert entries == {
        ("noxus/noxus-app-env", "OPENAI_API_KEY"): {"key": "noxus-noxus", "property": "openaiApiKey"},
        ("noxus-acme/acme-app-env", "OPENAI_API_KEY"): {"key": "noxus-acme", "property": "openaiApiKey"},
        ("noxus-acme/acme-keys", "OPENAI_API_KEY"): {"key": "noxus-acme", "property": "acmeKey"},
    }


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        (
            {"type": "awsSecretsManager", "region": "eu-west-1"},
            {
                "aws": {
                    "service": "SecretsManager",
                    "region": "eu-west-1",
                    "auth": {"jwt": {"serviceAccountRef": {"name": "acme"}}},
                }
            },
        ),
        (
            {"type": "gcpSecretManager", "projectId": "p", "clusterLocation": "l", "clusterName": "c"},
            {
                "gcpsm": {
                    "projectID": "p",
                    "auth": {
                        "workloadIdentity": {
                            "clusterProjectID": "p",
                            "clusterLocation": "l",
                            "clusterName": "c",
                            "serviceAccountRef": {"name": "acme"},
                        }
                    },
                }
            },
        ),
        (
            {"type": "azureKeyVault", "vaultUrl": "https://x.vault.azure.net", "tenantId": TENANT},
            {
                "azurekv": {
                    "vaultUrl": "https://x.vault.azure.net",
                    "authType": "WorkloadIdentity",
                    "tenantId": TENANT,
                    "environmentType": "PublicCloud",
                    "serviceAccountRef": {"name": "acme"},
                }
            },
        ),
        (
            {**VAULT, "role": "reader", "caConfigMap": "vault-ca"},
            {
                "vault": {
                    "server": "https://vault.example.com:8200",
                    "path": "secret",
                    "version": "v2",
                    "auth": {
                        "kubernetes": {
                            "mountPath": "kubernetes",
                            "role": "reader",
                            "serviceAccountRef": {"name": "acme"},
                        }
                    },
                    "caProvider": {"type": "ConfigMap", "name": "vault-ca", "key": "ca.crt"},
                }
            },
        ),
    ],
)
def test_every_store_logs_in_as_the_releases_account(store: dict[str, str], expected: dict[str, Any]) -> None:
    settings = SecretsSettings.model_validate({"backend": "externalSecrets", "store": store})
    assert settings.store is not None
    assert settings.store.provider(Reader("acme", {"serviceAccountRef": {"name": "acme"}})) == expected


def test_a_secret_has_one_writer_and_pulumi_writes_only_what_it_generated() -> None:
    deployed = run_program(stack())
    assert {r.name for r in deployed.all(EXTERNAL)} & {r.name for r in deployed.all(SECRET)} == set()
    own = deployed.one(SECRET, "noxus-acme/acme-credentials")
    assert own.inputs["stringData"].keys() == {
        "POSTGRESQL_URL",
        "VECTOR_POSTGRESQL_URL",
        "REDIS_PASSWORD",
        "S3_ACCESS_KEY_ID",
        "S3_SECRET_ACCESS_KEY",
    }
    order = [item["secretRef"]["name"] for item in container(deployed, "noxus-acme/acme-flow")["envFrom"]]
    assert order == ["acme-credentials", "acme-app-env", "acme-keys"]


def test_plain_settings_pass_through_the_template_as_they_are() -> None:
    target = run_program(stack()).one(EXTERNAL, "noxus/noxus-app-env").inputs["spec"]["target"]
    template = target.pop("template")
    assert target == {"name": "noxus-app-env", "creationPolicy": "Owner", "deletionPolicy": "Retain"}
    assert (template["engineVersion"], template["mergePolicy"]) == ("v2", "Merge"), "without it, the data is dropped"
    assert template["data"]["LOG_LEVEL"] == "info"
    assert template["data"]["PROMPT"] == 'hello {{ "{{" }}name}}'
    assert not {"OPENAI_API_KEY", "POSTGRESQL_URL"} & template["data"].keys()


@pytest.mark.parametrize("text", ["", "plain", "{{", "{{{{", "{ {", "a{{b}}c", "{{{x}}}", "}}{{"])
def test_a_literal_means_its_text_to_the_template_engine(text: str) -> None:
    written = literal(text)
    assert re.sub(r'\{\{ "\{\{" \}\}', "\0", written).count("{{") == 0
    assert written.replace('{{ "{{" }}', "{{") == text


def test_a_release_overrides_a_key_of_the_store_with_a_plain_value() -> None:
    raw = stack()
    raw["workers"]["acme"]["env"] = {"OPENAI_API_KEY": "none"}
    spec = (
        run_program({**raw, "secretEnv": {**raw["secretEnv"], "OTHER": "other"}})
        .one(EXTERNAL, "noxus-acme/acme-app-env")
        .inputs["spec"]
    )
    assert [item["secretKey"] for item in spec["data"]] == ["OTHER"]
    assert spec["target"]["template"]["data"]["OPENAI_API_KEY"] == "none"


def test_a_pod_cannot_start_before_its_secrets_are_written() -> None:
    deployed = run_program(stack())
    env = {item["name"]: item.get("valueFrom") for item in container(deployed, "noxus-acme/acme-flow")["env"]}
    for variable, name in (("NOXUS_APP_ENV_WRITTEN", "acme-app-env"), ("NOXUS_LAYER_WRITTEN", "acme-keys")):
        reference = env[variable]["secretKeyRef"]
        assert reference["name"] == name
        (mark,) = deployed.one(EXTERNAL, f"noxus-acme/{name}").inputs["spec"]["target"]["template"]["templateFrom"]
        assert mark == {"target": "Data", "literal": f"{reference['key']}: synced"}
    writers = {deployed.one(EXTERNAL, f"noxus-acme/{name}").urn for name in ("acme-app-env", "acme-keys")}
    assert writers <= set(deployed.one(DEPLOYMENT, "noxus-acme/acme-flow").dependencies)


def test_a_secret_keeps_the_mark_that_pods_of_the_revision_before_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    replicas = ({"replicaCount": number} for number in range(3, 9))  # each time another program

    def deployed_with(marks: list[str]) -> tuple[str, list[str]]:
        outputs = {MARKS_OUTPUT: {"noxus-acme/acme-keys": marks}}
        reading = property(lambda _: pulumi.Output.from_input(outputs), lambda *_: None)
        monkeypatch.setattr(pulumi.StackReference, "outputs", reading, raising=False)
        deployed = run_program(stack(primary={"namespace": "noxus", "identity": IDENTITY, "backend": next(replicas)}))
        external = deployed.one(EXTERNAL, "noxus-acme/acme-keys").inputs["spec"]["target"]["template"]
        (written,) = external["templateFrom"]
        kept = deployed.outputs[MARKS_OUTPUT]["noxus-acme/acme-keys"]
        assert written["literal"] == "\n".join(f"{mark}: synced" for mark in kept)
        return kept[0], kept

    current, first = deployed_with([])
    assert first == [current]
    assert deployed_with(["NOXUS_ENV_A", "NOXUS_ENV_B"])[1] == [current, "NOXUS_ENV_A"]
    assert deployed_with([current, "NOXUS_ENV_A"])[1] == [current, "NOXUS_ENV_A"], "an update without a change"
    assert deployed_with(["NOXUS_ENV_A", current])[1] == [current, "NOXUS_ENV_A"], "a value that is set back"


def test_a_changed_value_rolls_every_pod_that_uses_it_and_no_other() -> None:
    everything = set(templates(run_program(stack())))
    assert rolled(stack(), stack(revisions={"acmeKey": "2"})) == {"noxus-acme/acme-flow"}
    assert rolled(stack(), stack(revisions={"openaiApiKey": "2"})) == everything
    assert rolled(stack(), stack(env={"LOG_LEVEL": "debug"})) == everything
    assert rolled(stack(), stack(protect=False)) == set()


def test_a_changed_value_written_by_pulumi_rolls_every_pod_that_uses_it_and_no_other() -> None:
    raw = {**stack(), "secrets": {}}
    secrets = {"openaiApiKey": "one", "acmeKey": "two", "registryPassword": "three"}

    def changed(**values: str) -> set[str]:
        before, after = templates(run_program(raw, secrets)), templates(run_program(raw, {**secrets, **values}))
        return {name for name in before if before[name] != after[name]}

    assert changed(acmeKey="three") == {"noxus-acme/acme-flow"}
    assert changed(openaiApiKey="three") == set(templates(run_program(raw, secrets)))


def test_reloader_is_asked_for_every_deployment_or_none() -> None:
    raw = stack()
    raw["secrets"] = {**raw["secrets"], "reloader": True}
    asked = {
        r.inputs["metadata"]["annotations"].get("reloader.stakater.com/auto") for r in run_program(raw).all(DEPLOYMENT)
    }
    assert asked == {"true"}
    assert "reloader" not in str(templates(run_program(stack())))


@pytest.mark.parametrize("password", ["plain", 'a"quote', "a\\backslash"])
def test_a_registrys_login_is_in_every_releases_namespace(password: str) -> None:
    deployed = run_program(
        {**stack(), "secrets": {}}, {"openaiApiKey": "one", "acmeKey": "two", "registryPassword": password}
    )
    for namespace in ("noxus", "noxus-acme"):
        login = deployed.one(SECRET, f"{namespace}/internal")
        assert login.secret("stringData")
        assert login.inputs["type"] == "kubernetes.io/dockerconfigjson"
        auth = base64.b64encode(f"robot:{password}".encode()).decode()
        assert json.loads(login.inputs["stringData"][".dockerconfigjson"]) == {
            "auths": {"registry.example.com": {"username": "robot", "password": password, "auth": auth}}
        }
    assert pod(deployed, "noxus-acme/acme-flow")["imagePullSecrets"] == [{"name": "internal"}]


def test_a_login_in_the_store_is_built_by_the_operator_and_read_again_with_a_new_revision() -> None:
    login = run_program(stack(revisions={"registryPassword": "2"})).one(EXTERNAL, "noxus-acme/internal").inputs
    assert login["metadata"]["annotations"]["noxus.ai/revision"] == "2"
    template = login["spec"]["target"]["template"]
    assert template["type"] == "kubernetes.io/dockerconfigjson"
    written = template["data"][".dockerconfigjson"]
    written = written.replace('{{ printf "%s:%s" "robot" .password | b64enc | toJson }}', '"A"')
    assert json.loads(written.replace("{{ .password | toJson }}", '"P"')) == {
        "auths": {"registry.example.com": {"username": "robot", "password": "P", "auth": "A"}}
    }
    assert rolled(stack(), stack(revisions={"registryPassword": "2"})) == set()


def test_prometheus_operator_finds_the_pods_by_their_release() -> None:
    deployed = run_program(stack())
    monitor = deployed.one("kubernetes:monitoring.coreos.com/v1:PodMonitor", "noxus-acme/acme").inputs
    assert monitor["metadata"]["labels"] == {"release": "prometheus"}
    labels = templates(deployed)["noxus-acme/acme-flow"]["metadata"]["labels"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert monitor["spec"]["podMetricsEndpoints"] == [{"port": "http", "path": "/metrics"}]
    assert "prometheus.io" not in json.dumps(templates(deployed))
