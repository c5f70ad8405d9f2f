"""Where the ticks of an axis stand and what they say."""

import datetime as dt
import math
from dataclasses import dataclass

from watchkeeper.ui.domain import times

MOST_LINES = 5
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# The longest span (seconds) that a step (seconds) serves: at most nine labels at any width.
_STEPS = (
    (2 * _HOUR, 15 * _MINUTE),
    (4 * _HOUR, 30 * _MINUTE),
    (9 * _HOUR, _HOUR),
    (26 * _HOUR, 4 * _HOUR),
    (3 * _DAY, 12 * _HOUR),
    (9 * _DAY, _DAY),
    (18 * _DAY, 2 * _DAY),
    (60 * _DAY, 7 * _DAY),
    (120 * _DAY, 14 * _DAY),
)
_LONGEST_PARTS = 7
_EDGE = 0.02
_FLAT = 1e-9  # a span below this share of its values is one value


@dataclass(frozen=True, slots=True)
class Tick:
    """One label of an axis.

    Attributes:
        at: Place along the axis in per cent of its length, as SVG text.
        label: What it says; empty for a line without a word.
        anchor: ``start``, ``middle`` or ``end``: how the label sits on its place.
    """

    at: str
    label: str
    anchor: str = "middle"


def percent(share: float) -> str:
    """Return a share of a length as SVG text without needless digits: 0.3576 is "35.76"."""
    return f"{share * 100:.2f}".rstrip("0").rstrip(".")


def nice(low: float, high: float, *, most: int = MOST_LINES) -> tuple[float, ...]:
    """Return evenly spaced round numbers that hold ``low`` and ``high`` between them.

    Args:
        low: Least value to show.
        high: Greatest value to show; where it is hardly above ``low``, one unit is shown.
        most: Most numbers to return, at least 2.
    """
    if high - low <= _FLAT * max(1.0, abs(low)):
        high = low + (abs(low) if abs(low) > _FLAT else 1.0)
    rough = (high - low) / (most - 1)
    size = 10.0 ** math.floor(math.log10(rough))
    for shape in (*_NICE, *(10 * step for step in _NICE)):
        step = shape * size
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first + 1 <= most:
            break
    return tuple(round(index * step, 12) for index in range(first, last + 1))


def time_ticks(start: float, end: float, *, zone: times.Zone) -> tuple[Tick, ...]:
    """Return ticks of a time axis that stand on whole local hours or midnights.

    Args:
        start: First instant, seconds since 1970.
        end: Last instant; after ``start``.
        zone: In whose wall time the ticks are whole.
    """
    span = end - start
    step = next((step for longest, step in _STEPS if span <= longest), span / _LONGEST_PARTS)
    instants = _days(start, end, step, zone) if step >= _DAY else _hours(start, end, step, zone)
    ticks, shown = [], ""
    for instant in instants:
        local = dt.datetime.fromtimestamp(instant, tz=zone.info)
        day = times.day_label(local, zone=zone)
        label = _label(local, day, month_shown=shown[-3:] == day[-3:], daily=step >= _DAY)
        if step < _DAY and local.hour == 0 and local.minute == 0:
            label = day
        shown = day if step >= _DAY else shown
        ticks.append(_tick((instant - start) / span, label))
    return tuple(ticks)


def day_span(start: float, end: float, *, zone: times.Zone) -> tuple[float, float, int]:
    """Return the whole local days around an interval, for charts that share one axis.

    Args:
        start: First instant, seconds since 1970.
        end: Last instant, not in it; after ``start``.
        zone: In whose wall time days begin.

    Returns:
        Midnight at or before ``start``, midnight at or after ``end``, and the days between.
    """
    first = dt.datetime.fromtimestamp(start, tz=zone.info).date()
    last = dt.datetime.fromtimestamp(end, tz=zone.info)
    until = last.date() if last.time() == dt.time() else last.date() + dt.timedelta(1)
    midnights = [
        dt.datetime.combine(day, dt.time(), tzinfo=zone.info).timestamp() for day in (first, until)
    ]
    return midnights[0], midnights[1], (until - first).days


def _tick(share: float, label: str) -> Tick:
    """Return a tick whose word stays inside the drawing at both ends."""
    anchor = "start" if share < _EDGE else "end" if share > 1 - _EDGE else "middle"
    return Tick(at=percent(share), label=label, anchor=anchor)


def _label(local: dt.datetime, day: str, *, month_shown: bool, daily: bool) -> str:
    if daily:
        return day.split()[0] if month_shown else day
    return f"{local:%H:%M}"


def _days(start: float, end: float, step: float, zone: times.Zone) -> list[float]:
    """Return local midnights ``step`` apart; wall days, so that 23 and 25 hours are days too."""
    first = dt.datetime.fromtimestamp(start, tz=zone.info)
    date = first.date() if (first.hour, first.minute) == (0, 0) else first.date() + dt.timedelta(1)
    days = max(1, round(step / _DAY))
    found: list[float] = []
    while True:
        instant = dt.datetime.combine(date, dt.time(), tzinfo=zone.info).timestamp()
        if instant > end:
            return found
        found.append(instant)
        date += dt.timedelta(days)


def _hours(start: float, end: float, step: float, zone: times.Zone) -> list[float]:
    """Return instants whose wall time is a multiple of ``step``."""
    offset = dt.datetime.fromtimestamp(start, tz=zone.info).utcoffset() or dt.timedelta()
    shift = offset.total_seconds()
    first = math.ceil((start + shift) / step) * step - shift
    return [first + index * step for index in range(int((end - first) // step) + 1)]
