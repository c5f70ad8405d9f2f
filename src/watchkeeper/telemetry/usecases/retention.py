"""Forgetting minutes older than the retention says."""

import datetime as dt

from django.db import transaction
from django.db.models import Min

from watchkeeper.telemetry.domain import codec
from watchkeeper.telemetry.domain.codec import DAY_MINUTES
from watchkeeper.telemetry.models import Block, Minute, Restatement, Sli, SliBackfill


@transaction.atomic
def forget_before(*, days: int, now: dt.datetime) -> int:
    """Delete all minutes of UTC days more than ``days`` days ago; return how many blocks went.

    Run again after a kill it does what is left.

    Args:
        days: Days to keep, today not counted.
        now: The present.
    """
    first_day = int(now.timestamp()) // 86_400 - days
    first_minute = first_day * DAY_MINUTES
    slis = list(Sli.objects.filter(first_minute__lt=first_minute).values_list("id", flat=True))
    gone, _ = Block.objects.filter(day__lt=first_day).delete()
    Minute.objects.filter(minute__lt=first_minute).delete()
    Restatement.objects.filter(minute__lt=first_minute).delete()
    SliBackfill.objects.filter(end__lte=first_minute).delete()
    SliBackfill.objects.filter(start__lt=first_minute).update(start=first_minute)
    for sli_id in slis:
        first = _first_minute(sli_id)
        Sli.objects.filter(pk=sli_id).update(first_minute=first)
        if first is None:
            Sli.objects.filter(pk=sli_id).update(last_minute=None)
    return gone


def _first_minute(sli_id: int) -> int | None:
    """Return the first minute that is left; ``None`` if none is."""
    block = Block.objects.filter(version__sli_id=sli_id).order_by("day").first()
    found = Minute.objects.filter(version__sli_id=sli_id).aggregate(least=Min("minute"))["least"]
    firsts = [] if found is None else [int(found)]
    if block is not None:
        covered = codec.decode(bytes(block.payload), with_observed=False).covered
        firsts.append(block.day * DAY_MINUTES + int(covered.argmax()))
    return min(firsts, default=None)
