"""How much of the last day was measured, for each source.

While there are few SLIs it is counted when asked for. Beyond, a job counts it in portions and
readers take what was counted last, so that a page costs the same however many SLIs there are.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from watchkeeper.telemetry.domain.series import Counts
from watchkeeper.telemetry.models import SourceCoverage
from watchkeeper.telemetry.queries import history, source_rows

LIVE_SLIS = 200
"""Up to so many SLIs, over all sources, coverage is counted when asked for."""
DAY_MINUTES = 1440
SLICE_MINUTES = 15
_SLICES = DAY_MINUTES // SLICE_MINUTES
_SETTLED_MINUTES = 3
"""Younger minutes may not have been asked for yet."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Quarters of an hour, one after the other, that all were measured or all lack minutes."""

    start: dt.datetime
    end: dt.datetime
    is_whole: bool


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

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The slices with their times, neighbours that are alike as one."""
        if self.counted_at is None or not self.slices:
            return ()
        first = settled(self.counted_at) - len(self.slices) * SLICE_MINUTES
        found, at = [], first
        for is_whole, alike in groupby(self.slices):
            length = len(list(alike)) * SLICE_MINUTES
            found.append(Stretch(_instant(at), _instant(at + length), is_whole))
            at += length
        return tuple(found)


def _instant(minute: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(minute * 60, tz=dt.UTC)


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


def kept_of(source_id: int | None) -> SourceCoverage | None:
    """Return what was counted of a source; ``None`` where nothing was. ``None``: pushed."""
    if source_id is None:
        return SourceCoverage.objects.filter(source__isnull=True).first()
    return SourceCoverage.objects.filter(source_id=source_id).first()


def is_counted_live() -> bool:
    """Return whether there are so few SLIs that coverage is counted when asked for."""
    return source_rows.newest_in_force().count() <= LIVE_SLIS


def settled(now: dt.datetime) -> int:
    """Return the minute up to which minutes are due."""
    return int(now.timestamp()) // 60 - _SETTLED_MINUTES


def coverage(measured: Counts, due: Counts, *, counted_at: dt.datetime) -> Coverage:
    """Return coverage from measured and due minutes by quarter of an hour."""
    share = float(measured.sum() / due.sum()) if due.any() else None
    return Coverage(share, tuple((measured == due).tolist()), counted_at)


def counts(sli_ids: Sequence[int], *, end: int) -> tuple[Counts, Counts]:
    """Return measured and due minutes of SLIs by quarter of an hour, of the day before ``end``."""
    start = end - DAY_MINUTES
    measured, due = np.zeros(DAY_MINUTES, np.int64), np.zeros(DAY_MINUTES, np.int64)
    firsts = history.heads(sli_ids)
    for sli_id, series in history.minutes_of(sli_ids, start=start, end=end).items():
        first = firsts[sli_id].first_minute
        if first is not None and first < end:
            begins = max(first - start, 0)
            measured[begins:] += series.covered[begins:]
            due[begins:] += 1
    by_slice = (_SLICES, SLICE_MINUTES)
    return measured.reshape(by_slice).sum(axis=1), due.reshape(by_slice).sum(axis=1)
