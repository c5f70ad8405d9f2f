"""Keeping what asking a source costs: one row for each source and hour."""

import datetime as dt

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from watchkeeper.telemetry.domain.load import Load
from watchkeeper.telemetry.models import Source, SourceLoad

KEPT_HOURS = 48


@transaction.atomic
def keep(source_id: int, load: Load, *, now: dt.datetime) -> None:
    """Add what some requests cost to the source's present hour; nothing where there were none."""
    if not load.requests or not Source.objects.filter(pk=source_id).exists():
        return
    hour = int(now.timestamp()) // 3600
    known = SourceLoad.objects.filter(source_id=source_id, hour=hour).update(
        requests=F("requests") + load.requests,
        failures=F("failures") + load.failures,
        seconds=F("seconds") + load.seconds,
        slowest_seconds=Greatest("slowest_seconds", load.slowest_seconds),
    )
    if known:
        return
    SourceLoad.objects.create(
        source_id=source_id,
        hour=hour,
        requests=load.requests,
        failures=load.failures,
        seconds=load.seconds,
        slowest_seconds=load.slowest_seconds,
    )
    SourceLoad.objects.filter(source_id=source_id, hour__lt=hour - KEPT_HOURS).delete()
