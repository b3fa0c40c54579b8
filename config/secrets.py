"""Where secret values come from: the stack file itself, or a store outside that External Secrets reads."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from config.clouds.stores import CloudStore
from config.section import Section
from config.store import Reader, Store
from config.types import ConfigKey, Label, ObjectName, StoreUrl

ENTRY_CHARACTERS: Final = 63
"""Longest name of an entry here: each store allows more, and none forbids letters, digits and '-'."""


class VaultStore(Store):
    """HashiCorp Vault or OpenBao, key-value engine of version 2, read with each release's own ServiceAccount."""

    type: Literal["vault"]
    """HashiCorp Vault or OpenBao."""
    server: StoreUrl = Field(examples=["https://vault.example.com:8200"])
    """Address of the server."""
    path: str = Field(default="secret", min_length=1)
    """Mount of the key-value engine."""
    auth_path: str = Field(default="kubernetes", min_length=1)
    """Mount of the Kubernetes login."""
    role: str | None = Field(default=None, min_length=1)
    """Role to log in with. Unset: each release's name, so that none reads another's entry."""
    ca_config_map: ObjectName | None = None
    """ConfigMap with the certificate of a private authority under `ca.crt`; it exists in every release's namespace."""

    def provider(self, reader: Reader) -> dict[str, Any]:
        """The `provider` of a SecretStore."""
        authority = {"type": "ConfigMap", "name": self.ca_config_map, "key": "ca.crt"}
        login = {"mountPath": self.auth_path, "role": self.role or reader.release, **reader.account}
        return {
            "vault": {
                "server": self.server,
                "path": self.path,
                "version": "v2",
                "auth": {"kubernetes": login},
                **({"caProvider": authority} if self.ca_config_map else {}),
            }
        }


SecretStore = Annotated[CloudStore | VaultStore, Field(discriminator="type")]
"""A store of one of the kinds that the platform documents."""


class SecretsSettings(Section):
    """Who writes the Secrets that hold `secretEnv` and the releases' `secrets`."""

    backend: Literal["kubernetes", "externalSecrets"] = "kubernetes"
    """`kubernetes`: Pulumi, from encrypted keys of the stack file. `externalSecrets`: the operator of that name, from
    `store`; its version must serve `external-secrets.io/v1`."""
    store: SecretStore | None = None
    """Where External Secrets reads. It has one entry for each release, a JSON object of the secret config keys. Unset,
    in a cloud: the cloud's own, and the stack writes the entries, from encrypted keys of the stack file."""
    entry_prefix: Label | Literal[""] = "noxus"
    """First part of an entry's name, which is `<prefix>-<release>`."""
    refresh_seconds: int = Field(default=3600, ge=1)
    """Seconds after which External Secrets reads the store again, though no revision has changed."""
    revisions: Mapping[ConfigKey, str] = {}
    """By secret config key, anything: another text says that the value in the store is another. All pods that use the
    key, in every namespace, then start again with the new value, and no other pod does."""
    reloader: bool = False
    """Whether Stakater's Reloader, which must be installed, restarts pods as soon as a Secret of theirs changes."""

    @model_validator(mode="after")
    def _a_store_is_read(self) -> Self:
        if self.backend == "kubernetes" and (self.store or self.revisions):
            raise ValueError("store and revisions are read with backend: externalSecrets only; set it or remove them")
        return self

    @property
    def external(self) -> bool:
        """Whether the values are in a store and not in the stack file."""
        return self.backend == "externalSecrets"

    def entry(self, release: str) -> str:
        """Name of a release's entry in the store."""
        return "-".join(filter(None, (self.entry_prefix, release)))
