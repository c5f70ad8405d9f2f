"""When a layer is on: windows of wall time that begin on certain weekdays."""

import datetime as dt
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from watchkeeper.kernel import wall_time
from watchkeeper.oncall.domain.schedule import Restriction

Window = tuple[dt.datetime, dt.datetime]
_DAY = dt.timedelta(days=1)


def is_on(restrictions: Sequence[Restriction], instant: dt.datetime, zone: ZoneInfo) -> bool:
    """Return whether ``instant`` lies in a window; without restrictions all time does."""
    if not restrictions:
        return True
    date = wall_time.shown_at(instant, zone).date()
    # The day after too: where clocks go back over midnight, a day begins before the last one ends.
    return any(
        start <= instant < end
        for day in (date - _DAY, date, date + _DAY)
        for start, end in _windows_of(restrictions, day, zone)
    )


def windows(
    restrictions: Sequence[Restriction], start: dt.datetime, end: dt.datetime, zone: ZoneInfo
) -> list[Window]:
    """Return when a layer is on from ``start`` to ``end``, in order, none touching another."""
    if not restrictions:
        return [(start, end)]
    date = wall_time.shown_at(start, zone).date() - _DAY
    last = wall_time.shown_at(end, zone).date() + _DAY
    found: list[Window] = []
    while date <= last:
        found += _windows_of(restrictions, date, zone)
        date += _DAY
    found.sort()
    return _joined(found, start, end)


def _joined(found: Sequence[Window], start: dt.datetime, end: dt.datetime) -> list[Window]:
    joined: list[Window] = []
    for begins, ends in found:
        begin, until = max(begins, start), min(ends, end)
        if begin >= until:
            continue
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((begin, until))
    return joined


def _windows_of(
    restrictions: Sequence[Restriction], date: dt.date, zone: ZoneInfo
) -> Iterator[Window]:
    """Yield the windows that begin on ``date``; one that fell into a gap has no length."""
    weekday = date.weekday()
    for restriction in restrictions:
        if weekday not in restriction.days:
            continue
        last = date if restriction.start < restriction.end else date + _DAY
        begins = wall_time.instant_of(dt.datetime.combine(date, restriction.start), zone)
        ends = wall_time.instant_of(dt.datetime.combine(last, restriction.end), zone)
        if begins < ends:
            yield begins, ends
