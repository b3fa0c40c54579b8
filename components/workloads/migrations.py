"""The Job that brings the database's schema up to date before anything uses it."""

import hashlib
import json
from typing import Final

import pulumi
from pulumi_kubernetes.batch.v1 import Job

from components.kubernetes.labels import labels, selecting
from components.network.policies import Selection, allow_further_egress
from components.workloads.workload import REPLACE_UNREADY, ReleaseContext, WorkloadArgs, workload_template
from config import StackSettings
from config.names import MIGRATIONS
from config.workloads import MigrationSettings

TYPE: Final = "noxus:components:Migrations"

_AWAIT_MARGIN_SECONDS: Final = 60


def run_name(release: str, image: str, settings: MigrationSettings) -> str:
    """Name of the Job for this image, command and revision. Another of them is another Job, as a Job cannot change."""
    what = json.dumps([image, *settings.command, settings.revision])
    return f"{release}-{MIGRATIONS}-{hashlib.sha256(what.encode()).hexdigest()[:8]}"


def migrations_run(settings: StackSettings) -> str | None:
    """Name of the Job that a stack's migrations are."""
    migrations = settings.primary.migrations
    image = migrations.image or settings.images.backend
    return run_name(settings.primary.name, image, migrations) if migrations.enabled else None


class Migrations(pulumi.ComponentResource):
    """One run of the migrations. It is never repeated by itself: what half a migration has left, a person must see.

    A failed run stops the update, with the last lines of its log, which the kubelet copies into the pod's status.
    The next update replaces it. `env_secret_ref` is the Secret with what they are told otherwise than other workloads.
    """

    def __init__(
        self,
        name: str,
        context: ReleaseContext,
        settings: MigrationSettings,
        opts: pulumi.ResourceOptions | None = None,
        *,
        env_secret_ref: str = "",
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        image = settings.image or context.images.backend
        run, described = run_name(context.name, image, settings), labels(context.name, MIGRATIONS, "job")
        template = WorkloadArgs(
            context=context,
            role=MIGRATIONS,
            component="job",
            image=image,
            command=settings.command,
            settings=settings,
            mode="once",
            env_secret_ref=env_secret_ref,
        )
        child, pods = pulumi.ResourceOptions(parent=self), Selection(labels=selecting(described))
        ways = allow_further_egress(f"{name}-", settings.egress, context.namespace, pods, child)
        Job(
            context.namespace.key(run),
            metadata=context.namespace.metadata(run, labels=described, annotations={REPLACE_UNREADY: "true"}),
            spec={
                "backoff_limit": 0,
                "active_deadline_seconds": settings.timeout_seconds,
                "template": workload_template(template),
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*context.after, *context.app_env.writers(env_secret_ref), *ways],
                custom_timeouts=pulumi.CustomTimeouts(create=f"{settings.timeout_seconds + _AWAIT_MARGIN_SECONDS}s"),
            ),
        )
        self.register_outputs({})
