"""What `tools.recover` makes of the state that a killed engine leaves."""

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.recover import lift_stale_locks, pending_creates, recovered, unknown

URN = "urn:pulumi:dev::noxus::kubernetes:core/v1:ConfigMap::noxus/settings"


def created(urn: str = URN, **more: Any) -> dict[str, Any]:
    """A resource as the state has it."""
    metadata = {"name": "settings", "namespace": "noxus"}
    return {"urn": urn, "type": urn.split("::")[2], "inputs": {"metadata": metadata}, **more}


def state(resources: list[dict[str, Any]], *pending: dict[str, Any], operation: str = "creating") -> str:
    operations = [{"resource": resource, "type": operation} for resource in pending]
    return json.dumps({"deployment": {"resources": resources, "pending_operations": operations}})


def resources(exported: str) -> list[dict[str, Any]]:
    deployment = json.loads(exported)["deployment"]
    assert "pending_operations" not in deployment
    return deployment["resources"]


def test_a_pending_object_is_put_into_the_state_under_the_id_that_its_inputs_give() -> None:
    assert resources(recovered(state([], created()))) == [created(id="noxus/settings")]


def test_an_object_without_namespace_has_its_name_for_an_id() -> None:
    namespace = created("urn:pulumi:dev::noxus::kubernetes:core/v1:Namespace::noxus")
    namespace["inputs"] = {"metadata": {"name": "noxus"}}
    assert resources(recovered(state([], namespace)))[0]["id"] == "noxus"


def test_a_replacement_that_was_begun_leaves_the_old_object_to_be_deleted() -> None:
    old = created(id="noxus/settings-1")
    assert resources(recovered(state([old], created()))) == [{**old, "delete": True}, created(id="noxus/settings")]


def test_an_old_object_that_was_deleted_before_its_replacement_is_forgotten() -> None:
    old = created(id="noxus/settings", pendingReplacement=True)
    assert resources(recovered(state([old], created()))) == [created(id="noxus/settings")]


def test_what_other_providers_were_making_is_dropped_and_named_if_it_may_exist() -> None:
    password = created("urn:pulumi:dev::noxus::random:index/randomPassword:RandomPassword::p")
    bucket = created("urn:pulumi:dev::noxus::aws:s3/bucket:Bucket::b")
    exported = state([], password, bucket)
    assert resources(recovered(exported)) == []
    assert unknown(pending_creates(exported)) == [bucket["urn"]]


def test_a_pending_update_asks_for_nothing() -> None:
    assert pending_creates(state([created()], created(), operation="updating")) == []


@pytest.mark.parametrize(
    ("holder", "lifted"),
    [({"hostname": socket.gethostname()}, True), ({"hostname": "another-machine"}, False)],
)
def test_only_a_lock_of_a_process_that_is_gone_from_this_machine_is_lifted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holder: dict[str, Any], *, lifted: bool
) -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    locks = tmp_path / ".pulumi/locks/organization/noxus/dev"
    locks.mkdir(parents=True)
    (locks / "stale.json").write_text(json.dumps({**holder, "pid": gone.pid}))
    (locks / "held.json").write_text(json.dumps({**holder, "pid": os.getpid()}))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    lift_stale_locks("dev")
    assert {lock.name for lock in locks.iterdir()} == {"held.json"} | ({"stale.json"} if not lifted else set[str]())
