"""Telling the owners of an integration that it sends more than it should."""

import datetime as dt
import json

from django.db import transaction
from django.db.models import Count

from watchkeeper.alerts.domain import events, floods
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert, InboundEvent, Integration
from watchkeeper.alerts.usecases import intake, own
from watchkeeper.plumbing import jobs


def look(*, now: dt.datetime, limit: int) -> None:
    """Count what every integration sent in the last minute, and tell what is new of it.

    Args:
        now: The present.
        limit: Events a minute that are usual at most; 0: any number is.
    """
    came = InboundEvent.objects.filter(request__received_at__gt=now - floods.SPAN)
    counted = came.values("request__integration").annotate(n=Count("pk"))
    counts = dict(counted.values_list("request__integration", "n"))
    found = Alert.objects.exclude(state=AlertState.RESOLVED.value)
    found = found.filter(scope=own.OWN, key__startswith=floods.PREFIX)
    told = set(found.values_list("key", flat=True))
    if not told and (limit == 0 or max(counts.values(), default=0) <= limit):
        return
    news: list[tuple[Event, int]] = []
    for row in Integration.objects.exclude(kind=own.OWN).order_by("pk"):
        count, is_told = counts.get(row.pk, 0), floods.key_of(row.name) in told
        told.discard(floods.key_of(row.name))
        event = floods.event_of(
            row.name, count, limit=limit, service=row.service_name, is_told=is_told
        )
        news += [] if event is None else [(event, count)]
    news += [(events.make(Action.RESOLVE, key), 0) for key in sorted(told)]  # they are removed
    _tell(news, now=now)


@transaction.atomic
def _tell(news: list[tuple[Event, int]], *, now: dt.datetime) -> None:
    jobs.confirm_lease()
    for event, count in news:
        body = json.dumps({"key": event.key, "events": count}).encode()
        intake.tell(own.integration(now=now), [event], body=body, now=now)
