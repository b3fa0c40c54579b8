"""Identity on AWS with stores and services of somebody else's: granted, refused, or left out, each as it should be."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from checks import findings
from tests.programs import ROOT, TENANT, run_program, settings, stack_file

PROD, SECRETS = stack_file(ROOT / "Pulumi.prod.yaml")
POD_IDENTITY = {**PROD["aws"], "identity": "podIdentity", "clusterName": "prod"}
OWN_STORE = {"backend": "externalSecrets", "store": {"type": "awsSecretsManager", "region": "eu-central-1"}}
ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/somebody-made-it"}
STATIC_BUCKET = {
    "mode": "external",
    "url": "https://s3.example.com",
    "accessKeyId": "bucketAccessKeyId",
    "secretAccessKey": "bucketSecretAccessKey",
}
KEYS = dict.fromkeys(("bucketAccessKeyId", "bucketSecretAccessKey"), "plaintext-of-a-key")


def refused(raw: dict[str, Any]) -> dict[str, str]:
    found = findings(settings(raw, *SECRETS))
    return {finding.path: finding.message for finding in found if finding.severity == "error"}


def test_external_secrets_under_pod_identity_is_refused_because_no_service_account_names_a_role() -> None:
    problems = refused({**PROD, "aws": POD_IDENTITY})
    assert problems.keys() == {"primary.identity.annotations", "workers.acme.identity.annotations"}
    assert "write aws.identity: irsa, or the role there" in problems["workers.acme.identity.annotations"]


def test_external_secrets_under_pod_identity_is_taken_where_every_release_names_a_role() -> None:
    raw = json.loads(json.dumps({**PROD, "aws": POD_IDENTITY}))
    for release in (raw["primary"], *raw["workers"].values()):
        release["identity"] = {"annotations": ROLE}
    assert refused(raw) == {}


def test_a_store_of_another_cloud_is_refused_where_the_release_has_a_role_of_aws_only() -> None:
    store = {"type": "azureKeyVault", "vaultUrl": "https://noxus.vault.azure.net", "tenantId": TENANT}
    problems = refused({**PROD, "secrets": {"backend": "externalSecrets", "store": store}})
    assert "lacks azure.workload.identity/client-id" in problems["primary.identity.annotations"]


def test_a_release_reads_its_entry_in_a_store_that_somebody_else_fills() -> None:
    deployed = run_program({**PROD, "secrets": OWN_STORE}, SECRETS)
    rights = json.loads(deployed.one("aws:iam/rolePolicy:RolePolicy", "acme-role").inputs["policy"])
    account = PROD["aws"]["oidcProviderArn"].split(":")[4]
    (pattern,) = (
        statement["Resource"]
        for statement in rights["Statement"]
        if "secretsmanager:GetSecretValue" in statement["Action"]
    )

    def may_read(name: str, region: str = "eu-central-1") -> bool:
        # IAM's `*` and `?` are those of fnmatch (IAM User Guide, "Resource"); moto knows no `?`.
        return fnmatchcase(f"arn:aws:secretsmanager:{region}:{account}:secret:{name}", pattern)

    assert may_read("noxus-acme-A1b2C3")
    assert not may_read("noxus-acme-flow-A1b2C3")
    assert not may_read("noxus-noxus-A1b2C3")
    assert not may_read("noxus-acme-A1b2C3", region="eu-west-1")


@pytest.mark.parametrize("managed", [("postgres",), ()])
def test_a_role_without_bucket_and_entry_has_no_policy_for_iam_takes_no_empty_one(managed: tuple[str, ...]) -> None:
    raw = {**PROD, "secrets": {"backend": "kubernetes"}, "storage": STATIC_BUCKET, "redis": {"mode": "cluster"}}
    raw |= {"postgres": PROD["postgres"] if managed else {"mode": "cluster", "maxConnections": 500}}
    deployed = run_program(raw, {**SECRETS, **KEYS})
    assert deployed.one("aws:iam/role:Role", "acme-role")
    assert deployed.all("aws:iam/rolePolicy:RolePolicy") == []
    assert len(deployed.all("aws:kms/key:Key")) == len(managed), "a key only where something is encrypted with it"
