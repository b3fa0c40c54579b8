"""Whether what External Secrets is to read can be read, and is read at all."""

from collections.abc import Iterator, Mapping
from typing import Final

from checks.finding import Finding, error
from config import StackSettings
from config.errors import nearest

_ROLE_ANNOTATIONS: Final[Mapping[str, str]] = {
    "awsSecretsManager": "eks.amazonaws.com/role-arn",
    "azureKeyVault": "azure.workload.identity/client-id",
}
"""What a ServiceAccount must say for a cloud's login to know its role; GCP and Vault know the account itself."""


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
    wanted = _ROLE_ANNOTATIONS.get(store.type)
    for path, _, release in settings.releases():
        if wanted and settings.cloud == "kubernetes" and wanted not in release.identity.annotations:
            yield error(
                f"{path}.identity.annotations",
                f"lacks {wanted}, by which {store.type} knows who reads; write the release's role there",
            )
