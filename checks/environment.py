"""Whether every variable has one source, and whether it is one that counts."""

from collections.abc import Iterator
from typing import Final

from checks.finding import Finding, error
from config import StackSettings
from config.proxy import NO_PROXY_VARIABLES, PROXY_VARIABLES

ROUTING: Final = {
    "WORKER_SUBSCRIBE": "workerSubscribe",
    "WORKER_SUBSCRIBE_TENANTS": "workerSubscribeTenants",
    "WORKER_SUBSCRIBE_WORKSPACES": "workerSubscribeWorkspaces",
}
"""A pool's literal variables and the pool setting behind each. Literals win over every Secret."""

ARCHIVE: Final = {"ARCHIVE_MODE": "archive.mode", "ARCHIVE_BATCH_INTERVAL": "archive.batchIntervalSeconds"}
"""Variables of every workload and the setting behind each. A pool's own Secret may override them, as the seed says."""

PROXY: Final = dict.fromkeys((*PROXY_VARIABLES, *NO_PROXY_VARIABLES), "network.proxy")
"""Variables of every workload where there is a proxy."""


def variables_have_one_source(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a variable that is set twice, or where a setting of its own decides it."""
    for variable in settings.env.keys() & settings.secret_env.keys():
        yield error(f"secretEnv.{variable}", "is set in env too; keep one of the two")
    shared = {"env": settings.env, "secretEnv": settings.secret_env}
    own = {f"{path}.env": release.env for path, _, release in settings.releases()}
    layers = {
        f"{path}.secrets.{secret}": variables
        for path, _, release in settings.releases()
        for secret, variables in release.secrets.items()
    }
    pools = {f"{path}.env": pool.env for path, _, pool in settings.pools()}
    for path, variables in {**shared, **own, **layers, **pools}.items():
        for variable in variables.keys() & ROUTING.keys():
            yield error(
                f"{path}.{variable}", f"has no effect: each pool sets its own; set the pool's {ROUTING[variable]}"
            )
    told = {**ARCHIVE, **(PROXY if settings.network.proxy else {})}
    for path, variables in {**shared, **own}.items():
        for variable in variables.keys() & told.keys():
            yield error(
                f"{path}.{variable}", f"is set by {told[variable]}, the same for all releases; set that instead"
            )
