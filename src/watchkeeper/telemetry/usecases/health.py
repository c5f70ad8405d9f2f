"""Remembering whether a source answers."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models.functions import Coalesce

from watchkeeper.kernel.errors import WatchkeeperError
from watchkeeper.telemetry.models import Source

_LONGEST = 1000


@contextmanager
def watched(source_id: int, *, now: dt.datetime) -> Iterator[None]:
    """Remember that the source answered, or the error that leaves this block."""
    try:
        yield
    except WatchkeeperError as error:
        failed(source_id, error.message, now=now)
        raise
    answered(source_id, now=now)


def answered(source_id: int, *, now: dt.datetime) -> None:
    """Remember that a source answered."""
    Source.objects.filter(pk=source_id).update(last_ok_at=now, silent_since_at=None)


def failed(source_id: int, why: str, *, now: dt.datetime) -> None:
    """Remember that a source failed; it is silent since the first failure in a row."""
    Source.objects.filter(pk=source_id).update(
        last_error=why[:_LONGEST],
        last_error_at=now,
        silent_since_at=Coalesce("silent_since_at", now),
    )
