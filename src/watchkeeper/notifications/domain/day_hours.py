"""Hours of each day on the wall where a person lives, as those in which low urgency waits."""

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchkeeper.kernel import wall_time

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\Z")
_DAY = dt.timedelta(days=1)
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class DayHours:
    """Wall times, the same every day; one that ends at or before its start ends on the next day.

    Attributes:
        start: From when.
        end: Until when; not the same as ``start``.
    """

    start: dt.time
    end: dt.time


def time_of(text: object) -> dt.time | None:
    """Return the wall time that is written as ``22:00``; ``None`` if it is none."""
    found = _TIME.match(text) if isinstance(text, str) else None
    return dt.time(int(found.group(1)), int(found.group(2))) if found else None


def written(moment: dt.time) -> str:
    """Return a wall time as ``22:00``."""
    return moment.strftime("%H:%M")


def zone_of(name: str) -> ZoneInfo:
    """Return the zone of that name; UTC where nobody knows it any more."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _UTC


def over_at(hours: DayHours, instant: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    """Return when the hours that ``instant`` lies in are over; ``None``: it lies in none.

    A start or end that clocks skip is the first instant after the gap; one that they show twice is
    the first.
    """
    date = wall_time.shown_at(instant, zone).date()
    # The day after too: where clocks go back over midnight, a day begins before the last one ends.
    for day in (date - _DAY, date, date + _DAY):
        begins, ends = _of_day(hours, day, zone)
        if begins <= instant < ends:
            return ends
    return None


def within(
    hours: DayHours, start: dt.datetime, end: dt.datetime, zone: ZoneInfo
) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return when the hours lie between two instants, in order."""
    day = wall_time.shown_at(start, zone).date() - _DAY
    last = wall_time.shown_at(end, zone).date() + _DAY
    found = []
    while day <= last:
        begins, ends = _of_day(hours, day, zone)
        if max(begins, start) < min(ends, end):
            found.append((max(begins, start), min(ends, end)))
        day += _DAY
    return found


def _of_day(hours: DayHours, day: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """Return when the hours that begin on a day begin and end."""
    last = day if hours.start < hours.end else day + _DAY
    return (
        wall_time.instant_of(dt.datetime.combine(day, hours.start), zone),
        wall_time.instant_of(dt.datetime.combine(last, hours.end), zone),
    )
