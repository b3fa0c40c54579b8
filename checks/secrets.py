"""Whether what External Secrets is to read can be read, and is read at all."""

from collections.abc import Iterator, Mapping
from typing import Final

from checks.finding import Finding, error
from config import StackSettings
from config.errors import nearest
from config.secrets import SecretStore

_ROLE_ANNOTATIONS: Final[Mapping[str, str]] = {
    "awsSecretsManager": "eks.amazonaws.com/role-arn",
    "azureKeyVault": "azure.workload.identity/client-id",
}
"""What a ServiceAccount must say for a store to know its role; GCP and Vault know the account itself."""


def stores_are_read(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a store without readers, revisions of nothing, and releases that the store could not recognise."""
    secrets, keys = settings.secrets, sorted({key for _, key in settings.secret_keys()})
    store = settings.secret_store
    if store is None:
        return
    if not settings.secret_env:
        yield error(
            "secretEnv", "is empty, so External Secrets would write no app-env; name a key, or use backend: kubernetes"
        )
    for key in secrets.revisions.keys() - set(keys):
        yield error(f"secrets.revisions.{key}", f"is the revision of a key that nothing uses; {nearest(key, keys)}")
    yield from _readers_are_known(settings, store)


def _readers_are_known(settings: StackSettings, store: SecretStore) -> Iterator[Finding]:
    """External Secrets takes up a role by what the ServiceAccount says; no agent on a node does that for it."""
    wanted, aws = _ROLE_ANNOTATIONS.get(store.type), settings.aws if store.type == "awsSecretsManager" else None
    if wanted is None or (aws and aws.identity == "irsa"):
        return
    other = "write aws.identity: irsa, or the role there" if aws else "write the release's role there"
    for path, _, release in settings.releases():
        if wanted not in release.identity.annotations:
            yield error(
                f"{path}.identity.annotations",
                f"lacks {wanted}, by which {store.type} knows who reads; {other}",
            )
