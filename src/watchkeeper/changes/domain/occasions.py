"""When something is on: once, or again and again, by the wall clocks of one place.

Begin and end are wall times: where clocks change in between, it is an hour longer or shorter. A
time that is skipped in spring is the first instant after the gap, one that comes twice in autumn
the first of the two (``kernel.wall_time``).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from watchkeeper.changes.domain import recurrence
from watchkeeper.changes.domain.recurrence import Recurrence
from watchkeeper.kernel import wall_time
from watchkeeper.kernel.intervals import Interval

FIRST_YEAR, LAST_YEAR = 1970, 2199
_MARGIN = dt.timedelta(days=2)
"""Further than any clock is put forward or back, Samoa's lost day of 2011 too."""
_SPANS = (8, 64, 512, 4_096)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Occasion:
    """When something is on.

    Attributes:
        zone: Name of the place whose clocks say so, as ``Europe/Berlin``.
        start: When it begins first, as the wall clock shows; naive.
        end: When that ends, as the wall clock shows; naive, after ``start``.
        rule: How it comes again; ``None``: it does not.
    """

    zone: str
    start: dt.datetime
    end: dt.datetime
    rule: Recurrence | None = None

    @property
    def length(self) -> dt.timedelta:
        """How long it is on the wall clock."""
        return self.end - self.start


def occurrences(occasion: Occasion, low: dt.datetime, high: dt.datetime) -> tuple[Interval, ...]:
    """Return every time that it is on and that shares an instant with ``[low, high)``, in order.

    They are whole, not cut off at the range's ends; those of a long one may overlap. One that
    lies in a gap of the wall clock altogether is left out.
    """
    zone = ZoneInfo(occasion.zone)
    found = []
    for wall in _starts(occasion, zone, low, high):
        start = wall_time.instant_of(wall, zone)
        end = wall_time.instant_of(wall + occasion.length, zone)
        if start < end and start < high and low < end:
            found.append(Interval(start, end))
    return tuple(sorted(set(found)))


def _starts(
    occasion: Occasion, zone: ZoneInfo, low: dt.datetime, high: dt.datetime
) -> Iterable[dt.datetime]:
    if occasion.rule is None:
        return (occasion.start,)
    first = wall_time.shown_at(low, zone) - occasion.length - _MARGIN
    last = wall_time.shown_at(high, zone) + _MARGIN
    return recurrence.starts(occasion.rule, occasion.start, low=first, high=last)


def without(intervals: Iterable[Interval], cuts: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return what is left of ``intervals`` outside of ``cuts``."""
    taken = Interval.merged(cuts)
    return tuple(piece for interval in intervals for piece in interval.without(taken))


@lru_cache(8_192)
def _of_day(occasion: Occasion, day: dt.date) -> tuple[Interval, ...]:
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    return occurrences(occasion, start, start + 2 * _DAY)


def near(occasion: Occasion, at: dt.datetime) -> tuple[Interval, ...]:
    """Return every time that it is on and that ends after ``at``, up to a day ahead at the least.

    Remembered, so that it may be asked each second.
    """
    return tuple(found for found in _of_day(occasion, at.date()) if found.end > at)


def active_at(intervals: Iterable[Interval], at: dt.datetime) -> Interval | None:
    """Return the one of ``intervals`` that is on at an instant; of several the last to end."""
    holding = [interval for interval in intervals if at in interval]
    return max(holding, key=lambda each: each.end, default=None)


def following(
    occasion: Occasion, at: dt.datetime, *, cuts: tuple[Interval, ...] = ()
) -> Interval | None:
    """Return the next time that it begins after an instant; ``None``: it does not for a decade."""
    if occasion.rule is None:
        spans: tuple[int, ...] = (0,)
    else:
        spans = _SPANS
    for days in spans:
        high = _later(at, days) if days else dt.datetime.max.replace(tzinfo=dt.UTC)
        whole = occurrences(occasion, at, high)
        found = [each for each in without(whole, cuts) if each.start > at]
        if found:
            return min(found)
    return None


def _later(at: dt.datetime, days: int) -> dt.datetime:
    try:
        return at + days * _DAY
    except OverflowError:
        return dt.datetime.max.replace(tzinfo=dt.UTC) - _MARGIN


def ends_at(occasion: Occasion) -> dt.datetime | None:
    """Return an instant after which it is on no more; ``None``: it has no end."""
    zone = ZoneInfo(occasion.zone)
    if occasion.rule is None:
        return wall_time.instant_of(occasion.end, zone)
    last = recurrence.last_of(occasion.rule, occasion.start)
    return None if last is None else wall_time.instant_of(last + occasion.length, zone)
