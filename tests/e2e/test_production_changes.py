"""Every change that the documents of a cloud describe, on a protected stack and the real engine.

AWS' is in test_protected_stack.py, beside what earlier versions of the program left in stacks there.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e.accounts import Inputs
from tests.e2e.production import ProdStack, write
from tests.e2e.store_operator import StoreOperator
from tests.e2e.test_prod_stack import Store
from tests.e2e.test_protected_stack import replacing, up
from tests.further_rights import FURTHER


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is changed in one update, and what it touches."""

    before: Inputs
    """Settings to begin with, by path."""
    after: Inputs
    """Every row of the table "Change" that the stack file makes, in one update."""
    touched: Mapping[str, str]
    """What that update does, without what is the cluster's."""
    passwords: tuple[str, ...]
    """Random passwords that can be replaced."""
    rotated: Mapping[str, str]
    """What that does to what holds them."""
    kept: frozenset[str]
    """Types of what a removed release leaves behind in the cloud."""
    rights: frozenset[str]
    """Types of what further rights of a release are."""


CLUSTERS = {
    "ExternalSecret noxus-acme/acme-llm-keys": "updated",
    "Deployment noxus-acme/acme-flow": "updated",
    "ScaledObject noxus-acme/acme-flow": "updated",
}
"""What the common rows touch: more workers, and another value of a secret."""

COMMON: Inputs = {"connections.postgres": {"backend": 20, "relays": 5, "scheduler": 1, "migrations": 1, "worker": 30}}

CHANGES = {
    "prod-gcp": Changes(
        before={"redis.version": "7.0", "storage.logBucket": "example-logs"},
        after={
            **COMMON,
            "gcp.network": "https://www.googleapis.com/compute/v1/projects/example-noxus/global/networks/main",
            "gcp.labels": {"owner": "another"},
            "postgres.tier": "db-perf-optimized-N-8",
            "postgres.edition": "ENTERPRISE_PLUS",
            "postgres.backupDays": 14,
            "postgres.backups": 60,
            "postgres.maintenanceHour": "sat:03:00",
            "postgres.maxConnections": 1400,
            "postgres.maxStorageGib": 2000,
            "postgres.standby": False,
            "postgres.version": "17",
            "postgres.allowMajorUpgrade": True,
            "redis.memoryGib": 16,
            "redis.version": "7.2",
            "redis.snapshotHours": 0,
            "redis.maintenanceHour": "sat:04:00",
            "storage.logBucket": None,
            "storage.softDeleteDays": 14,
        },
        touched={
            **CLUSTERS,
            "gcp gcp": "updated",  # the provider gives everything its labels
            "SecretVersion acme-entry": "deleted",  # the former one, after the latter was made
            "DatabaseInstance postgres": "updated",
            "Instance redis": "updated",
            "Bucket bucket": "updated",
        },
        passwords=("postgres-owner-password", "postgres-root-password"),
        rotated={"DatabaseInstance postgres": "updated", "SecretVersion acme-entry": "deleted"},
        kept=frozenset(),
        rights=frozenset({"IAMMember", "BucketIAMMember", "SecretIamMember"}),
    ),
    "prod-azure": Changes(
        before={"redis.highAvailability": False},
        after={
            **COMMON,
            "postgres.sku": "Standard_D4ds_v5",
            "postgres.maxConnections": 1400,
            "postgres.standby": "sameZone",
            "postgres.version": "17",
            "postgres.allowMajorUpgrade": True,
            "redis.sku": "Balanced_B10",
            "redis.highAvailability": True,
            "storage.noncurrentVersionDays": 60,
            "storage.deleteRetentionDays": 60,
        },
        touched={
            **CLUSTERS,
            "Secret acme-entry": "updated",
            "Server postgres": "updated",
            "Configuration postgres-max_connections": "updated",
            "RedisEnterprise redis": "updated",
            "BlobServiceProperties bucket": "updated",
            "ManagementPolicy bucket": "updated",
        },
        passwords=("postgres-owner-password", "postgres-master-password"),
        rotated={"Server postgres": "updated", "Secret acme-entry": "updated"},
        kept=frozenset({"RoleAssignment", "Secret"}),
        rights=frozenset({"RoleAssignment"}),
    ),
}


@pytest.fixture(params=CHANGES)
def prod(request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str]) -> Iterator[ProdStack]:
    stack = ProdStack(tmp_path, environment, request.param)
    yield stack
    stack.ended(_with(CHANGES[request.param].before), _with(CHANGES[request.param].after), _without_keda)


def _with(settings: Inputs) -> Callable[[Inputs], None]:
    return lambda config: write(config, settings)


def _more_workers(config: Inputs) -> None:
    config["workers"]["acme"]["pools"]["flow"]["autoscaling"]["maxReplicas"] = 10


def _with_globex(config: Inputs) -> None:
    config["workers"]["globex"] = {"namespace": "noxus-globex", "pools": {"chat": {"workerSubscribe": "chat"}}}


def _with_further_rights(config: Inputs) -> None:
    config["workers"]["acme"]["identity"] = {"statements": FURTHER[config["cloud"]]}


def _without_keda(config: Inputs) -> None:
    del config["workers"]["acme"]["pools"]["flow"]["autoscaling"]


def test_every_change_that_the_documents_describe_is_made_on_a_protected_stack(
    request: pytest.FixtureRequest, prod: ProdStack, control_plane: ControlPlane
) -> None:
    changes = CHANGES[request.node.callspec.params["prod"]]
    before, after = _with(changes.before), _with(changes.after)
    with StoreOperator(control_plane.kubeconfig, Store()).running():
        prod.configure(before)
        up(prod)
        assert prod.guarded() == prod.cloud.guarded

        changed = (before, after, _more_workers)
        prod.configure(*changed)
        prod.set_secret("acmeOpenaiApiKey", "another")
        assert up(prod) == changes.touched

        prod.configure(*changed)
        done = up(prod, *replacing(prod, *changes.passwords))
        assert {f"RandomPassword {name}" for name in changes.passwords} < done.keys()
        assert changes.rotated.items() < done.items()
        assert "Job noxus-data/postgres-setup" in done, "it carries the passwords into Postgres"

        without = prod.account.held()
        prod.configure(*changed, _with_further_rights)
        given = up(prod)
        assert set(given.values()) == {"created"}
        assert {name.partition(" ")[0] for name in given} == changes.rights
        assert all(name.partition(" ")[2].startswith("acme-") for name in given), given
        assert len(prod.account.held() - without) == len(given)
        prod.configure(*changed)
        assert up(prod) == dict.fromkeys(given, "deleted")
        assert prod.account.held() == without

        prod.configure(*changed, _with_globex)
        added = up(prod)
        assert set(added.values()) == {"created"}
        assert all("globex" in name for name in added), added
        prod.configure(*changed)
        assert set(up(prod).values()) == {"deleted"}
        assert {line.partition(" ")[0] for line in prod.account.held() - without} == changes.kept
        prod.configure(*changed, _with_globex)
        assert up(prod).keys() == added.keys(), "at once, beside what it has left"

        prod.configure(*changed, _without_keda)
        assert up(prod)["ScaledObject noxus-acme/acme-flow"] == "deleted"
        assert up(prod, "--expect-no-changes") == {}
        assert prod.guarded() == prod.cloud.guarded
