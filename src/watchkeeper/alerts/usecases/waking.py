"""What pages again when its time has come: snoozes that end, and what was taken and forgotten.

When stands in the alert's own row, so that a process that dies loses none: the next one finds it.
"""

import datetime as dt

from django.db import transaction

from watchkeeper.alerts.domain import routing
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert, AlertAct
from watchkeeper.alerts.queries import alerts, previews, rules
from watchkeeper.alerts.usecases import inhibiting, upkeep
from watchkeeper.catalog.queries import ServiceNote
from watchkeeper.oncall.usecases import escalations

_CHUNK = 500
_FIELDS = (
    "state", "pages_again_at", "acknowledged_at", "acknowledged_by", "muted_by", "muted_until",
    "inhibited_by",
)  # fmt: skip


def page_again(*, now: dt.datetime) -> int:
    """Page for what still fires though it should not by now; return how many.

    That is what was snoozed until now, and what somebody took and did not resolve in the time that
    the policy gives.

    It begins with the first step of its policy. What a silence or a maintenance window keeps quiet
    by now stays quiet until that ends.

    Args:
        now: The present.
    """
    paged = 0
    while found := alerts.past("pages_again_at", now=now, limit=_CHUNK):
        with transaction.atomic():
            due = Alert.objects.select_for_update(of=("self",)).select_related("integration")
            due = due.filter(pk__in=found, pages_again_at__lte=now)
            paged += _wake(list(due.order_by("pk")), now=now)
    return paged


def _wake(rows: list[Alert], *, now: dt.datetime) -> int:
    rules.forget()
    known = rules.current(now=now)
    services = known.services({row.service_name for row in rows})
    triggers = []
    acts = []
    seen = [
        previews.fields_of(row, (services.get(row.service_name) or ServiceNote()).owner)
        for row in rows
    ]
    sources = inhibiting.Sources(known.inhibitions, now=now)
    sources.read(seen)
    for row, fields in zip(rows, seen, strict=True):
        why, detail = _why(row)
        acts.append(AlertAct(alert=row, at=now, act=why.lower(), actor="system", detail=detail))
        quiet = routing.quieted(
            known.silences, known.windows, fields, service=row.service_name, at=now
        ) or sources.quiet(fields)
        row.state, row.pages_again_at = AlertState.FIRING.value, None
        row.acknowledged_at, row.acknowledged_by = None, ""
        if quiet is None:
            row.muted_until = None
            triggers.append(upkeep.trigger_of(row, why=why))
        else:
            row.muted_by, row.muted_until = quiet.by, quiet.until
            row.inhibited_by_id = quiet.source
    Alert.objects.bulk_update(rows, _FIELDS)
    AlertAct.objects.bulk_create(acts)
    if triggers:
        escalations.start_many(triggers, now=now)
    return len(triggers)


def _why(row: Alert) -> tuple[str, str]:
    """Return why an alert pages again, in few words and in more."""
    if row.state == AlertState.SNOOZED.value:
        return "Snooze ended", ""
    return (
        "Not resolved in time",
        f"it was taken at {row.acknowledged_at:%FT%TZ}, and not resolved",
    )
