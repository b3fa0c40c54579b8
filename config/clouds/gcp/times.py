"""Moments of the day and of the week, UTC. Google's maintenance windows last one hour and have no end to write."""

from typing import Annotated, Final

from pydantic import StringConstraints

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DAY: Final = f"({'|'.join(DAYS)})"
_HOUR: Final = "([01][0-9]|2[0-3])"


def day_and_hour(moment: str) -> tuple[int, int]:
    """A weekly hour as Google counts: the day from Monday = 1 on, and the hour."""
    day, hour, _ = moment.split(":")
    return DAYS.index(day) + 1, int(hour)


DailyTime = Annotated[str, StringConstraints(pattern=f"^{_HOUR}:[0-5][0-9]$")]
"""Such as 01:30, UTC."""

WeeklyHour = Annotated[str, StringConstraints(pattern=f"^{_DAY}:{_HOUR}:00$")]
"""Such as sun:03:00, UTC; the hour after it is the window."""
