"""Alerts that fire, and whose paging came to its end without an answer."""

import datetime as dt
from dataclasses import dataclass

from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.queries.alerts import number_of
from watchkeeper.oncall import queries as oncall
from watchkeeper.oncall.queries import escalations

MOST_COUNTED = 100
_MOST_ENDS = 500


@dataclass(frozen=True, slots=True)
class Unheard:
    """What nobody answered.

    Attributes:
        count: How many alerts; :data:`MOST_COUNTED` stands for that many or more.
        unpaged: For how many of them nobody was ever paged.
        alert: Id of the one whose paging ended last.
        title: Its title.
        service: Name of its service; empty: none.
        since: When that ended.
    """

    count: int
    unpaged: int
    alert: str
    title: str
    service: str
    since: dt.datetime


def unheard() -> Unheard | None:
    """Return what fires and nobody answered; ``None``: nothing does. By four queries at most.

    Those of a group count with the alert that is paged for all of them. What somebody took,
    snoozed or ended does not count, nor what is kept quiet by now. It looks at the 500 ends that
    are newest; an answer takes an end away, so that few are left behind.
    """
    ends = {number_of(row.subject.id): row for row in oncall.unheard("alert", limit=_MOST_ENDS)}
    firing = Alert.objects.filter(state=AlertState.FIRING.value, muted_until=None)
    fields = ("pk", "title", "service_name")
    own = firing.filter(pk__in=ends).values_list("pk", *fields)
    led = firing.filter(led_by__in=ends).exclude(pk__in=ends).values_list("led_by", *fields)
    found = [*own, *led[:MOST_COUNTED]]
    if not found:
        return None
    called = escalations.paged({ends[row[0]].subject for row in found})
    lead, pk, title, service = max(found, key=lambda row: (ends[row[0]].ended_at, row[1]))
    return Unheard(
        count=min(len(found), MOST_COUNTED),
        unpaged=sum(ends[row[0]].subject not in called for row in found[:MOST_COUNTED]),
        alert=str(pk),
        title=title,
        service=service,
        since=ends[lead].ended_at,
    )
