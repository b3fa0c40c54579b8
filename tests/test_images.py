"""Images from a mirror: one setting, every image of the stack, and nothing of a name lost but its registry."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.images import mirrored
from config.sections import ImageSettings
from tests.harness import Deployment
from tests.programs import EXTERNAL_SERVICES, LOGINS, ROOT, SMALLEST, refused, run_program, settings, stack_file
from tests.test_program import PROGRAMS

MIRROR = "mirror.example.com:5000/hub"

NAMES = (
    ("registry.example.com/noxus/x:1", "noxus/x:1"),
    ("registry.example.com:8443/x:1", "x:1"),
    ("localhost/noxus/x:1", "noxus/x:1"),
    ("redis:7.4.6-alpine", "library/redis:7.4.6-alpine"),
    (f"redis:7@sha256:{'a' * 64}", f"library/redis:7@sha256:{'a' * 64}"),
    ("docker.io/redis:7", "library/redis:7"),
    ("docker.io/versity/versitygw:v1.8.0", "versity/versitygw:v1.8.0"),
    ("versity/versitygw:v1.8.0", "versity/versitygw:v1.8.0"),
    ("ghcr.io/a/b/c:1", "a/b/c:1"),
)
"""An image, and what it is called on a mirror."""


@pytest.mark.parametrize(("image", "path"), NAMES)
def test_the_registry_is_replaced_and_what_docker_hub_leaves_out_is_written(image: str, path: str) -> None:
    assert mirrored(image, MIRROR) == f"{MIRROR}/{path}"


PARTS = st.from_regex(r"[a-z0-9]{1,8}([-_][a-z0-9]{1,8})?", fullmatch=True)
HOSTS = st.sampled_from(["", "docker.io/", "ghcr.io/", "registry.example.com:8443/", "localhost/"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
VERSIONS = st.one_of(
    st.from_regex(r":[A-Za-z0-9_][-.A-Za-z0-9_]{0,20}", fullmatch=True), st.just(f"@sha256:{'0f' * 32}")
)
MIRRORS = st.sampled_from([MIRROR, "mirror.example.com", "10.0.0.5:5000", "registry:5000", "a.example.com/b/c"])


@given(host=HOSTS, path=PATHS, version=VERSIONS, registry=MIRRORS)
def test_every_name_keeps_its_path_and_version_and_is_moved_once(
    host: str, path: str, version: str, registry: str
) -> None:
    moved = mirrored(host + path + version, registry)
    assert moved.startswith(f"{registry}/")
    assert moved.removeprefix(f"{registry}/").removeprefix("library/") == (path + version).removeprefix("library/")
    assert mirrored(moved, registry) == moved


@given(path=PATHS, version=VERSIONS)
def test_two_images_of_docker_hub_stay_two(path: str, version: str) -> None:
    short, other = path + version, f"library/{path}/x{version}"
    assert mirrored(short, MIRROR) != mirrored(other, MIRROR)
    assert mirrored(short, MIRROR) == mirrored(f"docker.io/{short}", MIRROR)


def images(deployed: Deployment) -> set[str]:
    """Images of all containers of a deployment, those that run first included."""
    specs = [m["spec"]["template"]["spec"] for _, m in deployed.objects if "template" in m.get("spec", {})]
    return {one["image"] for spec in specs for kind in ("initContainers", "containers") for one in spec.get(kind, [])}


def from_mirror(raw: dict[str, Any]) -> dict[str, Any]:
    return {**raw, "images": {**raw["images"], "registry": MIRROR}}


@pytest.mark.parametrize("name", ["dev", "everything", "prod", "prod-gcp", "prod-azure"])
def test_every_image_of_every_program_comes_from_the_mirror(name: str) -> None:
    raw, secrets = PROGRAMS[name] if name in PROGRAMS else stack_file(ROOT / f"Pulumi.{name}.yaml")
    before, after = images(run_program(raw, secrets)), images(run_program(from_mirror(raw), secrets))
    assert after == {mirrored(image, MIRROR) for image in before}
    assert len(after) == len(before) > 2


def test_a_set_up_job_of_an_external_database_does_too() -> None:
    after = images(run_program(from_mirror({**SMALLEST, **EXTERNAL_SERVICES}), LOGINS))
    assert f"{MIRROR}/pgvector/pgvector:0.8.1-pg16" in after
    assert all(image.startswith(MIRROR) for image in after)


def test_an_image_that_is_named_on_the_mirror_stays_as_it_is() -> None:
    written = {"redis": {"image": f"{MIRROR}/elsewhere/redis:7"}}
    assert settings(from_mirror({**SMALLEST, **written})).redis.model_dump()["image"] == f"{MIRROR}/elsewhere/redis:7"


def test_the_migrations_of_a_mirrors_image_are_another_run() -> None:
    raw = {**SMALLEST, "primary": {"namespace": "noxus", "migrations": {"enabled": True, "command": ["migrate"]}}}
    jobs = [
        {m["metadata"]["name"] for _, m in run_program(one).objects if "migrations" in m["metadata"]["name"]}
        for one in (raw, from_mirror(raw))
    ]
    assert len(jobs[0]) == len(jobs[1]) == 1
    assert jobs[0] != jobs[1]


def test_without_the_setting_every_image_has_its_own_name() -> None:
    parsed = settings(SMALLEST).images
    written = {role: SMALLEST["images"][role] for role in ("backend", "frontend", "worker")}
    assert parsed == ImageSettings.model_validate(written)


@pytest.mark.parametrize("registry", ["https://mirror.example.com", "mirror", "mirror.example.com/", "Mirror.example"])
def test_what_is_no_registry_is_refused_with_one_that_would_do(registry: str) -> None:
    raw = {**SMALLEST, "images": {**SMALLEST["images"], "registry": registry}}
    assert refused(raw) == {
        "images.registry": "must be a registry's host and port, and a path if need be, without https://, such as "
        f"mirror.example.com or mirror.example.com:5000/hub (got {registry!r})"
    }
