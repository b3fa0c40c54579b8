"""Secrets that the External Secrets operator writes: the store as a release reads it, and one Secret read from it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.kubernetes.namespace_ref import NamespaceRef
from components.secrets.digest import Digests
from config.secrets import SecretsSettings
from config.store import Reader, Store

API: Final = "external-secrets.io/v1"
REVISION: Final = "noxus.ai/revision"
_MARKS: Final = 2

WHEN_READY: Final = {"pulumi.com/waitFor": "condition=Ready"}


@dataclass(frozen=True)
class StoreKey:
    """A value of the release's entry in the store, by its secret config key or its variable."""

    key: str
    value: pulumi.Output[str] | None = None
    """The value, where this stack itself writes it into the store."""

    def stands_for(self, revisions: Mapping[str, str]) -> pulumi.Input[object]:
        """What changes when the value does: itself where it is known, else what the stack file calls its revision."""
        return [self.key, revisions.get(self.key, "")] if self.value is None else self.value


@dataclass(frozen=True, kw_only=True)
class StoreAccess:
    """How one release reads its entry."""

    settings: SecretsSettings
    release: str
    entry: pulumi.Input[str]
    """Name of the release's entry in the store."""
    store: CustomResource
    """The SecretStore in the release's namespace, which has the release's name."""
    digests: Digests
    deployed: pulumi.Output[Mapping[str, Sequence[str]]]
    """Marks that each Secret was deployed with, by `<namespace>/<name>`, the newest first."""

    def revised(self, variables: Mapping[str, pulumi.Input[str] | StoreKey]) -> dict[str, pulumi.Input[object]]:
        """What stands for the variables in a checksum: a value where it is known, else its key and revision."""
        revisions = self.settings.revisions
        return {
            name: value.stands_for(revisions) if isinstance(value, StoreKey) else value
            for name, value in variables.items()
        }

    def mark(self, variables: Mapping[str, pulumi.Input[str] | StoreKey]) -> pulumi.Output[str]:
        """Key that the Secret has once it holds these variables in these revisions, and not before.

        The operator says "ready" of what it wrote before a change too, so its readiness proves nothing. A pod that
        reads this key by name cannot start from the Secret of yesterday: the kubelet waits for the key.
        """
        return self.digests.of(self.revised(variables)).apply(lambda sha: f"NOXUS_ENV_{sha[:16].upper()}")

    def marks(self, secret: str, mark: pulumi.Output[str]) -> pulumi.Output[Sequence[str]]:
        """The mark of a Secret and the one before it, so that pods of the previous revision can start again too."""
        return pulumi.Output.all(mark, self.deployed).apply(lambda known: _newest(known[0], known[1].get(secret, ())))


def secret_store(
    release: str,
    namespace: NamespaceRef,
    service_account: pulumi.Input[str],
    read: Store,
    opts: pulumi.ResourceOptions,
) -> CustomResource:
    """The store under the identity of one release, in its own namespace: nothing here reads another's entry."""
    return CustomResource(
        namespace.key(release),
        api_version=API,
        kind="SecretStore",
        metadata=namespace.metadata(release, annotations=WHEN_READY),
        spec={"provider": read.provider(Reader(release, {"serviceAccountRef": {"name": service_account}}))},
        opts=opts,
    )


def external_secret(
    name: str,
    namespace: NamespaceRef,
    access: StoreAccess,
    variables: Mapping[str, pulumi.Input[str] | StoreKey],
    opts: pulumi.ResourceOptions,
) -> CustomResource:
    """A Secret of plain variables, of values from the store, and of the marks that name both.

    The marks have a template of its own: a preview that does not know it yet still shows every variable that is known.
    """
    plain = {
        key: literal(value) if isinstance(value, str) else pulumi.Output.from_input(value).apply(literal)
        for key, value in variables.items()
        if not isinstance(value, StoreKey)
    }
    marks = access.marks(namespace.key(name), access.mark(variables))
    written = marks.apply(lambda names: "\n".join(f"{name}: synced" for name in names))
    return CustomResource(
        namespace.key(name),
        api_version=API,
        kind="ExternalSecret",
        metadata=namespace.metadata(name, annotations=WHEN_READY),
        spec={
            "refreshInterval": f"{access.settings.refresh_seconds}s",
            "secretStoreRef": {"kind": "SecretStore", "name": access.release},
            "target": {
                "name": name,
                "creationPolicy": "Owner",
                "deletionPolicy": "Retain",  # an entry that is lost must not take the running platform's Secret along
                "template": {
                    "engineVersion": "v2",
                    "mergePolicy": "Merge",
                    "data": plain,
                    "templateFrom": [{"target": "Data", "literal": written}],
                },
            },
            "data": [
                {"secretKey": variable, "remoteRef": _remote(access, value)}
                for variable, value in variables.items()
                if isinstance(value, StoreKey)
            ],
        },
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[access.store])),
    )


def external_pull_secret(
    name: str,
    namespace: NamespaceRef,
    access: StoreAccess,
    server: str,
    username: str,
    password: StoreKey,
    opts: pulumi.ResourceOptions,
) -> CustomResource:
    """The login of a registry. Its revision is an annotation: a change of it makes the operator read the store."""
    revision: pulumi.Input[str] = access.settings.revisions.get(password.key, "")
    if password.value is not None:
        revision = access.digests.of({"password": password.value})
    user = json.dumps(username)
    login = f'"username":{user},"password":{{{{ .password | toJson }}}}'
    auth = f'"auth":{{{{ printf "%s:%s" {user} .password | b64enc | toJson }}}}'
    return CustomResource(
        namespace.key(name),
        api_version=API,
        kind="ExternalSecret",
        metadata=namespace.metadata(name, annotations={**WHEN_READY, REVISION: revision}),
        spec={
            "refreshInterval": f"{access.settings.refresh_seconds}s",
            "secretStoreRef": {"kind": "SecretStore", "name": access.release},
            "target": {
                "name": name,
                "creationPolicy": "Owner",
                "deletionPolicy": "Retain",
                "template": {
                    "engineVersion": "v2",
                    "type": "kubernetes.io/dockerconfigjson",
                    "data": {".dockerconfigjson": f'{{"auths":{{{json.dumps(server)}:{{{login},{auth}}}}}}}'},
                },
            },
            "data": [{"secretKey": "password", "remoteRef": _remote(access, password)}],
        },
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[access.store])),
    )


def _newest(mark: str, before: Sequence[str]) -> list[str]:
    return [mark, *(name for name in before if name != mark)][:_MARKS]


def _remote(access: StoreAccess, value: StoreKey) -> dict[str, pulumi.Input[str]]:
    return {"key": access.entry, "property": value.key}


def literal(text: str) -> str:
    """Text that the operator's template engine gives back as it is: the engine would take `{{` for its own."""
    return "".join(f"{{{{ {json.dumps('{{')} }}}}" if part == "{{" else part for part in _braces(text))


def _braces(text: str) -> list[str]:
    before, *rest = text.split("{{")
    return [before, *(part for following in rest for part in ("{{", following))]
