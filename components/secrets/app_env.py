"""The environment of a release: the shared Secret `{release}-app-env` and the Secrets that pools layer on top.

Weakest first: what the platform must know, `noxus:env`, `noxus:secretEnv`, the release's `env`; then a pool's
`envSecretRef`; then the pool's literal routing variables (see `pool.py`). Routing variables are never in here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.kubernetes.endpoints import DataServices, PostgresAddress
from components.kubernetes.namespace_ref import NamespaceRef
from components.secrets.addresses import userinfo
from components.secrets.digest import Digests
from components.secrets.external_secret import StoreAccess, StoreKey, external_secret
from config.names import app_env_secret, credentials_secret
from config.references import SECRET_REFERENCES, referred, split
from config.sections import ArchiveSettings

TYPE: Final = "noxus:components:AppEnv"


@dataclass(frozen=True)
class Composed:
    """A secret value that this stack puts together itself, from logins of the data services."""

    value: pulumi.Output[str]


def credentials(services: DataServices, address: PostgresAddress | None = None) -> dict[str, pulumi.Output[str]]:
    """How to log in at the data services, under the platform's names (platform.md section 4.1).

    `POSTGRESQL_URL` has neither scheme nor database: that is the documented form. Generated passwords are alphanumeric,
    because whether the platform decodes a percent-encoded one is not stated anywhere.
    """
    bucket, address = services.bucket, address or services.postgres.platform
    login = userinfo(services.postgres.user, services.postgres.password_on(address))
    postgres_url = pulumi.Output.concat(login, "@", address.host, f":{address.port}")
    keys = {"S3_ACCESS_KEY_ID": bucket.access_key_id, "S3_SECRET_ACCESS_KEY": bucket.secret_access_key}
    return {
        "POSTGRESQL_URL": postgres_url,
        "VECTOR_POSTGRESQL_URL": postgres_url,
        "REDIS_PASSWORD": services.redis.password,
        **services.proxy_login,
        **{name: key for name, key in keys.items() if key is not None},
    }


def platform_env(services: DataServices, archive: ArchiveSettings) -> dict[str, pulumi.Input[str]]:
    """What the platform reads in plain text under its own names. `REDIS_URL` is a bare host, as documented."""
    return {
        **services.proxy,
        "REDIS_URL": services.redis.host,
        **({"REDIS_USER": services.redis.user} if services.redis.user else {}),
        "ARCHIVE_MODE": archive.mode,
        "ARCHIVE_BATCH_INTERVAL": str(archive.batch_interval_seconds),
    }


def resolved(env: Mapping[str, str], values: Mapping[str, pulumi.Input[str]]) -> dict[str, pulumi.Input[str]]:
    """Replace every reference such as `${bucket.name}` by its value; `config` has checked that each exists."""
    return {name: _resolved_text(text, values) for name, text in env.items()}


def _resolved_text(text: str, values: Mapping[str, pulumi.Input[str]]) -> pulumi.Input[str]:
    parts = split(text)
    if len(parts) == 1:
        return parts[0]
    return pulumi.Output.concat(*(values[part] if position % 2 else part for position, part in enumerate(parts)))


def marked(env: Mapping[str, str], values: Mapping[str, pulumi.Input[str]]) -> dict[str, pulumi.Input[str] | Composed]:
    """The same, with a mark on what holds a password."""
    return {
        name: Composed(pulumi.Output.secret(value)) if referred(env[name]) & SECRET_REFERENCES else value
        for name, value in resolved(env, values).items()
    }


Variables = Mapping[str, pulumi.Input[str] | StoreKey]
"""Values by variable; a `StoreKey` where only the store knows the value."""


@dataclass(frozen=True, kw_only=True)
class AppEnvArgs:
    """What an `AppEnv` needs."""

    release: str
    namespace: NamespaceRef
    digests: Digests
    credentials: Mapping[str, pulumi.Input[str]]
    """What the stack generated itself; weaker than `shared`."""
    shared: Variables
    """Variables of every workload of the release."""
    layers: Mapping[str, Variables]
    """Variables of the Secrets to make for pools, by Secret name."""
    store: StoreAccess | None
    """Where External Secrets reads what is a `StoreKey`; None: Pulumi writes all Secrets."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One Secret of a workload's environment."""

    secret: pulumi.Input[str]
    mark: pulumi.Output[str] | None = None
    """Key that must be in the Secret before a pod may start from it."""
    written_by: pulumi.Resource | None = None
    """What must exist first, where `secret` itself is not an output of it."""


class AppEnv(pulumi.ComponentResource):
    """The release's Secrets, and a checksum for each layering of them, so that a change rolls those who use it.

    Each Secret has one writer. With External Secrets the operator writes app-env and the layers, and Pulumi a Secret of
    its own below them, with what it generated and the store never had.
    """

    marks: dict[str, pulumi.Output[Sequence[str]]]
    """Marks of each Secret that External Secrets writes, by `<namespace>/<name>`."""

    def __init__(self, name: str, args: AppEnvArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        self._args = args
        self._checksums: dict[str, pulumi.Output[str]] = {}
        self.marks = {}
        shared = app_env_secret(args.release)
        if args.store:
            own = [self._written(credentials_secret(args.release), args.credentials)] if args.credentials else []
            self._shared = [*own, self._external(args.store, shared, args.shared)]
        else:
            self._shared = [self._written(shared, {**args.credentials, **args.shared})]
        self._layers = {layer: self._layer(layer, variables) for layer, variables in args.layers.items()}
        self.register_outputs({})

    def layers(self, layer: str = "") -> Sequence[Layer]:
        """Secrets that a workload with this `envSecretRef` reads, weakest first.

        A name is an output if the Secret is made here, so that its users wait for it.
        """
        return [*self._shared, *([self._layers.get(layer, Layer(secret=layer))] if layer else [])]

    def writers(self, layer: str = "") -> Sequence[pulumi.Resource]:
        """What such a workload must wait for beyond the names of its Secrets."""
        return [made.written_by for made in self.layers(layer) if made.written_by]

    def checksum(self, layer: str = "") -> pulumi.Output[str]:
        """Digest of all that a workload with this `envSecretRef` reads, in plain text for a pod annotation.

        A Secret that somebody else writes is not part of it; of one that External Secrets writes, the keys and
        revisions are.
        """
        if layer not in self._checksums:
            self._checksums[layer] = self._checksum(layer)
        return self._checksums[layer]

    def _checksum(self, layer: str) -> pulumi.Output[str]:
        args = self._args
        shared, own = args.shared, args.layers.get(layer, {})
        if args.store:
            shared, own = args.store.revised(shared), args.store.revised(own)
        return args.digests.of({"shared": {**args.credentials, **shared}, "layer": dict(own)})

    def _external(self, store: StoreAccess, name: str, variables: Variables) -> Layer:
        made = external_secret(name, self._args.namespace, store, variables, pulumi.ResourceOptions(parent=self))
        key, mark = self._args.namespace.key(name), store.mark(variables)
        self.marks[key] = store.marks(key, mark)
        return Layer(secret=name, mark=mark, written_by=made)

    def _layer(self, name: str, variables: Variables) -> Layer:
        store = self._args.store
        if store and any(isinstance(value, StoreKey) for value in variables.values()):
            return self._external(store, name, variables)
        return self._written(name, variables)

    def _written(self, name: str, variables: Variables) -> Layer:
        """By Pulumi."""
        namespace = self._args.namespace
        known = {variable: value for variable, value in variables.items() if not isinstance(value, StoreKey)}
        secret = Secret(
            namespace.key(name),
            metadata=namespace.metadata(name),
            string_data=pulumi.Output.secret(known),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return Layer(secret=secret.metadata["name"])
