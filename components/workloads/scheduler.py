"""The scheduler of periodic tasks: one in the whole stack, and never two, not even during a rollout."""

from typing import Final

import pulumi

from components.workloads.workload import ReleaseContext, WorkloadArgs, workload
from config.names import SCHEDULER
from config.workloads import SchedulerSettings

TYPE: Final = "noxus:components:Scheduler"


class Scheduler(pulumi.ComponentResource):
    """A Deployment of one pod that is stopped before its successor starts. Nobody calls it, so it has no Service."""

    def __init__(
        self,
        name: str,
        context: ReleaseContext,
        settings: SchedulerSettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        workload(
            WorkloadArgs(
                context=context,
                role=SCHEDULER,
                component="scheduler",
                image=settings.image or context.images.worker,
                command=settings.command,
                settings=settings,
                mode="singleton",
                liveness_command=settings.liveness_command,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
