"""Configurations for tests: the stack files of this repository, and the smallest valid one with changes."""

import json
import runpy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from checks import findings
from checks.permanence import changed, permanent
from config import ConfigError, StackSettings, parse
from config.load import PROJECT, SECTIONS
from tests.harness import Deployment, deploy

ROOT = Path(__file__).parent.parent
STACK_FILES = sorted(ROOT.glob("Pulumi.*.yaml"))

SMALLEST: Mapping[str, Any] = {
    "images": {role: f"registry.example.com/noxus/{role}:2026.11.0" for role in ("backend", "frontend", "worker")},
    "cluster": {"context": "test"},
    "primary": {"namespace": "noxus"},
    "routing": {"acceptUnserved": dict.fromkeys(("flow", "chat", "kb"), "a test of something else")},
}


REGISTRY = {"server": "registry.example.com", "username": "robot", "password": "registryPassword"}
VAULT: Mapping[str, str] = {"type": "vault", "server": "https://vault.example.com:8200"}
TENANT = "00000000-0000-0000-0000-00000000000a"
STORES: tuple[Mapping[str, str], ...] = (
    VAULT,
    {**VAULT, "role": "reader", "caConfigMap": "vault-ca"},
    {"type": "awsSecretsManager", "region": "eu-west-1"},
    {"type": "azureKeyVault", "vaultUrl": "https://noxus.vault.azure.net", "tenantId": TENANT},
    {"type": "gcpSecretManager", "projectId": "noxus", "clusterLocation": "europe-west1", "clusterName": "prod"},
)
IDENTITY = {"annotations": {"eks.amazonaws.com/role-arn": "arn:x", "azure.workload.identity/client-id": "x"}}


EXTERNAL_SERVICES: Mapping[str, Any] = {
    "postgres": {
        "mode": "external",
        "host": "postgres.example.com",
        "port": 6432,
        "cidrs": ["10.30.0.0/28"],
        "password": "postgresPassword",
        "scalerPassword": "scalerPassword",
        "admin": {"user": "root", "password": "adminPassword"},
    },
    "redis": {
        "mode": "external",
        "host": "redis.example.com",
        "cidrs": ["10.30.1.0/28"],
        "password": "redisPassword",
        "memoryMib": 4096,
    },
    "storage": {
        "mode": "external",
        "url": "https://s3.example.com:9000",
        "cidrs": ["10.30.2.0/28", "10.30.3.0/28"],
        "accessKeyId": "bucketKeyId",
        "secretAccessKey": "bucketKey",
    },
}
LOGINS: Mapping[str, str] = {
    key: f"plaintext-{key}"
    for key in ("postgresPassword", "scalerPassword", "adminPassword", "redisPassword", "bucketKeyId", "bucketKey")
}


PEM = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"
POOLED: Mapping[str, Any] = {
    "postgres": {
        **EXTERNAL_SERVICES["postgres"],
        "host": "pooler.example.com",
        "direct": {"host": "postgres.example.com", "cidrs": ["10.30.4.0/28"]},
        "database": "my-db",
        "user": "My Role",
        "sslMode": "verify-full",
        "ca": PEM,
    },
    "redis": {**EXTERNAL_SERVICES["redis"], "port": 6380, "tls": True, "user": "us:er", "ca": PEM},
    "storage": EXTERNAL_SERVICES["storage"],
    "env": {"DATABASE": "${postgres.url}", "BROKER": "${redis.url}", "ASKED": "${postgres.host}", "LOG_LEVEL": "info"},
}
"""Postgres behind somebody's pooler, both with a private authority, and a Redis with TLS and a user."""

OPERATED: Mapping[str, Any] = {
    "postgres": {
        "mode": "external",
        "host": "main-rw.databases.svc",
        "namespace": "databases",
        "podLabels": {"cnpg.io/cluster": "main"},
        "password": "postgresPassword",
        "scalerPassword": "scalerPassword",
        "admin": {"password": "adminPassword"},
    },
    "redis": {
        "mode": "external",
        "host": "redis.caches.svc",
        "namespace": "caches",
        "podLabels": {"app": "redis"},
        "password": "redisPassword",
    },
    "storage": {
        "mode": "external",
        "url": "http://minio.minio.svc",
        "namespace": "minio",
        "podLabels": {"v1.min.io/tenant": "noxus"},
        "podPort": 9000,
        "accessKeyId": "bucketKeyId",
        "secretAccessKey": "bucketKey",
    },
}
"""What operators run in the same cluster, in namespaces of their own."""


def external_secrets_stack(
    store: Mapping[str, str] = VAULT, *, revisions: Mapping[str, str] | None = None, **changes: object
) -> dict[str, Any]:
    """Two releases whose Secrets External Secrets writes; one pool of two reads a key of its own."""
    return {
        **SMALLEST,
        "env": {"LOG_LEVEL": "info", "PROMPT": "hello {{name}}"},
        "secretEnv": {"OPENAI_API_KEY": "openaiApiKey"},
        "images": {
            **SMALLEST["images"],
            "registries": {"internal": REGISTRY},
        },
        "cluster": {"context": "test", "scraping": "podMonitors", "podMonitorLabels": {"release": "prometheus"}},
        "secrets": {"backend": "externalSecrets", "store": store, "revisions": revisions or {}},
        "primary": {"namespace": "noxus", "identity": IDENTITY},
        "workers": {
            "acme": {
                "namespace": "noxus-acme",
                "identity": IDENTITY,
                "secrets": {"acme-keys": {"OPENAI_API_KEY": "acmeKey"}},
                "pools": {"flow": {"envSecretRef": "acme-keys"}, "kb": {"workerSubscribe": "kb"}},
            }
        },
        **changes,
    }


def with_pool(**pool: object) -> dict[str, Any]:
    """The smallest stack with one worker release `acme` of one pool `flow`, which has these settings."""
    return {**SMALLEST, "workers": {"acme": {"namespace": "noxus-acme", "pools": {"flow": pool}}}}


def settings(raw: Mapping[str, Any], *encrypted: str) -> StackSettings:
    """Settings from what a stack file would hold: plain keys, and the names of encrypted ones."""
    return parse("Pulumi.test.yaml", raw, encrypted)


def run_program(
    raw: Mapping[str, Any], secrets: Mapping[str, str] | None = None, *, preview: bool = False
) -> Deployment:
    """Run `__main__.py` under the mock engine. The same stack is run once only."""
    return _run_once(json.dumps(raw), json.dumps(secrets or {}), preview=preview)


@cache
def _run_once(raw: str, secrets: str, *, preview: bool) -> Deployment:
    program = str(ROOT / "__main__.py")
    return deploy(lambda: runpy.run_path(program), config=json.loads(raw), secrets=json.loads(secrets), preview=preview)


def stack_file(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """A checked-in stack file as (plain config, secrets); each secret's value names its key."""
    entries = yaml.safe_load(path.read_text())["config"]
    own = {key.removeprefix(f"{PROJECT}:"): value for key, value in entries.items() if key.startswith(f"{PROJECT}:")}
    plain = {key: value for key, value in own.items() if key in SECTIONS}
    return plain, {key: f"plaintext-of-{key}" for key in own.keys() - plain.keys()}


def on_cloud(name: str) -> dict[str, Any]:
    """Cloud and section of a production stack file, for a stack of something else: `prod` is AWS."""
    plain, _ = stack_file(ROOT / f"Pulumi.{name}.yaml")
    return {"cloud": plain["cloud"], plain["cloud"]: plain[plain["cloud"]]}


def refused(raw: Mapping[str, Any], *encrypted: str) -> dict[str, str]:
    """What is wrong with a stack file, by path: in a section itself, else in what the checks see together."""
    try:
        found = findings(settings(raw, *encrypted))
    except ConfigError as error:
        return {problem.path: problem.message for problem in error.problems}
    return {finding.path: finding.message for finding in found if finding.severity == "error"}


def refusals(before: StackSettings, after: StackSettings) -> list[str]:
    """Why a protected stack that was deployed with `before` cannot become `after`."""
    return [f"{problem.path}: {problem.message}" for problem in changed(permanent(before), permanent(after), after)]
