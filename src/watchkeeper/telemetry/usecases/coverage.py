"""Counting coverage over many SLIs, a portion at a time."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction

from watchkeeper.telemetry import queries
from watchkeeper.telemetry.domain.codec import DAY_MINUTES
from watchkeeper.telemetry.domain.series import Counts
from watchkeeper.telemetry.models import CoverageCount, Source, SourceCoverage, SourceDays
from watchkeeper.telemetry.queries import coverage

PORTION = 500
"""SLIs counted at once: a fraction of a second."""
AGAIN = dt.timedelta(minutes=5)
"""How old a count of the last day may be before the next one begins."""
DAYS_AGAIN = dt.timedelta(hours=1)
"""How old a count of the last days may be."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the things that are counted.

    Attributes:
        kept_of: Gives the row of a source.
        new: Makes it.
        again: How old a count may be.
        slices: How many slices it has.
        count: Measured and due minutes of some SLIs up to a minute, slice by slice.
    """

    kept_of: Callable[[int | None], CoverageCount | None]
    new: type[CoverageCount]
    again: dt.timedelta
    slices: int
    count: Callable[[Sequence[int], int], tuple[Counts, Counts]]


def _quarters(sli_ids: Sequence[int], end: int) -> tuple[Counts, Counts]:
    return coverage.counts(sli_ids, end=end)


def _days(sli_ids: Sequence[int], end: int) -> tuple[Counts, Counts]:
    last = -(-end // DAY_MINUTES)
    return coverage.day_counts(sli_ids, first=last - coverage.KEPT_DAYS, last=last, end=end)


_KINDS = (
    _Kind(
        coverage.kept_of, SourceCoverage, AGAIN, DAY_MINUTES // coverage.SLICE_MINUTES, _quarters
    ),
    _Kind(coverage.kept_days_of, SourceDays, DAYS_AGAIN, coverage.KEPT_DAYS, _days),
)


def count_some(*, now: dt.datetime) -> bool:
    """Count one portion of what is due; return whether something is left.

    Nothing is counted while readers count for themselves; see ``queries.coverage``.
    """
    if coverage.is_counted_live():
        return False
    sources = [*Source.objects.order_by("id").values_list("id", flat=True), None]
    for kind in _KINDS:
        for source_id in sources:
            kept = kind.kept_of(source_id) or kind.new(source_id=source_id)
            if kept.running or kept.counted_at is None or now - kept.counted_at >= kind.again:
                _count(kept, kind, now=now)
                return True
    return False


@transaction.atomic
def _count(kept: CoverageCount, kind: _Kind, *, now: dt.datetime) -> None:
    """Add one portion to a count that goes on, or begin one; the last portion ends it."""
    zeros = [0] * kind.slices
    running = kept.running or {
        "end": coverage.settled(now), "after": 0, "measured": zeros, "due": zeros
    }  # fmt: skip
    ids = sorted(sli for sli, _ in queries.slis_of_source(kept.source_id))
    portion = [sli for sli in ids if sli > running["after"]][:PORTION]
    measured, due = kind.count(portion, running["end"])
    measured, due = measured + np.array(running["measured"]), due + np.array(running["due"])
    if portion and portion[-1] < ids[-1]:
        kept.running = {
            "end": running["end"],
            "after": portion[-1],
            "measured": measured.tolist(),
            "due": due.tolist(),
        }
    else:
        kept.running, kept.counted_at = {}, coverage.settled_at(running["end"])
        kept.measured, kept.due = measured.tolist(), due.tolist()
    kept.save()
