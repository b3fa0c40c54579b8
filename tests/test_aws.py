"""The production stack: what it makes in the account, who may do what there, and that nothing of it is lost."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import enable_iam_authentication
from moto.iam.access_control import IAMPolicy, PermissionResult

from checks import findings
from config import ConfigError
from tests.harness import Deployment, Resource
from tests.programs import ROOT, run_program, settings, stack_file

PROD, SECRETS = stack_file(ROOT / "Pulumi.prod.yaml")
ACCOUNT = PROD["aws"]["oidcProviderArn"].split(":")[4]
PROVIDER = PROD["aws"]["oidcProviderArn"]
ISSUER = PROVIDER.partition("oidc-provider/")[2]
BUCKET = PROD["storage"]["bucket"]
ELSEWHERE = "somebody-elses"
POD_IDENTITY = {**PROD["aws"], "identity": "podIdentity", "clusterName": "prod"}
TRUST_CHARACTERS = 2048
"""Longest trust policy (IAM quotas, "Role trust policy length")."""

INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
LOGS = "/aws/rds/instance/noxus-prod-postgres/"
_OF_LOGS = [f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:{LOGS}{log}" for log in ("postgresql", "upgrade")]
KEY_USERS: dict[str, tuple[Any, Any]] = {
    "AccountAdministers": ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, None),  # what AWS demands
    "LogsAreEncrypted": (
        {"Service": "logs.eu-west-1.amazonaws.com"},
        {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": _OF_LOGS}},
    ),
}
"""Who may use the key, and for what alone."""

STATEFUL = ("aws:rds/instance:Instance", "aws:elasticache/replicationGroup:ReplicationGroup", "aws:s3/bucket:Bucket")


@pytest.fixture(scope="module")
def prod() -> Deployment:
    return run_program(PROD, SECRETS)


def documents(deployed: Deployment) -> Iterator[tuple[Resource, str, dict[str, Any]]]:
    """Every policy that the stack declares, with the input that holds it."""
    for resource in deployed.resources:
        for key in ("assumeRolePolicy", "policy"):
            if resource.type.startswith("aws:") and key in resource.inputs:
                yield resource, key, json.loads(resource.inputs[key])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_no_policy_allows_everybody_everything_or_everywhere(prod: Deployment) -> None:
    seen = 0
    for resource, key, document in documents(prod):
        for statement in document["Statement"]:
            seen += 1
            if statement["Effect"] == "Deny":
                continue
            assert statement.get("Principal") != "*"
            for principal in statement.get("Principal", {}).values():
                assert "*" not in principal, resource.name
            if resource.type == "aws:kms/key:Key":  # `*` is the key itself
                assert KEY_USERS[statement["Sid"]] == (statement["Principal"], statement.get("Condition"))
                continue
            for action in listed(statement["Action"]):
                assert "*" not in action, f"{resource.name} {key}"
            for target in listed(statement.get("Resource", [])):
                assert target != "*"
                assert target.removesuffix("/*").count("*") == 0, "all objects of one bucket is the widest"
            for operator, conditions in statement.get("Condition", {}).items():
                assert operator == "StringEquals"
                assert "*" not in json.dumps(conditions)
    assert seen >= 10


def trust(deployed: Deployment, release: str) -> IAMPolicy:
    return IAMPolicy(deployed.one("aws:iam/role:Role", f"{release}-role").inputs["assumeRolePolicy"])


def assumes(policy: IAMPolicy, subject: str, audience: str = "sts.amazonaws.com") -> bool:
    token = {f"{ISSUER}:sub": subject, f"{ISSUER}:aud": audience}
    action = "sts:AssumeRoleWithWebIdentity"
    return policy.is_action_permitted(action, incoming_condition_values=token) is (PermissionResult.PERMITTED)


def test_a_role_is_taken_up_by_its_own_service_account_only(prod: Deployment) -> None:
    acme = trust(prod, "acme")
    assert assumes(acme, "system:serviceaccount:noxus-acme:acme")
    assert not assumes(acme, "system:serviceaccount:noxus:noxus")
    assert not assumes(acme, "system:serviceaccount:noxus-globex:acme")
    assert not assumes(acme, "system:serviceaccount:noxus-acme:default")
    assert not assumes(acme, "system:serviceaccount:noxus-acme:acme", audience="another")
    (statement,) = json.loads(prod.one("aws:iam/role:Role", "acme-role").inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Federated": PROVIDER}


def test_a_service_account_names_its_role_before_the_role_is_there() -> None:
    preview = run_program(PROD, SECRETS, preview=True)
    account = preview.one("kubernetes:core/v1:ServiceAccount", "noxus-acme/acme")
    role = preview.one("aws:iam/role:Role", "acme-role")
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role.inputs['name']}"
    assert account.inputs["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": arn}
    assert role.urn in account.dependencies


@pytest.fixture(scope="module")
def pod(prod: Deployment) -> Iterator[boto3.Session]:
    """A session under the role of `acme`, in an account that enforces IAM from then on."""
    region, keys = PROD["aws"]["region"], {"aws_access_key_id": "setup", "aws_secret_access_key": "setup"}
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_ACCOUNT_ID", ACCOUNT)
        setup = boto3.Session(region_name=region, **keys)
        iam, s3 = setup.client("iam"), setup.client("s3")
        for role in prod.all("aws:iam/role:Role"):
            iam.create_role(RoleName=role.inputs["name"], AssumeRolePolicyDocument=role.inputs["assumeRolePolicy"])
        for policy in prod.all("aws:iam/rolePolicy:RolePolicy"):
            role = prod.one("aws:iam/role:Role", policy.name)
            iam.put_role_policy(
                RoleName=role.inputs["name"], PolicyName="release", PolicyDocument=policy.inputs["policy"]
            )
        for bucket in (BUCKET, ELSEWHERE):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
        name = prod.one("aws:iam/role:Role", "acme-role").inputs["name"]
        arn = iam.get_role(RoleName=name)["Role"]["Arn"]
        taken = setup.client("sts").assume_role(RoleArn=arn, RoleSessionName="pod")["Credentials"]
        with enable_iam_authentication():
            yield boto3.Session(
                aws_access_key_id=taken["AccessKeyId"],
                aws_secret_access_key=taken["SecretAccessKey"],
                aws_session_token=taken["SessionToken"],
                region_name=region,
            )


def test_a_release_reads_writes_lists_and_deletes_in_its_bucket(pod: boto3.Session) -> None:
    s3 = pod.client("s3")
    s3.put_object(Bucket=BUCKET, Key="runs/1", Body=b"data")
    assert s3.get_object(Bucket=BUCKET, Key="runs/1")["Body"].read() == b"data"
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["runs/1"]
    s3.delete_object(Bucket=BUCKET, Key="runs/1")


@pytest.mark.parametrize(
    ("service", "call", "arguments"),
    [
        ("s3", "list_objects_v2", {"Bucket": ELSEWHERE}),
        ("s3", "put_object", {"Bucket": ELSEWHERE, "Key": "x", "Body": b""}),
        ("s3", "list_buckets", {}),
        ("s3", "delete_bucket", {"Bucket": BUCKET}),
        ("s3", "put_bucket_policy", {"Bucket": BUCKET, "Policy": "{}"}),
        ("iam", "list_roles", {}),
        ("secretsmanager", "list_secrets", {}),
    ],
)
def test_a_release_may_do_nothing_else(pod: boto3.Session, service: str, call: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(pod.client(service), call)(**arguments)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_release_reads_its_own_entry_and_no_other(prod: Deployment) -> None:
    rights = IAMPolicy(prod.one("aws:iam/rolePolicy:RolePolicy", "acme-role").inputs["policy"])
    for entry, expected in (("acme", PermissionResult.PERMITTED), ("noxus", PermissionResult.NEUTRAL)):
        arn = prod.one("aws:secretsmanager/secret:Secret", f"{entry}-entry")
        (target,) = [
            statement["Resource"]
            for statement in json.loads(prod.one("aws:iam/rolePolicy:RolePolicy", f"{entry}-role").inputs["policy"])[
                "Statement"
            ]
            if "secretsmanager:GetSecretValue" in statement["Action"]
        ]
        assert arn.name in target
        assert rights.is_action_permitted("secretsmanager:GetSecretValue", target) is expected


def test_every_stateful_resource_is_protected_by_the_cloud_too(prod: Deployment) -> None:
    database = prod.one(STATEFUL[0]).inputs
    assert database["deletionProtection"] is True
    assert database["skipFinalSnapshot"] is False
    assert database["deleteAutomatedBackups"] is False
    assert prod.one(STATEFUL[2]).inputs["forceDestroy"] is False
    assert prod.one("aws:kms/key:Key").inputs["deletionWindowInDays"] == 30


def test_the_last_snapshot_of_a_stack_that_is_made_again_has_another_name(prod: Deployment) -> None:
    for kind, service in zip(STATEFUL[:2], ("postgres", "redis"), strict=True):
        name = prod.one(kind).inputs["finalSnapshotIdentifier"]
        assert name == f"noxus-prod-{service}-final-key-id", "part of it is the id of a key that no other stack has"
    unprotected = run_program({**PROD, "protect": False}, SECRETS)
    assert unprotected.one(STATEFUL[0]).inputs["skipFinalSnapshot"] is True
    for kind in STATEFUL[:2]:
        assert "finalSnapshotIdentifier" not in unprotected.one(kind).inputs


def test_a_release_that_was_removed_can_be_added_again_at_once(prod: Deployment) -> None:
    secrets = prod.all("aws:secretsmanager/secret:Secret")
    assert len(secrets) == 2
    for secret in secrets:
        assert secret.inputs["recoveryWindowInDays"] == 0, "its name would be taken for as long"


def test_the_logs_of_postgres_expire_and_are_encrypted_because_their_groups_come_first(prod: Deployment) -> None:
    database, groups = prod.one(STATEFUL[0]), prod.all("aws:cloudwatch/logGroup:LogGroup")
    assert {group.inputs["name"] for group in groups} == {
        f"{LOGS}{log}" for log in database.inputs["enabledCloudwatchLogsExports"]
    }
    assert database.inputs["identifier"] == LOGS.split("/")[-2]
    for group in groups:
        assert group.urn in database.dependencies
        assert group.inputs["retentionInDays"] == 90
        assert "key-id" in group.inputs["kmsKeyId"]


def test_nodes_and_pods_with_security_groups_of_their_own_reach_postgres_and_redis(prod: Deployment) -> None:
    nodes = "sg-0aaa"
    deployed = run_program({**PROD, "aws": {**PROD["aws"], "clientSecurityGroupIds": [nodes]}}, SECRETS)
    rules = {rule.name: rule.inputs for rule in deployed.all(INGRESS_RULE)}
    assert rules.keys() == {"postgres", "redis", f"postgres-{nodes}", f"redis-{nodes}"}
    for service, port in (("postgres", 5432), ("redis", 6379)):
        added = {**rules[service], "referencedSecurityGroupId": nodes}
        assert rules[f"{service}-{nodes}"] == added
        assert (added["fromPort"], added["toPort"]) == (port, port)
        before = prod.one(INGRESS_RULE, service)
        assert before.inputs == rules[service], "a stack that has it already keeps it"


def test_what_restarts_a_service_waits_for_the_window_unless_the_stack_says_otherwise(prod: Deployment) -> None:
    for kind in STATEFUL[:2]:
        assert prod.one(kind).inputs["applyImmediately"] is False
    sections = {section: {**PROD[section], "applyImmediately": True} for section in ("postgres", "redis")}
    at_once = run_program({**PROD, **sections}, SECRETS)
    upgrade = run_program({**PROD, "postgres": {**PROD["postgres"], "allowMajorUpgrade": True}}, SECRETS)
    for deployed, kind in ((at_once, STATEFUL[0]), (at_once, STATEFUL[1]), (upgrade, STATEFUL[0])):
        assert deployed.one(kind).inputs["applyImmediately"] is True


def test_everything_is_encrypted_with_the_stacks_key_at_rest_and_in_transit(prod: Deployment) -> None:
    key = "key-id"
    database, cache = prod.one(STATEFUL[0]).inputs, prod.one(STATEFUL[1]).inputs
    assert database["storageEncrypted"] is True
    assert key in database["kmsKeyId"]
    assert key in database["performanceInsightsKmsKeyId"]
    parameters = {
        item["name"]: item["value"] for item in prod.one("aws:rds/parameterGroup:ParameterGroup").inputs["parameters"]
    }
    assert parameters["rds.force_ssl"] == "1"
    assert cache["atRestEncryptionEnabled"] is True
    assert key in cache["kmsKeyId"]
    assert (cache["transitEncryptionEnabled"], cache["transitEncryptionMode"]) == (True, "required")
    (rule,) = prod.one("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration").inputs[
        "rules"
    ]
    default = rule["applyServerSideEncryptionByDefault"]
    assert default["sseAlgorithm"] == "aws:kms"
    assert key in default["kmsMasterKeyId"]
    for secret in prod.all("aws:secretsmanager/secret:Secret"):
        assert key in secret.inputs["kmsKeyId"]


def test_nothing_is_public(prod: Deployment) -> None:
    assert prod.one(STATEFUL[0]).inputs["publiclyAccessible"] is False
    block = prod.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
    assert {key: value for key, value in block.items() if key != "bucket"} == dict.fromkeys(
        ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
    )
    rules = prod.all(INGRESS_RULE)
    assert {(rule.inputs["fromPort"], rule.inputs["toPort"]) for rule in rules} == {(5432, 5432), (6379, 6379)}
    for rule in rules:
        assert rule.inputs["referencedSecurityGroupId"] == PROD["aws"]["clusterSecurityGroupId"]
        assert not rule.inputs.keys() & {"cidrIpv4", "cidrIpv6"}
    for group in prod.all("aws:ec2/securityGroup:SecurityGroup"):
        assert not group.inputs.keys() & {"ingress", "egress"}


def test_without_tls_the_bucket_serves_nobody(prod: Deployment) -> None:
    (statement,) = json.loads(prod.one("aws:s3/bucketPolicy:BucketPolicy").inputs["policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]


def test_redis_evicts_nothing_and_has_one_primary(prod: Deployment) -> None:
    (parameter,) = prod.one("aws:elasticache/parameterGroup:ParameterGroup").inputs["parameters"]
    assert (parameter["name"], parameter["value"]) == ("maxmemory-policy", "noeviction")
    cache = prod.one(STATEFUL[1]).inputs
    assert not cache.keys() & {"numNodeGroups", "clusterMode"}
    assert (cache["numCacheClusters"], cache["automaticFailoverEnabled"], cache["multiAzEnabled"]) == (2, True, True)


def test_the_longest_names_still_make_a_trust_policy_that_iam_takes() -> None:
    raw = json.loads(json.dumps(PROD))
    raw["workers"] = {"r" * 30: {"namespace": "n" * 63, "pools": {"flow": {}}}}
    deployed = run_program(raw, SECRETS)
    for role in deployed.all("aws:iam/role:Role"):
        assert len(role.inputs["assumeRolePolicy"]) <= TRUST_CHARACTERS
        assert len(role.inputs["name"]) <= 64


def test_pod_identity_needs_no_mark_and_a_way_to_the_agent() -> None:
    raw = {**PROD, "aws": POD_IDENTITY, "secrets": {"backend": "kubernetes"}}
    deployed = run_program(raw, SECRETS)
    account = deployed.one("kubernetes:core/v1:ServiceAccount", "noxus-acme/acme")
    assert "annotations" not in account.inputs["metadata"] or not account.inputs["metadata"]["annotations"]
    association = deployed.one("aws:eks/podIdentityAssociation:PodIdentityAssociation", "acme-role").inputs
    assert (association["namespace"], association["serviceAccount"]) == ("noxus-acme", "acme")
    agent = deployed.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "noxus-acme/to-pod-identity").inputs
    (rule,) = agent["spec"]["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "169.254.170.23/32"}}]
    assert [port["port"] for port in rule["ports"]] == [80]
    (statement,) = json.loads(deployed.one("aws:iam/role:Role", "acme-role").inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-arn": f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/prod",
        "aws:RequestTag/kubernetes-namespace": "noxus-acme",
        "aws:RequestTag/kubernetes-service-account": "acme",
    }


def test_releases_reach_the_data_subnets_on_their_ports(prod: Deployment) -> None:
    for service, port in (("postgres", 5432), ("redis", 6379)):
        policy = prod.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", f"noxus-acme/to-{service}").inputs
        (rule,) = policy["spec"]["egress"]
        assert [peer["ipBlock"]["cidr"] for peer in rule["to"]] == PROD["aws"]["subnetCidrs"]
        assert [item["port"] for item in rule["ports"]] == [port]


def test_an_entry_holds_what_its_release_uses_and_pods_get_it_from_there_alone(prod: Deployment) -> None:
    values = {
        release: json.loads(
            prod.one("aws:secretsmanager/secretVersion:SecretVersion", f"{release}-entry").inputs["secretString"]
        )
        for release in ("noxus", "acme")
    }
    assert values["noxus"].keys() == {"POSTGRESQL_URL", "REDIS_PASSWORD", "VECTOR_POSTGRESQL_URL", "openaiApiKey"}
    assert values["acme"].keys() == values["noxus"].keys() | {"acmeOpenaiApiKey", "SCALER_PASSWORD"}
    made = {manifest["metadata"]["name"] for _, manifest in prod.objects if manifest["kind"] == "Secret"}
    assert made == {"postgres-setup"}
    external = prod.one("kubernetes:external-secrets.io/v1:ExternalSecret", "noxus-acme/acme-app-env").inputs
    read = {item["secretKey"]: item["remoteRef"] for item in external["spec"]["data"]}
    assert read["POSTGRESQL_URL"] == {"key": "noxus-acme", "property": "POSTGRESQL_URL"}
    login = prod.one("kubernetes:external-secrets.io/v1:ExternalSecret", "noxus-acme/acme-scaler")
    (password,) = login.inputs["spec"]["data"]
    assert password == {"secretKey": "password", "remoteRef": {"key": "noxus-acme", "property": "SCALER_PASSWORD"}}
    authentication = prod.one("kubernetes:keda.sh/v1alpha1:TriggerAuthentication", "noxus-acme/acme-scaler")
    assert login.urn in authentication.dependencies


def test_a_changed_value_rolls_the_pods_that_use_it_without_a_revision(prod: Deployment) -> None:
    changed = run_program(PROD, {**SECRETS, "acmeOpenaiApiKey": "plaintext-of-another"})
    before, after = (
        {r.urn: json.dumps(r.inputs, sort_keys=True) for r in deployed.resources} for deployed in (prod, changed)
    )
    touched = {urn.rpartition("::")[2] for urn in before if before[urn] != after[urn]}
    assert touched == {"acme-entry", "noxus-acme/acme-llm-keys", "noxus-acme/acme-flow"}


def test_adding_a_worker_release_makes_its_namespace_role_and_entry_and_touches_nothing(prod: Deployment) -> None:
    raw = json.loads(json.dumps(PROD))
    raw["workers"]["globex"] = {"namespace": "noxus-globex", "pools": {"chat": {"workerSubscribe": "chat"}}}
    more = run_program(raw, SECRETS)
    before, after = ({r.urn: (r.raw, r.dependencies) for r in deployed.resources} for deployed in (prod, more))
    assert [urn for urn in before if before[urn] != after[urn]] == []
    added = {(r.type, r.name) for r in more.resources if r.urn not in before}
    in_aws = {name for kind, name in added if kind.startswith("aws:")}
    assert in_aws == {"globex-role", "globex-entry"}
    for kind, name in added:
        assert "globex" in name, (kind, name)


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"workers": {"r" * 54: {"namespace": "n", "pools": {"f": {}}}}}, f"workers.{'r' * 54}", "makes the role"),
        ({"secretEnv": {"X": "REDIS_PASSWORD"}}, "secretEnv.X", "under which the stack writes its own"),
        (
            {
                "aws": POD_IDENTITY,
                "egress": {"pod-identity": {"reason": "r", "cidr": "10.0.0.0/8", "ports": [443]}},
            },
            "egress.pod-identity",
            "is the name of a policy for EKS Pod Identity's agent on the node; choose another",
        ),
    ],
)
def test_what_the_cloud_cannot_have_is_refused(change: dict[str, Any], path: str, message: str) -> None:
    raw = {key: value for key, value in {**PROD, **change}.items() if value is not None}
    found = [finding for finding in findings(settings(raw, *SECRETS, "REDIS_PASSWORD")) if finding.severity == "error"]
    assert any(finding.path == path and message in finding.message for finding in found), found


@pytest.mark.parametrize(
    ("section", "change", "problem"),
    [
        ("aws", {"identity": "podIdentity"}, "aws: identity: podIdentity needs clusterName, such as prod"),
        ("aws", {"oidcProviderArn": "arn:aws:iam::1:oidc"}, "aws.oidcProviderArn: must match"),
        (
            "aws",
            {"clientSecurityGroupIds": [PROD["aws"]["clusterSecurityGroupId"]]},
            "aws: clientSecurityGroupIds names sg-0123456789abcdef0, which is named already; write it once",
        ),
        ("aws", {"logDays": 31}, "aws.logDays: must be"),
        ("aws", {"subnetIds": ["subnet-0"]}, "aws.subnetIds: must have at least 2 (got ['subnet-0'])"),
        ("postgres", {"version": "14"}, "postgres.version: must match"),
        ("postgres", {"maxStorageGib": 100}, "postgres: maxStorageGib must be at least a tenth above storageGib"),
        ("storage", {"bucket": "Upper"}, "storage.bucket: must match"),
    ],
)
def test_a_wrong_setting_is_named(section: str, change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings({**PROD, section: {**PROD[section], **change}}, *SECRETS)
    assert f"\n  - {problem}" in str(refused.value)


def test_nothing_is_registered_before_the_stack_has_read_its_own_outputs(prod: Deployment) -> None:
    first = [resource for resource in prod.resources if resource.parent.endswith("pulumi:pulumi:Stack::noxus-test")]
    assert {resource.type.rpartition(":")[2] for resource in first} == {"aws", "kubernetes", "random", "Platform"}
    for resource in first:
        if resource.type != "pulumi:providers:aws":  # its region waits for what was read
            assert any("StackReference" in urn for urn in resource.dependencies), resource.name
