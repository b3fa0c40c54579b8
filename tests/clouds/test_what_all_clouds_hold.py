"""Encryption, ways in, identity, rights and guards: the same questions to the production stack of every cloud."""

from pathlib import Path
from typing import Any

import pytest

from tests.clouds.views import VIEWS, View
from tests.programs import ROOT, run_program, stack_file

STACKS = {stack_file(file)[0]["cloud"]: file for file in sorted(ROOT.glob("Pulumi.prod*.yaml"))}
RELEASES = ("noxus", "acme")


def view_of(file: Path, **changes: Any) -> View:
    plain, secrets = stack_file(file)
    return VIEWS[plain["cloud"]](run_program({**plain, **changes}, secrets))


@pytest.fixture(params=STACKS)
def file(request: pytest.FixtureRequest) -> Path:
    return STACKS[request.param]


@pytest.fixture
def view(file: Path) -> View:
    return view_of(file)


def test_everything_that_holds_data_is_encrypted_with_the_stacks_own_key(view: View) -> None:
    assert {"postgres", "redis", "bucket"} <= view.keys.keys()
    for held, key in view.keys.items():
        assert view.key in key, held


def test_nothing_is_open_to_the_internet_or_without_tls(view: View) -> None:
    assert len(view.doors) == 5
    assert [door for door, open_ in view.doors.items() if open_] == []


@pytest.mark.parametrize(
    ("namespace", "account"),
    [
        ("noxus", "noxus"),
        ("noxus-globex", "acme"),
        ("noxus-acme", "default"),
        ("noxus-acme", "acme2"),
        ("acme", "noxus"),
    ],
)
def test_nobody_else_is_given_the_identity_of_a_release(view: View, namespace: str, account: str) -> None:
    assert view.lets_in("acme", "noxus-acme", "acme")
    assert view.lets_in("noxus", "noxus", "noxus")
    assert not view.lets_in("acme", namespace, account)


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_uses_the_bucket_and_its_own_entry_and_no_other(view: View, release: str) -> None:
    for act in ("list objects", "read object", "write object", "delete object"):
        assert view.may(release, act), act
    (other,) = set(RELEASES) - {release}
    assert view.may(release, "read entry", of=release)
    assert not view.may(release, "read entry", of=other)
    assert not view.may(release, "read entry", of="globex")


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_neither_opens_the_bucket_nor_uses_the_key_by_itself(view: View, release: str) -> None:
    assert not view.may(release, "open bucket")
    assert not view.may(release, "use key")


def test_what_holds_data_is_guarded_by_its_cloud_beside_the_engine(view: View) -> None:
    assert view.guards == {"postgres": True, "redis": True, "bucket": True}
