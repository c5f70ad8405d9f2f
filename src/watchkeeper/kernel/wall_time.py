"""From what a clock on the wall shows to the one instant that is meant, and back.

A time that the wall clock skips (spring) is the first instant after the gap; one that it shows
twice (autumn) is the first of the two. Instants are aware, in UTC.
"""

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

_SECOND = dt.timedelta(seconds=1)
_NOTHING = dt.timedelta()
_EPOCH_ON_THE_WALL = dt.datetime(1970, 1, 1)  # noqa: DTZ001  naive, as walls are
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_REMEMBERED = 16_384


@lru_cache(_REMEMBERED)
def instant_of(wall: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the instant at which clocks in ``zone`` first show ``wall`` or later.

    Never falls when ``wall`` rises; two wall times of one gap give one instant.

    Args:
        wall: A naive time.
        zone: Where the clock hangs.

    Source: PEP 495: ``fold=0`` takes the offset from before a change: inside an overlap that is
    the first of the two instants, inside a gap one that no longer has that offset.
    """
    before = zone.utcoffset(wall) or _NOTHING
    instant = _EPOCH + (wall - _EPOCH_ON_THE_WALL - before)
    if instant.astimezone(zone).utcoffset() == before:
        return instant
    after = zone.utcoffset(wall.replace(fold=1)) or _NOTHING
    return _end_of_gap(wall, zone, before=before, after=after)


def _end_of_gap(
    wall: dt.datetime, zone: ZoneInfo, *, before: dt.timedelta, after: dt.timedelta
) -> dt.datetime:
    """Return the first instant with the offset that holds after the gap around ``wall``."""
    early = (wall - after).replace(tzinfo=dt.UTC)
    late = (wall - before).replace(tzinfo=dt.UTC)
    while late - early > _SECOND:
        middle = early + (late - early) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def shown_at(instant: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return what clocks in ``zone`` show at ``instant``, naive."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)
