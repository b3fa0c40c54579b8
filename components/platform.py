"""The whole platform: the data services of the stack's cloud, then the releases that share them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pulumi

from components.endpoints import DataServices, Identity
from components.release import PrimaryRelease, Release, ReleaseArgs, WorkerRelease
from components.service import service_url
from config import StackConfig, StackSettings

TYPE: Final = "noxus:components:Platform"


@dataclass(frozen=True, kw_only=True)
class PlatformArgs:
    """What a `Platform` needs."""

    stack: StackConfig


class Platform(pulumi.ComponentResource):
    """Data services, the primary release and the worker releases, wired together."""

    outputs: Mapping[str, pulumi.Input[object]]
    """What the stack exports: where things are. No secret."""

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings = args.stack.settings
        services, identity = CLOUDS[settings.cloud](settings, child)
        references = reference_values(settings, services)
        releases: dict[str, Release] = {}
        for path, release_name, release_settings in settings.releases():
            kind = PrimaryRelease if release_settings is settings.primary else WorkerRelease
            release_args = ReleaseArgs(
                path=path,
                settings=release_settings,
                stack=args.stack,
                services=services,
                identity=identity,
                references=references,
            )
            releases[release_name] = kind(release_name, release_args, child)
        self.outputs = {
            "releases": {
                release: {"namespace": made.namespace.created, "deployments": made.pools}
                for release, made in releases.items()
            },
            "urls": {role: references[f"{role}.url"] for role in ("backend", "frontend")},
            "dataServices": {
                "postgres": pulumi.Output.concat(services.postgres.host, ":", str(services.postgres.port)),
                "redis": pulumi.Output.concat(services.redis.host, ":", str(services.redis.port)),
                "bucket": pulumi.Output.concat(services.bucket.url, "/", services.bucket.name),
            },
        }
        self.register_outputs(dict(self.outputs))


def reference_values(settings: StackSettings, services: DataServices) -> dict[str, pulumi.Input[str]]:
    """The value of every name in `config.references.REFERENCES`."""
    primary = settings.primary
    return {
        "backend.url": service_url(primary.name, "backend", primary.namespace),
        "bucket.endpoint": services.bucket.url,
        "bucket.name": services.bucket.name,
        "bucket.region": services.bucket.region,
        "frontend.url": service_url(primary.name, "frontend", primary.namespace),
        "postgres.database": services.postgres.database,
        "postgres.host": services.postgres.host,
        "postgres.port": str(services.postgres.port),
        "postgres.user": services.postgres.user,
        "redis.host": services.redis.host,
        "redis.port": str(services.redis.port),
    }


def _in_the_cluster(settings: StackSettings, opts: pulumi.ResourceOptions) -> tuple[DataServices, Identity]:
    from components.cluster import data_services, identity

    return data_services(settings, opts), identity()


CLOUDS: Final[Mapping[str, Callable[[StackSettings, pulumi.ResourceOptions], tuple[DataServices, Identity]]]] = {
    "kubernetes": _in_the_cluster,
}
"""Where data services and identity come from, by `noxus:cloud`. A cloud's folder is imported when it is chosen."""
