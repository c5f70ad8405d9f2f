"""Noting what is odd about an SLI, one row for each kind of oddity."""

import datetime as dt
import hashlib
from collections.abc import Collection

from django.db.models import F

from watchkeeper.telemetry.models import SliFinding

_RENEW = dt.timedelta(hours=1)


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


def note_all(met: Collection[tuple[int, str]], *, now: dt.datetime) -> None:
    """Remember what sources say again with every answer: at most one write an hour for each.

    Args:
        met: Id of each SLI and a sentence about it.
        now: The present.
    """
    if not met:
        return
    wanted = {
        (sli_id, f"source:{hashlib.sha256(sentence.encode()).hexdigest()[:16]}"): sentence
        for sli_id, sentence in met
    }
    fresh = set(
        SliFinding.objects.filter(last_at__gt=now - _RENEW, code__startswith="source:")
        .values_list("sli_id", "code")
        .iterator()
    )
    for (sli_id, code), sentence in wanted.items():
        if (sli_id, code) not in fresh:
            note(sli_id=sli_id, code=code, detail=sentence, now=now)
