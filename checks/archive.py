"""Whether every archive setting is one that the chosen mode uses."""

from collections.abc import Iterator

from checks.finding import Finding, warning
from config import StackSettings


def archive_settings_are_used(settings: StackSettings) -> Iterator[Finding]:
    """Warn of a batch interval that only mode `async` would use (seed/workers.md, "Run Archiving")."""
    archive = settings.archive
    if archive.mode != "async" and "batch_interval_seconds" in archive.model_fields_set:
        yield warning(
            "archive.batchIntervalSeconds", f"is used in mode async only, and the mode is {archive.mode}; remove it"
        )
