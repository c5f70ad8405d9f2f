"""OpenSLO time windows and slices.

Source: OpenSLO v1, ``timeWindow``: ``duration``, ``isRolling``, ``calendar`` with ``startTime``
and ``timeZone``. The specification has exactly one; several are an extension of Watchkeeper.
"""

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchkeeper.kernel import instants
from watchkeeper.slos.domain.definition import (
    CalendarUnit,
    CalendarWindow,
    RollingWindow,
    Window,
)
from watchkeeper.slos.domain.openslo_fields import Duration, Fields

_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10_080}
_UNITS = {
    "d": CalendarUnit.DAY,
    "w": CalendarUnit.WEEK,
    "M": CalendarUnit.MONTH,
    "Q": CalendarUnit.QUARTER,
    "Y": CalendarUnit.YEAR,
}
_LONGEST_SLICE = 1440


def read_windows(spec: Fields) -> tuple[Window, ...]:
    """Return the windows of an SLO; what is wrong is noted."""
    found: list[Window] = []
    for item in spec.each("timeWindow"):
        window = _window(item)
        if window is not None and window in found:
            item.notes.fault("this window stands here a second time", item.path)
        elif window is not None:
            found.append(window)
    if not spec.items("timeWindow"):
        spec.notes.fault(
            "timeWindow is missing, as [{duration: 30d, isRolling: true}]", spec.at("timeWindow")
        )
    return tuple(found)


def _window(item: Fields) -> Window | None:
    item.only("duration", "isRolling", "calendar")
    duration = item.duration("duration", required=True)
    rolling = item.flag("isRolling")
    calendar = item.fields("calendar")
    if duration is None:
        return None
    if calendar is not None and rolling:
        item.notes.fault("a rolling window has no calendar", item.at("calendar"))
        return None
    if calendar is None and rolling is False:
        item.notes.fault(
            "a window that is not rolling needs calendar, with startTime and timeZone", item.path
        )
        return None
    if calendar is None:
        if rolling is None:
            item.notes.deviation("isRolling is missing; true is taken", item.at("isRolling"))
        return _rolling(item, duration)
    return _calendar(item, calendar, duration)


def _rolling(item: Fields, duration: Duration) -> Window | None:
    if duration.unit not in _MINUTES:
        item.notes.fault(
            "months, quarters and years differ in length; a rolling window is told in m, h, d or "
            "w, as 30d",
            item.at("duration"),
        )
        return None
    return RollingWindow(dt.timedelta(minutes=duration.count * _MINUTES[duration.unit]))


def _calendar(item: Fields, calendar: Fields, duration: Duration) -> Window | None:
    calendar.only("startTime", "timeZone")
    if duration.unit not in _UNITS:
        item.notes.fault("a calendar window is told in d, w, M, Q or Y", item.at("duration"))
        return None
    zone = _zone(calendar)
    start = _start(calendar, zone)
    if zone is None or start is None:
        return None
    return CalendarWindow(_UNITS[duration.unit], zone.key, start, duration.count)


def _zone(calendar: Fields) -> ZoneInfo | None:
    name = calendar.text("timeZone", required=True)
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        calendar.notes.fault(
            f"{name!r} is not a time zone, as Europe/Berlin", calendar.at("timeZone")
        )
        return None


def _start(calendar: Fields, zone: ZoneInfo | None) -> dt.datetime | None:
    """Return the wall-clock start; it is meant in the window's own zone."""
    text = calendar.text("startTime", required=True)
    if not text:
        return None
    try:
        start = dt.datetime.fromisoformat(text)
    except ValueError:
        calendar.notes.fault(
            f"{text!r} is not a time, as 2026-01-01 00:00:00", calendar.at("startTime")
        )
        return None
    if not instants.FIRST.year <= start.year < instants.END.year:
        calendar.notes.fault(
            "startTime lies between the years 1970 and 2999", calendar.at("startTime")
        )
        return None
    if start.tzinfo is None:
        return start
    calendar.notes.deviation(
        "startTime has a zone of its own; it is taken to the window's", calendar.at("startTime")
    )
    return start.astimezone(zone).replace(tzinfo=None) if zone else None


def read_slice(item: Fields) -> int | None:
    """Return the length of an objective's slices in minutes; what is wrong is noted."""
    value = item.data.get("timeSliceWindow")
    if isinstance(value, int) and not isinstance(value, bool):
        minutes = value  # the specification allows a bare number, in minutes
    else:
        duration = item.duration("timeSliceWindow", required=True)
        if duration is None:
            return None
        minutes = duration.count * _MINUTES.get(duration.unit, 0)
    if not 1 <= minutes <= _LONGEST_SLICE:
        item.notes.fault(
            "timeSliceWindow is between one minute and one day", item.at("timeSliceWindow")
        )
        return None
    return minutes
