"""How much was measured, for each source: of the last day, and along time.

While there are few SLIs it is counted when asked for. Beyond, a job counts it in portions and
readers take what was counted last, so that a page costs the same however many SLIs there are.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from watchkeeper.telemetry.domain.series import Counts
from watchkeeper.telemetry.models import CoverageCount, SourceCoverage, SourceDays
from watchkeeper.telemetry.queries import history, source_rows

LIVE_SLIS = 200
"""Up to so many SLIs, over all sources, coverage is counted when asked for."""
DAY_MINUTES = 1440
SLICE_MINUTES = 15
_SETTLED_MINUTES = 3
"""Younger minutes may not have been asked for yet."""
KEPT_DAYS = 91
"""So many UTC days are counted by the job, today among them."""
_HOUR_MINUTES = 60
_BY_QUARTER = dt.timedelta(days=2)
_BY_HOUR = dt.timedelta(days=8)
_AT_ONCE = 50
"""SLIs whose minutes are held in memory together."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the last day was measured.

    Attributes:
        share: Measured share of the due minutes, 0 to 1; ``None`` where none was due.
        slices: For each quarter of an hour whether no minute that was due is missing.
        counted_at: When it was counted; ``None``: it is still being counted.
    """

    share: float | None
    slices: tuple[bool, ...]
    counted_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class CoverageSlice:
    """A stretch of time and how much of it was measured, over all SLIs of a source.

    Attributes:
        start: Its first instant.
        end: The instant after its last one.
        due: Minutes that were due in it.
        measured: Those that were measured.
    """

    start: dt.datetime
    end: dt.datetime
    due: int
    measured: int


@dataclass(frozen=True, slots=True)
class CoverageOverTime:
    """How much was measured along time.

    Attributes:
        slices: In order of time, without a hole between them; empty where nothing is counted.
        counted_at: When it was counted; ``None``: it is still being counted.
    """

    slices: tuple[CoverageSlice, ...]
    counted_at: dt.datetime | None

    @property
    def due(self) -> int:
        """Minutes that were due in all."""
        return sum(each.due for each in self.slices)

    @property
    def measured(self) -> int:
        """Minutes that were measured in all."""
        return sum(each.measured for each in self.slices)


def coverage_of_source(source_id: int | None, *, now: dt.datetime) -> Coverage:
    """Return how much of the last day's due minutes a source's SLIs have; ``None``: pushed.

    A minute is due from the SLI's first measured minute on until three minutes ago.
    """
    if is_counted_live():
        ids = [sli_id for sli_id, _ in source_rows.slis_of_source(source_id)]
        return coverage(*counts(ids, end=settled(now)), counted_at=now)
    kept = kept_of(source_id)
    if kept is None or kept.counted_at is None:
        return Coverage(None, (), None)
    return coverage(np.array(kept.measured), np.array(kept.due), counted_at=kept.counted_at)


def coverage_over_time(
    source_id: int | None, *, start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> CoverageOverTime:
    """Return how much of ``[start, end)`` was measured, by quarters, hours or UTC days.

    Slices are whole, so the first and the last may reach over the range. Of many SLIs there is
    what a job counted: quarters of the last day, and the last 90 days.

    Args:
        source_id: The source; ``None``: what is pushed.
        start: First instant.
        end: The instant after the last one; after ``start``.
        now: The present.
    """
    if not is_counted_live():
        return _kept_over_time(source_id, start=start, end=end)
    ids = [sli_id for sli_id, _ in source_rows.slis_of_source(source_id)]
    if end - start > _BY_HOUR:
        first, last = _minute(start) // DAY_MINUTES, -(-_minute(end) // DAY_MINUTES)
        last = min(last, settled(now) // DAY_MINUTES + 1)
        found = day_counts(ids, first=first, last=last, end=settled(now))
        return CoverageOverTime(_slices(*found, start=first * DAY_MINUTES, by=DAY_MINUTES), now)
    by = SLICE_MINUTES if end - start <= _BY_QUARTER else _HOUR_MINUTES
    low = _minute(start) // by * by
    high = -(-min(_minute(end), settled(now)) // by) * by
    found = _minute_counts(ids, start=low, end=max(low, high), until=settled(now), by=by)
    return CoverageOverTime(_slices(*found, start=low, by=by), now)


def _kept_over_time(
    source_id: int | None, *, start: dt.datetime, end: dt.datetime
) -> CoverageOverTime:
    kept: CoverageCount | None = kept_of(source_id)
    by = SLICE_MINUTES
    if end - start > _BY_QUARTER or not _reaches_back(kept, start):
        kept, by = kept_days_of(source_id), DAY_MINUTES
    if kept is None or kept.counted_at is None:
        return CoverageOverTime((), None)
    until = settled(kept.counted_at)
    if by == DAY_MINUTES:
        until = -(-until // DAY_MINUTES) * DAY_MINUTES
    counted = np.array(kept.measured), np.array(kept.due)
    every = _slices(*counted, start=until - len(kept.due) * by, by=by)
    shown = (each for each in every if each.end > start and each.start < end)
    return CoverageOverTime(tuple(shown), kept.counted_at)


def _reaches_back(kept: CoverageCount | None, start: dt.datetime) -> bool:
    return (
        kept is not None
        and kept.counted_at is not None
        and settled(kept.counted_at) - DAY_MINUTES <= _minute(start)
    )


def _slices(measured: Counts, due: Counts, *, start: int, by: int) -> tuple[CoverageSlice, ...]:
    return tuple(
        CoverageSlice(_instant(start + place * by), _instant(start + (place + 1) * by), *counted)
        for place, counted in enumerate(zip(due.tolist(), measured.tolist(), strict=True))
    )


def _minute(at: dt.datetime) -> int:
    return int(at.timestamp()) // 60


def _instant(minute: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(minute * 60, tz=dt.UTC)


def kept_of(source_id: int | None) -> SourceCoverage | None:
    """Return what was counted of a source's last day; ``None`` where nothing was.

    Args:
        source_id: The source; ``None``: what is pushed.
    """
    if source_id is None:
        return SourceCoverage.objects.filter(source__isnull=True).first()
    return SourceCoverage.objects.filter(source_id=source_id).first()


def kept_days_of(source_id: int | None) -> SourceDays | None:
    """Return what was counted of a source's last days; as :func:`kept_of`."""
    if source_id is None:
        return SourceDays.objects.filter(source__isnull=True).first()
    return SourceDays.objects.filter(source_id=source_id).first()


def is_counted_live() -> bool:
    """Return whether there are so few SLIs that coverage is counted when asked for."""
    return source_rows.newest_in_force().count() <= LIVE_SLIS


def settled(now: dt.datetime) -> int:
    """Return the minute up to which minutes are due."""
    return int(now.timestamp()) // 60 - _SETTLED_MINUTES


def settled_at(minute: int) -> dt.datetime:
    """Return the instant at which minutes are due up to ``minute``."""
    return _instant(minute + _SETTLED_MINUTES)


def coverage(measured: Counts, due: Counts, *, counted_at: dt.datetime) -> Coverage:
    """Return coverage from measured and due minutes by quarter of an hour."""
    share = float(measured.sum() / due.sum()) if due.any() else None
    return Coverage(share, tuple((measured == due).tolist()), counted_at)


def counts(sli_ids: Sequence[int], *, end: int) -> tuple[Counts, Counts]:
    """Return measured and due minutes of SLIs by quarter of an hour, of the day before ``end``."""
    return _minute_counts(
        sli_ids,
        start=end - DAY_MINUTES,
        end=end,
        until=end,
        by=SLICE_MINUTES,
        at_once=len(sli_ids),
    )


def day_counts(
    sli_ids: Sequence[int], *, first: int, last: int, end: int
) -> tuple[Counts, Counts]:
    """Return measured and due minutes of SLIs by UTC day, of the days ``[first, last)``.

    Args:
        sli_ids: The SLIs.
        first: First day, in whole days since the Unix epoch.
        last: The day after the last one.
        end: Minutes from here on are not due yet; only the last day may hold it.
    """
    edge = min(last, end // DAY_MINUTES)
    measured, due = np.zeros(last - first, np.int64), np.zeros(last - first, np.int64)
    if edge > first:
        for sums in history.day_sums_of(sli_ids, start_day=first, end_day=edge).values():
            measured[: edge - first] += sums.covered
        begins = np.arange(first, edge, dtype=np.int64) * DAY_MINUTES
        for since in _first_minutes(sli_ids):
            due[: edge - first] += np.clip(begins + DAY_MINUTES - since, 0, DAY_MINUTES)
    if edge < last:
        today = _minute_counts(
            sli_ids,
            start=edge * DAY_MINUTES,
            end=(edge + 1) * DAY_MINUTES,
            until=end,
            by=DAY_MINUTES,
        )
        measured[edge - first], due[edge - first] = today[0][0], today[1][0]
    return measured, due


def _first_minutes(sli_ids: Sequence[int]) -> list[int]:
    heads = history.heads(sli_ids).values()
    return [head.first_minute for head in heads if head.first_minute is not None]


def _minute_counts(
    sli_ids: Sequence[int], *, start: int, end: int, until: int, by: int, at_once: int = _AT_ONCE
) -> tuple[Counts, Counts]:
    """Return measured and due minutes of ``[start, end)`` in slices of ``by`` minutes.

    None is due, and none counts as measured, before its SLI's first one and from ``until`` on.
    """
    length = end - start
    measured, due = np.zeros(length, np.int64), np.zeros(length, np.int64)
    ends = min(max(until - start, 0), length)
    firsts = history.heads(sli_ids)
    for place in range(0, len(sli_ids), max(at_once, 1)):
        portion = sli_ids[place : place + at_once]
        for sli_id, series in history.minutes_of(portion, start=start, end=end).items():
            first = firsts[sli_id].first_minute
            if first is not None and first < start + ends:
                begins = max(first - start, 0)
                measured[begins:ends] += series.covered[begins:ends]
                due[begins:ends] += 1
    return measured.reshape(-1, by).sum(axis=1), due.reshape(-1, by).sum(axis=1)
