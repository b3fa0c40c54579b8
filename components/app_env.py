"""The environment of a release: the shared Secret `{release}-app-env` and the Secrets that pools layer on top.

Weakest first: what the platform must know, `noxus:env`, `noxus:secretEnv`, the release's `env`; then a pool's
`envSecretRef`; then the pool's literal routing variables (see `pool.py`). Routing variables are never in here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.digest import digest
from components.endpoints import DataServices
from components.namespace_ref import NamespaceRef
from config.names import app_env_secret
from config.references import split
from config.sections import ArchiveSettings

TYPE: Final = "noxus:components:AppEnv"


def platform_env(services: DataServices, archive: ArchiveSettings) -> dict[str, pulumi.Input[str]]:
    """What the platform reads under names of its own (platform.md section 4.1).

    `POSTGRESQL_URL` has neither scheme nor database and `REDIS_URL` is a bare host: that is the documented form. The
    passwords are alphanumeric, because whether the platform decodes a percent-encoded one is not stated anywhere.
    """
    postgres, redis, bucket = services.postgres, services.redis, services.bucket
    postgres_url = pulumi.Output.format(
        "{0}:{1}@{2}:{3}", postgres.user, postgres.password, postgres.host, postgres.port
    )
    return {
        "POSTGRESQL_URL": postgres_url,
        "VECTOR_POSTGRESQL_URL": postgres_url,
        "REDIS_URL": redis.host,
        "REDIS_PASSWORD": redis.password,
        "S3_ACCESS_KEY_ID": bucket.access_key_id,
        "S3_SECRET_ACCESS_KEY": bucket.secret_access_key,
        "ARCHIVE_MODE": archive.mode,
        "ARCHIVE_BATCH_INTERVAL": str(archive.batch_interval_seconds),
    }


def resolved(env: Mapping[str, str], values: Mapping[str, pulumi.Input[str]]) -> dict[str, pulumi.Input[str]]:
    """Replace every reference such as `${bucket.name}` by its value; `config` has checked that each exists."""
    return {name: _resolved_text(text, values) for name, text in env.items()}


def _resolved_text(text: str, values: Mapping[str, pulumi.Input[str]]) -> pulumi.Input[str]:
    parts = split(text)
    if len(parts) == 1:
        return text
    return pulumi.Output.concat(*(values[part] if position % 2 else part for position, part in enumerate(parts)))


@dataclass(frozen=True, kw_only=True)
class AppEnvArgs:
    """What an `AppEnv` needs."""

    release: str
    namespace: NamespaceRef
    shared: Mapping[str, pulumi.Input[str]]
    """Variables of every workload of the release."""
    layers: Mapping[str, Mapping[str, pulumi.Input[str]]]
    """Variables of the Secrets to make for pools, by Secret name."""


class AppEnv(pulumi.ComponentResource):
    """The release's Secrets, and a checksum for each layering of them, so that a change rolls those who use it."""

    secret_name: pulumi.Output[str]
    """Name of the shared Secret."""

    def __init__(self, name: str, args: AppEnvArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        self._shared = args.shared
        self._layers = args.layers
        self.secret_name = self._secret(args.namespace, app_env_secret(args.release), args.shared).metadata["name"]
        self._layer_names = {
            layer: self._secret(args.namespace, layer, variables).metadata["name"]
            for layer, variables in args.layers.items()
        }
        self.register_outputs({"secret_name": self.secret_name})

    def layer_name(self, layer: str) -> pulumi.Input[str]:
        """Name of the Secret `layer`: an output if it is made here, so that its users wait for it."""
        return self._layer_names.get(layer, layer)

    def checksum(self, layer: str = "") -> pulumi.Output[str]:
        """Hash of all that a workload with this `envSecretRef` reads, in plain text for a pod annotation.

        The shared part always holds generated passwords of 190 bits, so the hash gives nothing away about a layer's
        values either. A Secret that somebody else writes is not part of it.
        """
        return digest({"shared": dict(self._shared), "layer": dict(self._layers.get(layer, {}))})

    def _secret(self, namespace: NamespaceRef, name: str, variables: Mapping[str, pulumi.Input[str]]) -> Secret:
        return Secret(
            namespace.key(name),
            metadata=namespace.metadata(name),
            string_data=pulumi.Output.secret(dict(variables)),
            opts=pulumi.ResourceOptions(parent=self),
        )
