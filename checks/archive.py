"""Whether archiving can work as configured: what each mode needs, and where it must not be off."""

import math
from collections.abc import Iterator
from typing import Final

from checks.finding import Finding, error, note, warning
from config import StackSettings

_ORPHAN_SWEEP_MINUTES: Final = 30


def archive_settings_are_used(settings: StackSettings) -> Iterator[Finding]:
    """Warn of a batch interval that only mode `async` would use (seed/workers.md, "Run Archiving")."""
    archive = settings.archive
    if archive.mode != "async" and "batch_interval_seconds" in archive.model_fields_set:
        yield warning(
            "archive.batchIntervalSeconds", f"is used in mode async only, and the mode is {archive.mode}; remove it"
        )


def archived_runs_are_swept(settings: StackSettings) -> Iterator[Finding]:
    """Refuse mode `async` without anything that starts the sweep: its runs would be lost when Redis drops them."""
    scheduler = settings.primary.scheduler
    if scheduler.enabled or scheduler.embedded:
        return
    if settings.archive.mode == "async":
        yield error(
            "archive.mode",
            "is async, and nothing starts the sweep that archives runs; set primary.scheduler to enabled with a "
            "command, or to embedded if the backend's or a pool's image starts periodic tasks itself",
        )
    else:
        yield note(
            "primary.scheduler",
            "nothing starts the half-hourly sweep for orphaned runs, the safety net of every archive mode; enable the "
            "scheduler, or say embedded: true if an image starts periodic tasks itself",
        )


def redis_holds_what_waits_for_the_bucket(settings: StackSettings) -> Iterator[Finding]:
    """Refuse a Redis that fills up with runs between two sweeps: it evicts nothing, so it would refuse new tasks.

    A run is swept once it has been idle for an interval, by the next sweep: after two intervals at most. In mode
    `disabled` the sweep for orphans, every 30 minutes, takes that place (seed/workers.md, "Run Archiving").
    """
    archive = settings.archive
    if archive.peak_runs_per_minute is None or archive.run_kib is None or archive.mode == "sync":
        return
    minutes = 2 * (archive.batch_interval_seconds / 60 if archive.mode == "async" else _ORPHAN_SWEEP_MINUTES)
    needed = math.ceil(minutes * archive.peak_runs_per_minute * archive.run_kib / 1024)
    memory = settings.redis.memory
    if memory and needed > memory.data_mib:
        yield error(
            memory.setting,
            f"is {memory.written}, of which data may fill {memory.data_mib}, and the runs of {minutes:g} minutes take "
            f"{needed} MiB; {memory.larger(needed)}, or archive sooner",
        )


def archiving_is_on_where_data_matters(settings: StackSettings) -> Iterator[Finding]:
    """Refuse mode `disabled` on a stack whose data is protected: it is for benchmarks."""
    if settings.archive.mode == "disabled" and settings.protect:
        yield error(
            "archive.mode",
            "is disabled, for benchmarks, but the stack's data is protected; write sync or async, or protect: false",
        )
