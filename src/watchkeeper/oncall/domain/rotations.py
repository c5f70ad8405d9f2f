"""Which turn of a rotation it is: boundaries, never lengths, and never counted from the start."""

import calendar
import datetime as dt
import itertools
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from watchkeeper.kernel import wall_time
from watchkeeper.oncall.domain.schedule import CustomRotation, People, Rotation, Unit

Segment = tuple[dt.datetime, dt.datetime, People]
"""From, to, and who."""

_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_DAYS = {Unit.DAY: 1, Unit.WEEK: 7}
_MONTHS = 12


def boundary(rotation: Rotation, index: int, zone: ZoneInfo) -> dt.datetime:
    """Return the instant at which shift ``index`` begins, counted from 0.

    Hours are elapsed time, so that each shift of hours is equally long; days, weeks and months
    are wall time, so that the hand-off stays at its hour. Months are counted from the first
    hand-off and end at the last day where the month is too short: 31 Jan, 28 Feb, 31 Mar.

    It rises with ``index``; only where a zone left out a whole day (Samoa, 30 December 2011) may
    two be equal: the shift of that day did not take place.
    """
    if index == 0:
        return rotation.first
    if rotation.unit is Unit.HOUR:
        return rotation.first + index * rotation.every * _HOUR
    wall = moved(rotation.anchor, rotation.unit, index * rotation.every)
    return wall_time.instant_of(wall, zone)


def moved(wall: dt.datetime, unit: Unit, count: int) -> dt.datetime:
    """Return ``wall`` moved by some days, weeks or months; a month that is too short clamps."""
    if unit is not Unit.MONTH:
        return wall + count * _DAYS[unit] * _DAY
    months = wall.year * _MONTHS + wall.month - 1 + count
    year, month = months // _MONTHS, months % _MONTHS + 1
    return wall.replace(
        year=year, month=month, day=min(wall.day, calendar.monthrange(year, month)[1])
    )


def index_at(rotation: Rotation, instant: dt.datetime, zone: ZoneInfo) -> int:
    """Return which shift ``instant`` lies in; negative before the first hand-off.

    Computed from the wall clock and corrected by what clocks did near ``instant``: it costs the
    same in the thirtieth year as on the first day.
    """
    if instant < rotation.first:
        return -1
    if rotation.unit is Unit.HOUR:
        return (instant - rotation.first) // (rotation.every * _HOUR)
    guess = max(0, _guess(rotation, wall_time.shown_at(instant, zone)))
    while boundary(rotation, guess, zone) > instant:
        guess -= 1
    while boundary(rotation, guess + 1, zone) <= instant:
        guess += 1
    return guess


def _guess(rotation: Rotation, wall: dt.datetime) -> int:
    """Return which shift the wall clock alone would say."""
    return _units(rotation.anchor, wall, rotation.unit) // rotation.every


def _units(anchor: dt.datetime, wall: dt.datetime, unit: Unit) -> int:
    if unit is Unit.MONTH:
        return (wall.year - anchor.year) * _MONTHS + wall.month - anchor.month
    return (wall - anchor) // (_DAYS[unit] * _DAY)


def people_at(rotation: Rotation | CustomRotation, instant: dt.datetime, zone: ZoneInfo) -> People:
    """Return whose turn it is; empty: nobody's."""
    if isinstance(rotation, CustomRotation):
        return _custom_at(rotation, instant, zone)
    index = index_at(rotation, instant, zone)
    return rotation.turns[index % len(rotation.turns)] if index >= 0 else ()


def segments(
    rotation: Rotation | CustomRotation, start: dt.datetime, end: dt.datetime, zone: ZoneInfo
) -> list[Segment]:
    """Return whose turn it is from ``start`` to ``end``, in order; nobody's is left out."""
    if isinstance(rotation, CustomRotation):
        return _custom_segments(rotation, start, end, zone)
    start = max(start, rotation.first)
    if start >= end:
        return []
    if len(set(rotation.turns)) == 1:
        return [(start, end, rotation.turns[0])]
    return list(_turns(rotation, start, end, zone))


def _turns(
    rotation: Rotation, start: dt.datetime, end: dt.datetime, zone: ZoneInfo
) -> Iterator[Segment]:
    index, turns = index_at(rotation, start, zone), rotation.turns
    while start < end:
        until = min(end, boundary(rotation, index + 1, zone))
        if start < until:
            yield start, until, turns[index % len(turns)]
        start, index = until, index + 1


def _custom_at(rotation: CustomRotation, instant: dt.datetime, zone: ZoneInfo) -> People:
    found: list[str] = []
    for start, end, people in _occurrences(rotation, instant, instant, zone):
        if start <= instant < end:
            found += people
    return tuple(sorted(set(found)))


def _custom_segments(
    rotation: CustomRotation, start: dt.datetime, end: dt.datetime, zone: ZoneInfo
) -> list[Segment]:
    held = [
        (max(start, begins), min(end, ends), people)
        for begins, ends, people in _occurrences(rotation, start, end, zone)
        if begins < end and start < ends
    ]
    points = sorted({point for begins, ends, _ in held for point in (begins, ends)})
    found = []
    for begins, ends in itertools.pairwise(points):
        on = [name for first, last, people in held if first <= begins < last for name in people]
        if on:
            found.append((begins, ends, tuple(sorted(set(on)))))
    return found


def _occurrences(
    rotation: CustomRotation, start: dt.datetime, end: dt.datetime, zone: ZoneInfo
) -> Iterator[Segment]:
    """Yield every shift that may touch ``[start, end]``, shift by shift as they are written."""
    early = wall_time.shown_at(start, zone) - 2 * _DAY
    late = wall_time.shown_at(end, zone) + 2 * _DAY
    for shift in rotation.shifts:
        first = last = 0
        if rotation.unit is not None:
            first = _units(shift.end, early, rotation.unit) // rotation.every - 1
            last = _units(shift.start, late, rotation.unit) // rotation.every + 1
        for turn in range(max(0, first), last + 1):
            count = turn * rotation.every
            walls = (
                moved(wall, rotation.unit, count) if rotation.unit is not None else wall
                for wall in (shift.start, shift.end)
            )
            begins, ends = (wall_time.instant_of(wall, zone) for wall in walls)
            if begins < ends:
                yield begins, ends, shift.people
