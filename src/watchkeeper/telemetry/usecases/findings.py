"""Noting what is odd about an SLI, one row for each kind of oddity."""

import datetime as dt

from django.db.models import F

from watchkeeper.telemetry.models import SliFinding


def note(*, sli_id: int, code: str, detail: str, now: dt.datetime, count: int = 1) -> None:
    """Remember an oddity; met again, it is counted and its words are renewed.

    Args:
        sli_id: The SLI.
        code: Kind of oddity, stable.
        detail: A sentence for a person.
        now: The present.
        count: How often it was met since the last time.
    """
    known = SliFinding.objects.filter(sli_id=sli_id, code=code[:60]).update(
        count=F("count") + count, last_at=now, detail=detail
    )
    if not known:
        SliFinding.objects.create(
            sli_id=sli_id, code=code[:60], detail=detail, count=count, first_at=now, last_at=now
        )
