"""Which pools run the tasks of tenants that others have pools of their own for."""

from collections.abc import Iterator

from checks.finding import Finding, error, listed, note, warning
from checks.routing.fleet import Fleet, can_work
from config import StackSettings


def sharing_is_known(settings: StackSettings) -> Iterator[Finding]:
    """Note which pools take the same tasks, and that a pool of one tenant keeps no other pool from its tasks."""
    fleet = Fleet.of(settings)
    for pool in fleet.pools:
        others = fleet.overlapping(pool) & ~fleet.only(pool)
        general = others & fleet.any_tenant
        if pool.tenants and general:
            yield note(
                pool.path,
                f"reserves capacity for its tenants and isolates nobody: {listed(fleet.names(general))} may take "
                "their tasks too; name the tenants in routing.isolatedTenants to have that refused",
            )
            others &= ~general
        if others:
            yield note(pool.path, f"takes some of the tasks that {listed(fleet.names(others))} may take too")


def isolated_tenants_are_apart(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a pool that runs tasks of isolated tenants and of others, unless the stack file says why that is meant."""
    isolated, reason = frozenset(settings.routing.isolated_tenants), settings.routing.accept_shared_processing
    if reason and not isolated:
        yield warning("routing.acceptSharedProcessing", "is used with isolatedTenants only; remove it")
    for path, _, pool in settings.pools():
        named = frozenset(pool.worker_subscribe_tenants)
        shared = isolated if not named else isolated & named if named - isolated else frozenset[str]()
        if not shared or not can_work(pool):
            continue
        setting = f"{path}.workerSubscribeTenants"
        how = "is empty, so the pool takes" if not named else f"names {listed(sorted(named - isolated))}, and takes"
        fact = f"{how} tasks of the isolated {listed(sorted(shared))} too"
        if reason:
            yield note(setting, f"{fact}: {reason}")
            continue
        others = sorted(set(settings.routing.tenants) - isolated) if not named else sorted(named - isolated)
        instead = f"write {','.join(others)}" if others else "name the tenants that it is for"
        yield error(setting, f"{fact}; {instead}, or say in routing.acceptSharedProcessing why they may share it")
