"""Whether archiving can work as configured: what each mode needs, and where it must not be off."""

from collections.abc import Iterator

from checks.finding import Finding, error, note, warning
from config import StackSettings


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


def archiving_is_on_where_data_matters(settings: StackSettings) -> Iterator[Finding]:
    """Refuse mode `disabled` on a stack whose data is protected: it is for benchmarks."""
    if settings.archive.mode == "disabled" and settings.protect:
        yield error(
            "archive.mode",
            "is disabled, for benchmarks, but the stack's data is protected; write sync or async, or protect: false",
        )
