"""What is published of secret values: digests that change with them and tell nobody what they are."""

import json
import re
from collections.abc import Mapping

import pulumi
import pytest

from components.secrets.digest import Digests
from tests.harness import Deployment, deploy
from tests.programs import external_secrets_stack, run_program

POD_KINDS = ("Deployment", "StatefulSet", "Job", "ScaledObject", "ExternalSecret")
SECRETS = {"openaiApiKey": "guessable", "acmeKey": "guessable", "registryPassword": "guessable"}


def digest(salt: str, values: Mapping[str, str]) -> str:
    def program() -> None:
        secret = {name: pulumi.Output.secret(value) for name, value in values.items()}
        pulumi.export("digest", Digests(pulumi.Output.secret(salt)).of(secret))

    return deploy(program).outputs["digest"]


def published(deployed: Deployment) -> set[str]:
    """Everything like a digest in what anybody who may read pods sees."""
    texts = (json.dumps(manifest) for _, manifest in deployed.objects if manifest["kind"] in POD_KINDS)
    return {found for text in texts for found in re.findall(r"\b(?:NOXUS_ENV_[0-9A-F]{16}|[0-9a-f]{64})\b", text)}


def test_nobody_can_test_guesses_of_a_secret_against_a_digest_without_the_stacks_salt() -> None:
    secret = {"password": "guessable"}
    assert digest("salt", secret) == digest("salt", secret), "the same in every update"
    assert digest("salt", secret) != digest("salt", {"password": "another"})
    assert digest("salt", secret) != digest("of another stack", secret)


@pytest.mark.parametrize("backend", [{}, {"secrets": {}}], ids=["external", "kubernetes"])
def test_every_published_digest_is_under_the_salt(backend: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    raw = {**external_secrets_stack(), **backend}
    before = published(run_program(raw, SECRETS))
    assert len(before) > 3
    unprotected = {**raw, "protect": False}  # another program, whose digests are the same
    assert published(run_program(unprotected, SECRETS)) == before
    monkeypatch.setattr("components.platform.generated_password", lambda *_: pulumi.Output.secret("another salt"))
    assert before.isdisjoint(published(run_program({**unprotected, "archive": {"mode": "sync"}}, SECRETS)))
