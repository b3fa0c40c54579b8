"""Whether what External Secrets is to read can be read, and is read at all."""

from collections.abc import Iterator

from checks.finding import Finding, error
from config import StackSettings
from config.errors import nearest
from config.store import Store


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


def _readers_are_known(settings: StackSettings, store: Store) -> Iterator[Finding]:
    """External Secrets takes up an identity by what the ServiceAccount says; no agent on a node does that for it."""
    for path, _, release in settings.releases():
        if store.DOUBLED_MARK in release.identity.annotations:
            rule = f"has {store.DOUBLED_MARK}, which the store says already and External Secrets takes once; remove it"
            yield error(f"{path}.identity.annotations", rule)
    mark, account = store.READER_MARK, settings.account
    own = account if account and mark == account.store.READER_MARK else None
    if mark is None or (own and own.lacking_mark is None):
        return
    other = (own and own.lacking_mark) or "write the release's role there"
    for path, _, release in settings.releases():
        if mark not in release.identity.annotations:
            yield error(f"{path}.identity.annotations", f"lacks {mark}, by which the store knows who reads; {other}")
