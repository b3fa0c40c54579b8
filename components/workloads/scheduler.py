"""The scheduler of periodic tasks: one in the whole stack, and never two, not even during a rollout."""

from dataclasses import dataclass
from typing import Final

import pulumi

from components.workloads.workload import ReleaseContext, WorkloadArgs, workload
from config.names import SCHEDULER
from config.workloads import SchedulerSettings

TYPE: Final = "noxus:components:Scheduler"


@dataclass(frozen=True, kw_only=True)
class SchedulerArgs:
    """What a `Scheduler` needs."""

    context: ReleaseContext
    image: str
    settings: SchedulerSettings


class Scheduler(pulumi.ComponentResource):
    """A Deployment of one pod that is stopped before its successor starts. Nobody calls it, so it has no Service."""

    def __init__(self, name: str, args: SchedulerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        workload(
            WorkloadArgs(
                context=args.context,
                role=SCHEDULER,
                component="scheduler",
                image=args.image,
                command=args.settings.command,
                settings=args.settings,
                mode="singleton",
                liveness_command=args.settings.liveness_command,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
