"""From when to when an SLO counts.

A calendar window is walked in wall-clock time of its zone from its start: days and weeks keep the
hour across daylight saving, months, quarters and years keep the day and are clamped to the end of
shorter months (the anchor day comes back in the next month that has it). A wall-clock time that a
zone skips is taken later by as much as was skipped, one that comes twice is taken the first time
(PEP 495, fold=0). The error budget's period is the real length of the current window: 31 days less
an hour in a March with daylight saving.
"""

import calendar
import datetime as dt
from zoneinfo import ZoneInfo

from watchkeeper.kernel.intervals import Interval
from watchkeeper.slos.domain.definition import (
    CalendarUnit,
    CalendarWindow,
    RollingWindow,
    Window,
)

MINUTE = dt.timedelta(minutes=1)
_DAYS = {CalendarUnit.DAY: 1, CalendarUnit.WEEK: 7}
_MONTHS = {CalendarUnit.MONTH: 1, CalendarUnit.QUARTER: 3, CalendarUnit.YEAR: 12}
_LONGEST = {
    CalendarUnit.DAY: dt.timedelta(days=1, hours=1),
    CalendarUnit.WEEK: dt.timedelta(days=7, hours=1),
    CalendarUnit.MONTH: dt.timedelta(days=31, hours=1),
    CalendarUnit.QUARTER: dt.timedelta(days=92, hours=1),
    CalendarUnit.YEAR: dt.timedelta(days=366),
}
"""The longest of each unit, with the hour that the end of daylight saving adds."""
_UNITS = (("d", 1440), ("h", 60), ("m", 1))


def interval_at(window: Window, instant: dt.datetime) -> Interval:
    """Return the window that is judged at ``instant``, in UTC.

    Rolling: ``[instant - length, instant)``. Calendar: the whole period that holds ``instant``,
    its end in the future included.
    """
    if isinstance(window, RollingWindow):
        return Interval(instant - window.length, instant)
    place = _guess(window, instant)
    while _boundary(window, place) > instant:
        place -= 1
    while _boundary(window, place + 1) <= instant:
        place += 1
    return Interval(_boundary(window, place), _boundary(window, place + 1))


def longest(window: Window) -> dt.timedelta:
    """Return the most that a window can look back; minutes have to be kept for as long."""
    if isinstance(window, RollingWindow):
        return window.length
    return _LONGEST[window.unit] * window.count


def length_at(window: Window, instant: dt.datetime) -> dt.timedelta:
    """Return how long the window that is judged at ``instant`` is; months differ."""
    if isinstance(window, RollingWindow):
        return window.length
    return interval_at(window, instant).length


def label(window: Window) -> str:
    """Return the window as every door names it: ``30d``, ``calendar-month Europe/Berlin``."""
    if isinstance(window, RollingWindow):
        return span_label(window.length)
    count = "" if window.count == 1 else f"{window.count}-"
    return f"calendar-{count}{window.unit.value} {window.time_zone}"


def span_label(length: dt.timedelta) -> str:
    """Return a length in its largest whole unit: ``3d``, ``6h``, ``90m``."""
    minutes = int(length / MINUTE)
    for unit, size in _UNITS:
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def _guess(window: CalendarWindow, instant: dt.datetime) -> int:
    """Return about how many periods lie between the start and ``instant``."""
    local = instant.astimezone(ZoneInfo(window.time_zone)).replace(tzinfo=None)
    if window.unit in _DAYS:
        return (local - window.start).days // (_DAYS[window.unit] * window.count)
    months = (local.year - window.start.year) * 12 + local.month - window.start.month
    return months // (_MONTHS[window.unit] * window.count)


def _boundary(window: CalendarWindow, place: int) -> dt.datetime:
    """Return the start of period number ``place``, counted from the window's start, in UTC."""
    steps = place * window.count
    if window.unit in _DAYS:
        wall = window.start + dt.timedelta(days=_DAYS[window.unit] * steps)
    else:
        wall = _add_months(window.start, _MONTHS[window.unit] * steps)
    return wall.replace(tzinfo=ZoneInfo(window.time_zone)).astimezone(dt.UTC)


def _add_months(start: dt.datetime, months: int) -> dt.datetime:
    total = start.year * 12 + start.month - 1 + months
    year, month = total // 12, total % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return start.replace(year=year, month=month, day=day)
