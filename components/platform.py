"""The whole platform: the data services of the stack's cloud, then the releases that share them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from checks.routing.routes import routes
from checks.scaling.scalers import scale_counts
from components.clouds.cloud import Room
from components.data_services import data_services
from components.kubernetes.endpoints import DataServices
from components.permanence import MARKS_OUTPUT
from components.releases.release import PrimaryRelease, Release, ReleaseArgs, WorkerRelease
from components.secrets.addresses import postgres_references, redis_references
from components.secrets.digest import Digests
from components.secrets.password import generated_password
from components.workloads.service import service_url
from config import StackConfig, StackSettings
from config.releases import ReleaseSettings

TYPE: Final = "noxus:components:Platform"


@dataclass(frozen=True, kw_only=True)
class PlatformArgs:
    """What a `Platform` needs."""

    stack: StackConfig
    room: Room | None
    """The stack's cloud, if it has one."""
    deployed_marks: pulumi.Output[Mapping[str, Sequence[str]]]
    """Marks of Secrets that the stack was deployed with, by `<namespace>/<name>`."""


class Platform(pulumi.ComponentResource):
    """Data services, the primary release and the worker releases, wired together."""

    outputs: Mapping[str, pulumi.Input[object]]
    """What the stack exports: where things are. No secret."""

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings = args.stack.settings
        cloud = args.room.cloud(child) if args.room else None
        digests = Digests(generated_password("digest-salt", child))
        services = data_services(args.stack, cloud, digests, child)
        references, counts = reference_values(settings, services), scale_counts(settings)

        def release_args(path: str, own: ReleaseSettings, after: Sequence[pulumi.Resource] = ()) -> ReleaseArgs:
            return ReleaseArgs(
                path=path,
                settings=own,
                stack=args.stack,
                services=services,
                cloud=cloud,
                references=references,
                digests=digests,
                deployed_marks=args.deployed_marks,
                counts=counts,
                after=after,
            )

        primary = PrimaryRelease(settings.primary.name, release_args("primary", settings.primary), child)
        releases: dict[str, Release] = {settings.primary.name: primary}
        for release, own in settings.workers.items():
            worker_args = release_args(f"workers.{release}", own, primary.migrations)
            releases[release] = WorkerRelease(release, worker_args, child)
        if services.open_queue:
            services.open_queue(primary.migrations)
        marks = {secret: own for release in releases.values() for secret, own in release.marks.items()}
        postgres = services.postgres.direct
        self.outputs = {
            "releases": {
                release: {"namespace": made.namespace.created, "deployments": made.pools}
                for release, made in releases.items()
            },
            "urls": {
                role: references.get(f"{role}.publicUrl", references[f"{role}.url"])
                for role in settings.primary.services
            },
            **({MARKS_OUTPUT: marks} if marks else {}),
            "routing": [route.described() for route in routes(settings)],
            "dataServices": {
                "postgres": pulumi.Output.concat(postgres.host, ":", str(postgres.port)),
                "redis": pulumi.Output.concat(services.redis.host, ":", str(services.redis.access.port)),
                "bucket": pulumi.Output.concat(services.bucket.url, "/", services.bucket.name),
            },
        }
        self.register_outputs(dict(self.outputs))


def reference_values(settings: StackSettings, services: DataServices) -> dict[str, pulumi.Input[str]]:
    """The value of every name in `config.references.REFERENCES` that this stack has."""
    primary = settings.primary
    public = {f"{role}.publicUrl": primary.public_url(role) for role in primary.services}
    return {
        **{f"{role}.url": service_url(primary.name, role, primary.namespace) for role in primary.services},
        **{name: url for name, url in public.items() if url},
        "bucket.endpoint": services.bucket.url,
        "bucket.name": services.bucket.name,
        "bucket.region": services.bucket.region,
        **postgres_references(services.postgres, services.postgres.platform),
        **redis_references(services.redis),
        "tasks.visibilityTimeoutSeconds": str(settings.visibility_timeout_seconds),
    }
