"""What a picture says in words, the same in the drawing and on the page."""

from collections.abc import Iterator, Mapping
from typing import Final

from checks.routing.routes import Route
from tools.picture.installation import Installation, Op, Release

SAID: Final[Mapping[Op, str]] = {
    "create": "+ new",
    "update": "~ changes",
    "replace": "± replaced",
    "delete": "\N{MINUS SIGN} goes",
}
"""A sign and a word for what a preview would do, so that nobody needs to tell colours apart."""
_PAST: Final[Mapping[Op, str]] = {
    "create": "created",
    "update": "changed",
    "replace": "replaced",
    "delete": "deleted",
}

SERVED: Final = "Who serves whom"
COLUMNS: Final = ("tasks", "of tenants", "of workspaces", "run in", "KEDA counts for")
"""Of the table of routes."""
GONE: Final = "no longer in the stack file"
CALLED: Final = "is called by"
USES: Final = "uses a data service"
OUTSIDE: Final = "may reach addresses outside"
ALWAYS: Final = "always"
RESERVE: Final = "when needed"
REST: Final = "Every pod resolves names with the cluster's DNS. Network policies allow nothing else."


def kind(release: Release) -> str:
    """What a release is, and what is worth knowing of all of it."""
    return " · ".join(("primary release" if release.primary else "worker release", *release.facts))


def previewed(counts: Mapping[Op, int]) -> str:
    """How many objects a preview would touch."""
    return ", ".join(f"{number} {_PAST[op]}" for op, number in counts.items() if number) or "nothing changes"


def cells(found: Installation, route: Route) -> Iterator[tuple[str, str]]:
    """What is said of a class of tasks, each text with its tone: tenants, workspaces, pools, and who counts."""
    siblings = [other for other in found.routes if other.tenants == route.tenants]
    yield _ids(route.tenants, named=any(other.tenants for other in found.routes)), "ink"
    yield _ids(route.workspaces, named=any(other.workspaces for other in siblings)), "ink"
    if route.pools:
        yield ", ".join(route.pools), "ink"
    else:
        yield ("nobody, as accepted", "muted") if found.accepted.issuperset(route.types) else ("nobody", "delete")
    yield ", ".join(route.counts_for) or "no pool", "muted"


def _ids(ids: tuple[str, ...] | None, *, named: bool) -> str:
    if ids is None:
        return "all others" if named else "all"
    return ", ".join(ids)
