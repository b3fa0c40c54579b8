"""Rights of a release beyond bucket and entry: no wider than ours without a reason, and never on what is ours."""

import json
from typing import Any

import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from checks import findings
from config.clouds.aws.statement import AwsStatement
from tests import azure_roles, gcp_roles
from tests.clouds.validator import is_of_a_cloud, problems
from tests.clouds.views import VIEWS
from tests.further_rights import CONTAINER, ELSEWHERE, FURTHER, MODEL, SECRET, STACKS, with_further
from tests.harness import Deployment, Resource
from tests.programs import SMALLEST, refused, run_program, settings

RIGHTS = ("aws:iam/rolePolicy:RolePolicy", "azure-native:authorization:RoleAssignment", *gcp_roles.TARGETS)
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/noxus-prod"
PLACE = "workers.acme.identity.statements"


def said(cloud: str, *statements: dict[str, Any]) -> dict[str, str]:
    """What is wrong with a stack whose release has these further rights."""
    raw, secrets = with_further(cloud, *statements)
    return refused(raw, *secrets)


def aws(action: str = "bedrock:InvokeModel", resource: str = MODEL, **more: Any) -> dict[str, Any]:
    return {"actions": [action], "resources": [resource], **more}


def gcp(role: str = "roles/storage.objectUser", on: str = "projects/_/buckets/example-models") -> dict[str, Any]:
    return {"role": role, "on": on}


def azure(role: str = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd", scope: str = SECRET) -> dict[str, Any]:
    return {"role": role, "scope": scope}


@pytest.mark.parametrize("cloud", FURTHER)
def test_a_right_on_one_thing_is_taken_in_the_words_of_its_cloud_and_no_other(cloud: str) -> None:
    assert said(cloud) == {}
    for other in FURTHER.keys() - {cloud}:
        assert any("no such setting" in problem for problem in said(cloud, *FURTHER[other]).values())


def test_without_a_cloud_there_is_nothing_to_give_rights_in() -> None:
    raw = {**SMALLEST, "primary": {**SMALLEST["primary"], "identity": {"statements": [aws()]}}}
    assert refused(raw) == {
        "primary.identity.statements": "gives rights in a cloud, and there is none; give them to the role that "
        "annotations name"
    }
    raw["primary"] = {**SMALLEST["primary"], "identity": {"statements": []}}
    assert refused(raw) == {}


WIDE = [
    ("aws", aws("*"), "*"),
    ("aws", aws("bedrock:*"), "bedrock:*"),
    ("aws", aws("bedrock:Invoke*"), "bedrock:Invoke*"),
    ("aws", aws("bedrock:InvokeMode?"), "bedrock:InvokeMode?"),
    ("aws", aws("iam:PassRole", "arn:aws:iam::111122223333:role/a"), "iam:PassRole"),
    ("aws", aws("sts:AssumeRole", "arn:aws:iam::444455556666:role/models"), "sts:AssumeRole"),
    ("aws", aws("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/0"), "kms:Decrypt"),
    ("aws", aws(resource="*"), "*"),
    (
        "aws",
        aws(resource="arn:aws:bedrock:eu-west-1::foundation-model/*"),
        "arn:aws:bedrock:eu-west-1::foundation-model/*",
    ),
    ("aws", aws(resource=MODEL.replace("eu-west-1", "*")), MODEL.replace("eu-west-1", "*")),
    ("aws", aws("s3:GetObject", "arn:aws:s3:::models-*/*"), "arn:aws:s3:::models-*/*"),
    ("aws", aws("s3:GetObject", "arn:aws:s3:::models/a*"), "arn:aws:s3:::models/a*"),
    ("gcp", gcp("roles/owner"), "roles/owner"),
    ("gcp", gcp("roles/editor"), "roles/editor"),
    ("gcp", gcp("roles/viewer"), "roles/viewer"),
    ("gcp", gcp("roles/iam.serviceAccountTokenCreator"), "roles/iam.serviceAccountTokenCreator"),
    ("gcp", gcp("roles/resourcemanager.projectIamAdmin"), "roles/resourcemanager.projectIamAdmin"),
    ("gcp", gcp("roles/aiplatform.user", "projects/example-models"), "projects/example-models"),
    ("azure", azure("8e3af657-a8ff-443c-a75c-2fe8c4bcb635"), "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
    ("azure", azure("b24988ac-6180-42a0-ab88-20f7382dd24c"), "b24988ac-6180-42a0-ab88-20f7382dd24c"),
    ("azure", azure("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"), "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"),
    ("azure", azure("f58310d9-a9f6-439a-9e8d-f62e7b41a168"), "f58310d9-a9f6-439a-9e8d-f62e7b41a168"),
    ("azure", azure(scope=ELSEWHERE.removesuffix("/providers")), ELSEWHERE.removesuffix("/providers")),
    ("azure", azure(scope=ELSEWHERE.partition("/resourceGroups")[0]), ELSEWHERE.partition("/resourceGroups")[0]),
]


@pytest.mark.parametrize(("cloud", "statement", "named"), WIDE)
def test_what_is_wider_than_our_own_rights_or_leads_to_others_needs_a_reason(
    cloud: str, statement: dict[str, Any], named: str
) -> None:
    rule = f"gives {named}, which is wider than it need be or leads to further rights; name less, or write a reason"
    assert said(cloud, statement) == {f"{PLACE}.0": rule}
    assert rule not in said(cloud, {**statement, "reason": "because it must"}).values()
    assert f"{PLACE}.0.reason" in said(cloud, {**statement, "reason": ""})


BUCKET, ENTRY = "arn:aws:s3:::example-noxus-prod", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:noxus-noxus"
OURS = [
    ("aws", aws("s3:PutBucketPolicy", BUCKET), "s3:example-noxus-prod"),
    ("aws", aws("s3:GetObjectVersion", f"{BUCKET}/runs/1"), "s3:example-noxus-prod/*"),
    ("aws", aws("s3:GetObject", "arn:aws:s3:::*/runs/1"), "s3:example-noxus-prod/*"),
    ("aws", aws("s3:GetObject", "arn:aws:s3:::example-*"), "s3:example-noxus-prod"),
    ("aws", aws("s3:GetObject", "*"), "s3:example-noxus-prod"),
    ("aws", aws("*", "*"), "secretsmanager:secret:noxus-noxus-*"),
    ("aws", aws("*", BUCKET), "s3:example-noxus-prod"),
    ("aws", aws("secretsmanager:GetSecretValue", f"{ENTRY}-AbCdEf"), "secretsmanager:secret:noxus-noxus-*"),
    ("aws", aws("secretsmanager:GetSecretValue", f"{ENTRY}-??????"), "secretsmanager:secret:noxus-noxus-*"),
    ("aws", aws("secretsmanager:GetSecretValue", ENTRY.replace("noxus-noxus", "no*-AbCdEf")), "secretsmanager:secret"),
    ("gcp", gcp(on="projects/_/buckets/example-noxus-prod"), "buckets/example-noxus-prod"),
    (
        "gcp",
        gcp("roles/secretmanager.secretAccessor", "projects/example-noxus/secrets/noxus-acme"),
        "secrets/noxus-acme",
    ),
    (
        "gcp",
        gcp("roles/secretmanager.secretAccessor", "projects/example-noxus/secrets/noxus-noxus"),
        "secrets/noxus-noxus",
    ),
    ("gcp", gcp("roles/secretmanager.secretAccessor", "projects/example-noxus"), "projects/example-noxus"),
    ("gcp", gcp("roles/storage.admin", "projects/example-noxus"), "projects/example-noxus"),
    ("gcp", gcp("roles/cloudkms.cryptoKeyDecrypter", "projects/example-noxus"), "projects/example-noxus"),
    ("gcp", gcp("roles/viewer", "projects/example-noxus"), "projects/example-noxus"),
    ("azure", azure(scope=GROUP), f"{GROUP}/providers/Microsoft.KeyVault/vaults/example-noxus-prod-1"),
    ("azure", azure(scope=GROUP.partition("/resourceGroups")[0]), f"{GROUP}/providers/Microsoft.KeyVault/vaults"),
    ("azure", azure(scope=f"{GROUP}/providers/Microsoft.KeyVault/vaults/Example-Noxus-Prod-1"), "vaults/example-noxus"),
    (
        "azure",
        azure(scope=f"{GROUP}/providers/Microsoft.KeyVault/vaults/example-noxus-prod-1/keys/data"),
        "vaults/example-noxus-prod-1",
    ),
    (
        "azure",
        azure(scope=f"{GROUP}/providers/Microsoft.Storage/storageAccounts/examplenoxusprod/blobServices/default"),
        "storageAccounts/examplenoxusprod",
    ),
]


@pytest.mark.parametrize(("cloud", "statement", "own"), OURS)
def test_bucket_key_and_entries_are_refused_whatever_the_reason(
    cloud: str, statement: dict[str, Any], own: str
) -> None:
    found = said(cloud, {**statement, "reason": "because it must"})
    assert found.keys() == {f"{PLACE}.0"}
    assert found[f"{PLACE}.0"].startswith("reaches ")
    assert own in found[f"{PLACE}.0"]
    assert found[f"{PLACE}.0"].endswith(", on which the stack gives each release its rights; name another")


@pytest.mark.parametrize(
    ("cloud", "statement"),
    [
        ("aws", aws("bedrock:*", "*", reason="all models")),
        ("aws", aws("s3:GetObject", "arn:aws:s3:::example-noxus-prod2/*")),
        ("aws", aws("s3:ListBucket", "arn:aws:s3:::example-noxus")),
        ("aws", aws("secretsmanager:GetSecretValue", f"{ENTRY}2-AbCdEf")),
        ("aws", aws("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/noxus-noxus-x")),
        ("gcp", gcp(on="projects/_/buckets/example-noxus-prod2")),
        ("gcp", {**gcp("projects/example-noxus/roles/predict", "projects/example-noxus"), "reason": "no narrower"}),
        ("azure", azure(scope=f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/models")),
        ("azure", azure(scope=f"{GROUP}/providers/Microsoft.Storage/storageAccounts/examplenoxusprod2")),
    ],
)
def test_what_is_only_called_alike_is_not_ours(cloud: str, statement: dict[str, Any]) -> None:
    assert said(cloud, statement) == {}


@pytest.mark.parametrize(
    ("cloud", "statement", "setting"),
    [
        ("aws", aws("InvokeModel"), "actions.0"),
        ("aws", aws("bedrock:Invoke Model"), "actions.0"),
        ("aws", aws(resource="anthropic.claude"), "resources.0"),
        ("aws", aws(resource="arn:aws:*:eu-west-1::foundation-model/x"), "resources.0"),
        ("aws", aws("s3:GetObject", "arn:aws:s3:::${aws:PrincipalTag/bucket}"), "resources.0"),
        ("aws", {"actions": [], "resources": [MODEL]}, "actions"),
        ("aws", aws(conditions={"StringEqual": {"a": "b"}}), "conditions.StringEqual"),
        ("gcp", gcp("storage.objectUser"), "role"),
        ("gcp", gcp(on="projects/123456789012"), "on"),
        ("gcp", gcp(on="example-models"), "on"),
        ("gcp", gcp(on="folders/1"), "on"),
        ("gcp", {**gcp(), "condition": {"title": "x"}}, "condition"),
        ("azure", azure("Key Vault Secrets User"), "role"),
        ("azure", azure(scope="/providers/Microsoft.Management/managementGroups/all"), "scope"),
        ("azure", azure(scope="/"), "scope"),
    ],
)
def test_a_wrong_form_is_named(cloud: str, statement: dict[str, Any], setting: str) -> None:
    assert said(cloud, statement).keys() == {f"{PLACE}.0.{setting}"}


@pytest.mark.parametrize("cloud", FURTHER)
def test_what_is_given_twice_is_refused_at_the_second_place(cloud: str) -> None:
    first = FURTHER[cloud][0]
    twice = said(cloud, first, *FURTHER[cloud][1:], {**first, "reason": "again"})
    assert twice == {f"{PLACE}.{len(FURTHER[cloud])}": "gives what a statement before it gives already; remove one"}


def test_a_policy_that_iam_would_refuse_for_its_length_is_refused_first() -> None:
    many = [aws(f"bedrock:Action{number:03}" + "A" * 40) for number in range(100)]
    (problem,) = said("aws", *many).items()
    size = sum(
        len(json.dumps(AwsStatement.model_validate_json(json.dumps(one)).document, separators=(",", ":")))
        for one in many
    )
    assert problem == (PLACE, f"is a policy of {size} characters, and IAM takes 8192 beside the stack's; name less")


def test_the_longest_policy_that_is_taken_fits_into_a_role_with_the_longest_names() -> None:
    raw, secrets = with_further("aws")
    raw["storage"]["bucket"], raw["aws"]["name"] = "b" * 63, "n" * 30
    raw["secrets"]["entryPrefix"] = "p" * 30
    raw["workers"] = {"r" * 32: {**raw["workers"]["acme"], "secrets": {}}}
    raw["workers"]["r" * 32]["pools"]["flow"].pop("envSecretRef")
    fill = 8192 - len(settings(raw, *secrets).workers["r" * 32].identity.statements[0].key)
    statements = [FURTHER["aws"][0], aws(resource=f"{MODEL}{'x' * (fill - len(_key(aws())))}")]
    raw["workers"]["r" * 32]["identity"] = {"statements": statements}
    assert [one for one in findings(settings(raw, *secrets)) if one.severity == "error"] == []
    policy = run_program(raw, secrets).one("aws:iam/rolePolicy:RolePolicy", f"{'r' * 32}-role").inputs["policy"]
    assert 8192 < len(json.dumps(json.loads(policy), separators=(",", ":"))) <= 10_240
    statements[1]["resources"][0] += "x"
    assert refused(raw, *secrets).keys() == {f"workers.{'r' * 32}.identity.statements"}


def _key(statement: dict[str, Any]) -> str:
    return AwsStatement.model_validate_json(json.dumps(statement)).key


def further(cloud: str) -> Deployment:
    return run_program(*with_further(cloud))


@pytest.mark.parametrize("cloud", FURTHER)
def test_further_rights_change_nothing_but_the_rights_of_their_own_release(cloud: str) -> None:
    before, after = (
        {one.urn: one for one in deployed.resources} for deployed in (run_program(*STACKS[cloud]), further(cloud))
    )
    assert before.keys() <= after.keys()
    for urn, one in after.items():
        old = before.get(urn)
        if old is None or old.raw != one.raw:
            assert one.type in RIGHTS, urn
            assert one.name.startswith("acme-"), urn
    account = after[next(urn for urn in after if urn.endswith("ServiceAccount::noxus-acme/acme"))]
    assert {urn for urn in after if urn not in before} <= {*account.dependencies}, "pods start with all their rights"


@pytest.mark.parametrize("cloud", FURTHER)
def test_a_release_with_further_rights_still_has_no_other_on_what_is_ours(cloud: str) -> None:
    view = VIEWS[cloud](further(cloud))
    for release in ("acme", "noxus"):
        assert view.may(release, "read object")
        assert view.may(release, "read entry", of=release)
        assert not view.may(release, "read entry", of={"acme": "noxus", "noxus": "acme"}[release])
        assert not view.may(release, "open bucket")
        assert not view.may(release, "use key")


def test_on_aws_a_release_may_call_the_model_and_nothing_else_of_the_service() -> None:
    deployed = further("aws")

    def may(release: str, action: str, resource: str, region: str = "eu-west-1") -> bool:
        document = json.loads(deployed.one("aws:iam/rolePolicy:RolePolicy", f"{release}-role").inputs["policy"])
        document["Statement"] = [one for one in document["Statement"] if "kms:ViaService" not in json.dumps(one)]
        where = {"aws:RequestedRegion": region}
        result = IAMPolicy(json.dumps(document)).is_action_permitted(action, resource, incoming_condition_values=where)
        return result is PermissionResult.PERMITTED

    assert may("acme", "bedrock:InvokeModel", MODEL)
    assert may("acme", "s3:GetObject", "arn:aws:s3:::example-models/weights")
    assert not may("acme", "bedrock:InvokeModel", MODEL, region="us-east-1")
    assert not may("acme", "bedrock:InvokeModel", MODEL.replace("haiku", "opus"))
    assert not may("acme", "bedrock:DeleteCustomModel", MODEL)
    assert not may("acme", "s3:PutObject", "arn:aws:s3:::example-models/weights")
    assert not may("acme", "iam:PassRole", "arn:aws:iam::111122223333:role/a")
    assert not may("noxus", "bedrock:InvokeModel", MODEL)


def test_on_aws_our_key_is_used_through_bucket_and_entry_alone_whatever_is_named() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/key-id"
    deployed = run_program(*with_further("aws", aws("kms:Decrypt", key, reason="a test")))
    document = json.loads(deployed.one("aws:iam/rolePolicy:RolePolicy", "acme-role").inputs["policy"])
    (allowed,) = [one for one in document["Statement"] if one["Resource"] == [key]]
    (denied,) = [one for one in document["Statement"] if one["Effect"] == "Deny"]
    assert (denied["Action"], allowed["Action"]) == ("kms:*", ["kms:Decrypt"])
    assert "key-id" in denied["Resource"]
    through = [
        one["Condition"]["StringEquals"] for one in document["Statement"] if "StringEquals" in one.get("Condition", {})
    ]
    assert [denied["Condition"]] == [{"StringNotEquals": one} for one in through]
    plain = json.loads(deployed.one("aws:iam/rolePolicy:RolePolicy", "noxus-role").inputs["policy"])
    assert {one["Effect"] for one in plain["Statement"]} == {"Allow"}


def test_on_gcp_a_release_uses_the_bucket_and_secret_that_are_named_and_is_a_member_on_its_project() -> None:
    deployed = further("gcp")
    rights = gcp_roles.Rights(deployed)
    acme, noxus = (
        f"serviceAccount:noxus-prod-{name}@example-noxus.iam.gserviceaccount.com" for name in ("acme", "noxus")
    )
    assert rights.may(acme, "storage.objects.get", "example-models")
    assert rights.may(acme, "secretmanager.versions.access", "shared")
    assert not rights.may(noxus, "storage.objects.get", "example-models")
    assert not rights.may(acme, "storage.objects.get", "somebody-elses")
    member = deployed.one("gcp:projects/iAMMember:IAMMember").inputs
    assert (member["project"], member["role"], member["member"]) == ("example-noxus", "roles/aiplatform.user", acme)
    assert member["condition"] == FURTHER["gcp"][0]["condition"]


def test_on_azure_a_release_uses_the_container_and_secret_that_are_named_and_no_other() -> None:
    rights = azure_roles.Rights(further("azure"))
    for identity, expected in (("acme-identity", True), ("noxus-identity", False)):
        assert rights.may(identity, azure_roles.READ_BLOB, f"{CONTAINER}/blobs/weights") is expected
        assert rights.may(identity, azure_roles.READ_SECRET, SECRET) is expected
        assert not rights.may(identity, azure_roles.READ_SECRET, f"{SECRET}s")


def of_cloud(deployed: Deployment) -> list[Resource]:
    return [one for one in deployed.resources if is_of_a_cloud(one)]


@pytest.mark.parametrize("cloud", FURTHER)
def test_no_cloud_would_refuse_further_rights(cloud: str) -> None:
    assert [(one.name, problem) for one in of_cloud(further(cloud)) for problem in problems(one)] == []


def test_an_action_that_aws_has_not_is_known_to_the_published_model_only() -> None:
    misspelt = aws("bedrock:InvokModel")
    assert said("aws", misspelt) == {}
    deployed = run_program(*with_further("aws", misspelt))
    found = [problem for one in of_cloud(deployed) for problem in problems(one)]
    assert any("bedrock:InvokModel is no action of AWS" in problem for problem in found), found


@pytest.mark.parametrize("cloud", ["gcp", "azure"])
def test_another_order_or_reason_touches_nothing(cloud: str) -> None:
    other = [{**one, "reason": "said otherwise"} for one in reversed(FURTHER[cloud])]
    before, after = (
        {one.urn: one.raw for one in deployed.resources}
        for deployed in (further(cloud), run_program(*with_further(cloud, *other)))
    )
    assert before == after


def test_a_role_without_bucket_and_entry_has_a_policy_for_what_is_named() -> None:
    raw, secrets = with_further("aws")
    raw |= {"secrets": {"backend": "kubernetes"}, "storage": {"mode": "cluster"}}
    deployed = run_program(raw, secrets)
    (policy,) = deployed.all("aws:iam/rolePolicy:RolePolicy")
    assert policy.name == "acme-role"
    assert [one["Action"][0] for one in json.loads(policy.inputs["policy"])["Statement"]] == [
        one["actions"][0] for one in FURTHER["aws"]
    ]
