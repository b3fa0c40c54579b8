"""Times of the day and of the week, UTC, at which a cloud may back up, patch and restart what it runs."""

from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_WEEK: Final = 7 * _DAY

_HOURS: Final = "([01][0-9]|2[0-3])"
_TIME: Final = f"{_HOURS}:[0-5][0-9]"
_MOMENT: Final = f"({'|'.join(_DAYS)}):{_TIME}"


def _begin_and_length(window: str) -> tuple[int, int]:
    """Begin and length of a window in minutes, the begin from Monday's midnight on."""
    begin, end = (_minute(moment) for moment in window.split("-"))
    return begin, (end - begin) % (_WEEK if window[0].isalpha() else _DAY)


def _minute(moment: str) -> int:
    *day, hours, minutes = moment.split(":")
    return (_DAYS.index(day[0]) * _DAY if day else 0) + int(hours) * _HOUR + int(minutes)


def _moment(minute: int) -> str:
    days, rest = divmod(minute % _WEEK, _DAY)
    return f"{_DAYS[days]}:{rest // _HOUR:02}:{rest % _HOUR:02}"


def _lasts(window: str) -> str:
    if _begin_and_length(window)[1] == 0:
        raise ValueError("ends when it begins; write a window that lasts an hour, such as 01:00-02:00")
    return window


DailyWindow = Annotated[str, StringConstraints(pattern=f"^{_TIME}-{_TIME}$"), AfterValidator(_lasts)]
"""Such as 23:30-00:30, UTC."""

WeeklyWindow = Annotated[str, StringConstraints(pattern=f"^{_MOMENT}-{_MOMENT}$"), AfterValidator(_lasts)]
"""Such as sun:03:00-sun:04:00, UTC."""


DailyTime = Annotated[str, StringConstraints(pattern=f"^{_TIME}$")]
"""Such as 01:30, UTC."""

WeeklyHour = Annotated[str, StringConstraints(pattern=f"^({'|'.join(_DAYS)}):{_HOURS}:00$")]
"""Such as sun:03:00, UTC; the hour after it is the window, which has no end to write."""


def day_and_hour(moment: str) -> tuple[int, int]:
    """A weekly hour as numbers: the day from Monday = 1 on, and the hour."""
    day, hour, _ = moment.split(":")
    return _DAYS.index(day) + 1, int(hour)


def check_windows(daily: tuple[str, str], weekly: tuple[str, str], shortest: int) -> None:
    """Refuse what the cloud would: windows shorter than `shortest` minutes, and two of which one begins in the other.

    Each is a setting's name and its window; one of them may well be a default. Raises `ValueError`.
    """
    for setting, window in (daily, weekly):
        if _begin_and_length(window)[1] < shortest:
            raise ValueError(f"{setting} {window} is shorter than the {shortest} minutes that the cloud asks for")
    begin, length = _begin_and_length(daily[1])
    weekly_begin, weekly_length = _begin_and_length(weekly[1])
    for day in range(0, _WEEK, _DAY):
        apart = (weekly_begin - day - begin) % _WEEK
        if apart < length or _WEEK - apart < weekly_length:
            after = day + begin + length
            raise ValueError(
                f"{daily[0]} {daily[1]} and {weekly[0]} {weekly[1]} overlap, which the cloud refuses; set "
                f"{weekly[0]}: {_moment(after)}-{_moment(after + weekly_length)}, for example"
            )
