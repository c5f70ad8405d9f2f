"""Counting coverage over many SLIs, a portion at a time."""

import datetime as dt

import numpy as np
from django.db import transaction

from watchkeeper.telemetry import queries
from watchkeeper.telemetry.models import Source, SourceCoverage
from watchkeeper.telemetry.queries import coverage

PORTION = 500
"""SLIs counted at once: a fraction of a second."""
AGAIN = dt.timedelta(minutes=5)
"""How old a count may be before the next one begins."""


def count_some(*, now: dt.datetime) -> bool:
    """Count one portion of what is due; return whether something is left.

    Nothing is counted while readers count for themselves; see ``queries.coverage``.
    """
    if coverage.is_counted_live():
        return False
    for source_id in [*Source.objects.order_by("id").values_list("id", flat=True), None]:
        kept = coverage.kept_of(source_id) or SourceCoverage(source_id=source_id)
        if kept.running or kept.counted_at is None or now - kept.counted_at >= AGAIN:
            _count(kept, now=now)
            return True
    return False


@transaction.atomic
def _count(kept: SourceCoverage, *, now: dt.datetime) -> None:
    """Add one portion to a count that goes on, or begin one; the last portion ends it."""
    zeros = [0] * (coverage.DAY_MINUTES // coverage.SLICE_MINUTES)
    running = kept.running or {
        "end": coverage.settled(now), "after": 0, "measured": zeros, "due": zeros
    }  # fmt: skip
    ids = sorted(sli for sli, _ in queries.slis_of_source(kept.source_id))
    portion = [sli for sli in ids if sli > running["after"]][:PORTION]
    measured, due = coverage.counts(portion, end=running["end"])
    measured, due = measured + np.array(running["measured"]), due + np.array(running["due"])
    if portion and portion[-1] < ids[-1]:
        kept.running = {
            "end": running["end"],
            "after": portion[-1],
            "measured": measured.tolist(),
            "due": due.tolist(),
        }
    else:
        kept.running, kept.counted_at = {}, now
        kept.measured, kept.due = measured.tolist(), due.tolist()
    kept.save()
