"""Quiet hours: from when to when, on the wall where a person lives, low urgency waits."""

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchkeeper.kernel import wall_time

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\Z")
_DAY = dt.timedelta(days=1)
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class QuietHours:
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


def over_at(quiet: QuietHours, instant: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    """Return when the quiet hours that ``instant`` lies in are over; ``None``: it lies in none.

    A start or end that clocks skip is the first instant after the gap; one that they show twice is
    the first.
    """
    date = wall_time.shown_at(instant, zone).date()
    # The day after too: where clocks go back over midnight, a day begins before the last one ends.
    for day in (date - _DAY, date, date + _DAY):
        begins = wall_time.instant_of(dt.datetime.combine(day, quiet.start), zone)
        last = day if quiet.start < quiet.end else day + _DAY
        ends = wall_time.instant_of(dt.datetime.combine(last, quiet.end), zone)
        if begins <= instant < ends:
            return ends
    return None
