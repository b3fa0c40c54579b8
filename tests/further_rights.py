"""Further rights of a release that are taken as they are, by cloud: a model, and somebody else's bucket and secret."""

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.programs import ROOT, stack_file

MODEL: Final = "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"
ELSEWHERE: Final = "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/models/providers"
CONTAINER: Final = f"{ELSEWHERE}/Microsoft.Storage/storageAccounts/models/blobServices/default/containers/shared"
SECRET: Final = f"{ELSEWHERE}/Microsoft.KeyVault/vaults/models/secrets/shared"

FURTHER: Final[Mapping[str, list[dict[str, Any]]]] = {
    "aws": [
        {
            "actions": ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
            "resources": [MODEL],
            "conditions": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
        },
        {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::example-models/*"]},
        {"actions": ["bedrock:ListFoundationModels"], "resources": ["*"], "reason": "the action knows no resource"},
    ],
    "gcp": [
        {
            "role": "roles/aiplatform.user",
            "on": "projects/example-noxus",
            "condition": {"title": "this year", "expression": "request.time < timestamp('2027-01-01T00:00:00Z')"},
            "reason": "models of publishers have no narrower scope",
        },
        {"role": "roles/storage.objectUser", "on": "projects/_/buckets/example-models"},
        {"role": "roles/secretmanager.secretAccessor", "on": "projects/example-models/secrets/shared"},
    ],
    "azure": [
        {"role": "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "scope": CONTAINER},
        {"role": "4633458b-17de-408a-b874-0445c86b69e6", "scope": SECRET},
    ],
}

STACKS: Final = {stack_file(file)[0]["cloud"]: stack_file(file) for file in sorted(ROOT.glob("Pulumi.prod*.yaml"))}
"""The production stack of each cloud, with its secrets."""


def with_further(cloud: str, *statements: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A production stack whose release `acme` has further rights: these, or those above."""
    plain, secrets = STACKS[cloud]
    raw = json.loads(json.dumps(plain))
    raw["workers"]["acme"]["identity"] = {"statements": list(statements) or FURTHER[cloud]}
    return raw, secrets
