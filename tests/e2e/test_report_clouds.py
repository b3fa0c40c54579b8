"""What a report says of real changes of the production stacks, previewed by the real engine, one cloud after another.

The clouds' plugins are stand-ins, which replace nothing; what they are told is the program's own.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sandbox.control_plane import ControlPlane
from tests.e2e.conftest import engine_environment
from tests.e2e.dev_stack import Change
from tests.e2e.production import ProdStack
from tests.e2e.store_operator import StoreOperator
from tests.e2e.test_prod_stack import Store
from tests.e2e.test_report import Expected, all_of, judged, reordered, written
from tests.previews import classes

GLOBEX = {
    "namespace": "noxus-globex",
    "pools": {"chat": {"workerSubscribe": "chat", "workerSubscribeTenants": "tenant-one"}},
}

ROWS: Mapping[str, Mapping[str, tuple[tuple[Change, ...], Expected]]] = {
    "prod": {
        "a larger instance": (
            (written("postgres.instanceClass", "db.m7g.xlarge"),),
            all_of("postgres.instanceClass", "interruption", "scaling", "cost"),
        ),
        "fewer backups": ((written("postgres.backupDays", 7),), all_of("postgres.backupDays", "dataLoss")),
        "more backups": ((written("postgres.backupDays", 35),), {}),
        "fewer versions": (
            (written("storage.noncurrentVersionDays", 3),),
            all_of("storage.noncurrentVersionDays", "dataLoss"),
        ),
        "no protection": ((written("protect", value=False),), all_of("protect", "dataLoss")),
        "another cluster's pods": (
            (written("aws.clusterSecurityGroupId", "sg-0123456789abcdef9"),),
            all_of("aws.clusterSecurityGroupId", "permissionWidened", "permissionNarrowed"),
        ),
        "a release with a role of its own": (
            (written("workers.globex", GLOBEX),),
            all_of("workers.globex", "permissionWidened", "routing", "scaling", "cost"),
        ),
        "a secret variable more": (
            (written("secretEnv.SECOND", "acmeOpenaiApiKey"),),
            all_of("secretEnv.SECOND", "permissionWidened", "interruption"),
        ),
        "other tags, in another order": ((written("aws.tags", {"owner": "another"}), reordered), {}),
    },
    "prod-gcp": {
        "a larger Redis": (
            (written("redis.memoryGib", 16),),
            all_of("redis.memoryGib", "interruption", "cost"),
        ),
        "fewer backups and other labels": (
            (written("postgres.backups", 10), written("gcp.labels", {"owner": "another"})),
            all_of("postgres.backups", "dataLoss"),
        ),
        "a release with an account of its own": (
            (written("workers.globex", GLOBEX),),
            all_of("workers.globex", "permissionWidened", "routing", "scaling", "cost"),
        ),
    },
    "prod-azure": {
        "another standby": (
            (written("postgres.standby", "sameZone"),),
            all_of("postgres.standby", "interruption", "cost"),
        ),
        "fewer days to bring a blob back, and other tags": (
            (written("storage.deleteRetentionDays", 7), written("azure.tags", {"owner": "another"})),
            all_of("storage.deleteRetentionDays", "dataLoss"),
        ),
        "a release with an identity of its own": (
            (written("workers.globex", GLOBEX),),
            all_of("workers.globex", "permissionWidened", "routing", "scaling", "cost"),
        ),
    },
}


@pytest.fixture(params=ROWS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def stack(name: str, control_plane: ControlPlane, tmp_path: Path) -> Iterator[ProdStack]:
    stack = ProdStack(tmp_path, engine_environment(control_plane, tmp_path), name)
    with StoreOperator(control_plane.kubeconfig, Store()).running():
        assert (up := stack.up()).code == 0, up.text
    yield stack
    stack.ended()


def test_a_change_is_in_its_classes_with_its_settings_and_in_no_other(name: str, stack: ProdStack) -> None:
    found = dict[str, dict[str, set[str | None]]]()
    for row, (changes, _) in ROWS[name].items():
        stack.configure(*changes)
        found[row] = classes(judged(stack))
    stack.configure()
    stack.set_secret("acmeOpenaiApiKey", "another")
    found["a rotated secret"] = classes(judged(stack))
    rotated = {"a rotated secret": all_of("acmeOpenaiApiKey", "secretRotated", "interruption")}
    assert found == {row: expected for row, (_, expected) in ROWS[name].items()} | rotated
