"""A figure along time: the budget as it went, burn rates, days and hours in a time zone.

All of it comes from the same sums as the figure itself (``slices.RunningSums``), so that lines end
and parts add up at the figure. Lines are float64: they are drawn, nothing is decided on them.
"""

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np

from watchkeeper.kernel.intervals import Interval
from watchkeeper.slos.domain import evaluation, slices, windows
from watchkeeper.slos.domain.definition import Window
from watchkeeper.slos.domain.evaluation import Question
from watchkeeper.slos.domain.ratios import Counts, Flags
from watchkeeper.slos.domain.slices import Minutes, RunningSums

HOURS = 24
_DAY = 1440


class Step(Enum):
    """How far the moments of a line lie apart."""

    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class BudgetPoint:
    """The budget at one moment of its window.

    Attributes:
        at: The moment, in UTC.
        remaining: Share of the whole window's budget that was left; ``None`` where nothing
            happened in the window at all.
        even: What would be left at an even pace: 1 at the window's start, 0 at its end.
    """

    at: dt.datetime
    remaining: float | None
    even: float


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of the window; the days of a window add up to it.

    Attributes:
        day: The date in the zone asked for.
        start: First instant that lies in the window, in UTC.
        end: The instant after the last one that does, in UTC.
        good: Measured good events or slices; a slice belongs to the day in which it begins.
        total: Measured events or slices.
        spent: Share of the whole window's budget that the day's measured ones spent; ``None``
            where nothing happened in the window.
        measured: Minutes that count.
        due: Minutes that were to be measured.
        excluded: Minutes that exclusions took out.
        error_minutes: Minutes with more errors than the objective allows.
    """

    day: dt.date
    start: dt.datetime
    end: dt.datetime
    good: Fraction
    total: Fraction
    spent: Fraction | None
    measured: int
    due: int
    excluded: int
    error_minutes: int


@dataclass(frozen=True, slots=True)
class Hour:
    """One wall-clock hour of one local day; of a repeated hour, both.

    Attributes:
        error_minutes: Minutes with more errors than the objective allows; ``None`` where
            nothing was measured.
        measured: Minutes that count.
        due: Minutes that were to be measured.
        excluded: Minutes that exclusions took out.
    """

    error_minutes: int | None
    measured: int
    due: int
    excluded: int


@dataclass(frozen=True, slots=True)
class DayOfHours:
    """A local day and its 24 wall-clock hours.

    Attributes:
        day: The date in the zone asked for.
        hours: From 00 to 23. A skipped hour is empty, a repeated one holds up to 120 minutes.
        length_hours: How long the day is: 23, 24 or 25 hours, seldom something between.
    """

    day: dt.date
    hours: tuple[Hour, ...]
    length_hours: float


def boundaries(interval: Interval, *, step: Step, time_zone: str) -> tuple[dt.datetime, ...]:
    """Return the interval's start, every local midnight or full hour inside it, and its end."""
    walk = _midnights if step is Step.DAY else _full_hours
    inside = [at for at in walk(interval, ZoneInfo(time_zone)) if at in interval]
    moments = [interval.start, *inside, interval.end]
    return tuple(dict.fromkeys(moments))


def looked_at(question: Question) -> Interval | None:
    """Return the part of the window up to ``as_of``; ``None`` at the instant it begins."""
    interval = windows.interval_at(question.window, question.as_of)
    end = min(interval.end, question.as_of)
    return Interval(interval.start, end) if interval.start < end else None


def budget_over_time(question: Question, *, at: Sequence[dt.datetime]) -> tuple[BudgetPoint, ...]:
    """Return what was left of the window's budget at each moment.

    The budget is that of all events up to ``as_of``, so the line begins at 1 with the window and
    ends at the evaluation's ``remaining``; moments outside are taken at the nearer end.
    """
    interval = windows.interval_at(question.window, question.as_of)
    sums = _sums(question)
    low = sums.first_in(evaluation.minute_of(interval.start))
    high = max(low, sums.last_in(evaluation.minute_of(question.as_of)))
    places = np.clip(_places(sums, [evaluation.minute_of(moment) for moment in at]), low, high)
    bad, whole = sums.burn_down(low, places, high)
    share = 1 - float(question.objective.target)
    left = 1 - bad / (share * whole) if whole else np.full(len(at), np.nan)
    even = [1 - (moment - interval.start) / interval.length for moment in at]
    return tuple(
        BudgetPoint(moment, _known(value), min(1.0, max(0.0, pace)))
        for moment, value, pace in zip(at, left.tolist(), even, strict=True)
    )


def spark(question: Question, *, points: int = 31) -> tuple[float | None, ...]:
    """Return the budget left at so many moments, evenly from the window's start to ``as_of``.

    For a sparkline: to four decimals, all ``None`` where nothing happened.
    """
    interval = looked_at(question)
    if interval is None:
        return ()
    moments = [interval.start + interval.length * step / (points - 1) for step in range(points)]
    line = budget_over_time(question, at=moments)
    return tuple(None if point.remaining is None else round(point.remaining, 4) for point in line)


def remaining_at_each(
    question: Question, *, at: Sequence[dt.datetime]
) -> tuple[float | None, ...]:
    """Return the budget left as each moment saw it, with the window of that moment.

    The minutes of the question have to reach back to the first moment's window; ``as_of`` is the
    last moment or later.
    """
    sums = _sums(question)
    ends = [evaluation.minute_of(moment) for moment in at]
    starts = _starts(question.window, at)
    low = _places(sums, starts, up=True)
    found = sums.error_ratios(low, np.maximum(low, _places(sums, ends)))
    left = 1 - found / (1 - float(question.objective.target))
    return tuple(_known(value) for value in left.tolist())


def burn_over_time(
    question: Question, *, lookback: dt.timedelta, at: Sequence[dt.datetime]
) -> tuple[float | None, ...]:
    """Return the burn rate over ``lookback`` as of each moment; ``None`` where unknown.

    The minutes of the question have to reach back by ``lookback`` from the first moment.
    """
    sums = _sums(question)
    high = _places(sums, [evaluation.minute_of(moment) for moment in at])
    units = -(-int(lookback / windows.MINUTE) // sums.size)
    rates = sums.error_ratios(np.maximum(high - units, 0), high)
    share = 1 - float(question.objective.target)
    return tuple(_known(value) for value in (rates / share).tolist())


def by_day(question: Question, *, time_zone: str) -> tuple[Day, ...]:
    """Return the local days of the window up to ``as_of``, for the proof of its figure."""
    interval = looked_at(question)
    if interval is None:
        return ()
    minutes = evaluation.prepare(question)
    counting = evaluation.counting_rule(question)
    sums = slices.running_sums(minutes, counting)
    erred = slices.bad_minutes(minutes, counting, target=question.objective.target)
    moments = boundaries(interval, step=Step.DAY, time_zone=time_zone)
    whole = sums.count(
        start=evaluation.minute_of(interval.start), end=evaluation.minute_of(interval.end)
    )
    budget = (1 - Fraction(question.objective.target)) * whole.total
    last = sums.last_in(evaluation.minute_of(interval.end))
    found = []
    for start, end in itertools.pairwise(moments):
        low, high = evaluation.minute_of(start), evaluation.minute_of(end)
        until = last if end == interval.end else min(sums.first_in(high), last)
        counted = sums.between(min(sums.first_in(low), last), until)
        part = minutes.part(start=low, end=high)
        first = part.series.start - minutes.series.start
        found.append(
            Day(
                day=start.astimezone(ZoneInfo(time_zone)).date(),
                start=start,
                end=end,
                good=counted.good,
                total=counted.total,
                spent=(counted.total - counted.good) / budget if budget else None,
                measured=_many(part.measured),
                due=_many(part.due),
                excluded=_many(part.excluded),
                error_minutes=_many(erred[first : first + len(part.due)]),
            )
        )
    return tuple(found)


def error_hours(question: Question, *, time_zone: str) -> tuple[DayOfHours, ...]:
    """Return the window up to ``as_of`` as local days of 24 wall-clock hours, for a heat map."""
    interval = looked_at(question)
    if interval is None:
        return ()
    minutes = evaluation.prepare(question)
    counting = evaluation.counting_rule(question)
    start, end = (evaluation.minute_of(at) for at in (interval.start, interval.end))
    part = minutes.part(start=start, end=end)
    erred = slices.bad_minutes(part, counting, target=question.objective.target)
    zone = ZoneInfo(time_zone)
    local = np.arange(start, end) + _offsets(zone, start, end)
    first = int(local.min()) // _DAY
    cells = (local // _DAY - first) * HOURS + local % _DAY // 60
    many = (int(local.max()) // _DAY - first + 1) * HOURS
    tables = [
        np.bincount(cells, weights=flags, minlength=many).astype(np.int64).tolist()
        for flags in (erred, part.measured, part.due, part.excluded)
    ]
    hours = [
        Hour(bad if measured else None, measured, due, excluded)
        for bad, measured, due, excluded in zip(*tables, strict=True)
    ]
    days = (dt.date(1970, 1, 1) + dt.timedelta(days=first + day) for day in range(many // HOURS))
    return tuple(
        DayOfHours(day, tuple(hours[place : place + HOURS]), _length_of(day, zone))
        for place, day in zip(range(0, many, HOURS), days, strict=True)
    )


def error_minutes(question: Question) -> tuple[int, ...]:
    """Return the minutes of the window with more errors than the objective allows."""
    interval = looked_at(question)
    if interval is None:
        return ()
    start, end = (evaluation.minute_of(at) for at in (interval.start, interval.end))
    part: Minutes = evaluation.prepare(question).part(start=start, end=end)
    counting = evaluation.counting_rule(question)
    erred = slices.bad_minutes(part, counting, target=question.objective.target)
    return tuple((part.series.start + np.flatnonzero(erred)).tolist())


def _sums(question: Question) -> RunningSums:
    return slices.running_sums(evaluation.prepare(question), evaluation.counting_rule(question))


def _places(sums: RunningSums, minutes: Sequence[int], *, up: bool = False) -> Counts:
    """Return the places before the units that end by ``minutes``, or (``up``) begin from there."""
    apart = np.array(minutes, np.int64) - sums.start
    units = -(-apart // sums.size) if up else apart // sums.size
    return np.clip(units, 0, len(sums.good) - 1)


def _starts(window: Window, at: Sequence[dt.datetime]) -> list[int]:
    return [evaluation.minute_of(windows.interval_at(window, moment).start) for moment in at]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _many(flags: Flags) -> int:
    return int(np.count_nonzero(flags))


def _midnights(interval: Interval, zone: ZoneInfo) -> Iterator[dt.datetime]:
    day = interval.start.astimezone(zone).date()
    while True:
        day += dt.timedelta(days=1)
        at = _midnight(day, zone)
        if at >= interval.end:
            return
        yield at


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=zone).astimezone(dt.UTC)


def _full_hours(interval: Interval, zone: ZoneInfo) -> Iterator[dt.datetime]:
    at = interval.start
    while at < interval.end:
        local = at.astimezone(zone)
        past = dt.timedelta(
            minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        at += dt.timedelta(hours=1) - past
        yield at


def _length_of(day: dt.date, zone: ZoneInfo) -> float:
    length = _midnight(day + dt.timedelta(days=1), zone) - _midnight(day, zone)
    return length / dt.timedelta(hours=1)


def _offsets(zone: ZoneInfo, start: int, end: int) -> Counts:
    """Return the minutes by which the zone is ahead of UTC, for each minute of ``[start, end)``.

    The zone is asked once a day; only where two answers differ is the minute looked for.
    """
    found = np.empty(end - start, np.int64)
    low = start
    while low < end:
        high = min(low + _DAY, end)
        before, after = _offset(zone, low), _offset(zone, high)
        change = high if before == after else _change(zone, low, high)
        found[low - start : change - start] = before
        found[change - start : high - start] = after
        low = high
    return found


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """Return the first minute after ``low`` that has another offset than it."""
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: ZoneInfo, minute: int) -> int:
    ahead = dt.datetime.fromtimestamp(minute * 60, tz=zone).utcoffset()
    return 0 if ahead is None else int(ahead // windows.MINUTE)
