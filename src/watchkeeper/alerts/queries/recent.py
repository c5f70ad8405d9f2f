"""Urgent alerts of late that somebody was paged for."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, Q

from watchkeeper.alerts.domain.events import OWN, Urgency
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.queries import alerts
from watchkeeper.alerts.queries.alerts import AlertRow
from watchkeeper.oncall.queries import escalations
from watchkeeper.oncall.queries.escalations import Subject

_MOST_LOOKED_AT = 2_000
_SPARE = 4


@dataclass(frozen=True, slots=True)
class PagedAlert:
    """An alert that somebody was paged for.

    Attributes:
        row: The alert.
        by: Name of who acknowledged it; empty: nobody did.
    """

    row: AlertRow
    by: str


def paged_since(since: dt.datetime, *, limit: int) -> list[PagedAlert]:
    """Return urgent alerts that opened since an instant and paged somebody, the newest first.

    Of a group only the first, which all of it was paged by; the product's own are left out. By
    four queries, over the newest two thousand alerts at most.
    """
    newest = Alert.objects.order_by("-pk").values("pk")[:_MOST_LOOKED_AT]
    found = Alert.objects.filter(
        Q(led_by=None) | Q(led_by=F("pk")),
        pk__in=newest,
        opened_at__gte=since,
        urgency=Urgency.HIGH.value,
    ).exclude(integration__kind=OWN)
    ids = [str(pk) for pk in found.order_by("-pk").values_list("pk", flat=True)[: limit * _SPARE]]
    called = escalations.paged([Subject("alert", each) for each in ids])
    chosen = [each for each in ids if Subject("alert", each) in called][:limit]
    rows = alerts.rows_of(chosen)
    names = alerts.names_of(row.acknowledged_by for row in rows.values())
    return [
        PagedAlert(rows[each], names.get(rows[each].acknowledged_by, rows[each].acknowledged_by))
        for each in chosen
        if each in rows
    ]
