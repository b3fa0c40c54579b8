"""Which source of a variable wins in each workload. Sources only, never values."""

from collections.abc import Iterator, Mapping, Sequence

from checks.environment import PROXY, ROUTING
from checks.finding import Finding, note
from config import StackSettings
from config.data_services import ExternalRedis, ExternalStorage
from config.managed import ManagedStorage
from config.names import PLATFORM_VARIABLES
from config.releases import ReleaseSettings
from config.workloads import PoolSettings

Sources = Mapping[str, Sequence[str]]
"""Where a variable is set, weakest first, by variable. The last one is what the workload sees."""


def effective_environment(settings: StackSettings) -> Mapping[str, Sources]:
    """The sources of every variable of every enabled pool, by the pool's path in the stack file.

    A pool's `envSecretRef` that the stack does not make counts as nothing: only the cluster knows its keys.
    """
    return {
        f"{path}.pools.{pool}": _sources(settings, path, release, own)
        for path, _, release in settings.releases()
        for pool, own in release.enabled_pools.items()
    }


def overrides_are_known(settings: StackSettings) -> Iterator[Finding]:
    """Note every variable that is set in more than one place, with the place that wins."""
    for pool, variables in effective_environment(settings).items():
        for variable, sources in sorted(variables.items()):
            if len(sources) > 1:
                *weaker, winner = sources
                yield note(pool, f"{variable} comes from {winner}, over {' and '.join(weaker)}")


def _lacking(settings: StackSettings) -> Iterator[str]:
    """The platform's own variables that this stack has no value for."""
    redis, storage = settings.redis, settings.storage
    if not (isinstance(redis, ExternalRedis) and redis.user):
        yield "REDIS_USER"
    if isinstance(storage, ManagedStorage) or (isinstance(storage, ExternalStorage) and not storage.access_key_id):
        yield from ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")


def _sources(settings: StackSettings, path: str, release: ReleaseSettings, pool: PoolSettings) -> Sources:
    layers = (
        ("the platform", [name for name in PLATFORM_VARIABLES if name not in _lacking(settings)]),
        ("the platform", PROXY if settings.network.proxy else ()),
        ("env", settings.env),
        ("secretEnv", settings.secret_env),
        (f"{path}.env", release.env),
        (f"{path}.secrets.{pool.env_secret_ref}", release.secrets.get(pool.env_secret_ref, {})),
        ("the pool's env", pool.env),
        ("the pool's routing", ROUTING),
    )
    found: dict[str, list[str]] = {}
    for source, variables in layers:
        for variable in variables:
            found.setdefault(variable, []).append(source)
    return found
