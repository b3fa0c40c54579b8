"""Permission: who may do, read or reach what, compared as sets over everything that the stack has."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from config import StackSettings
from tools.preview import Inputs, Step
from tools.report.cause import Cause
from tools.report.clouds import KNOWN
from tools.report.comparison import Comparison
from tools.report.finding import Finding
from tools.report.grant import Grant
from tools.report.kind import Class

_NAMESPACE: Final = "kubernetes:core/v1:Namespace"
_VERBS: Final[Mapping[Class, str]] = {"permissionWidened": "may now", "permissionNarrowed": "may no longer"}


def permission(comparison: Comparison) -> Iterator[Finding]:
    """What somebody gains and loses. One finding for each of them and each setting behind it."""
    old, new = dict[Grant, Step](), dict[Grant, Step]()
    for step in comparison.everything():
        for grant in _grants(step, step.old):
            old.setdefault(grant, step)
        for grant in _grants(step, step.new):
            new.setdefault(grant, step)
    moved = {step.name for step in comparison.changes() if step.type == _NAMESPACE and step.op in ("create", "delete")}
    gained = {grant: new[grant] for grant in new.keys() - old.keys()}
    lost = {grant: old[grant] for grant in old.keys() - new.keys()}
    # What is closed in a namespace that comes or goes was open to nobody.
    closed, opened = (
        {grant: step for grant, step in found.items() if grant.denied and step.name.rpartition("/")[0] not in moved}
        for found in (gained, lost)
    )
    allowed, taken = ({g: step for g, step in found.items() if not g.denied} for found in (gained, lost))
    yield from _findings(comparison, "permissionWidened", {**allowed, **opened})
    yield from _findings(comparison, "permissionNarrowed", {**taken, **closed})
    if comparison.old:
        before, after = _keys(comparison.old), _keys(comparison.new)
        yield from _of_keys(comparison, "permissionWidened", after - before)
        yield from _of_keys(comparison, "permissionNarrowed", before - after)


def _keys(settings: StackSettings) -> frozenset[tuple[str, str]]:
    """Namespaces with the secret keys that their pods read. Of a store's entries, ExternalSecrets tell."""
    if settings.secrets.external:
        return frozenset()
    releases = (release for _, _, release in settings.releases())
    return frozenset((release.namespace, key) for release in releases for key in settings.secret_keys_of(release))


def _of_keys(comparison: Comparison, kind: Class, keys: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    for namespace, key in sorted(keys):
        yield Finding(
            kind=kind,
            subject=f"pods of {namespace}",
            what=f"{_VERBS[kind]} read secret {key}",
            cause=comparison.causes.naming(key, namespace),
        )


def _grants(step: Step, inputs: Inputs) -> Iterator[Grant]:
    reader = KNOWN.grants.get(step.type)
    return reader(inputs, step.name) if reader and inputs else iter(())


def _findings(comparison: Comparison, kind: Class, grants: dict[Grant, Step]) -> Iterator[Finding]:
    grouped = defaultdict[tuple[str, Cause | None], list[Grant]](list)
    causes = {step.urn: comparison.causes.of(step, step.paths) for step in grants.values()}
    for grant, step in sorted(grants.items(), key=lambda item: item[0]):
        grouped[grant.who, causes[step.urn]].append(grant)
    for (who, cause), found in grouped.items():
        yield Finding(
            kind=kind,
            subject=who,
            what=f"{_VERBS[kind]} {'; '.join(map(str, found))}",
            cause=cause,
            steps=frozenset(grants[grant].urn for grant in found),
        )
