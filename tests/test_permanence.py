"""What a protected stack may never change, and how it says so."""

from typing import Any

import pytest

from checks import findings
from checks.permanence import FINGERPRINT, changed, permanent
from tests.programs import EXTERNAL_SERVICES, LOGINS, ROOT, SMALLEST, settings, stack_file

PROD, SECRETS = stack_file(ROOT / "Pulumi.prod.yaml")


def problems(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    old, new = (settings(raw, *SECRETS, *LOGINS) for raw in (before, after))
    return [f"{problem.path}: {problem.message}" for problem in changed(permanent(old), permanent(new), new)]


def with_(section: str, **values: object) -> dict[str, Any]:
    return {**PROD, section: {**PROD[section], **values}}


def test_a_stack_that_stays_as_it_is_has_no_problem() -> None:
    assert problems(PROD, PROD) == []
    assert problems(dict(SMALLEST), dict(SMALLEST)) == []


@pytest.mark.parametrize(
    "change",
    [
        with_("postgres", instanceClass="db.m7g.2xlarge", storageGib=500, maxConnections=400),
        with_("postgres", version="17", allowMajorUpgrade=True),
        with_("postgres", version="16.9"),
        with_("redis", nodeType="cache.m7g.2xlarge", replicas=2, transitEncryption="preferred"),
        with_("storage", noncurrentVersionDays=7),
        with_("aws", subnetCidrs=[], tags={"x": "y"}, identity="podIdentity", clusterName="prod"),
        {**PROD, "workers": {}},
    ],
)
def test_what_changes_in_place_may_change(change: dict[str, Any]) -> None:
    assert problems(PROD, change) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (with_("aws", name="another"), "aws.name"),
        (with_("aws", region="eu-central-1"), "aws.region"),
        (with_("aws", vpcId="vpc-0"), "aws.vpcId"),
        (with_("postgres", database="another"), "postgres.database"),
        (with_("postgres", version="15"), "postgres.version"),
        (with_("storage", bucket="another"), "storage.bucket"),
        ({**PROD, "redis": EXTERNAL_SERVICES["redis"]}, "redis.mode"),
        ({**PROD, "storage": EXTERNAL_SERVICES["storage"]}, "storage.mode"),
        ({**PROD, "postgres": EXTERNAL_SERVICES["postgres"]}, "postgres.mode"),
    ],
)
def test_what_would_be_another_is_refused_with_what_to_do_instead(change: dict[str, Any], path: str) -> None:
    (problem,) = problems(PROD, change)
    assert problem.startswith(f"{path}: is ")
    assert " is deployed; " in problem
    assert len(problem.partition(" is deployed; ")[2]) > 20


def test_a_minor_version_may_not_go_back_and_a_major_one_alone_says_nothing_of_it() -> None:
    exact = with_("postgres", version="16.9")
    assert problems(exact, PROD) == []
    assert problems(exact, with_("postgres", version="16.4"))[0].startswith("postgres.version: is 16.4, and 16.9")
    assert problems(exact, with_("postgres", version="16.10")) == []


@pytest.mark.parametrize(
    ("before", "after", "at_once", "problem"),
    [
        ("redis", "valkey", False, "is valkey, and redis is deployed; write applyImmediately: true for this update"),
        ("redis", "valkey", True, None),
        ("valkey", "redis", True, "is 'redis', and 'valkey' is deployed; Valkey has no way back"),
    ],
)
def test_redis_becomes_valkey_at_once_and_never_back(
    before: str, after: str, at_once: object, problem: str | None
) -> None:
    found = problems(with_("redis", engine=before), with_("redis", engine=after, applyImmediately=at_once))
    if problem is None:
        assert found == []
    else:
        assert found[0].startswith(f"redis.engine: {problem}")


def test_a_major_upgrade_is_asked_for_twice() -> None:
    (problem,) = problems(PROD, with_("postgres", version="17"))
    assert problem == "postgres.version: is 17, and 16 is deployed; write allowMajorUpgrade: true for this update"


def test_the_namespace_of_services_in_the_cluster_stays() -> None:
    moved = {**SMALLEST, "cluster": {"context": "test", "dataNamespace": "another"}}
    assert problems(dict(SMALLEST), moved)[0].startswith("cluster.dataNamespace: is 'another', and 'noxus-data'")


def test_another_cluster_than_the_one_deployed_to_is_refused_with_the_way_to_move() -> None:
    (problem,) = changed({FINGERPRINT: "sha256:old"}, {FINGERPRINT: "sha256:new"}, settings(PROD, *SECRETS))
    assert str(problem) == (
        "cluster.fingerprint: the cluster has sha256:new, and sha256:old is deployed to; objects do not move between "
        "clusters; name the right one in cluster.context. If it is the same with a new certificate authority, or you "
        "have moved as docs/clusters.md says, write cluster.fingerprint: sha256:new"
    )
    assert list(changed({}, {FINGERPRINT: "sha256:new"}, settings(PROD, *SECRETS))) == [], (
        "a stack from before it was remembered"
    )


@pytest.mark.parametrize(
    ("cluster", "refused"),
    [({}, True), ({"kubeconfig": "~/.kube/config"}, True), ({"context": "prod"}, False), ({"inCluster": True}, False)],
)
def test_a_protected_stack_names_its_cluster(cluster: dict[str, Any], *, refused: bool) -> None:
    raw = {**SMALLEST, "cluster": cluster}
    found = [finding.path for finding in findings(settings(raw)) if finding.severity == "error"]
    assert found == (["cluster.context"] if refused else [])
    assert not [f for f in findings(settings({**raw, "protect": False})) if f.severity == "error"]
